/* SPDX-License-Identifier: MIT
 *
 * attention: queries and keys are normed and rotated, keys and values stored, and each query looks
 * at the positions that its layer lets it see. There are three ways, by what they read only once:
 *   units   ATTEND_TOKENS queries of a head, for a matrix unit
 *   tokens  ATTEND_TILE queries of a head: neighbours in a prompt
 *   groups  the heads of one token that share keys and values: single tokens
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "session_internal.h"

enum {
    FEW_TOKENS = 4,         /* as many queries go over the keys together in any case */
    TILE_SCORES = 512 << 10 /* bytes of scores that stay in the second-level cache */
};

/* ---- queries, keys, values ------------------------------------------------------------- */

static void norm_heads(const struct session *s, float *heads, uint32_t n, uint32_t head_dim,
                       const float *weight)
{
    for (uint32_t i = 0; i < n; i++, heads += head_dim)
        s->k->rms_norm(heads, heads, weight, head_dim, s->m->config.norm_eps);
}

/* Longer texts, sharper looks: Ministral 3's factor of a query at this position. */
static float query_scale(const struct model_config *c, uint32_t pos)
{
    return 1 + c->position_scale * logf(1 + (float)(pos / c->orig_ctx));
}

static void rotate_heads(const struct pass *p, uint32_t t, float *heads, uint32_t n)
{
    const struct session *s = p->s;
    const struct layer_plan *plan = &p->l->plan;
    const uint32_t half = s->rope[plan->rope].half;
    const float *cos = s->cos[plan->rope] + (size_t)t * half;
    const float *sin = s->sin[plan->rope] + (size_t)t * half;
    for (uint32_t i = 0; i < n; i++)
        s->k->rope(heads + (size_t)i * plan->head_dim, cos, sin, half);
}

/* Norms and rotates the queries that share a kv head. */
static void prepare_queries(const struct pass *p, uint32_t t, float *q)
{
    const struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    const struct layer_plan *plan = &p->l->plan;
    if (plan->qk_norm == QK_NORM_HEAD)
        norm_heads(s, q, plan->group, plan->head_dim, p->l->q_norm);
    if (plan->rope != ROPE_NONE)
        rotate_heads(p, t, q, plan->group);
    if (c->position_scale > 0)
        s->k->scale(q, query_scale(c, pass_pos(p, t)), plan->group * plan->head_dim);
}

/* Norms key and value, rotates the key, and stores both. */
static void store_key(const struct pass *p, uint32_t t, uint32_t kv_head, float *k, float *v)
{
    const struct session *s = p->s;
    const struct layer_plan *plan = &p->l->plan;
    if (plan->v_is_k)
        memcpy(v, k, plan->head_dim * sizeof *v);
    if (plan->qk_norm == QK_NORM_HEAD)
        norm_heads(s, k, 1, plan->head_dim, p->l->k_norm);
    if (p->l->v_norm)
        norm_heads(s, v, 1, plan->head_dim, p->l->v_norm);
    if (plan->rope != ROPE_NONE)
        rotate_heads(p, t, k, 1);
    kv_store(&pass_session(p, t)->kv, p->layer, kv_head, pass_pos(p, t), k, v);
}

/* The queries, key and value of one kv head of a token. */
static void store_head(const struct pass *p, uint32_t t, uint32_t kv_head)
{
    const struct layer_plan *plan = &p->l->plan;
    const size_t dim = plan->head_dim;
    float *q = p->s->qkv + (size_t)t * plan->qkv_dim, *k = q + plan->q_rows + kv_head * dim;
    prepare_queries(p, t, q + kv_head * plan->group * dim);
    if (plan->has_kv)
        store_key(p, t, kv_head, k, k + plan->kv_dim);
}

/* One norm over all heads. */
static void norm_all(const struct pass *p, float *q, float *k)
{
    const struct session *s = p->s;
    const struct layer_plan *plan = &p->l->plan;
    const float eps = s->m->config.norm_eps;
    assert(!plan->v_is_k);
    s->k->rms_norm(q, q, p->l->q_norm, plan->q_dim, eps);
    if (plan->has_kv)
        s->k->rms_norm(k, k, p->l->k_norm, plan->kv_dim, eps);
}

