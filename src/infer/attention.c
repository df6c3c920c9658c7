/* SPDX-License-Identifier: MIT
 *
 * attention: queries and keys are normed and rotated, keys and values stored, and each query looks
 * at the positions that its layer lets it see. There are three ways, by what they read only once:
 *   units   ATTEND_TOKENS queries of a head, for a matrix unit
 *   tokens  NEAR_TOKENS queries of a head: neighbours in a prompt
 *   groups  the heads of one token that share keys and values: single tokens, windows, caps
 */
#include <math.h>
#include <string.h>

#include "session_internal.h"

enum { NEAR_TOKENS = 8 /* query tokens of one head that a worker takes at a time */ };

/* ---- queries, keys, values ------------------------------------------------------------- */

static void norm_heads(const struct session *s, float *heads, uint32_t n, const float *weight,
                       enum qk_norm kind)
{
    const struct model_config *c = &s->m->config;
    if (kind == QK_NORM_ALL) {
        s->k->rms_norm(heads, heads, weight, n * c->head_dim, c->norm_eps);
        return;
    }
    for (uint32_t i = 0; i < n; i++, heads += c->head_dim)
        s->k->rms_norm(heads, heads, weight, c->head_dim, c->norm_eps);
}

/* Longer texts, sharper looks: Ministral 3's factor of a query at this position. */
static float query_scale(const struct model_config *c, uint32_t pos)
{
    return 1 + c->position_scale * logf(1 + (float)(pos / c->orig_ctx));
}

/* From a query and its gate head by head to all queries, then all gates. */
static void part_gates(const struct model_config *c, float *q, float *spare /* [q dim] */)
{
    const size_t n = c->head_dim;
    for (uint32_t i = 0; i < c->n_heads; i++) {
        memcpy(spare + i * n, q + (2 * i + 1) * n, n * sizeof *q);
        memmove(q + i * n, q + 2 * i * n, n * sizeof *q);
    }
    memcpy(q + c->n_heads * n, spare, c->n_heads * n * sizeof *q);
}

/* Chunk: a token. */
static void gate_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    const struct model_config *c = &p->s->m->config;
    const uint32_t n = config_q_dim(c);
    (void)worker;
    p->s->k->sigmoid_mul(p->s->heads + (size_t)t * n, p->s->qkv + (size_t)t * qkv_dim(c) + n, n);
}

/* Chunk: a token. Norms and rotates its queries and keys, and stores keys and values. */
static void store_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    const struct layer_plan *plan = &p->l->plan;
    float *q = s->qkv + (size_t)t * qkv_dim(c), *k = q + config_q_rows(c);
    float *v = k + config_kv_dim(c);
    (void)worker;
    if (plan->has_out_gate)
        part_gates(c, q, s->heads + (size_t)t * config_q_dim(c));
    if (plan->qk_norm != QK_NORM_NONE) {
        norm_heads(s, q, c->n_heads, p->l->q_norm, plan->qk_norm);
        norm_heads(s, k, c->n_kv_heads, p->l->k_norm, plan->qk_norm);
    }
    if (plan->rope != ROPE_NONE) {
        const uint32_t half = s->rope[plan->rope].half;
        const float *cos = s->cos[plan->rope] + (size_t)t * half;
        const float *sin = s->sin[plan->rope] + (size_t)t * half;
        for (uint32_t i = 0; i < c->n_heads; i++)
            s->k->rope(q + i * c->head_dim, cos, sin, half);
        for (uint32_t i = 0; i < c->n_kv_heads; i++)
            s->k->rope(k + i * c->head_dim, cos, sin, half);
    }
    if (c->position_scale > 0)
        s->k->scale(q, query_scale(c, p->pos0 + t), config_q_dim(c));
    for (uint32_t i = 0; i < c->n_kv_heads; i++)
        kv_store(&s->kv, p->layer, i, p->pos0 + t, k + i * c->head_dim, v + i * c->head_dim);
}

