/* SPDX-License-Identifier: MIT
 *
 * AVX-512: attention of several queries at once. A row of keys or values, once widened, serves all
 * of them, and 16 scores are summed across lanes together. Every query keeps the order of the
 * scalar operations: equal bit for bit.
 */
#include "x86/avx512.h"

enum { QUERIES = 4, COLUMNS = 6 }; /* whose sums stay in registers: 4 x 96 */

static inline __attribute__((always_inline)) __m512 load_row(const void *p, size_t i, __mmask16 m,
                                                             bool bf16)
{
    if (!bf16)
        return _mm512_maskz_loadu_ps(m, (const float *)p + i);
    __m512i half = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(m, (const uint16_t *)p + i));
    return _mm512_castsi512_ps(_mm512_slli_epi32(half, 16));
}

struct queries {
    float *out;
    const float *q;
    size_t ld_out, ld_q, ld_scores;
    uint32_t n_tok, pos0, dim;
    const void *k, *v;
    float scale, *scores;
};

/* Scores of n queries at positions [pos, pos + 16); rows beyond the last repeat it, unused. */
static inline __attribute__((always_inline)) void score_16(const struct queries *a, uint32_t pos,
                                                           const int n, bool bf16)
{
    __m512 dot[QUERIES][16];
    const uint32_t last = a->pos0 + a->n_tok - 1;
    for (uint32_t i = 0; i < 16; i++) {
        const uint32_t p = pos + i % 4 * 4 + i / 4; /* the order that the sum undoes */
        const size_t row = (size_t)(p < last ? p : last) * a->dim;
        __m512 sum[QUERIES];
        for (int t = 0; t < n; t++)
            sum[t] = _mm512_setzero_ps();
        for (uint32_t d = 0; d < a->dim; d += 16) {
            const __mmask16 m = first_lanes(a->dim - d);
            const __m512 key = load_row(a->k, row + d, m, bf16);
#pragma GCC unroll 4
            for (int t = 0; t < n; t++) {
                const __m512 q = _mm512_maskz_loadu_ps(m, a->q + (size_t)t * a->ld_q + d);
                sum[t] = _mm512_mask3_fmadd_ps(q, key, sum[t], m);
            }
        }
        for (int t = 0; t < n; t++)
            dot[t][i] = sum[t];
    }
    for (int t = 0; t < n; t++) {
        const uint32_t n_pos = a->pos0 + (uint32_t)t + 1;
        const __mmask16 m = n_pos > pos ? first_lanes(n_pos - pos) : 0;
        _mm512_mask_storeu_ps(a->scores + (size_t)t * a->ld_scores + pos, m,
                              _mm512_mul_ps(_mm512_set1_ps(a->scale), sum_lanes_of_16(dot[t])));
    }
}

/* Columns [d, d + 16 n_cols) of the weighted sums of n queries over positions [pos, end). */
static inline __attribute__((always_inline)) void mix(const struct queries *a, int t0, const int n,
                                                      uint32_t d, const int n_cols, uint32_t pos,
                                                      uint32_t end, bool bf16)
{
    __m512 sum[QUERIES][COLUMNS];
    __mmask16 m[COLUMNS];
    for (int i = 0; i < n_cols; i++)
        m[i] = first_lanes(a->dim - d - (uint32_t)i * 16);
    for (int t = 0; t < n; t++)
        for (int i = 0; i < n_cols; i++)
            sum[t][i] = pos ? _mm512_maskz_loadu_ps(m[i], a->out + (size_t)(t0 + t) * a->ld_out +
                                                              d + (size_t)i * 16)
                            : _mm512_setzero_ps();
    for (uint32_t p = pos; p < end; p++)
#pragma GCC unroll 6
        for (int i = 0; i < n_cols; i++) {
            const __m512 value =
                load_row(a->v, (size_t)p * a->dim + d + (size_t)i * 16, m[i], bf16);
#pragma GCC unroll 4
            for (int t = 0; t < n; t++) {
                const __m512 s = _mm512_set1_ps(a->scores[(size_t)(t0 + t) * a->ld_scores + p]);
                sum[t][i] = _mm512_fmadd_ps(s, value, sum[t][i]);
            }
        }
    for (int t = 0; t < n; t++)
        for (int i = 0; i < n_cols; i++)
            _mm512_mask_storeu_ps(a->out + (size_t)(t0 + t) * a->ld_out + d + (size_t)i * 16, m[i],
                                  sum[t][i]);
}