/* From a query and its gate head by head to all queries, then all gates. */
static void part_gates(const struct model_config *c, const struct layer_plan *plan, float *q,
                       float *spare /* [q dim] */)
{
    const size_t n = plan->head_dim;
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
    const struct layer_plan *plan = &p->l->plan;
    const uint32_t n = plan->q_dim;
    (void)worker;
    p->s->k->sigmoid_mul(p->s->heads + (size_t)t * n, p->s->qkv + (size_t)t * plan->qkv_dim + n, n);
}

/* Chunk: a token. */
static void store_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    const struct layer_plan *plan = &p->l->plan;
    float *q = p->s->qkv + (size_t)t * plan->qkv_dim;
    (void)worker;
    if (plan->has_out_gate)
        part_gates(&p->s->m->config, plan, q, p->s->heads + (size_t)t * plan->q_dim);
    if (plan->qk_norm == QK_NORM_ALL)
        norm_all(p, q, q + plan->q_rows);
    for (uint32_t i = 0; i < plan->n_kv_heads; i++)
        store_head(p, t, i);
}

static void store_later_token(void *arg, uint32_t t, uint32_t worker)
{
    store_token(arg, t + 1, worker);
}

static void store_all(struct pass *p)
{
    const uint64_t work = (uint64_t)(p->n - 1) * p->l->plan.qkv_dim;
    if (p->pos0 == 0 && !p->rows) { /* its keys are stored before all others */
        store_token(p, 0, 0);
        pass_run(p, store_later_token, p->n - 1, work);
    } else {
        pass_run(p, store_token, p->n, work);
    }
}

/* ---- units ------------------------------------------------------------------------------ */

static uint16_t *unpacked(const struct pass *p, uint32_t kv_head, bool is_value)
{
    size_t head = (size_t)p->s->ctx_len * p->l->plan.head_dim;
    return p->s->unpacked + (2 * (size_t)kv_head + is_value) * head;
}

/* Keys and values of one head, for a matrix unit that takes no int8. */
static void unpack_head(void *arg, uint32_t kv_head, uint32_t worker)
{
    const struct pass *p = arg;
    const struct session *s = p->s;
    const struct kv *kv = &s->kv;
    const uint32_t n_pos = p->pos0 + p->n - kv_from(kv, p->layer), dim = p->l->plan.head_dim;
    (void)worker;
    s->k->unpack_int8(unpacked(p, kv_head, false), kv_keys(kv, p->layer, kv_head),
                      kv_key_scales(kv, p->layer, kv_head), n_pos, dim);
    s->k->unpack_int8(unpacked(p, kv_head, true), kv_values(kv, p->layer, kv_head),
                      kv_value_scales(kv, p->layer, kv_head), n_pos, dim);
}

/* What queries of a kv head have in common, from token t on; q, out and n are theirs. */
static struct attend_group group_of(const struct pass *p, uint32_t t, uint32_t kv_head,
                                    uint32_t worker)
{
    const struct session *s = p->s;
    const struct kv *kv = &pass_session(p, t)->kv;
    const struct layer_plan *plan = &p->l->plan;
    float *wide = s->scores + worker * s->scores_stride;
    return (struct attend_group){.dim = plan->head_dim,
                                 .k = kv_keys(kv, p->layer, kv_head),
                                 .v = kv_values(kv, p->layer, kv_head),
                                 .scale = plan->score_scale,
                                 .cap = plan->score_cap,
                                 .window = plan->window,
                                 .wide = wide,
                                 .scores = wide + (size_t)ATTEND_NEAR * s->widest_head};
}

/* Neighbours from token `first` on, n of them, of a head. */
static void take_tokens(const struct pass *p, struct attend_group *a, uint32_t head, uint32_t first,
                        uint32_t n)
{
    const struct layer_plan *plan = &p->l->plan;
    a->q = p->s->qkv + (size_t)first * plan->qkv_dim + (size_t)head * plan->head_dim;
    a->out = p->s->heads + (size_t)first * plan->q_dim + (size_t)head * plan->head_dim;
    a->ld_q = plan->qkv_dim;
    a->ld_out = plan->q_dim;
    a->n = n;
    a->step = 1;
    a->n_pos = pass_pos(p, first) + 1 - kv_from(&pass_session(p, first)->kv, p->layer);
}