static void store_later_token(void *arg, uint32_t t, uint32_t worker)
{
    store_token(arg, t + 1, worker);
}

static void store_all(struct pass *p)
{
    const uint64_t work = (uint64_t)(p->n - 1) * qkv_dim(&p->s->m->config);
    if (p->pos0 == 0) { /* its keys are stored before all others */
        store_token(p, 0, 0);
        pass_run(p, store_later_token, p->n - 1, work);
    } else {
        pass_run(p, store_token, p->n, work);
    }
}

/* ---- units ------------------------------------------------------------------------------ */

static uint16_t *unpacked(const struct session *s, uint32_t kv_head, bool is_value)
{
    size_t head = (size_t)s->ctx_len * s->m->config.head_dim;
    return s->unpacked + (2 * (size_t)kv_head + is_value) * head;
}

/* Keys and values of one head, for a matrix unit that takes no int8. */
static void unpack_head(void *arg, uint32_t kv_head, uint32_t worker)
{
    const struct pass *p = arg;
    const struct session *s = p->s;
    const struct kv *kv = &s->kv;
    uint32_t n_pos = p->pos0 + p->n, dim = s->m->config.head_dim;
    (void)worker;
    s->k->unpack_int8(unpacked(s, kv_head, false), kv_keys(kv, p->layer, kv_head),
                      kv_key_scales(kv, p->layer, kv_head), n_pos, dim);
    s->k->unpack_int8(unpacked(s, kv_head, true), kv_values(kv, p->layer, kv_head),
                      kv_value_scales(kv, p->layer, kv_head), n_pos, dim);
}

/* Chunk: ATTEND_TOKENS queries of one head of a prompt. */
static void attend_unit(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    uint32_t n_blocks = (p->n + ATTEND_TOKENS - 1) / ATTEND_TOKENS, head = chunk / n_blocks;
    uint32_t first = chunk % n_blocks * ATTEND_TOKENS, left = p->n - first;
    uint32_t kv_head = head / (c->n_heads / c->n_kv_heads), q_dim = config_q_dim(c);
    bool is_int8 = s->kv.type == KV_INT8;
    const uint16_t *keys =
        is_int8 ? unpacked(s, kv_head, false) : kv_keys(&s->kv, p->layer, kv_head);
    const uint16_t *values =
        is_int8 ? unpacked(s, kv_head, true) : kv_values(&s->kv, p->layer, kv_head);
    s->k->attend_prompt(s->heads + (size_t)first * q_dim + head * c->head_dim, q_dim,
                        s->qkv + (size_t)first * qkv_dim(c) + head * c->head_dim, qkv_dim(c),
                        left < ATTEND_TOKENS ? left : ATTEND_TOKENS, p->pos0 + first, keys, values,
                        c->head_dim, p->l->plan.score_scale, s->scores + worker * s->scores_stride);
}

/* ---- tokens ----------------------------------------------------------------------------- */

