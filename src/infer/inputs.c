/* SPDX-License-Identifier: MIT
 *
 * Per-layer inputs (Gemma 3n and 4): beside its embedding a token brings a short vector to each
 * layer,
 *
 *   (norm(W embedding) + row of a table) / sqrt(2)
 *
 * The table is by far the largest matrix of such a model, but only the rows of the tokens are read.
 * Behind its feed-forward part a layer adds norm(P (act(G x) * input)) to the stream x.
 */
#include <math.h>

#include "session_internal.h"

static size_t width(const struct model_config *c)
{
    return (size_t)c->n_layers * c->per_layer_dim;
}

/* Chunk: a token. The published W is scaled by dim^-1/2, which its norm takes off again: eps alone
 * sees it. */
static void mix_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    const struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    const struct per_layer_inputs *in = &s->m->per_layer;
    const uint32_t dim = c->per_layer_dim, id = (uint32_t)p->ids[t];
    const float half_root = (float)M_SQRT1_2, eps = c->norm_eps * (float)c->dim;
    float *x = s->inputs + t * width(c), *row = s->input_rows + worker * width(c);
    s->k->dequant[in->embed.format](&in->embed, id, id + 1, row);
    for (uint32_t i = 0; i < c->n_layers; i++)
        s->k->rms_norm(x + (size_t)i * dim, x + (size_t)i * dim, in->norm, dim, eps);
    s->k->scale(x, half_root, (uint32_t)width(c));
    s->k->add_scaled(x, row, half_root * c->per_layer_scale, (uint32_t)width(c));
}

void inputs_prepare(struct pass *p)
{
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    matmul_run(s->mm, &s->m->per_layer.proj, p->n, s->x, s->inputs, width(c));
    pass_run(p, mix_token, p->n, (uint64_t)p->n * width(c));
}

/* Chunk: a token. */
static void gate_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    const struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    const uint32_t dim = c->per_layer_dim;
    const float *input = s->inputs + t * width(c) + (size_t)p->layer * dim;
    float *gate = s->gate_up + (size_t)t * dim;
    (void)worker;
    (c->act == ACT_SILU ? s->k->silu_mul : s->k->gelu_mul)(gate, input, dim);
}

void inputs_run(struct pass *p)
{
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    matmul_run(s->mm, &p->l->input_gate, p->n, s->x, s->gate_up, c->per_layer_dim);
    pass_run(p, gate_token, p->n, (uint64_t)(p->n - 1) * c->per_layer_dim);
    pass_lap(p, OP_DOWN);
    matmul_run(s->mm, &p->l->input_proj, p->n, s->gate_up, s->h, c->dim);
    pass_lap(p, OP_DOWN);
    pass_add_to_stream(p, &p->l->input_norm);
}