/* Sinks of n queries from token `first` on, head after head or always the same head's, moved as the
 * scores of their queries are by keys that are kept as differences. */
static void take_sinks(const struct pass *p, struct attend_group *a, uint32_t first, uint32_t head,
                       bool is_one_head, float *sinks)
{
    const struct kv *kv = &pass_session(p, first)->kv;
    const float *centre = kv_centre(kv, p->layer, head / p->l->plan.group);
    if (!p->l->sinks)
        return;
    for (uint32_t t = 0; t < a->n; t++) {
        const float *q = a->q + t * a->ld_q;
        float product = 0;
        for (uint32_t d = 0; centre && d < a->dim; d++)
            product += q[d] * centre[d];
        sinks[t] = p->l->sinks[head + (is_one_head ? 0 : t)] - a->scale * product;
    }
    a->sinks = sinks;
}

/* Chunk: ATTEND_TOKENS queries of one head of a prompt. */
static void attend_unit(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    const struct session *s = p->s;
    const uint32_t n_blocks = (p->n + ATTEND_TOKENS - 1) / ATTEND_TOKENS, head = chunk / n_blocks;
    const uint32_t first = chunk % n_blocks * ATTEND_TOKENS, left = p->n - first;
    const uint32_t kv_head = head / p->l->plan.group;
    float sinks[ATTEND_TOKENS];
    struct attend_group a = group_of(p, first, kv_head, worker);
    take_tokens(p, &a, head, first, left < ATTEND_TOKENS ? left : ATTEND_TOKENS);
    take_sinks(p, &a, first, head, true, sinks);
    if (s->kv.type == KV_INT8) {
        a.k = unpacked(p, kv_head, false);
        a.v = unpacked(p, kv_head, true);
    }
    a.scores = s->scores + worker * s->scores_stride;
    s->k->attend_prompt(&a, kv_from(&s->kv, p->layer));
}

/* ---- tokens and groups ------------------------------------------------------------------ */

/* As many rows of scores as there is room for. */
static void attend_cached(const struct pass *p, struct attend_group *a, uint32_t t,
                          uint32_t kv_head)
{
    const struct session *s = p->s;
    const struct kv *kv = &pass_session(p, t)->kv;
    const uint32_t end = a->n_pos + (a->n - 1) * a->step, seen = a->window + a->n;
    const uint32_t n_pos = a->window && seen < end ? seen : end;
    const size_t room = s->scores_stride - (size_t)ATTEND_NEAR * s->widest_head;
    a->ld_scores = ((size_t)n_pos + 1 + 15) / 16 * 16;
    a->n_rows = room / a->ld_scores < ATTEND_TILE ? (uint32_t)(room / a->ld_scores) : ATTEND_TILE;
    if (s->kv.type == KV_INT8) {
        a->k_scale = kv_key_scales(kv, p->layer, kv_head);
        a->v_scale = kv_value_scales(kv, p->layer, kv_head);
        s->k->attend_group_int8(a);
    } else if (s->kv.type == KV_F32) {
        s->k->attend_group_f32(a);
    } else {
        s->k->attend_group_bf16(a);
    }
}

/* Chunk: ATTEND_TILE queries of one head, so that their keys and values are read from near. */
static void attend_tokens(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    const uint32_t n_blocks = (p->n + ATTEND_TILE - 1) / ATTEND_TILE, head = chunk / n_blocks;
    const uint32_t first = chunk % n_blocks * ATTEND_TILE, left = p->n - first;
    const uint32_t kv_head = head / p->l->plan.group;
    float sinks[ATTEND_TILE];
    struct attend_group a = group_of(p, first, kv_head, worker);
    take_tokens(p, &a, head, first, left < ATTEND_TILE ? left : ATTEND_TILE);
    take_sinks(p, &a, first, head, true, sinks);
    attend_cached(p, &a, first, kv_head);
}

