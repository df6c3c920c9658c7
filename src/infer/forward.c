/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "experts.h"
#include "matmul_parts.h"
#include "session_internal.h"

enum {
    ACT_SLICE = 1024,
    MAX_TOGETHER = 4,     /* matrices that are multiplied together */
    SMALL_WORK = 1 << 14, /* operations that are done before a worker wakes */
};

uint32_t up_dim(const struct layer_plan *p)
{
    return (p->is_gated ? 2 : 1) * p->ffn_dim;
}

void pass_run(struct pass *p, pool_fn *fn, uint32_t n_chunks, uint64_t work)
{
    if (work >= SMALL_WORK) {
        pool_run(p->s->pool, fn, p, n_chunks);
        return;
    }
    for (uint32_t i = 0; i < n_chunks; i++)
        fn(p, i, 0);
}

static uint32_t dim_of(const struct pass *p)
{
    return p->s->m->config.dim;
}

/* Work of a step over the tokens behind the first, which the caller does in any case. */
static uint64_t work_of(const struct pass *p, uint32_t dim)
{
    return (uint64_t)(p->n - 1) * dim;
}

/* ---- steps; a chunk is a token unless said otherwise ---------------------------------- */

static void embed_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    const struct matrix *w = &p->s->m->embed;
    const float scale = p->s->m->config.embed_scale;
    uint32_t id = (uint32_t)p->ids[t];
    float *x = p->s->x + (size_t)t * w->cols;
    (void)worker;
    p->s->k->dequant[w->format](w, id, id + 1, x);
    if (scale != 1)
        p->s->k->scale(x, scale, w->cols);
}

static void apply_norm(const struct session *s, const struct norm *norm, float *out, const float *x)
{
    const struct model_config *c = &s->m->config;
    if (c->arch->norm == NORM_LAYER)
        s->k->layer_norm(out, x, norm->weight, norm->bias, c->dim, c->norm_eps);
    else
        s->k->rms_norm(out, x, norm->weight, c->dim, c->norm_eps);
}

void pass_norm(const struct pass *p, const struct norm *norm, float *out, const float *x)
{
    apply_norm(p->s, norm, out, x);
}

static void norm_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    size_t at = (size_t)t * dim_of(p);
    (void)worker;
    apply_norm(p->s, p->norm, p->s->h + at, p->s->x + at);
}

/* What a part of a layer adds, normed if it is in this model. */
static void add_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    const struct kernels *k = p->s->k;
    size_t at = (size_t)t * dim_of(p);
    float *h = p->s->h + at, *x = p->s->x + at, scale = p->l->plan.residual_scale;
    (void)worker;
    if (p->norm->weight)
        apply_norm(p->s, p->norm, h, h);
    if (scale != 1)
        k->add_scaled(x, h, scale, dim_of(p));
    else
        k->add(x, h, dim_of(p));
}

static void bias_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    (void)worker;
    p->s->k->add(p->y + t * p->ld_y, p->bias, p->n_bias);
}

void pass_act(const struct pass *p, float *gate, const float *up, uint32_t n)
{
    const struct kernels *k = p->s->k;
    const struct model_config *c = &p->s->m->config;
    switch (p->l->plan.act) {
    case ACT_SILU: k->silu_mul(gate, up, n); break;
    case ACT_GELU_TANH: k->gelu_mul(gate, up, n); break;
    case ACT_CLAMPED: k->clamped_mul(gate, up, c->act_limit, c->act_alpha, n); break;
    }
}

/* Chunk: ACT_SLICE values of one token. */
static void act_slice(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    struct session *s = p->s;
    const struct layer_plan *plan = &p->l->plan;
    uint32_t ffn_dim = plan->ffn_dim, n_slices = (ffn_dim + ACT_SLICE - 1) / ACT_SLICE;
    uint32_t t = chunk / n_slices, at = chunk % n_slices * ACT_SLICE;
    uint32_t n = at + ACT_SLICE < ffn_dim ? ACT_SLICE : ffn_dim - at;
    float *gate = s->gate_up + (size_t)t * up_dim(plan) + at;
    (void)worker;
    pass_act(p, gate, plan->is_gated ? gate + ffn_dim : NULL, n);
    memcpy(s->ffn + (size_t)t * ffn_dim + at, gate, n * sizeof *gate);
}

/* ---- the parts of a layer ------------------------------------------------------------- */

static void add_bias(struct pass *p, const float *bias, uint32_t n, float *y, size_t ld_y)
{
    if (!bias)
        return;
    p->bias = bias;
    p->n_bias = n;
    p->y = y;
    p->ld_y = ld_y;
    pass_run(p, bias_token, p->n, work_of(p, n));
}

/* How many of n matrices from the first on are multiplied together: of one format, with one vector,
 * or one of each session, which are quantised once for them all. */
static uint32_t n_together(const struct pass *p, const struct matrix *w, uint32_t n)
{
    uint32_t together = 1;
    while ((p->n == 1 || p->rows) && together < n && together < MAX_TOGETHER &&
           w[together].format == w->format && w[together].cols == w->cols)
        together++;
    return together;
}

