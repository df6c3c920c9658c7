/* SPDX-License-Identifier: MIT
 *
 * AMX: attention over a prompt. Blocks of positions are packed for the matrix unit and all queries
 * go over them, 32 at a time: scores as one product, their exponentials in vectors, the weighted
 * sum of values as another. Each query keeps the greatest score so far and rescales its sums when
 * that grows.
 */
#include <assert.h>
#include <float.h>

#include "x86/amx.h"

enum {
    KEYS = 128,                         /* positions of a block */
    QUERIES = 2 * TILE_TOKENS,          /* that go together */
    DIM_TILES = ATTEND_DIM / TILE_COLS, /* of a head */
    KEY_TILES = KEYS / TILE_COLS,
    KEY_GROUPS = KEYS / ROW_GROUP,
};

struct scratch {
    /* as first operand: rounded to bf16, and what that lost, rounded again */
    uint16_t query[2][ATTEND_TOKENS / TILE_TOKENS][DIM_TILES * TILE];
    uint16_t key[KEY_GROUPS][DIM_TILES * TILE];               /* as second operand */
    uint16_t value[ATTEND_DIM / ROW_GROUP][KEY_TILES * TILE]; /* as second operand */
    uint16_t weight[QUERIES / TILE_TOKENS][KEY_TILES * TILE]; /* as first operand */
    float score[QUERIES][KEYS];
    float sum[ATTEND_TOKENS * ATTEND_DIM]; /* [tokens][ld_sum] of exponentials x values */
    float max[ATTEND_TOKENS];              /* greatest score so far, before `scale` */
    float total[ATTEND_TOKENS];            /* of exponentials */
};
static_assert(sizeof(struct scratch) <= ATTEND_SCRATCH, "ATTEND_SCRATCH is too small");

struct head {
    const uint16_t *k, *v;  /* [n_pos][dim] */
    uint32_t origin, n_pos; /* positions of k and v: [origin, n_pos) */
    uint32_t dim, n_tiles, ld_sum;
    uint32_t window;  /* 0: all */
    float scale, cap; /* with a cap, scores are scaled before it, and `scale` is 1 from then on */
    struct scratch *s;
};

/* First position that a query sees, whose last one is before `end`. */
static inline uint32_t first_seen(const struct head *h, uint32_t end)
{
    return h->window && end > h->window + h->origin ? end - h->window : h->origin;
}

/* Position p of the text, if it is there. */
static inline bool has(const struct head *h, uint32_t p)
{
    return p >= h->origin && p < h->n_pos;
}

static inline size_t row_of(const struct head *h, uint32_t p)
{
    return (size_t)(p - h->origin) * h->dim;
}

static inline __mmask32 first_words(uint32_t n)
{
    return n >= 32 ? 0xffffffff : (1u << n) - 1;
}

/* ---- packing -------------------------------------------------------------------------- */

static inline __m512 bf16_floats(__m256i half)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

static void pack_queries(const struct head *h, const float *q, size_t ld, uint32_t n_tok)
{
    for (uint32_t t = 0; t < (n_tok + 15) / 16 * 16; t++)
        for (uint32_t d = 0; d < h->n_tiles * TILE_COLS; d += TILE_COLS) {
            uint32_t n = t < n_tok && d < h->dim ? h->dim - d : 0;
            const float *row = q + (n ? t * ld + d : 0);
            __m512 low = _mm512_maskz_loadu_ps(first_lanes(n), row);
            __m512 high = _mm512_maskz_loadu_ps(first_lanes(n < 16 ? 0 : n - 16), row + 16);
            const size_t at = d * TILE_TOKENS + t % TILE_TOKENS * TILE_COLS;
            for (int part = 0; part < 2; part++) {
                __m512i half = (__m512i)_mm512_cvtne2ps_pbh(high, low);
                _mm512_storeu_si512(h->s->query[part][t / TILE_TOKENS] + at, half);
                low = _mm512_sub_ps(low, bf16_floats(_mm512_castsi512_si256(half)));
                high = _mm512_sub_ps(high, bf16_floats(_mm512_extracti64x4_epi64(half, 1)));
            }
        }
}

/* Positions [pos, pos + KEYS), zero where there are none. */
static void pack_keys(const struct head *h, uint32_t pos)
{
    for (uint32_t g = 0; g < KEY_GROUPS; g++)
        for (uint32_t d = 0; d < h->n_tiles * TILE_COLS; d += TILE_COLS) {
            __m512i row[16];
            for (uint32_t r = 0; r < 16; r++) {
                const uint32_t p = pos + g * ROW_GROUP + r;
                row[r] = has(h, p) ? _mm512_maskz_loadu_epi16(first_words(h->dim - d),
                                                              h->k + row_of(h, p) + d)
                                   : _mm512_setzero_si512();
            }
            transpose(row);
            for (uint32_t r = 0; r < 16; r++)
                _mm512_storeu_si512(h->s->key[g] + d * ROW_GROUP + r * 32, row[r]);
        }
}

