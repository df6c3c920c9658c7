/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experts.h"
#include "session_internal.h"

enum {
    DEFAULT_CHUNK = 128,
    UNIT_CHUNK = 512,  /* where a matrix unit is so fast that decoding weights counts */
    SCORE_TOKENS = 64, /* whose logits are in memory at a time */
    DEFAULT_SPARE = 1024,
    COPY_EVERY = 512,
    COPY_BYTES = 512 << 20,
    MAX_CTX = 1 << 24,     /* positions that memory is set aside for, whatever a file declares */
    MAX_UNASKED = 1 << 20, /* if nobody asked for more */
};

/* ---- bringing it to some tokens ---------------------------------------------------------- */

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

/* Logits of the last n_last tokens of a chunk of n that forward has just evaluated. */
static void head(struct session *s, uint32_t n, uint32_t n_last)
{
    const size_t dim = s->m->config.dim;
    for (uint32_t i = 0; i < n_last; i++)
        forward_last_norm(s, s->x + (n - n_last + i) * dim, s->h + i * dim);
    profile_lap(pool_profile(s->pool), OP_NORM);
    forward_logits(s, n_last, s->logits);
    profile_lap(pool_profile(s->pool), OP_HEAD);
    s->n_logits = n_last;
}

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
    return session_reach(s, common < n - n_last ? common : n - n_last);
}

/* Keeps the first n tokens, which the cache holds. */
static void keep(struct session *s, uint32_t n)
{
    s->len = n;
    if (n == 0)
        kv_clear(&s->kv);
    mixer_again(s, state_go_back(&s->state, n));
}

void session_mark(struct session *s, uint32_t n)
{
    s->mark = n;
}

/* Where the prompt of n tokens ends for another one that begins like it: at the mark, or before the
 * last token, where another answer would begin. */
static uint32_t border_of(const struct session *s, uint32_t n)
{
    return s->mark > s->len && s->mark < n ? s->mark : n - 1;
}

/* Where a next pass over `count` tokens copies its state: every few hundred tokens, and at the
 * border of a prompt, or 0. */
static void plan_captures(struct session *s, uint32_t count)
{
    const uint32_t end = s->len + count, every = s->copy_every, border = s->border;
    state_end_pass(&s->state);
    for (uint32_t at = (s->len / every + 1) * every; at <= end; at += every) {
        if (border > s->len && border < at)
            state_capture(&s->state, border);
        state_capture(&s->state, at);
    }
    if (border > s->len && border <= end && border > end / every * every)
        state_capture(&s->state, border);
}

void session_plan_pass(struct session *s, uint32_t count)
{
    s->border = 0;
    plan_captures(s, count);
}

void session_append(struct session *s, const int32_t *ids, uint32_t n)
{
    memcpy(s->ids + s->len, ids, n * sizeof *ids);
    s->len += n;
}

static bool has_logits_of(const struct session *s, const int32_t *ids, uint32_t n, uint32_t n_last)
{
    return s->has_logits && s->n_logits == n_last && n == s->len &&
           memcmp(ids, s->ids, n * sizeof *ids) == 0;
}

/* Drops what these ids do not have. */
static void begin_sync(struct session *s, const int32_t *ids, uint32_t n, uint32_t n_last)
{
    s->reused = common_prefix(s, ids, n, n_last);
    keep(s, s->reused);
    s->is_long = rope_is_long(&s->m->config, n);
    s->has_logits = false;
    kv_hold(&s->kv, n); /* once for all passes */
    const bool is_prompt = n_last == 1 && n - s->len > 1;
    s->border = is_prompt ? border_of(s, n) : 0;
    if (is_prompt) /* what was said so far ends here */
        state_keep(&s->state);
}

/* The next pass, over at most `most` tokens. -> false: stopped */
static bool sync_pass(struct session *s, const int32_t *ids, uint32_t n, uint32_t n_last,
                      uint32_t most, session_progress_fn *progress, void *arg)
{
    uint32_t left = n - s->len;
    if (n_last > 1 && left > n_last) /* those have a pass of their own */
        left -= n_last;
    bool again = goes_on(s, ids, n, n_last);
    uint32_t count = again ? s->halted.n : left < most ? left : most;
    if (!again)
        plan_captures(s, count);
    if (!forward(s, ids + s->len, s->len, count, again, n, progress, arg))
        return false;
    session_append(s, ids + s->len, count);
    if (s->len < n)
        return true;
    head(s, count, n_last);
    s->has_logits = true;
    s->mark = 0;
    return true;
}