/* Chunk: NEAR_TOKENS queries of one head, so that their keys and values are read from near. */
static void attend_tokens(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    uint32_t n_blocks = (p->n + NEAR_TOKENS - 1) / NEAR_TOKENS;
    uint32_t head = chunk / n_blocks, first = chunk % n_blocks * NEAR_TOKENS;
    uint32_t last = first + NEAR_TOKENS < p->n ? first + NEAR_TOKENS : p->n;
    uint32_t kv_head = head / (c->n_heads / c->n_kv_heads), q_dim = config_q_dim(c);
    const void *keys = kv_keys(&s->kv, p->layer, kv_head);
    const void *values = kv_values(&s->kv, p->layer, kv_head);
    float scale = p->l->plan.score_scale;
    float *scores = s->scores + worker * s->scores_stride;
    const float *q = s->qkv + (size_t)first * qkv_dim(c) + head * c->head_dim;
    float *out = s->heads + (size_t)first * q_dim + head * c->head_dim;
    if (last - first >= ATTEND_BATCH && s->kv.type == KV_BF16 && s->k->attend_batch_bf16) {
        s->k->attend_batch_bf16(out, q_dim, q, qkv_dim(c), last - first, p->pos0 + first, keys,
                                values, c->head_dim, scale, scores, s->ctx_stride);
        return;
    }
    if (last - first >= ATTEND_BATCH && s->kv.type == KV_F32 && s->k->attend_batch_f32) {
        s->k->attend_batch_f32(out, q_dim, q, qkv_dim(c), last - first, p->pos0 + first, keys,
                               values, c->head_dim, scale, scores, s->ctx_stride);
        return;
    }
    if (last - first >= ATTEND_BATCH && s->kv.type == KV_INT8 && s->k->attend_batch_int8) {
        s->k->attend_batch_int8(out, q_dim, q, qkv_dim(c), last - first, p->pos0 + first, keys,
                                kv_key_scales(&s->kv, p->layer, kv_head), values,
                                kv_value_scales(&s->kv, p->layer, kv_head), c->head_dim, scale,
                                scores, s->ctx_stride);
        return;
    }
    for (uint32_t t = first; t < last; t++, q += qkv_dim(c), out += q_dim) {
        uint32_t n_pos = p->pos0 + t + 1;
        if (s->kv.type == KV_INT8)
            s->k->attend_int8(out, q, keys, kv_key_scales(&s->kv, p->layer, kv_head), values,
                              kv_value_scales(&s->kv, p->layer, kv_head), n_pos, c->head_dim, scale,
                              scores);
        else if (s->kv.type == KV_F32)
            s->k->attend_f32(out, q, keys, values, n_pos, c->head_dim, scale, scores);
        else
            s->k->attend_bf16(out, q, keys, values, n_pos, c->head_dim, scale, scores);
    }
}

/* ---- groups ----------------------------------------------------------------------------- */

static uint32_t group_of(const struct model_config *c)
{
    return c->n_heads / c->n_kv_heads;
}

static const void *row(const void *rows, size_t i, const struct kv *kv)
{
    return (const uint8_t *)rows + i * kv->head_dim * kv->value_bytes;
}

/* Sinks of n heads from `head` on, moved as the scores of their queries are by keys that are kept
 * as differences. */
static void move_sinks(const struct pass *p, const float *q, uint32_t head, uint32_t n,
                       const float *centre, float *sinks)
{
    const uint32_t dim = p->s->m->config.head_dim;
    for (uint32_t i = 0; i < n; i++, q += dim) {
        float product = 0;
        for (uint32_t d = 0; centre && d < dim; d++)
            product += q[d] * centre[d];
        sinks[i] = p->l->sinks[head + i] - p->l->plan.score_scale * product;
    }
}

/* Chunk: a token, a kv head, and a part of the query heads that share it. */
static void attend_group(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    const struct layer_plan *plan = &p->l->plan;
    const struct kv *kv = &s->kv;
    uint32_t part = chunk % p->n_parts, kv_head = chunk / p->n_parts % c->n_kv_heads;
    uint32_t t = chunk / p->n_parts / c->n_kv_heads, n_pos = p->pos0 + t + 1;
    uint32_t first = plan->window && n_pos > plan->window ? n_pos - plan->window : 0;
    uint32_t at = first - kv_from(kv, p->layer);
    uint32_t head0 = part * group_of(c) / p->n_parts, head1 = (part + 1) * group_of(c) / p->n_parts;
    uint32_t head = kv_head * group_of(c) + head0;
    struct attend_group a = {.out = s->heads + (size_t)t * config_q_dim(c) +
                                    (size_t)head * c->head_dim,
                             .ld_out = c->head_dim,
                             .q = s->qkv + (size_t)t * qkv_dim(c) + (size_t)head * c->head_dim,
                             .ld_q = c->head_dim,
                             .n = head1 - head0,
                             .n_pos = n_pos - first,
                             .dim = c->head_dim,
                             .k = row(kv_keys(kv, p->layer, kv_head), at, kv),
                             .v = row(kv_values(kv, p->layer, kv_head), at, kv),
                             .scale = plan->score_scale,
                             .cap = plan->score_cap,
                             .scores = s->scores + worker * s->scores_stride,
                             .ld_scores = s->ctx_stride};
    float sinks[ATTEND_GROUP];
    if (p->l->sinks) {
        move_sinks(p, a.q, head, a.n, kv_centre(kv, p->layer, kv_head), sinks);
        a.sinks = sinks;
    }
    if (kv->type == KV_INT8) {
        a.k_scale = kv_key_scales(kv, p->layer, kv_head) + at;
        a.v_scale = kv_value_scales(kv, p->layer, kv_head) + at;
        s->k->attend_group_int8(&a);
    } else if (kv->type == KV_F32) {
        s->k->attend_group_f32(&a);
    } else {
        s->k->attend_group_bf16(&a);
    }
}

