/* SPDX-License-Identifier: MIT
 *
 * attend: the course of attention that all levels above scalar share. A file that includes it
 * defines the pieces declared first and, before it, TOGETHER: the positions whose scores are summed
 * across lanes together; WIDTH: the floats of a register; SEVERAL: the columns whose sums of
 * QUERIES queries stay in registers, ALONE: those of a single query.
 *
 * A single query goes over the cache as it is. Several go in tiles: NEAR positions at a time are
 * widened to floats, which all queries of the tile take from the nearest caches, QUERIES of them at
 * once; only the scores of a tile are in memory together. Every query keeps the order of the scalar
 * operations: equal bit for bit.
 */
#ifndef QINS_ATTEND_H
#define QINS_ATTEND_H

#include "kernels_internal.h"

enum {
    QUERIES = 4,
    NEAR = ATTEND_NEAR, /* positions whose values stay in the first-level cache for all columns */
};

struct queries {
    float *out;     /* [n][ld_out] */
    const float *q; /* [n][ld_q] */
    size_t ld_out, ld_q, ld_scores;
    uint32_t n_seen, step, window; /* positions before the end of what query 0 sees; what each next
                                    * one sees more; of them, how many; 0: all */
    uint32_t dim;
    const void *k, *v;              /* [end - origin][dim] */
    uint32_t origin, end;           /* positions of k and v */
    const float *k_scale, *v_scale; /* by position; NULL: none */
    float scale, cap;
    float *scores; /* [n][ld_scores] from position `base` on */
    uint32_t base;
};

#define PIECE static inline __attribute__((always_inline))

/* Floats that were widened: nothing is to be asked of memory. */
#define ELEMENT_WIDE ((enum element)(ELEMENT_INT8 + 1))

PIECE enum element stored_as(enum element e)
{
    return e == ELEMENT_WIDE ? ELEMENT_F32 : e;
}

/* Query t sees positions [first_of, end_of). */
PIECE uint32_t end_of(const struct queries *a, uint32_t t)
{
    return a->n_seen + t * a->step;
}

PIECE uint32_t first_of(const struct queries *a, uint32_t t)
{
    const uint32_t end = end_of(a, t);
    return a->window && end > a->window ? end - a->window : 0;
}

PIECE uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