static void pack_values(const struct head *h, uint32_t pos)
{
    for (uint32_t j = 0; j < KEYS; j += 2)
        for (uint32_t d = 0; d < h->n_tiles * TILE_COLS; d += TILE_COLS) {
            __m512i row[2];
            for (uint32_t i = 0; i < 2; i++) {
                const uint32_t p = pos + j + i;
                row[i] = has(h, p) ? _mm512_maskz_loadu_epi16(first_words(h->dim - d),
                                                              h->v + row_of(h, p) + d)
                                   : _mm512_setzero_si512();
            }
            for (uint32_t half = 0; half < 2; half++) { /* 16 dimensions: both positions of each */
                __m512i a = _mm512_cvtepu16_epi32(half ? _mm512_extracti64x4_epi64(row[0], 1)
                                                       : _mm512_castsi512_si256(row[0]));
                __m512i b = _mm512_cvtepu16_epi32(half ? _mm512_extracti64x4_epi64(row[1], 1)
                                                       : _mm512_castsi512_si256(row[1]));
                _mm512_storeu_si512(h->s->value[d / ROW_GROUP + half] + j / TILE_COLS * TILE +
                                        j % TILE_COLS / 2 * 32,
                                    _mm512_or_si512(a, _mm512_slli_epi32(b, 16)));
            }
        }
}

/* ---- one block of positions ----------------------------------------------------------- */

/* What scores, as s->max has them, are still to be multiplied with. */
static inline float factor_behind_cap(const struct head *h)
{
    return h->cap > 0 ? 1 : h->scale;
}

/* Lanes [first, end) of a register of positions from `at` on. */
static inline __mmask16 lanes_between(uint32_t at, uint32_t first, uint32_t end)
{
    const uint32_t from = first > at ? first - at : 0, to = end > at ? end - at : 0;
    return to <= from ? 0 : (__mmask16)(first_lanes(to) & ~first_lanes(from));
}

/* Scores of a query over positions [first, end) of a block become its weights, in bf16, zero
 * beyond. */
static void softmax_row(const struct head *h, uint32_t t, uint32_t first, uint32_t end)
{
    struct scratch *s = h->s;
    float *score = s->score[t % QUERIES], *sum = s->sum + (size_t)t * h->ld_sum;
    uint16_t *weight = s->weight[t % QUERIES / TILE_TOKENS] + t % TILE_TOKENS * TILE_COLS;
    const float factor_of = factor_behind_cap(h);
    const __m512 scale = _mm512_set1_ps(factor_of), least = _mm512_set1_ps(-FLT_MAX);
    __m512 v[KEY_GROUPS], max = _mm512_set1_ps(s->max[t]), total = _mm512_setzero_ps();
#pragma GCC unroll 8
    for (uint32_t i = 0; i < KEY_GROUPS; i++) {
        const __mmask16 m = lanes_between(i * 16, first, end);
        v[i] = _mm512_loadu_ps(score + i * 16);
        if (h->cap > 0)
            v[i] = soft_cap_avx512(_mm512_mul_ps(v[i], _mm512_set1_ps(h->scale)), h->cap);
        v[i] = _mm512_mask_mov_ps(least, m, v[i]);
        max = _mm512_max_ps(max, v[i]);
    }
    const float new_max = _mm512_reduce_max_ps(max);
    const __m512 top = _mm512_set1_ps(new_max);
#pragma GCC unroll 4
    for (uint32_t i = 0; i < KEY_GROUPS; i += 2) {
        __m512 e[2];
        for (uint32_t j = 0; j < 2; j++) {
            const __mmask16 m = lanes_between((i + j) * 16, first, end);
            __m512 x = _mm512_mul_ps(_mm512_sub_ps(v[i + j], top), scale);
            e[j] = _mm512_maskz_mov_ps(m, exp_avx512(x));
            total = _mm512_add_ps(total, e[j]);
        }
        _mm512_storeu_si512(weight + i / 2 * TILE, (__m512i)_mm512_cvtne2ps_pbh(e[1], e[0]));
    }
    const float factor = exp_f32((s->max[t] - new_max) * factor_of);
    s->total[t] = s->total[t] * factor + _mm512_reduce_add_ps(total);
    if (new_max > s->max[t])
        for (uint32_t d = 0; d < h->n_tiles * TILE_COLS; d += 16)
            _mm512_storeu_ps(sum + d,
                             _mm512_mul_ps(_mm512_loadu_ps(sum + d), _mm512_set1_ps(factor)));
    s->max[t] = new_max;
}

/* Queries [t0, t0 + QUERIES), of which n exist, over the block at `pos`; the last of them sees
 * n_seen > pos positions. */
