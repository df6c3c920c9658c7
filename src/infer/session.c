/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"
#include "rope.h"

enum {
    DEFAULT_CHUNK = 128,
    UNIT_CHUNK = 512, /* where a matrix unit is so fast that decoding weights counts */
    NEAR_TOKENS = 8,  /* query tokens of one head that a worker takes at a time */
    SILU_SLICE = 1024,
    SCORE_TOKENS = 64,    /* whose logits are in memory at a time */
    SMALL_WORK = 1 << 14, /* operations that are done before a worker wakes */
};

/* A pass that was told to stop between two layers: those below `layer` have stored their keys and
 * values, and x holds what goes into it. */
struct halted {
    int32_t *ids; /* [chunk], n of them; n 0: none */
    uint32_t pos0, n, layer;
    bool is_long;
};

struct session {
    const struct model *m;
    const struct kernels *k;
    struct pool *pool;
    struct matmul *mm;
    struct rope rope;
    struct kv kv;
    uint32_t ctx_len, chunk;
    enum gemm gemm;

    int32_t *ids; /* [ctx_len] what the cache holds, `len` of them */
    uint32_t len, reused;
    bool is_long;    /* the cache was computed with the long factors */
    bool has_logits; /* logits belong to exactly ids[0..len) */
    struct halted halted;

    float *x;           /* [chunk][dim] residual stream */
    float *h;           /* [chunk][dim] */
    float *qkv;         /* [chunk][qkv_dim] */
    float *heads;       /* [chunk][n_heads * head_dim] */
    float *gate_up;     /* [chunk][2 * ffn_dim] */
    float *ffn;         /* [chunk][ffn_dim] */
    float *cos, *sin;   /* [chunk][rope.half] */
    uint16_t *unpacked; /* [n_kv_heads][keys, values][ctx_len][head_dim] of a layer; or NULL */
    float *scores;      /* [pool_size][scores_stride]: rows of ctx_stride, or a prompt's scratch */
    size_t ctx_stride, scores_stride;
    float *logits; /* [SESSION_MAX_LAST][vocab], n_logits of them */
    uint32_t n_logits;
};

/* Tokens [pos0, pos0 + n) going through one layer. */
struct pass {
    struct session *s;
    const struct layer *l;
    const int32_t *ids; /* [n] */
    const float *norm;  /* weight of the next norm */
    uint32_t layer, pos0, n;
};

static uint32_t q_dim(const struct model_config *c)
{
    return c->n_heads * c->head_dim;
}

static uint32_t qkv_dim(const struct model_config *c)
{
    return (c->n_heads + 2 * c->n_kv_heads) * c->head_dim;
}

/* Work too small to wake anybody for is done here and now. The chunks are the same either way. */
static void run(struct pass *p, pool_fn *fn, uint32_t n_chunks, uint64_t work)
{
    if (work >= SMALL_WORK) {
        pool_run(p->s->pool, fn, p, n_chunks);
        return;
    }
    for (uint32_t i = 0; i < n_chunks; i++)
        fn(p, i, 0);
}

/* ---- the steps of a layer; a chunk is a token unless said otherwise ------------------- */

static void embed_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    const struct matrix *w = &p->s->m->embed;
    uint32_t id = (uint32_t)p->ids[t];
    (void)worker;
    p->s->k->dequant[w->format](w, id, id + 1, p->s->x + (size_t)t * w->cols);
}

static void norm_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    const struct model_config *c = &p->s->m->config;
    size_t at = (size_t)t * c->dim;
    (void)worker;
    p->s->k->rms_norm(p->s->h + at, p->s->x + at, p->norm, c->dim, c->rms_eps);
}

static void add_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    size_t at = (size_t)t * p->s->m->config.dim;
    (void)worker;
    p->s->k->add(p->s->x + at, p->s->h + at, p->s->m->config.dim);
}

/* Rotates queries and keys of one token and puts keys and values into the cache. */
static void rotate_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    const float *cos = s->cos + (size_t)t * s->rope.half, *sin = s->sin + (size_t)t * s->rope.half;
    float *q = s->qkv + (size_t)t * qkv_dim(c), *k = q + q_dim(c), *v = k + config_kv_dim(c);
    (void)worker;
    for (uint32_t i = 0; i < c->n_heads + c->n_kv_heads; i++) /* keys lie behind queries */
        s->k->rope(q + i * c->head_dim, cos, sin, s->rope.half);
    for (uint32_t i = 0; i < c->n_kv_heads; i++)
        kv_store(&s->kv, p->layer, i, p->pos0 + t, k + i * c->head_dim, v + i * c->head_dim);
}