enum session_result session_sync_last(struct session *s, const int32_t *ids, uint32_t n,
                                      uint32_t n_last, session_progress_fn *progress, void *arg)
{
    assert(n_last > 0 && n_last <= n && n <= s->ctx_len);
    assert(n_last <= SESSION_MAX_LAST && n_last <= s->chunk);
    if (has_logits_of(s, ids, n, n_last)) {
        s->reused = n;
        return SESSION_OK;
    }
    begin_sync(s, ids, n, n_last);
    while (s->len < n)
        if (!sync_pass(s, ids, n, n_last, s->chunk, progress, arg))
            return SESSION_STOPPED;
    if (progress)
        progress(arg, n, n);
    return SESSION_OK;
}

uint32_t session_begin(struct session *s, const int32_t *ids, uint32_t n)
{
    assert(n > 0 && n <= s->ctx_len);
    if (has_logits_of(s, ids, n, 1))
        s->reused = n;
    else
        begin_sync(s, ids, n, 1);
    return s->reused;
}

bool session_go_on(struct session *s, const int32_t *ids, uint32_t n, uint32_t most)
{
    if (s->len < n)
        sync_pass(s, ids, n, 1, most && most < s->chunk ? most : s->chunk, NULL, NULL);
    return s->len == n;
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
    keep(s, session_reach(s, n));
    s->has_logits = false;
}

uint32_t session_reach(const struct session *s, uint32_t n)
{
    n = state_reach(&s->state, n < s->len ? n : s->len);
    return kv_reaches(&s->kv, n) ? n : 0;
}

bool session_holds(const struct session *s, uint32_t n)
{
    return n <= s->len && session_reach(s, n) == n;
}

const struct kv *session_kv(const struct session *s)
{
    return &s->kv;
}

void session_hold(struct session *s, uint32_t n)
{
    kv_hold(&s->kv, n);
}