PIECE uint32_t greater(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* Scores of n queries at positions [pos, pos + TOGETHER), as far as they are before `end` and each
 * sees them; what is written for positions before the first one that a query sees means nothing. */
PIECE void score(const struct queries *a, uint32_t pos, uint32_t end, const int n, enum element e);
/* scores[p] becomes exp(score - greatest score); -> 1 / their sum. */
static float softmax(float *scores, uint32_t n_pos);
static void soft_cap(float *scores, float cap, uint32_t n_pos);
/* Adds values of positions [pos, end), times their weights, to columns [d, d + WIDTH n_cols) of out
 * of queries [t0, t0 + n); sums stay in registers. */
PIECE void mix(const struct queries *a, uint32_t t0, const int n, uint32_t d, const int n_cols,
               uint32_t pos, uint32_t end, enum element e);
/* n elements from the i-th on as floats. */
PIECE void widen(float *to, const void *from, size_t i, size_t n, enum element e);

PIECE size_t element_bytes(enum element e)
{
    return e == ELEMENT_F32 ? sizeof(float) : e == ELEMENT_BF16 ? sizeof(uint16_t) : 1;
}

/* Asks for what follows element i in memory, once per line of a row's columns d. */
PIECE void ask_ahead(const void *p, size_t i, size_t d, enum element e)
{
    if (e != ELEMENT_WIDE && d * element_bytes(e) % 64 == 0)
        __builtin_prefetch((const char *)p + i * element_bytes(e) + ATTEND_AHEAD);
}

/* The same for rows of keys, before column d of each. */
PIECE void ask_for_rows(const void *p, const size_t *row, const int n_rows, size_t d,
                        enum element e)
{
    if (e != ELEMENT_WIDE && d * element_bytes(e) % 64 == 0)
#pragma GCC unroll 8
        for (int i = 0; i < n_rows; i++)
            ask_ahead(p, row[i] + d, 0, e);
}

/* ---- pieces of a query ---------------------------------------------------------------- */

/* Columns from d on, which fill no register. */
static inline void last_columns(const struct queries *a, uint32_t t0, const int n, uint32_t d,
                                uint32_t pos, uint32_t end, enum element e)
{
    for (; d < a->dim; d++)
        for (uint32_t t = t0; t < t0 + (uint32_t)n; t++) {
            const float *weight = a->scores + t * a->ld_scores;
            float *out = a->out + t * a->ld_out + d, sum = *out;
            for (uint32_t p = pos; p < end; p++)
                sum = fmaf(weight[p - a->base],
                           load_one(a->v, (size_t)(p - a->origin) * a->dim + d, stored_as(e)), sum);
            *out = sum;
        }
}

/* All columns. */
PIECE void mix_columns(const struct queries *a, uint32_t t0, const int n, uint32_t pos,
                       uint32_t end, enum element e)
{
    const uint32_t most = n == 1 ? ALONE : SEVERAL;
    uint32_t d = 0;
    for (; d + most <= a->dim; d += most)
        mix(a, t0, n, d, (int)most / WIDTH, pos, end, e);
    if (most > 2 * WIDTH)
        for (; d + 2 * WIDTH <= a->dim; d += 2 * WIDTH)
            mix(a, t0, n, d, 2, pos, end, e);
    for (; d + WIDTH <= a->dim; d += WIDTH)
        mix(a, t0, n, d, 1, pos, end, e);
    last_columns(a, t0, n, d, pos, end, e);
}

/* Scores of a query to its weights; -> what its sums are to be multiplied with. */
PIECE float weigh(const struct queries *a, uint32_t t, const float *sink)
{
    const uint32_t first = first_of(a, t), n = end_of(a, t) - first;
    float *scores = a->scores + t * a->ld_scores + (first - a->base);
    if (a->cap > 0)
        soft_cap(scores, a->cap, n);
    if (sink)
        scores[n] = sink[t];
    const float factor = softmax(scores, n + (sink != NULL));
    for (uint32_t p = 0; a->v_scale && p < n; p++)
        scores[p] *= a->v_scale[first + p];
    return factor;
}

PIECE void finish(const struct queries *a, uint32_t t, float factor)
{
    float *out = a->out + t * a->ld_out;
    for (uint32_t d = 0; d < a->dim; d++)
        out[d] *= factor;
}

PIECE void begin_sums(const struct queries *a, uint32_t n)
{
    for (uint32_t t = 0; t < n; t++)
        memset(a->out + t * a->ld_out, 0, a->dim * sizeof *a->out);
}

PIECE struct queries queries_of(const struct attend_group *g, uint32_t t)
{
    struct queries a = {.out = g->out + t * g->ld_out,
                        .q = g->q + t * g->ld_q,
                        .ld_out = g->ld_out,
                        .ld_q = g->ld_q,
                        .ld_scores = g->ld_scores,
                        .n_seen = g->n_pos + t * g->step,
                        .step = g->step,
                        .window = g->window,
                        .dim = g->dim,
                        .k = g->k,
                        .v = g->v,
                        .end = g->n_pos + (g->n - 1) * g->step,
                        .k_scale = g->k_scale,
                        .v_scale = g->v_scale,
                        .scale = g->scale,
                        .cap = g->cap,
                        .scores = g->scores};
    a.base = first_of(&a, 0);
    return a;
}

/* ---- one query, from the cache as it is ----------------------------------------------- */

PIECE void attend_one(const struct attend_group *g, enum element e)
{
    const struct queries a = queries_of(g, 0);
    const uint32_t end = end_of(&a, 0);
    for (uint32_t pos = a.base; pos < end; pos += TOGETHER)
        score(&a, pos, end, 1, e);
    const float factor = weigh(&a, 0, g->sinks);
    begin_sums(&a, 1);
    for (uint32_t pos = a.base; pos < end; pos += NEAR)
        mix_columns(&a, 0, 1, pos, lesser(pos + NEAR, end), e);
    finish(&a, 0, factor);
}

/* ---- tiles ---------------------------------------------------------------------------- */

/* Queries t on of a tile, n of them, as those of a tile of their own. */
PIECE struct queries some_of(const struct queries *a, uint32_t t)
{
    struct queries some = *a;
    some.out += t * a->ld_out;
    some.q += t * a->ld_q;
    some.n_seen += t * a->step;
    some.scores += t * a->ld_scores;
    return some;
}

/* Scores of n queries at the positions that k has. */
PIECE void score_block(const struct queries *a, const int n)
{
    const uint32_t end = lesser(a->end, end_of(a, (uint32_t)n - 1));
    for (uint32_t pos = a->origin; pos < end; pos += TOGETHER)
        score(a, pos, end, n, ELEMENT_WIDE);
}

/* What query t sees of the positions [pos, end) that v has. */
static void mix_alone(const struct queries *a, uint32_t t, uint32_t pos, uint32_t end)
{
    pos = greater(pos, greater(first_of(a, t), a->origin));
    end = lesser(end, lesser(end_of(a, t), a->end));
    if (pos < end)
        mix_columns(a, t, 1, pos, end, ELEMENT_WIDE);
}

/* What n queries see of the positions that v has, in order: what all of them see over all, the rest
 * over each. */
PIECE void mix_block(const struct queries *a, const int n)
{
    const uint32_t last = (uint32_t)n - 1;
    const uint32_t from = greater(a->origin, first_of(a, last));
    const uint32_t to = greater(lesser(a->end, end_of(a, 0)), from);
    for (uint32_t t = 0; t < last; t++)
        mix_alone(a, t, 0, from);
    if (from < to)
        mix_columns(a, 0, n, from, to, ELEMENT_WIDE);
    for (uint32_t t = 0; t <= last; t++)
        mix_alone(a, t, to, UINT32_MAX);
}

static void score_tile(const struct queries *a, uint32_t n_tok)
{
    for (uint32_t t = 0; t < n_tok; t += QUERIES) {
        const struct queries some = some_of(a, t);
        const uint32_t n = n_tok - t;
        if (n >= 4)
            score_block(&some, 4);
        else if (n == 3)
            score_block(&some, 3);
        else if (n == 2)
            score_block(&some, 2);
        else
            score_block(&some, 1);
    }
}

static void mix_tile(const struct queries *a, uint32_t n_tok)
{
    for (uint32_t t = 0; t < n_tok; t += QUERIES) {
        const struct queries some = some_of(a, t);
        const uint32_t n = n_tok - t;
        if (n >= 4)
            mix_block(&some, 4);
        else if (n == 3)
            mix_block(&some, 3);
        else if (n == 2)
            mix_block(&some, 2);
        else
            mix_alone(&some, 0, 0, UINT32_MAX);
    }
}

/* The positions of k or v as floats: where they are if they are floats. */
PIECE const void *near_rows(const struct queries *a, const void *rows, float *wide, enum element e)
{
    const size_t at = (size_t)a->origin * a->dim, n = (size_t)(a->end - a->origin) * a->dim;
    if (e == ELEMENT_F32) {
        for (size_t i = 0; i < n; i += 16)
            ask_ahead(rows, at + i, i, e);
        return (const float *)rows + at;
    }
    widen(wide, rows, at, n, e);
    return wide;
}

PIECE void attend_tile(const struct attend_group *g, uint32_t t0, uint32_t n_tok, enum element e)
{
    float factor[ATTEND_TILE];
    struct queries a = queries_of(g, t0);
    const uint32_t end = end_of(&a, n_tok - 1);
    const float *sinks = g->sinks ? g->sinks + t0 : NULL;
    for (a.origin = a.base; a.origin < end; a.origin = a.end) {
        a.end = lesser(a.origin + NEAR, end);
        a.k = near_rows(&a, g->k, g->wide, e);
        score_tile(&a, n_tok);
    }
    for (uint32_t t = 0; t < n_tok; t++)
        factor[t] = weigh(&a, t, sinks);
    begin_sums(&a, n_tok);
    for (a.origin = a.base; a.origin < end; a.origin = a.end) {
        a.end = lesser(a.origin + NEAR, end);
        a.v = near_rows(&a, g->v, g->wide, e);
        mix_tile(&a, n_tok);
    }
    for (uint32_t t = 0; t < n_tok; t++)
        finish(&a, t, factor[t]);
}

PIECE void attend_group(const struct attend_group *g, enum element e)
{
    const uint32_t most = lesser(g->n_rows, ATTEND_TILE);
    if (g->n == 1) {
        attend_one(g, e);
        return;
    }
    for (uint32_t t = 0, n; t < g->n; t += n) {
        n = lesser(g->n - t, most);
        attend_tile(g, t, n, e);
    }
}

static void attend_group_f32(const struct attend_group *g)
{
    attend_group(g, ELEMENT_F32);
}

static void attend_group_bf16(const struct attend_group *g)
{
    attend_group(g, ELEMENT_BF16);
}

static void attend_group_int8(const struct attend_group *g)
{
    attend_group(g, ELEMENT_INT8);
}

static void set_attention(struct kernels *k)
{
    k->attend_group_f32 = attend_group_f32;
    k->attend_group_bf16 = attend_group_bf16;
    k->attend_group_int8 = attend_group_int8;
}

#endif