static void rotate_later_token(void *arg, uint32_t t, uint32_t worker)
{
    rotate_token(arg, t + 1, worker);
}

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
static void attend_prompt_block(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    uint32_t n_blocks = (p->n + ATTEND_TOKENS - 1) / ATTEND_TOKENS, head = chunk / n_blocks;
    uint32_t first = chunk % n_blocks * ATTEND_TOKENS, left = p->n - first;
    uint32_t kv_head = head / (c->n_heads / c->n_kv_heads);
    bool is_int8 = s->kv.type == KV_INT8;
    const uint16_t *keys =
        is_int8 ? unpacked(s, kv_head, false) : kv_keys(&s->kv, p->layer, kv_head);
    const uint16_t *values =
        is_int8 ? unpacked(s, kv_head, true) : kv_values(&s->kv, p->layer, kv_head);
    s->k->attend_prompt(s->heads + (size_t)first * q_dim(c) + head * c->head_dim, q_dim(c),
                        s->qkv + (size_t)first * qkv_dim(c) + head * c->head_dim, qkv_dim(c),
                        left < ATTEND_TOKENS ? left : ATTEND_TOKENS, p->pos0 + first, keys, values,
                        c->head_dim, 1.0f / sqrtf((float)c->head_dim),
                        s->scores + worker * s->scores_stride);
}

