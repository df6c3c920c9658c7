/* SPDX-License-Identifier: MIT
 *
 * attend: the course of attention that AVX2 and NEON share. A file that includes it defines the
 * three pieces declared first and, before it, TOGETHER: the positions whose scores are summed
 * across lanes together; WIDTH: the floats of a register; SEVERAL: the columns whose sums of
 * QUERIES queries stay in registers. One query, or QUERIES at once: a row of keys or values, once
 * widened, serves all of them. Every query keeps the order of the scalar operations: equal bit for
 * bit.
 */
#ifndef QINS_ATTEND_H
#define QINS_ATTEND_H

#include "kernels_internal.h"

enum {
    QUERIES = 4,
    NEAR = 128, /* positions whose values stay in the first-level cache for all columns */
};

struct queries {
    float *out;     /* [n_tok][ld_out] */
    const float *q; /* [n_tok][ld_q] */
    size_t ld_out, ld_q, ld_scores;
    uint32_t n_tok, pos0, dim;
    const void *k, *v;              /* [pos0 + n_tok][dim] */
    const float *k_scale, *v_scale; /* [pos0 + n_tok]; NULL: none */
    float scale, *scores;           /* [n_tok][ld_scores] */
    uint32_t step;                  /* positions that a query sees more than the one before */
    float cap;                      /* of scores; 0: none */
    const float *sinks;             /* [n_tok] scores without values; NULL: none */
};

#define PIECE static inline __attribute__((always_inline))

/* Positions that query t sees. */
PIECE uint32_t seen(const struct queries *a, int t)
{
    return a->pos0 + (uint32_t)t * a->step + 1;
}

/* Scores of n queries at positions [pos, pos + TOGETHER), as far as each sees them. */
PIECE void score(const struct queries *a, uint32_t pos, const int n, enum element e);
/* scores[p] becomes exp(score - greatest score); -> 1 / their sum. */
static float softmax(float *scores, uint32_t n_pos);
static void soft_cap(float *scores, float cap, uint32_t n_pos);
/* Columns [d, d + WIDTH n_cols) of the weighted sums of queries [t0, t0 + n) over positions [pos,
 * end), kept in registers; out holds those of the positions before. */
PIECE void mix(const struct queries *a, int t0, const int n, uint32_t d, const int n_cols,
               uint32_t pos, uint32_t end, enum element e);

/* Columns from d on, which fill no register. */
static inline void last_columns(const struct queries *a, int t0, const int n, uint32_t d,
                                uint32_t pos, uint32_t end, enum element e)
{
    for (; d < a->dim; d++)
        for (int t = t0; t < t0 + n; t++) {
            float *out = a->out + (size_t)t * a->ld_out + d, sum = pos ? *out : 0;
            for (uint32_t p = pos; p < end; p++)
                sum = fmaf(a->scores[(size_t)t * a->ld_scores + p],
                           load_one(a->v, (size_t)p * a->dim + d, e), sum);
            *out = sum;
        }
}

/* All columns of the weighted sums. */
PIECE void mix_columns(const struct queries *a, int t0, const int n, uint32_t pos, uint32_t end,
                       enum element e)
{
    uint32_t d = 0;
    if (n == 1)
        for (; d + 96 <= a->dim; d += 96)
            mix(a, t0, n, d, 96 / WIDTH, pos, end, e);
    else
        for (; d + SEVERAL <= a->dim; d += SEVERAL)
            mix(a, t0, n, d, SEVERAL / WIDTH, pos, end, e);
    for (; n == 1 && d + 32 <= a->dim; d += 32)
        mix(a, t0, n, d, 32 / WIDTH, pos, end, e);
    for (; d + WIDTH <= a->dim; d += WIDTH)
        mix(a, t0, n, d, 1, pos, end, e);
    last_columns(a, t0, n, d, pos, end, e);
}

/* All positions that the first query sees go over all queries; those that only later ones see, over
 * each of them. */
PIECE void attend(const struct queries *a, const int n, enum element e)
{
    float factor[QUERIES];
    for (uint32_t pos = 0; pos < seen(a, n - 1); pos += TOGETHER)
        score(a, pos, n, e);
    for (int t = 0; t < n; t++) {
        float *scores = a->scores + (size_t)t * a->ld_scores;
        const uint32_t n_pos = seen(a, t);
        if (a->cap > 0)
            soft_cap(scores, a->cap, n_pos);
        if (a->sinks)
            scores[n_pos] = a->sinks[t];
        factor[t] = softmax(scores, n_pos + (a->sinks != NULL));
        for (uint32_t p = 0; a->v_scale && p < n_pos; p++)
            scores[p] *= a->v_scale[p];
    }
    for (uint32_t pos = 0, end; pos <= a->pos0; pos = end) {
        end = pos + NEAR <= a->pos0 ? pos + NEAR : a->pos0 + 1;
        mix_columns(a, 0, n, pos, end, e);
    }
    for (int t = 0; t < n; t++) {
        float *out = a->out + (size_t)t * a->ld_out;
        if (t > 0 && a->step)
            mix_columns(a, t, 1, a->pos0 + 1, seen(a, t), e);
        for (uint32_t d = 0; d < a->dim; d++)
            out[d] *= factor[t];
    }
}