/* As few parts as there are workers for: each part reads the keys for itself. */
static uint32_t parts_of(const struct pass *p)
{
    const struct model_config *c = &p->s->m->config;
    uint32_t group = group_of(c), n_parts = (group + ATTEND_GROUP - 1) / ATTEND_GROUP;
    while (n_parts < group && p->n * c->n_kv_heads * n_parts < pool_size(p->s->pool))
        n_parts++;
    return n_parts;
}

/* ---- a layer's attention ---------------------------------------------------------------- */

static bool takes_unit(const struct pass *p)
{
    const struct session *s = p->s;
    return s->k->attend_prompt && s->kv.type != KV_F32 && s->m->config.head_dim <= ATTEND_DIM &&
           p->n >= PROMPT_MIN_TOKENS;
}

/* Queries that do not see every position before them, whose scores need more than a factor, or that
 * are too few to share keys. */
static bool takes_groups(const struct pass *p)
{
    const struct layer_plan *plan = &p->l->plan;
    bool window_binds = plan->window && p->pos0 + p->n > plan->window;
    bool is_single = p->n < ATTEND_BATCH && group_of(&p->s->m->config) > 1;
    return window_binds || plan->score_cap > 0 || p->l->sinks || is_single;
}

static uint32_t blocks(const struct pass *p, uint32_t block)
{
    return p->s->m->config.n_heads * ((p->n + block - 1) / block);
}

void attention_run(struct pass *p)
{
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    const uint64_t work = (uint64_t)p->n * (p->pos0 + p->n) * config_q_dim(c);
    store_all(p);
    pass_lap(p, OP_ROPE);
    if (takes_groups(p)) {
        p->n_parts = parts_of(p);
        pass_run(p, attend_group, p->n * c->n_kv_heads * p->n_parts, work);
    } else if (takes_unit(p)) {
        if (s->kv.type == KV_INT8)
            pass_run(p, unpack_head, c->n_kv_heads, (uint64_t)(p->pos0 + p->n) * config_kv_dim(c));
        pass_run(p, attend_unit, blocks(p, ATTEND_TOKENS), work);
    } else {
        pass_run(p, attend_tokens, blocks(p, NEAR_TOKENS), work);
    }
    if (p->l->plan.has_out_gate)
        pass_run(p, gate_token, p->n, (uint64_t)(p->n - 1) * config_q_dim(c));
    pass_lap(p, OP_ATTEND);
}

size_t attention_scratch(const struct session *s)
{
    uint32_t group = group_of(&s->m->config);
    size_t rows = s->k->attend_batch_bf16 ? ATTEND_BATCH : 1;
    group = group < ATTEND_GROUP ? group : ATTEND_GROUP;
    size_t n = (rows > group ? rows : group) * s->ctx_stride;
    if (s->k->attend_prompt && n < ATTEND_SCRATCH / sizeof(float))
        n = ATTEND_SCRATCH / sizeof(float);
    return n;
}