/* All columns. */
static inline __attribute__((always_inline)) void
mix_columns(const struct queries *a, int t0, const int n, uint32_t pos, uint32_t end, bool bf16)
{
    uint32_t d = 0;
    for (; d + COLUMNS * 16 <= a->dim; d += COLUMNS * 16)
        mix(a, t0, n, d, COLUMNS, pos, end, bf16);
    for (; d + 32 <= a->dim; d += 32)
        mix(a, t0, n, d, 2, pos, end, bf16);
    for (; d < a->dim; d += 16)
        mix(a, t0, n, d, 1, pos, end, bf16);
}

/* All positions that the first query sees go over all queries; those that only later ones see, over
 * each of them. */
static inline __attribute__((always_inline)) void attend(const struct queries *a, const int n,
                                                         bool bf16)
{
    float factor[QUERIES];
    for (uint32_t pos = 0; pos < a->pos0 + (uint32_t)n; pos += 16)
        score_16(a, pos, n, bf16);
    for (int t = 0; t < n; t++)
        factor[t] = softmax_avx512(a->scores + (size_t)t * a->ld_scores, a->pos0 + (uint32_t)t + 1);
    mix_columns(a, 0, n, 0, a->pos0 + 1, bf16);
    for (int t = 0; t < n; t++) {
        float *out = a->out + (size_t)t * a->ld_out;
        if (t > 0)
            mix_columns(a, t, 1, a->pos0 + 1, a->pos0 + (uint32_t)t + 1, bf16);
        for (uint32_t d = 0; d < a->dim; d += 16) {
            const __mmask16 m = first_lanes(a->dim - d);
            _mm512_mask_storeu_ps(
                out + d, m,
                _mm512_mul_ps(_mm512_maskz_loadu_ps(m, out + d), _mm512_set1_ps(factor[t])));
        }
    }
}

static inline __attribute__((always_inline)) void attend_all(struct queries a, bool bf16)
{
    for (uint32_t left = a.n_tok; left > 0;) {
        const uint32_t n = left < QUERIES ? 1 : QUERIES;
        a.n_tok = n;
        if (n == QUERIES)
            attend(&a, QUERIES, bf16);
        else
            attend(&a, 1, bf16);
        a.q += n * a.ld_q;
        a.out += n * a.ld_out;
        a.pos0 += n;
        left -= n;
    }
}

static void attend_batch_f32_avx512(float *out, size_t ld_out, const float *q, size_t ld_q,
                                    uint32_t n_tok, uint32_t pos0, const float *k, const float *v,
                                    uint32_t dim, float scale, float *scores, size_t ld_scores)
{
    attend_all(
        (struct queries){out, q, ld_out, ld_q, ld_scores, n_tok, pos0, dim, k, v, scale, scores},
        false);
}

static void attend_batch_bf16_avx512(float *out, size_t ld_out, const float *q, size_t ld_q,
                                     uint32_t n_tok, uint32_t pos0, const uint16_t *k,
                                     const uint16_t *v, uint32_t dim, float scale, float *scores,
                                     size_t ld_scores)
{
    attend_all(
        (struct queries){out, q, ld_out, ld_q, ld_scores, n_tok, pos0, dim, k, v, scale, scores},
        true);
}

void kernels_avx512_attend(struct kernels *k)
{
    k->attend_batch_f32 = attend_batch_f32_avx512;
    k->attend_batch_bf16 = attend_batch_bf16_avx512;
}