static void multiply(struct pass *p, const struct matrix *w, uint32_t n, const float *x, float *y,
                     size_t ld_y)
{
    struct matmul_part parts[MAX_TOGETHER];
    if (n == 1) {
        matmul_run(p->s->mm, w, p->n, x, y, ld_y);
        return;
    }
    for (uint32_t i = 0; i < n; y += w[i].rows, i++)
        parts[i] = (struct matmul_part){&w[i], 0, p->n, y};
    matmul_run_parts(p->s->mm, parts, n, x, p->n, NULL, ld_y);
}

void pass_project(struct pass *p, enum op op, const struct matrix *w, const float *const *bias,
                  uint32_t n_parts, const float *x, float *y, size_t ld_y)
{
    for (uint32_t i = 0, n; i < n_parts; i += n) {
        n = n_together(p, &w[i], n_parts - i);
        multiply(p, &w[i], n, x, y, ld_y);
        for (uint32_t j = i; j < i + n; y += w[j].rows, j++)
            add_bias(p, bias[j], w[j].rows, y, ld_y);
        pass_lap(p, op);
    }
}

/* -> what a part of the layer works on: the stream, normed if a norm stands before it. */
static const float *read_stream(struct pass *p, const struct norm *norm)
{
    if (!norm->weight)
        return p->s->x;
    p->norm = norm;
    pass_run(p, norm_token, p->n, work_of(p, dim_of(p)));
    pass_lap(p, OP_NORM);
    return p->s->h;
}

void pass_add_to_stream(struct pass *p, const struct norm *norm)
{
    p->norm = norm;
    pass_run(p, add_token, p->n, work_of(p, dim_of(p)));
    pass_lap(p, OP_ADD);
}

static void attention(struct pass *p)
{
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    const float *x = read_stream(p, &p->l->attn_norm);
    pass_project(p, OP_QKV, p->l->qkv, p->l->qkv_bias, p->l->n_qkv, x, s->qkv, p->l->plan.qkv_dim);
    attention_run(p);
    pass_project(p, OP_ATTN_OUT, &p->l->attn_out, &p->l->attn_out_bias, 1, s->heads, s->h, c->dim);
    pass_add_to_stream(p, &p->l->attn_post_norm);
}

/* Instead of attention. */
static void mix(struct pass *p)
{
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    const float *x = read_stream(p, &p->l->attn_norm);
    pass_project(p, OP_QKV, p->l->mixer_in, p->l->mixer_in_bias, p->l->n_mixer_in, x, s->mixer_in,
                 mixer_in_dim(c));
    mixer_run(p);
    pass_project(p, OP_ATTN_OUT, &p->l->mixer_out, &p->l->mixer_out_bias, 1, s->mixer_out, s->h,
                 c->dim);
    pass_add_to_stream(p, &p->l->attn_post_norm);
}

/* What every token goes through: x to s->h. */
static void dense(struct pass *p, const float *x)
{
    struct session *s = p->s;
    const struct layer *l = p->l;
    const uint32_t ffn_dim = l->plan.ffn_dim, n_slices = (ffn_dim + ACT_SLICE - 1) / ACT_SLICE;
    pass_project(p, OP_GATE_UP, l->gate_up, l->gate_up_bias, l->n_gate_up, x, s->gate_up,
                 up_dim(&l->plan));
    pass_run(p, act_slice, p->n * n_slices, (uint64_t)p->n * ffn_dim);
    pass_lap(p, OP_SILU);
    pass_project(p, OP_DOWN, &l->down, &l->down_bias, 1, s->ffn, s->h, s->m->config.dim);
}

/* Experts come first: they read what the dense part beside them overwrites. */
static void feed_forward(struct pass *p)
{
    const struct layer *l = p->l;
    const struct experts *e = l->experts;
    const bool own_norm = e && e->in_norm.weight;
    const float *x = read_stream(p, own_norm ? &e->in_norm : &l->ffn_norm);
    if (e)
        experts_run(p, x);
    if (l->n_gate_up)
        dense(p, own_norm ? read_stream(p, &l->ffn_norm) : x);
    if (e)
        experts_add(p);
    pass_add_to_stream(p, &l->ffn_post_norm);
}

static void scale_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    (void)worker;
    p->s->k->scale(p->s->x + (size_t)t * dim_of(p), p->l->scale, dim_of(p));
}

static void scale_stream(struct pass *p)
{
    if (p->l->scale == 1)
        return;
    pass_run(p, scale_token, p->n, work_of(p, dim_of(p)));
    pass_lap(p, OP_ADD);
}

static void run_layer(struct pass *p)
{
    if (p->l->plan.mixer == MIXER_ATTENTION)
        attention(p);
    else
        mix(p);
    feed_forward(p);
    if (p->s->m->config.per_layer_dim)
        inputs_run(p);
    scale_stream(p);
}