struct state *session_state(const struct session *s)
{
    return (struct state *)&s->state;
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

uint32_t session_adopt(struct session *s, const int32_t *ids, uint32_t n, uint32_t from,
                       bool is_long)
{
    assert(n <= s->ctx_len);
    keep(s, 0);
    s->has_logits = false;
    s->halted.n = 0;
    s->is_long = is_long;
    s->kv.from = from;
    if (!kv_reaches(&s->kv, n))
        n = 0;
    if (n == 0)
        kv_clear(&s->kv);
    state_adopt(&s->state, n);
    session_append(s, ids, n);
    return n;
}

/* Logits of the wanted ones among `count` tokens from pos0 on that forward has just evaluated. The
 * norms move up, so that a group of them is one matrix product. */
static void score_chunk(struct session *s, uint32_t pos0, uint32_t count, const bool *wanted,
                        float *logits /* [SCORE_TOKENS][vocab] */, session_logits_fn *fn, void *arg)
{
    const size_t dim = s->m->config.dim, vocab = s->m->config.vocab;
    uint32_t at[SCORE_TOKENS], n = 0;
    for (uint32_t t = 0; t < count; t++) {
        if (wanted[pos0 + t]) {
            forward_last_norm(s, s->x + t * dim, s->h + n * dim);
            at[n++] = pos0 + t;
        }
        if (n == 0 || (n < SCORE_TOKENS && t + 1 < count))
            continue;
        forward_logits(s, n, logits);
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
    s->reused = 0;
    keep(s, 0);
    state_end_pass(&s->state); /* what a stopped one was to capture */
    s->is_long = rope_is_long(&s->m->config, n);
    s->has_logits = false;
    kv_hold(&s->kv, n);
    while (s->len < n) {
        uint32_t pos0 = s->len, count = n - pos0 < s->chunk ? n - pos0 : s->chunk;
        forward(s, ids + pos0, pos0, count, false, n, NULL, NULL);
        session_append(s, ids + pos0, count);
        score_chunk(s, pos0, count, wanted, logits, fn, arg);
    }
    free(logits);
}

static void forget(struct session *s, uint32_t n)
{
    assert(n > 0 && n <= s->chunk);
    keep(s, 0);
    s->has_logits = false;
    s->is_long = rope_is_long(&s->m->config, n);
}

void session_embed(struct session *s, const int32_t *ids, uint32_t n, float *x)
{
    forget(s, n);
    forward_embed(s, ids, n);
    memcpy(x, s->x, (size_t)n * s->m->config.dim * sizeof *x);
}

void session_layer(struct session *s, uint32_t layer, const int32_t *ids, uint32_t n, float *x)
{
    size_t bytes = (size_t)n * s->m->config.dim * sizeof *x;
    forget(s, n);
    memcpy(s->x, x, bytes);
    forward_layer(s, layer, ids, n);
    memcpy(x, s->x, bytes);
}

void session_predict(struct session *s, const float *x, uint32_t n, float *logits)
{
    const size_t dim = s->m->config.dim, vocab = s->m->config.vocab;
    for (uint32_t t = 0; t < n;) {
        uint32_t count = n - t < s->chunk ? n - t : s->chunk;
        count = count < SCORE_TOKENS ? count : SCORE_TOKENS;
        for (uint32_t i = 0; i < count; i++)
            forward_last_norm(s, x + (t + i) * dim, s->h + i * dim);
        forward_logits(s, count, logits + t * vocab);
        t += count;
    }
}

void session_watch(struct session *s, matmul_watch_fn *fn, void *arg)
{
    matmul_watch(s->mm, fn, arg);
    experts_watch(s->experts, fn, arg);
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static void allocate_mixer(struct session *s)
{
    const struct model_config *c = &s->m->config;
    const size_t n = s->chunk, k_dim = c->delta_k_dim;
    s->mixer_in = xaligned_scratch(n * mixer_in_dim(c) * sizeof(float));
    s->mixed = s->mixer_out = xaligned_scratch(n * config_conv_dim(c) * sizeof(float));
    if (c->arch->mixer.kind != MIXER_DELTA)
        return;
    s->gates = xaligned_scratch(n * 2 * c->delta_v_heads * sizeof(float));
    s->mixer_out = xaligned_scratch(n * config_delta_v_dim(c) * sizeof(float));
    s->query_length = xaligned(k_dim * sizeof(float));
    s->key_length = xaligned(k_dim * sizeof(float));
    for (size_t i = 0; i < k_dim; i++) {
        s->query_length[i] = 1 / (float)k_dim;
        s->key_length[i] = 1 / sqrtf((float)k_dim);
    }
}

static void free_mixer(struct session *s)
{
    if (s->mixer_out != s->mixed)
        free(s->mixer_out);
    free(s->mixer_in);
    free(s->mixed);
    free(s->gates);
    free(s->query_length);
    free(s->key_length);
}

/* What a session keeps of its tokens. */
static void allocate_own(struct session *s)
{
    s->ids = xcalloc(s->ctx_len, sizeof *s->ids);
    s->halted.ids = xcalloc(s->chunk, sizeof *s->halted.ids);
    s->logits = xaligned_scratch((size_t)SESSION_MAX_LAST * s->m->config.vocab * sizeof(float));
}

static void allocate_scratch(struct session *s)
{
    const struct model_config *c = &s->m->config;
    const struct layer_widths widths = config_widths(c);
    const size_t n = s->chunk, n_inputs = (size_t)c->n_layers * c->per_layer_dim;
    s->mm = matmul_new(s->k, s->pool, s->gemm, s->chunk,
                       larger(larger(config_mixer_out(c), widths.q),
                              larger(c->dim, larger(widths.ffn, c->per_layer_dim))));
    const uint32_t up = (c->arch->is_gated ? 2 : 1) * widths.ffn;
    s->x = xaligned_scratch(n * c->dim * sizeof(float));
    s->h = xaligned_scratch(n * c->dim * sizeof(float));
    s->qkv = xaligned_scratch(n * widths.qkv * sizeof(float));
    s->heads = xaligned_scratch(n * widths.q * sizeof(float));
    s->gate_up = xaligned_scratch(n * larger(up, c->per_layer_dim) * sizeof(float));
    s->ffn = xaligned_scratch(n * widths.ffn * sizeof(float));
    if (n_inputs) {
        s->inputs = xaligned_scratch(n * n_inputs * sizeof(float));
        s->input_rows = xaligned_scratch(pool_size(s->pool) * n_inputs * sizeof(float));
    }
    s->experts = experts_new(s);
    for (int i = 0; i < N_ROPES; i++) {
        s->cos[i] = xaligned_scratch(n * s->rope[i].half * sizeof(float));
        s->sin[i] = xaligned_scratch(n * s->rope[i].half * sizeof(float));
    }
    s->ctx_stride = ((size_t)s->ctx_len + 1 + 31) / 32 * 32; /* a sink; workers' lines stay apart */
    for (uint32_t i = 0; i < c->n_layers; i++)
        s->widest_head = larger(s->widest_head, (s->m->layers[i].plan.head_dim + 15) / 16 * 16);
    s->scores_stride = (attention_scratch(s) + 31) / 32 * 32;
    s->scores = xaligned_scratch(pool_size(s->pool) * s->scores_stride * sizeof(float));
    if (s->k->attend_prompt && s->kv.type == KV_INT8) /* memory is used as the context fills */
        s->unpacked = xaligned_scratch(2 * (size_t)s->ctx_len * widths.kv * sizeof(uint16_t));
    if (c->arch->mixer.kind != MIXER_ATTENTION)
        allocate_mixer(s);
}

/* One that stands for most of the work. */
static const struct matrix *wide_matrix(const struct model *m)
{
    const struct layer *l = &m->layers[m->config.n_layers - 1];
    return l->n_gate_up ? l->gate_up : l->experts->gate_up[0];
}

static uint32_t default_chunk(const struct model *m, const struct kernels *k, enum gemm gemm)
{
    return gemm_uses_unit(gemm, k, m->format) ? UNIT_CHUNK : DEFAULT_CHUNK;
}

/* Positions beyond their window that sliding layers keep: a chunk must fit. */
static uint32_t spare_of(const struct session_options *o, uint32_t chunk)
{
    uint32_t spare = o->spare ? o->spare : DEFAULT_SPARE;
    return spare > chunk + KV_STEP ? spare : chunk + KV_STEP;
}

uint32_t session_usual_ctx(const struct model_config *c)
{
    uint32_t n = c->orig_ctx < c->max_ctx ? c->orig_ctx : c->max_ctx;
    return n < MAX_UNASKED ? n : MAX_UNASKED;
}

/* All of the other one's but what belongs to its tokens. */
static struct session *session_new_beside(const struct session_options *o, struct error *err)
{
    struct session *other = o->beside, own = *other;
    const struct model *m = other->m;
    if (!kv_reserve(&own.kv, &m->config, other->k, other->kv.type, other->ctx_len,
                    spare_of(o, other->chunk), err))
        return NULL;
    own.len = own.reused = own.mark = own.border = own.n_logits = 0;
    own.is_long = own.has_logits = false;
    own.halted = (struct halted){0};
    own.shares_scratch = own.borrows_scratch = true;
    other->shares_scratch = true;
    other->halted.n = 0;
    state_init(&own.state, m, o->copy_bytes ? o->copy_bytes : COPY_BYTES);
    allocate_own(&own);
    struct session *s = xcalloc(1, sizeof *s);
    *s = own;
    return s;
}

struct session *session_new(const struct model *m, struct pool *p, const struct kernels *k,
                            const struct session_options *o, struct error *err)
{
    const struct model_config *c = &m->config;
    uint32_t ctx_len = o->ctx_len ? o->ctx_len : session_usual_ctx(c);
    if (ctx_len > c->max_ctx && o->ctx_len)
        return error_set_null(err, EX_USAGE, "context of %u tokens: this model takes at most %u",
                              ctx_len, c->max_ctx);
    if (ctx_len > MAX_CTX && o->ctx_len)
        return error_set_null(err, EX_USAGE, "context of %u tokens: at most %d can be held",
                              ctx_len, MAX_CTX);
    if (o->beside)
        return session_new_beside(o, err);
    struct kv kv;
    enum gemm gemm = o->gemm == GEMM_MEASURE ? matmul_fastest(k, p, wide_matrix(m)) : o->gemm;
    uint32_t chunk = o->chunk ? o->chunk : default_chunk(m, k, gemm);
    chunk = chunk < ctx_len ? chunk : ctx_len;
    if (!kv_reserve(&kv, c, k, o->kv, ctx_len, spare_of(o, chunk), err))
        return NULL;
    struct session *s = xcalloc(1, sizeof *s);
    *s = (struct session){
        .m = m, .k = k, .pool = p, .kv = kv, .gemm = gemm, .ctx_len = ctx_len, .chunk = chunk};
    for (int i = 0; i < N_ROPES; i++)
        rope_init(&s->rope[i], c, i);
    for (uint32_t i = 0; i < c->n_layers; i++)
        if (m->layers[i].plan.rope != ROPE_NONE)
            s->uses_rope[m->layers[i].plan.rope] = true;
    s->copy_every = o->copy_every ? o->copy_every : COPY_EVERY;
    state_init(&s->state, m, o->copy_bytes ? o->copy_bytes : COPY_BYTES);
    allocate_own(s);
    allocate_scratch(s);
    return s;
}

static void free_scratch(struct session *s)
{
    matmul_free(s->mm);
    experts_free(s->experts);
    float *buffers[] = {s->x,      s->h,      s->qkv,       s->heads,  s->gate_up,
                        s->ffn,    s->cos[0], s->cos[1],    s->sin[0], s->sin[1],
                        s->scores, s->inputs, s->input_rows};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        free(buffers[i]);
    free_mixer(s);
    free(s->unpacked);
}

void session_free(struct session *s)
{
    if (!s)
        return;
    if (!s->borrows_scratch)
        free_scratch(s);
    state_free(&s->state);
    kv_release(&s->kv);
    free(s->logits);
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

uint64_t session_kv_bytes(const struct session *s)
{
    return kv_bytes(&s->kv, s->len) + state_bytes(&s->state);
}