/* Chunk: a token, a kv head, and a part of the query heads that share it. */
static void attend_group(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    const struct layer_plan *plan = &p->l->plan;
    const uint32_t part = chunk % p->n_parts, kv_head = chunk / p->n_parts % plan->n_kv_heads;
    const uint32_t t = chunk / p->n_parts / plan->n_kv_heads;
    const uint32_t head0 = kv_head * plan->group + part * plan->group / p->n_parts;
    const uint32_t head1 = kv_head * plan->group + (part + 1) * plan->group / p->n_parts;
    float sinks[ATTEND_TILE];
    struct attend_group a = group_of(p, t, kv_head, worker);
    if (p->stores_heads)
        store_head(p, t, kv_head);
    take_tokens(p, &a, head0, t, head1 - head0);
    a.ld_q = a.ld_out = plan->head_dim;
    a.step = 0;
    take_sinks(p, &a, t, head0, false, sinks);
    attend_cached(p, &a, t, kv_head);
}

/* As few parts as there are workers for: each part reads the keys for itself. */
static uint32_t parts_of(const struct pass *p)
{
    const struct layer_plan *plan = &p->l->plan;
    const uint32_t group = plan->group;
    uint32_t n_parts = (group + ATTEND_TILE - 1) / ATTEND_TILE;
    while (n_parts < group && p->n * plan->n_kv_heads * n_parts < pool_size(p->s->pool))
        n_parts++;
    return n_parts;
}

/* ---- a layer's attention ---------------------------------------------------------------- */

static bool takes_unit(const struct pass *p)
{
    const struct session *s = p->s;
    return s->k->attend_prompt && s->kv.type != KV_F32 && p->l->plan.head_dim <= ATTEND_DIM &&
           p->n >= PROMPT_MIN_TOKENS;
}

/* Queries of several heads share keys, rather than those of several tokens. */
static bool takes_groups(const struct pass *p)
{
    return p->n == 1 || p->rows || (p->n < FEW_TOKENS && p->l->plan.group > 1);
}

/* One token of a session, and nobody but a chunk of attend_group needs its queries, key and value.
 */
static bool heads_are_apart(const struct pass *p)
{
    const struct layer_plan *plan = &p->l->plan;
    return (p->n == 1 || p->rows) && p->n_parts == 1 && plan->qk_norm != QK_NORM_ALL &&
           !plan->has_out_gate;
}

static uint32_t blocks(const struct pass *p, uint32_t block)
{
    return p->s->m->config.n_heads * ((p->n + block - 1) / block);
}

void attention_run(struct pass *p)
{
    struct session *s = p->s;
    const struct layer_plan *plan = &p->l->plan;
    const uint64_t work = (uint64_t)p->n * (p->pos0 + p->n) * plan->q_dim;
    p->n_parts = parts_of(p);
    p->stores_heads = heads_are_apart(p);
    if (!p->stores_heads)
        store_all(p);
    pass_lap(p, OP_ROPE);
    if (takes_groups(p)) {
        pass_run(p, attend_group, p->n * plan->n_kv_heads * p->n_parts, work);
    } else if (takes_unit(p)) {
        if (s->kv.type == KV_INT8)
            pass_run(p, unpack_head, plan->n_kv_heads, (uint64_t)(p->pos0 + p->n) * plan->kv_dim);
        pass_run(p, attend_unit, blocks(p, ATTEND_TOKENS), work);
    } else {
        pass_run(p, attend_tokens, blocks(p, ATTEND_TILE), work);
    }
    if (p->l->plan.has_out_gate)
        pass_run(p, gate_token, p->n, (uint64_t)(p->n - 1) * plan->q_dim);
    pass_lap(p, OP_ATTEND);
}

size_t attention_scratch(const struct session *s)
{
    size_t scores = FEW_TOKENS * s->ctx_stride;
    if (scores < TILE_SCORES / sizeof(float))
        scores = TILE_SCORES / sizeof(float);
    const size_t n = (size_t)ATTEND_NEAR * s->widest_head + scores;
    return s->k->attend_prompt && n < ATTEND_SCRATCH / sizeof(float)
               ? ATTEND_SCRATCH / sizeof(float)
               : n;
}