/* ---- all layers ----------------------------------------------------------------------- */

static void halt(struct session *s, const struct pass *p)
{
    struct halted *h = &s->halted;
    if (s->shares_scratch)
        return;
    memcpy(h->ids, p->ids, p->n * sizeof *h->ids);
    h->pos0 = p->pos0;
    h->n = p->n;
    h->layer = p->layer;
    h->is_long = s->is_long;
}

static void set_angles(const struct pass *p)
{
    struct session *s = p->s;
    for (int i = 0; i < N_ROPES; i++)
        for (uint32_t t = 0; s->uses_rope[i] && t < p->n; t++)
            rope_angles(&s->rope[i], pass_session(p, t)->is_long, pass_pos(p, t),
                        s->cos[i] + (size_t)t * s->rope[i].half,
                        s->sin[i] + (size_t)t * s->rope[i].half);
}

/* n tokens from pos0 on are to come. */
static void begin_session(struct session *s, uint32_t pos0, uint32_t n)
{
    s->halted.n = 0;
    kv_make_room(&s->kv, pos0, n);
    s->state.has_other = false; /* written over */
}

/* Before the first layer that it goes through. */
static void begin(const struct pass *p)
{
    if (!p->rows)
        begin_session(p->s, p->pos0, p->n);
    for (uint32_t t = 0; p->rows && t < p->n; t++)
        begin_session(p->rows[t], p->rows[t]->len, 1);
    experts_begin(p->s);
    set_angles(p);
}

static void embed(struct pass *p)
{
    pass_run(p, embed_token, p->n, work_of(p, dim_of(p)));
    if (p->s->m->config.per_layer_dim)
        inputs_prepare(p);
}

bool forward(struct session *s, const int32_t *ids, uint32_t pos0, uint32_t n, bool again,
             uint32_t total, session_progress_fn *progress, void *arg)
{
    const struct model *m = s->m;
    uint32_t n_layers = m->config.n_layers, first = again ? s->halted.layer : 0;
    struct pass p = {.s = s, .ids = ids, .pos0 = pos0, .n = n};
    pass_lap(&p, OP_OTHER);
    begin(&p);
    if (!again)
        embed(&p);
    pass_lap(&p, OP_EMBED);
    for (uint32_t i = first; i < n_layers; i++) {
        uint32_t done = pos0 + (uint32_t)((uint64_t)n * i / n_layers);
        p.l = &m->layers[i];
        p.layer = i;
        if (progress && !progress(arg, done, total)) {
            halt(s, &p);
            return false;
        }
        run_layer(&p);
    }
    state_passed(&s->state, n);
    return true;
}

/* Each token with the bits that it has alone, however many there are. */
static void each_alone(struct session *s, bool on)
{
    matmul_each(s->mm, on);
    experts_each(s->experts, on);
}

void forward_rows(struct session *s, struct session *const *rows, const int32_t *ids, uint32_t n,
                  float *logits)
{
    const struct model *m = s->m;
    struct pass p = {.s = s, .ids = ids, .n = n, .rows = rows};
    for (uint32_t t = 0; t < n; t++) /* work is reckoned by it */
        p.pos0 = rows[t]->len > p.pos0 ? rows[t]->len : p.pos0;
    begin(&p);
    each_alone(s, true);
    embed(&p);
    pass_lap(&p, OP_EMBED);
    for (p.layer = 0; p.layer < m->config.n_layers; p.layer++) {
        p.l = &m->layers[p.layer];
        run_layer(&p);
    }
    for (uint32_t t = 0; t < n; t++) {
        state_passed(&rows[t]->state, 1);
        forward_last_norm(s, s->x + (size_t)t * m->config.dim, s->h + (size_t)t * m->config.dim);
    }
    pass_lap(&p, OP_NORM);
    forward_logits(s, n, logits);
    pass_lap(&p, OP_HEAD);
    each_alone(s, false);
}

void forward_embed(struct session *s, const int32_t *ids, uint32_t n)
{
    struct pass p = {.s = s, .ids = ids, .n = n};
    embed(&p);
}

void forward_layer(struct session *s, uint32_t layer, const int32_t *ids, uint32_t n)
{
    struct pass p = {.s = s, .l = &s->m->layers[layer], .layer = layer, .ids = ids, .n = n};
    begin(&p);
    run_layer(&p);
}

void forward_last_norm(struct session *s, const float *x, float *out)
{
    apply_norm(s, &s->m->norm, out, x);
}

void forward_logits(struct session *s, uint32_t n, float *logits)
{
    const struct model_config *c = &s->m->config;
    matmul_run(s->mm, &s->m->head, n, s->h, logits, c->vocab);
    for (uint32_t t = 0; t < n; t++) {
        float *y = logits + (size_t)t * c->vocab;
        if (c->logit_scale != 1)
            s->k->scale(y, c->logit_scale, c->vocab);
        if (c->logit_cap > 0)
            s->k->soft_cap(y, c->logit_cap, c->vocab);
    }
}