static void attend_block(const struct head *h, uint32_t t0, uint32_t n, uint32_t pos,
                         uint32_t n_seen)
{
    struct scratch *s = h->s;
    const uint32_t keys = n_seen - pos < KEYS ? n_seen - pos : KEYS;
    const uint32_t key_tiles = (keys + TILE_COLS - 1) / TILE_COLS, first = t0 / TILE_TOKENS;
    const bool two = n > TILE_TOKENS;
    all_in_memory(s);
    for (uint32_t g = 0; g < 2 * key_tiles; g += 2)
        for (int part = 0; part < 2; part++) {
            const struct sums to = {s->score[0] + g * ROW_GROUP, KEYS};
            const struct sums from = {part ? to.at : NULL, KEYS};
            const uint16_t *query = s->query[part][first];
            if (two)
                multiply(query, s->query[part][first + 1], s->key[g], s->key[g + 1], h->n_tiles,
                         from, to, true);
            else
                multiply(query, query, s->key[g], s->key[g + 1], h->n_tiles, from, to, false);
        }
    all_in_memory(s);
    for (uint32_t t = 0; t < n; t++) {
        const uint32_t end = n_seen - (n - 1 - t); /* of what this query sees */
        const uint32_t from = first_seen(h, end);
        softmax_row(h, t0 + t, from > pos ? from - pos : 0, end > pos ? end - pos : 0);
    }
    all_in_memory(s);
    for (uint32_t d = 0; d < 2 * h->n_tiles; d += 2) {
        const struct sums sum = {s->sum + (size_t)t0 * h->ld_sum + d * ROW_GROUP, h->ld_sum};
        if (two)
            multiply(s->weight[0], s->weight[1], s->value[d], s->value[d + 1], key_tiles, sum, sum,
                     true);
        else
            multiply(s->weight[0], s->weight[0], s->value[d], s->value[d + 1], key_tiles, sum, sum,
                     false);
    }
    all_in_memory(s);
}

/* Of a query: 1 / the sum of all its exponentials, a sink's included. */
static float share(const struct head *h, const float *sinks, uint32_t t)
{
    const struct scratch *s = h->s;
    const float top = s->max[t] * factor_behind_cap(h);
    return 1.0f / (s->total[t] + (sinks ? exp_f32(sinks[t] - top) : 0));
}

static void write_sums(const struct head *h, const struct attend_group *a)
{
    for (uint32_t t = 0; t < a->n; t++) {
        const __m512 factor = _mm512_set1_ps(share(h, a->sinks, t));
        const float *sum = h->s->sum + (size_t)t * h->ld_sum;
        for (uint32_t d = 0; d < a->dim; d += 16)
            _mm512_mask_storeu_ps(a->out + t * a->ld_out + d, first_lanes(a->dim - d),
                                  _mm512_mul_ps(_mm512_loadu_ps(sum + d), factor));
    }
}

static void attend_prompt_amx(const struct attend_group *a, uint32_t origin)
{
    const uint32_t pos0 = origin + a->n_pos - 1, n_tiles = (a->dim + TILE_COLS - 1) / TILE_COLS;
    struct scratch *s = (void *)a->scores;
    const struct head h = {.k = a->k,
                           .v = a->v,
                           .origin = origin,
                           .n_pos = pos0 + a->n,
                           .dim = a->dim,
                           .n_tiles = n_tiles,
                           .ld_sum = a->dim <= ATTEND_DIM / 2 ? ATTEND_DIM / 2 : ATTEND_DIM,
                           .window = a->window,
                           .scale = a->scale,
                           .cap = a->cap,
                           .s = s};
    memset(s->weight, 0, sizeof s->weight); /* rows without a query stay finite */
    memset(s->sum, 0, ATTEND_TOKENS * h.ld_sum * sizeof *s->sum);
    for (uint32_t t = 0; t < a->n; t++) {
        s->max[t] = -FLT_MAX;
        s->total[t] = 0;
    }
    pack_queries(&h, a->q, a->ld_q, a->n);
    configure();
    for (uint32_t pos = first_seen(&h, pos0 + 1) / KEYS * KEYS; pos < h.n_pos; pos += KEYS) {
        pack_keys(&h, pos);
        pack_values(&h, pos);
        for (uint32_t t = 0; t < a->n; t += QUERIES) {
            const uint32_t n = a->n - t < QUERIES ? a->n - t : QUERIES;
            if (pos0 + t + n > pos && first_seen(&h, pos0 + t + 1) < pos + KEYS)
                attend_block(&h, t, n, pos, pos0 + t + n);
        }
    }
    _tile_release();
    write_sums(&h, a);
}

void kernels_amx_attend(struct kernels *k)
{
    k->attend_prompt = attend_prompt_amx;
}
