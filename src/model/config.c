/* SPDX-License-Identifier: MIT */
#include "config.h"

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

uint32_t config_q_dim(const struct model_config *c, uint32_t layer)
{
    return c->n_heads * c->shapes[layer].head_dim;
}

uint32_t config_kv_dim(const struct model_config *c, uint32_t layer)
{
    return c->shapes[layer].n_kv_heads * c->shapes[layer].head_dim;
}

uint32_t config_q_rows(const struct model_config *c, uint32_t layer)
{
    return (c->arch->reads & HAS_OUT_GATE ? 2 : 1) * config_q_dim(c, layer);
}

uint32_t config_qkv_dim(const struct model_config *c, uint32_t layer)
{
    bool is_own = c->shapes[layer].kv_layer == layer;
    return config_q_rows(c, layer) + (is_own ? 2 * config_kv_dim(c, layer) : 0);
}

struct layer_widths config_widths(const struct model_config *c)
{
    struct layer_widths w = {0};
    for (uint32_t i = 0; i < c->n_layers; i++) {
        w.q = larger(w.q, config_q_dim(c, i));
        w.kv = larger(w.kv, config_kv_dim(c, i));
        w.qkv = larger(w.qkv, config_qkv_dim(c, i));
        w.ffn = larger(w.ffn, c->shapes[i].ffn_dim);
    }
    return w;
}

enum mixer config_mixer(const struct model_config *c, uint32_t layer)
{
    return c->layers[layer] & LAYER_STATE ? c->arch->mixer.kind : MIXER_ATTENTION;
}

uint32_t config_delta_k_dim(const struct model_config *c)
{
    return c->delta_k_heads * c->delta_k_dim;
}

uint32_t config_delta_v_dim(const struct model_config *c)
{
    return c->delta_v_heads * c->delta_v_dim;
}

uint32_t config_conv_dim(const struct model_config *c)
{
    return c->arch->mixer.kind == MIXER_DELTA ? 2 * config_delta_k_dim(c) + config_delta_v_dim(c)
                                              : c->dim;
}

uint32_t config_mixer_rows(const struct model_config *c, uint32_t part)
{
    if (c->arch->mixer.kind == MIXER_CONV)
        return 3 * c->dim;
    return part == 0 ? config_conv_dim(c) : part == 1 ? config_delta_v_dim(c) : c->delta_v_heads;
}

uint32_t config_mixer_out(const struct model_config *c)
{
    return c->arch->mixer.kind == MIXER_DELTA ? config_delta_v_dim(c) : c->dim;
}

/* Of one layer. */
static uint64_t norm_params(const struct model_config *c)
{
    const struct arch *a = c->arch;
    uint64_t n = (a->attn_norm != NULL) + (a->attn_post_norm != NULL) + (a->ffn_norm != NULL) +
                 (a->ffn_post_norm != NULL);
    return n * c->dim * (a->norm == NORM_LAYER ? 2 : 1);
}

static uint64_t attention_params(const struct model_config *c, uint32_t layer)
{
    const struct arch *a = c->arch;
    const struct layer_shape *s = &c->shapes[layer];
    const bool is_own = s->kv_layer == layer;
    uint64_t dim = c->dim, q_dim = config_q_dim(c, layer), kv_dim = config_kv_dim(c, layer);
    uint64_t qkv = config_qkv_dim(c, layer) - (s->v_is_k ? kv_dim : 0);
    uint64_t qk_norm = a->qk_norm == QK_NORM_HEAD  ? (is_own ? 2 : 1) * (uint64_t)s->head_dim
                       : a->qk_norm == QK_NORM_ALL ? q_dim + kv_dim
                                                   : 0;
    return dim * qkv + q_dim * dim + qk_norm + (c->qkv_bias ? qkv : 0) + (c->out_bias ? dim : 0) +
           (a->reads & HAS_SINKS ? c->n_heads : 0);
}

static uint64_t mixer_params(const struct model_config *c)
{
    const struct arch_mixer *a = &c->arch->mixer;
    uint64_t in = 0, conv = config_conv_dim(c);
    for (uint32_t i = 0; i < MAX_MIXER_IN && a->in[i]; i++)
        in += config_mixer_rows(c, i);
    return in * c->dim + conv * c->conv_taps + (uint64_t)config_mixer_out(c) * c->dim +
           (c->mixer_bias ? in + conv + c->dim : 0) +
           (a->kind == MIXER_DELTA ? 2 * (uint64_t)c->delta_v_heads + c->delta_v_dim : 0);
}

/* Of a feed-forward part with so many rows of its gate. */
static uint64_t ffn_params(const struct model_config *c, uint64_t rows, bool bias)
{
    uint64_t up = (c->arch->is_gated ? 2 : 1) * rows;
    return c->dim * (up + rows) + (bias ? up + c->dim : 0);
}

/* Of a layer with experts, n of them counted. */
static uint64_t expert_params(const struct model_config *c, uint32_t layer, uint32_t n)
{
    const struct expert_config *e = &c->experts;
    const struct arch_experts *a = &c->arch->experts;
    uint64_t router = (uint64_t)e->n * c->dim + (e->router_bias ? e->n : 0) +
                      (e->choice_bias ? e->n : 0) + (a->router_scale ? c->dim : 0) +
                      (a->expert_scale ? e->n : 0);
    uint64_t norms = (a->in_norm != NULL) + (a->post_norm != NULL) + (a->dense_post_norm != NULL);
    uint64_t beside = ffn_params(c, c->shapes[layer].ffn_dim, false);
    if (e->beside_dim && a->beside_gate)
        beside += c->dim;
    return router + norms * c->dim + beside + n * ffn_params(c, e->dim, e->bias);
}

static uint64_t layer_params(const struct model_config *c, uint32_t layer, uint32_t n_experts)
{
    uint64_t n = norm_params(c);
    n += c->layers[layer] & LAYER_STATE ? mixer_params(c) : attention_params(c, layer);
    n += c->layers[layer] & LAYER_EXPERTS ? expert_params(c, layer, n_experts)
                                          : ffn_params(c, c->shapes[layer].ffn_dim, c->ffn_bias);
    if (c->per_layer_dim)
        n += (uint64_t)c->dim * (2 * c->per_layer_dim + 1);
    return n + ((c->arch->reads & HAS_LAYER_SCALE) ? 1 : 0);
}

static uint64_t count_params(const struct model_config *c, uint32_t n_experts)
{
    uint64_t dim = c->dim, per_layers = (uint64_t)c->n_layers * c->per_layer_dim;
    uint64_t n = (c->tied ? 1 : 2) * (uint64_t)c->vocab * dim +
                 dim * (c->arch->norm == NORM_LAYER ? 2 : 1) +
                 per_layers * (c->per_layer_vocab + dim) + c->per_layer_dim;
    for (uint32_t i = 0; i < c->n_layers; i++)
        n += layer_params(c, i, n_experts);
    return n;
}

bool config_layers_stand_alone(const struct model_config *c)
{
    for (uint32_t i = 0; i < c->n_layers; i++)
        if (c->shapes[i].kv_layer != i)
            return false;
    return c->per_layer_dim == 0;
}

uint64_t config_n_params(const struct model_config *c)
{
    return count_params(c, c->experts.n);
}

uint64_t config_n_active_params(const struct model_config *c)
{
    return count_params(c, c->experts.n_used);
}