/* Chunk: NEAR_TOKENS queries of one head, so that their keys and values are read from near. */
static void attend_block(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    uint32_t n_blocks = (p->n + NEAR_TOKENS - 1) / NEAR_TOKENS;
    uint32_t head = chunk / n_blocks, first = chunk % n_blocks * NEAR_TOKENS;
    uint32_t last = first + NEAR_TOKENS < p->n ? first + NEAR_TOKENS : p->n;
    uint32_t kv_head = head / (c->n_heads / c->n_kv_heads);
    const void *keys = kv_keys(&s->kv, p->layer, kv_head);
    const void *values = kv_values(&s->kv, p->layer, kv_head);
    float scale = 1.0f / sqrtf((float)c->head_dim);
    float *scores = s->scores + worker * s->scores_stride;
    const float *q = s->qkv + (size_t)first * qkv_dim(c) + head * c->head_dim;
    float *out = s->heads + (size_t)first * q_dim(c) + head * c->head_dim;
    if (last - first >= ATTEND_BATCH && s->kv.type == KV_BF16 && s->k->attend_batch_bf16) {
        s->k->attend_batch_bf16(out, q_dim(c), q, qkv_dim(c), last - first, p->pos0 + first, keys,
                                values, c->head_dim, scale, scores, s->ctx_stride);
        return;
    }
    if (last - first >= ATTEND_BATCH && s->kv.type == KV_F32 && s->k->attend_batch_f32) {
        s->k->attend_batch_f32(out, q_dim(c), q, qkv_dim(c), last - first, p->pos0 + first, keys,
                               values, c->head_dim, scale, scores, s->ctx_stride);
        return;
    }
    if (last - first >= ATTEND_BATCH && s->kv.type == KV_INT8 && s->k->attend_batch_int8) {
        s->k->attend_batch_int8(out, q_dim(c), q, qkv_dim(c), last - first, p->pos0 + first, keys,
                                kv_key_scales(&s->kv, p->layer, kv_head), values,
                                kv_value_scales(&s->kv, p->layer, kv_head), c->head_dim, scale,
                                scores, s->ctx_stride);
        return;
    }
    for (uint32_t t = first; t < last; t++, q += qkv_dim(c), out += q_dim(c)) {
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

/* Chunk: SILU_SLICE values of one token. */
static void silu_slice(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    struct session *s = p->s;
    uint32_t ffn_dim = s->m->config.ffn_dim, n_slices = (ffn_dim + SILU_SLICE - 1) / SILU_SLICE;
    uint32_t t = chunk / n_slices, at = chunk % n_slices * SILU_SLICE;
    uint32_t n = at + SILU_SLICE < ffn_dim ? SILU_SLICE : ffn_dim - at;
    float *gate = s->gate_up + (size_t)t * 2 * ffn_dim + at;
    (void)worker;
    s->k->silu_mul(gate, gate + ffn_dim, n);
    memcpy(s->ffn + (size_t)t * ffn_dim + at, gate, n * sizeof *gate);
}

/* ---- the forward pass ----------------------------------------------------------------- */

static void lap(const struct session *s, enum op op)
{
    profile_lap(pool_profile(s->pool), op);
}

/* One matrix, or several whose outputs lie side by side in a row of y. */
static void project(struct pass *p, const struct matrix *w, uint32_t n_parts, const float *x,
                    float *y, size_t ld_y)
{
    for (uint32_t i = 0; i < n_parts; y += w[i].rows, i++)
        matmul_run(p->s->mm, &w[i], p->n, x, y, ld_y);
}

static void norm(struct pass *p, const float *weight)
{
    p->norm = weight;
    run(p, norm_token, p->n, (uint64_t)(p->n - 1) * p->s->m->config.dim);
    lap(p->s, OP_NORM);
}

static void add(struct pass *p)
{
    run(p, add_token, p->n, (uint64_t)(p->n - 1) * p->s->m->config.dim);
    lap(p->s, OP_ADD);
}

static void attention(struct pass *p)
{
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    norm(p, p->l->attn_norm);
    project(p, p->l->qkv, p->l->n_qkv, s->h, s->qkv, qkv_dim(c));
    lap(s, OP_QKV);
    const uint64_t work = (uint64_t)(p->n - 1) * qkv_dim(c);
    if (p->pos0 == 0) { /* its keys are stored before all others */
        rotate_token(p, 0, 0);
        run(p, rotate_later_token, p->n - 1, work);
    } else {
        run(p, rotate_token, p->n, work);
    }
    lap(s, OP_ROPE);
    bool unit = s->k->attend_prompt && s->kv.type != KV_F32 && c->head_dim <= ATTEND_DIM &&
                p->n >= PROMPT_MIN_TOKENS;
    if (unit && s->kv.type == KV_INT8)
        run(p, unpack_head, c->n_kv_heads, (uint64_t)(p->pos0 + p->n) * config_kv_dim(c));
    uint32_t block = unit ? ATTEND_TOKENS : NEAR_TOKENS;
    run(p, unit ? attend_prompt_block : attend_block, c->n_heads * ((p->n + block - 1) / block),
        (uint64_t)p->n * (p->pos0 + p->n) * q_dim(c));
    lap(s, OP_ATTEND);
    project(p, &p->l->attn_out, 1, s->heads, s->h, c->dim);
    lap(s, OP_ATTN_OUT);
    add(p);
}

static void feed_forward(struct pass *p)
{
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    norm(p, p->l->ffn_norm);
    project(p, p->l->gate_up, p->l->n_gate_up, s->h, s->gate_up, 2 * (size_t)c->ffn_dim);
    lap(s, OP_GATE_UP);
    uint32_t n_slices = (c->ffn_dim + SILU_SLICE - 1) / SILU_SLICE;
    run(p, silu_slice, p->n * n_slices, (uint64_t)p->n * c->ffn_dim);
    lap(s, OP_SILU);
    project(p, &p->l->down, 1, s->ffn, s->h, c->dim);
    lap(s, OP_DOWN);
    add(p);
}

/* The pass that was stopped last is one that these ids need next; a pass for the last n_last of
 * them is not split. */
static bool goes_on(const struct session *s, const int32_t *ids, uint32_t n, uint32_t n_last)
{
    const struct halted *h = &s->halted;
    uint32_t end = h->pos0 + h->n;
    return h->n > 0 && h->pos0 == s->len && h->is_long == s->is_long &&
           (end == n ? h->n == n_last || n_last == 1 : end + n_last <= n) &&
           memcmp(h->ids, ids + s->len, h->n * sizeof *ids) == 0;
}

static void halt(struct session *s, const struct pass *p)
{
    struct halted *h = &s->halted;
    memcpy(h->ids, p->ids, p->n * sizeof *h->ids);
    h->pos0 = p->pos0;
    h->n = p->n;
    h->layer = p->layer;
    h->is_long = s->is_long;
}

/* Evaluates one chunk: its keys and values are in the cache afterwards, and s->x holds the last
 * layer's output. `again`: the stopped pass goes on (goes_on). -> false when told to stop. */
static bool forward(struct session *s, const int32_t *ids, uint32_t pos0, uint32_t n, bool again,
                    uint32_t total, session_progress_fn *progress, void *arg)
{
    const struct model *m = s->m;
    uint32_t n_layers = m->config.n_layers, first = again ? s->halted.layer : 0;
    struct pass p = {.s = s, .ids = ids, .pos0 = pos0, .n = n};
    s->halted.n = 0;
    lap(s, OP_OTHER);
    for (uint32_t t = 0; t < n; t++)
        rope_angles(&s->rope, s->is_long, pos0 + t, s->cos + (size_t)t * s->rope.half,
                    s->sin + (size_t)t * s->rope.half);
    if (!again)
        run(&p, embed_token, n, (uint64_t)(n - 1) * m->config.dim);
    lap(s, OP_EMBED);
    for (uint32_t i = first; i < n_layers; i++) {
        uint32_t done = pos0 + (uint32_t)((uint64_t)n * i / n_layers);
        p.l = &m->layers[i];
        p.layer = i;
        if (progress && !progress(arg, done, total)) {
            halt(s, &p);
            return false;
        }
        attention(&p);
        feed_forward(&p);
    }
    return true;
}

/* Logits of the last n_last tokens of a chunk of n that forward has just evaluated. */
static void head(struct session *s, uint32_t n, uint32_t n_last)
{
    const struct model *m = s->m;
    uint32_t dim = m->config.dim;
    for (uint32_t i = 0; i < n_last; i++)
        s->k->rms_norm(s->h + (size_t)i * dim, s->x + (size_t)(n - n_last + i) * dim, m->norm, dim,
                       m->config.rms_eps);
    lap(s, OP_NORM);
    matmul_run(s->mm, &m->head, n_last, s->h, s->logits, m->config.vocab);
    lap(s, OP_HEAD);
    s->n_logits = n_last;
}

/* ---- the session ---------------------------------------------------------------------- */

/* How much of the cache serves these ids. At least the last n_last tokens are evaluated, for their
 * logits. */
static uint32_t common_prefix(const struct session *s, const int32_t *ids, uint32_t n,
                              uint32_t n_last)
{
    uint32_t common = 0;
    if (rope_is_long(&s->m->config, n) != s->is_long)
        return 0;
    while (common < n && common < s->len && ids[common] == s->ids[common])
        common++;
    return common < n - n_last ? common : n - n_last;
}

/* The cache has these ids behind those that it had. */
static void append_ids(struct session *s, const int32_t *ids, uint32_t n)
{
    memcpy(s->ids + s->len, ids, n * sizeof *ids);
    s->len += n;
}

enum session_result session_sync_last(struct session *s, const int32_t *ids, uint32_t n,
                                      uint32_t n_last, session_progress_fn *progress, void *arg)
{
    assert(n_last > 0 && n_last <= n && n <= s->ctx_len);
    assert(n_last <= SESSION_MAX_LAST && n_last <= s->chunk);
    if (s->has_logits && s->n_logits == n_last && n == s->len &&
        memcmp(ids, s->ids, n * sizeof *ids) == 0) {
        s->reused = n;
        return SESSION_OK;
    }
    s->reused = s->len = common_prefix(s, ids, n, n_last);
    s->is_long = rope_is_long(&s->m->config, n);
    s->has_logits = false;
    while (s->len < n) {
        uint32_t left = n - s->len;
        if (n_last > 1 && left > n_last) /* those have a pass of their own */
            left -= n_last;
        bool again = goes_on(s, ids, n, n_last);
        uint32_t count = again ? s->halted.n : left < s->chunk ? left : s->chunk;
        if (!forward(s, ids + s->len, s->len, count, again, n, progress, arg))
            return SESSION_STOPPED;
        append_ids(s, ids + s->len, count);
        if (s->len == n)
            head(s, count, n_last);
    }
    s->has_logits = true;
    if (progress)
        progress(arg, n, n);
    return SESSION_OK;
}

enum session_result session_sync(struct session *s, const int32_t *ids, uint32_t n,
                                 session_progress_fn *progress, void *arg)
{
    return session_sync_last(s, ids, n, 1, progress, arg);
}

/* Not where another set of rotary factors would be due before the last of them. */
uint32_t session_room(const struct session *s, uint32_t n)
{
    uint32_t room = s->chunk < SESSION_MAX_LAST ? s->chunk - 1 : SESSION_MAX_LAST - 1;
    if (s->ctx_len - n < room)
        room = s->ctx_len - n;
    while (rope_is_long(&s->m->config, n + room) != rope_is_long(&s->m->config, n))
        room--;
    return room;
}

void session_truncate(struct session *s, uint32_t n)
{
    if (n >= s->len)
        return;
    s->len = n;
    s->has_logits = false;
}

const struct kv *session_kv(const struct session *s)
{
    return &s->kv;
}

const int32_t *session_ids(const struct session *s)
{
    return s->ids;
}

bool session_is_long(const struct session *s)
{
    return s->is_long;
}

bool session_needs_long(const struct session *s, uint32_t n)
{
    return rope_is_long(&s->m->config, n);
}

void session_adopt(struct session *s, const int32_t *ids, uint32_t n, bool is_long)
{
    assert(n <= s->ctx_len);
    s->len = 0;
    append_ids(s, ids, n);
    s->is_long = is_long;
    s->has_logits = false;
    s->halted.n = 0;
}

/* Logits of the wanted ones among `count` tokens from pos0 on that forward has just evaluated. The
 * norms move up, so that a group of them is one matrix product. */
static void score_chunk(struct session *s, uint32_t pos0, uint32_t count, const bool *wanted,
                        float *logits /* [SCORE_TOKENS][vocab] */, session_logits_fn *fn, void *arg)
{
    const struct model *m = s->m;
    size_t dim = m->config.dim, vocab = m->config.vocab;
    uint32_t at[SCORE_TOKENS], n = 0;
    for (uint32_t t = 0; t < count; t++) {
        if (wanted[pos0 + t]) {
            s->k->rms_norm(s->h + n * dim, s->x + t * dim, m->norm, m->config.dim,
                           m->config.rms_eps);
            at[n++] = pos0 + t;
        }
        if (n == 0 || (n < SCORE_TOKENS && t + 1 < count))
            continue;
        matmul_run(s->mm, &m->head, n, s->h, logits, vocab);
        for (uint32_t i = 0; i < n; i++)
            fn(arg, at[i], logits + i * vocab);
        n = 0;
    }
}

void session_score(struct session *s, const int32_t *ids, uint32_t n, const bool *wanted,
                   session_logits_fn *fn, void *arg)
{
    assert(n > 0 && n <= s->ctx_len);
    float *logits = xaligned_scratch((size_t)SCORE_TOKENS * s->m->config.vocab * sizeof *logits);
    s->reused = s->len = 0;
    s->is_long = rope_is_long(&s->m->config, n);
    s->has_logits = false;
    while (s->len < n) {
        uint32_t pos0 = s->len, count = n - pos0 < s->chunk ? n - pos0 : s->chunk;
        forward(s, ids + pos0, pos0, count, false, n, NULL, NULL);
        append_ids(s, ids + pos0, count);
        score_chunk(s, pos0, count, wanted, logits, fn, arg);
    }
    free(logits);
}

static uint32_t max3(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t ab = a > b ? a : b;
    return ab > c ? ab : c;
}

static void allocate(struct session *s)
{
    const struct model_config *c = &s->m->config;
    size_t n = s->chunk;
    s->mm = matmul_new(s->k, s->pool, s->gemm, s->chunk, max3(c->dim, q_dim(c), c->ffn_dim));
    s->ids = xcalloc(s->ctx_len, sizeof *s->ids);
    s->halted.ids = xcalloc(n, sizeof *s->halted.ids);
    s->x = xaligned_scratch(n * c->dim * sizeof(float));
    s->h = xaligned_scratch(n * c->dim * sizeof(float));
    s->qkv = xaligned_scratch(n * qkv_dim(c) * sizeof(float));
    s->heads = xaligned_scratch(n * q_dim(c) * sizeof(float));
    s->gate_up = xaligned_scratch(n * 2 * c->ffn_dim * sizeof(float));
    s->ffn = xaligned_scratch(n * c->ffn_dim * sizeof(float));
    s->cos = xaligned_scratch(n * s->rope.half * sizeof(float));
    s->sin = xaligned_scratch(n * s->rope.half * sizeof(float));
    s->ctx_stride = ((size_t)s->ctx_len + 31) / 32 * 32; /* workers' lines stay apart */
    s->scores_stride = (s->k->attend_batch_bf16 ? ATTEND_BATCH : 1) * s->ctx_stride;
    if (s->k->attend_prompt && s->scores_stride < ATTEND_SCRATCH / sizeof(float))
        s->scores_stride = ATTEND_SCRATCH / sizeof(float);
    s->scores = xaligned_scratch(pool_size(s->pool) * s->scores_stride * sizeof(float));
    if (s->k->attend_prompt && s->kv.type == KV_INT8) /* memory is used as the context fills */
        s->unpacked =
            xaligned_scratch(2 * (size_t)s->ctx_len * config_kv_dim(c) * sizeof(uint16_t));
    s->logits = xaligned_scratch((size_t)SESSION_MAX_LAST * c->vocab * sizeof(float));
}

static uint32_t default_chunk(const struct model *m, const struct kernels *k, enum gemm gemm)
{
    return gemm_uses_unit(gemm, k, m->format) ? UNIT_CHUNK : DEFAULT_CHUNK;
}

struct session *session_new(const struct model *m, struct pool *p, const struct kernels *k,
                            const struct session_options *o, struct error *err)
{
    const struct model_config *c = &m->config;
    uint32_t ctx_len = o->ctx_len ? o->ctx_len : c->orig_ctx;
    if (ctx_len > c->max_ctx && o->ctx_len)
        return error_set_null(err, EX_USAGE, "context of %u tokens: this model takes at most %u",
                              ctx_len, c->max_ctx);
    if (ctx_len > c->max_ctx)
        ctx_len = c->max_ctx;
    struct kv kv;
    if (!kv_reserve(&kv, c, k, o->kv, ctx_len, err))
        return NULL;
    enum gemm gemm = o->gemm == GEMM_MEASURE ? matmul_fastest(k, p, m->layers->gate_up) : o->gemm;
    struct session *s = xcalloc(1, sizeof *s);
    *s = (struct session){.m = m,
                          .k = k,
                          .pool = p,
                          .kv = kv,
                          .gemm = gemm,
                          .ctx_len = ctx_len,
                          .chunk = o->chunk ? o->chunk : default_chunk(m, k, gemm)};
    if (s->chunk > ctx_len)
        s->chunk = ctx_len;
    rope_init(&s->rope, c);
    allocate(s);
    return s;
}

void session_free(struct session *s)
{
    if (!s)
        return;
    matmul_free(s->mm);
    kv_release(&s->kv);
    float *buffers[] = {s->x,   s->h,   s->qkv, s->heads,  s->gate_up,
                        s->ffn, s->cos, s->sin, s->scores, s->logits};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        free(buffers[i]);
    free(s->unpacked);
    free(s->halted.ids);
    free(s->ids);
    free(s);
}

enum kv_type session_default_kv(const struct model *m)
{
    return m->format == FORMAT_F32 ? KV_F32 : KV_INT8;
}

const float *session_logits(const struct session *s)
{
    return session_logits_at(s, s->n_logits - 1);
}

const float *session_logits_at(const struct session *s, uint32_t i)
{
    assert(i < s->n_logits);
    return s->logits + (size_t)i * s->m->config.vocab;
}

enum gemm session_gemm(const struct session *s)
{
    return s->gemm;
}

uint32_t session_ctx(const struct session *s)
{
    return s->ctx_len;
}

uint32_t session_len(const struct session *s)
{
    return s->len;
}

uint32_t session_reused(const struct session *s)
{
    return s->reused;
}

uint64_t session_kv_token_bytes(const struct session *s)
{
    return kv_bytes(&s->kv, 1);
}

uint64_t session_kv_bytes(const struct session *s)
{
    return kv_bytes(&s->kv, s->len);
}