PIECE void attend_all(struct queries a, enum element e)
{
    for (uint32_t left = a.n_tok; left > 0;) {
        const uint32_t n = left < QUERIES ? 1 : QUERIES;
        if (n == QUERIES)
            attend(&a, QUERIES, e);
        else
            attend(&a, 1, e);
        a.q += n * a.ld_q;
        a.out += n * a.ld_out;
        a.pos0 += n;
        left -= n;
    }
}

static void attend_batch_f32(float *out, size_t ld_out, const float *q, size_t ld_q, uint32_t n_tok,
                             uint32_t pos0, const float *k, const float *v, uint32_t dim,
                             float scale, float *scores, size_t ld_scores)
{
    attend_all((struct queries){out, q, ld_out, ld_q, ld_scores, n_tok, pos0, dim, k, v, NULL, NULL,
                                scale, scores, 1, 0, NULL},
               ELEMENT_F32);
}

static void attend_batch_bf16(float *out, size_t ld_out, const float *q, size_t ld_q,
                              uint32_t n_tok, uint32_t pos0, const uint16_t *k, const uint16_t *v,
                              uint32_t dim, float scale, float *scores, size_t ld_scores)
{
    attend_all((struct queries){out, q, ld_out, ld_q, ld_scores, n_tok, pos0, dim, k, v, NULL, NULL,
                                scale, scores, 1, 0, NULL},
               ELEMENT_BF16);
}

static void attend_batch_int8(float *out, size_t ld_out, const float *q, size_t ld_q,
                              uint32_t n_tok, uint32_t pos0, const int8_t *k, const float *k_scale,
                              const int8_t *v, const float *v_scale, uint32_t dim, float scale,
                              float *scores, size_t ld_scores)
{
    attend_all((struct queries){out, q, ld_out, ld_q, ld_scores, n_tok, pos0, dim, k, v, k_scale,
                                v_scale, scale, scores, 1, 0, NULL},
               ELEMENT_INT8);
}

static void attend_f32(float *out, const float *q, const float *k, const float *v, uint32_t n_pos,
                       uint32_t dim, float scale, float *scores)
{
    attend_batch_f32(out, 0, q, 0, 1, n_pos - 1, k, v, dim, scale, scores, 0);
}

static void attend_bf16(float *out, const float *q, const uint16_t *k, const uint16_t *v,
                        uint32_t n_pos, uint32_t dim, float scale, float *scores)
{
    attend_batch_bf16(out, 0, q, 0, 1, n_pos - 1, k, v, dim, scale, scores, 0);
}

static void attend_int8(float *out, const float *q, const int8_t *k, const float *k_scale,
                        const int8_t *v, const float *v_scale, uint32_t n_pos, uint32_t dim,
                        float scale, float *scores)
{
    attend_batch_int8(out, 0, q, 0, 1, n_pos - 1, k, k_scale, v, v_scale, dim, scale, scores, 0);
}

/* The heads of a group: four together, then what is left of them together. */
PIECE void attend_group(const struct attend_group *g, enum element e)
{
    struct queries a = {g->out,       g->q,      g->ld_out, g->ld_q, g->ld_scores, g->n,
                        g->n_pos - 1, g->dim,    g->k,      g->v,    g->k_scale,   g->v_scale,
                        g->scale,     g->scores, 0,         g->cap,  g->sinks};
    for (uint32_t left = g->n, n; left > 0; left -= n) {
        n = left < QUERIES ? left : QUERIES;
        if (n == 4)
            attend(&a, 4, e);
        else if (n == 3)
            attend(&a, 3, e);
        else if (n == 2)
            attend(&a, 2, e);
        else
            attend(&a, 1, e);
        a.q += n * a.ld_q;
        a.out += n * a.ld_out;
        a.sinks = a.sinks ? a.sinks + n : NULL;
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
    k->attend_f32 = attend_f32;
    k->attend_bf16 = attend_bf16;
    k->attend_int8 = attend_int8;
    k->attend_batch_f32 = attend_batch_f32;
    k->attend_batch_bf16 = attend_batch_bf16;
    k->attend_batch_int8 = attend_batch_int8;
}

#endif
