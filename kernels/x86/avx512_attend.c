/* SPDX-License-Identifier: MIT
 *
 * AVX-512: the pieces of attention; its course stands in attend.h. The lanes of a sum are one
 * register; the sums of 16 positions are folded together, each step of the tree for all of them.
 */
#include "x86/avx512.h"

enum { TOGETHER = 16, WIDTH = 16, SEVERAL = 96, ALONE = 128 };
#include "attend.h"

PIECE __m512 load_lanes(const void *p, size_t i, __mmask16 m, enum element e)
{
    if (stored_as(e) == ELEMENT_F32)
        return _mm512_maskz_loadu_ps(m, (const float *)p + i);
    if (e == ELEMENT_INT8)
        return _mm512_cvtepi32_ps(
            _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(m, (const int8_t *)p + i)));
    __m256i half = _mm256_maskz_loadu_epi16(m, (const uint16_t *)p + i);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

/* Lanes of the products of n queries with n_rows rows of keys, beginning at `row`. A lane beyond
 * the end keeps its sum: adding 0 x 0 could turn -0 into 0. */
PIECE void row_lanes(__m512 sum[QUERIES][8], const struct queries *a, const int n,
                     const size_t *row, const int n_rows, uint32_t dim, const bool is_whole,
                     enum element e)
{
#pragma GCC unroll 4
    for (int t = 0; t < n; t++)
#pragma GCC unroll 8
        for (int i = 0; i < n_rows; i++)
            sum[t][i] = _mm512_setzero_ps();
#pragma GCC unroll 8
    for (uint32_t d = 0; d < dim; d += LANES) {
        const __mmask16 m = is_whole ? 0xffff : first_lanes(dim - d);
        __m512 q[QUERIES];
        ask_for_rows(a->k, row, n_rows, d, e);
#pragma GCC unroll 4
        for (int t = 0; t < n; t++)
            q[t] = _mm512_maskz_loadu_ps(m, a->q + (size_t)t * a->ld_q + d);
#pragma GCC unroll 8
        for (int i = 0; i < n_rows; i++) {
            const __m512 key = load_lanes(a->k, row[i] + d, m, e);
#pragma GCC unroll 4
            for (int t = 0; t < n; t++)
                sum[t][i] = is_whole ? _mm512_fmadd_ps(q[t], key, sum[t][i])
                                     : _mm512_mask3_fmadd_ps(q[t], key, sum[t][i], m);
        }
    }
}

/* Products of n queries with the keys of 16 positions; those behind the last repeat it, unused. */
PIECE void products(__m512 dot[QUERIES], const struct queries *a, uint32_t pos, uint32_t end,
                    const int n, uint32_t dim, const bool is_whole, enum element e)
{
    const int n_rows = n == 1 ? 1 : 4; /* whose sums stay in registers; one leaves room for q */
    __m512 all[QUERIES][TOGETHER];
    for (int i = 0; i < TOGETHER; i += n_rows) {
        size_t row[8];
        __m512 sum[QUERIES][8];
        for (int j = 0; j < n_rows; j++) { /* the order that the sum undoes */
            const uint32_t p = pos + (uint32_t)((i + j) % 4 * 4 + (i + j) / 4);
            row[j] = (size_t)((p < end ? p : end - 1) - a->origin) * dim;
        }
        row_lanes(sum, a, n, row, n_rows, dim, is_whole, e);
#pragma GCC unroll 4
        for (int t = 0; t < n; t++)
#pragma GCC unroll 8
            for (int j = 0; j < n_rows; j++)
                all[t][i + j] = sum[t][j];
    }
    for (int t = 0; t < n; t++)
        dot[t] = sum_lanes_of_16(all[t]);
}

PIECE void score(const struct queries *a, uint32_t pos, uint32_t end, const int n, enum element e)
{
    __m512 dot[QUERIES];
    if (a->dim == 96) /* a constant unrolls */
        products(dot, a, pos, end, n, 96, true, e);
    else if (a->dim == 128)
        products(dot, a, pos, end, n, 128, true, e);
    else if (a->dim % LANES == 0)
        products(dot, a, pos, end, n, a->dim, true, e);
    else
        products(dot, a, pos, end, n, a->dim, false, e);
    for (uint32_t t = 0; t < (uint32_t)n; t++) {
        const uint32_t seen = lesser(end, end_of(a, t));
        const __mmask16 m = seen > pos ? first_lanes(seen - pos) : 0;
        if (a->k_scale)
            dot[t] = _mm512_mul_ps(_mm512_maskz_loadu_ps(m, a->k_scale + pos), dot[t]);
        _mm512_mask_storeu_ps(a->scores + t * a->ld_scores + (pos - a->base), m,
                              _mm512_mul_ps(_mm512_set1_ps(a->scale), dot[t]));
    }
}

static float softmax(float *scores, uint32_t n_pos)
{
    return softmax_avx512(scores, n_pos);
}

static void soft_cap(float *scores, float cap, uint32_t n_pos)
{
    for (uint32_t p = 0; p < n_pos; p += 16) {
        const __mmask16 m = first_lanes(n_pos - p);
        _mm512_mask_storeu_ps(scores + p, m,
                              soft_cap_avx512(_mm512_maskz_loadu_ps(m, scores + p), cap));
    }
}

PIECE void mix(const struct queries *a, uint32_t t0, const int n, uint32_t d, const int n_cols,
               uint32_t pos, uint32_t end, enum element e)
{
    float *out = a->out + t0 * a->ld_out + d;
    const float *weight = a->scores + t0 * a->ld_scores;
    __m512 sum[QUERIES][8];
#pragma GCC unroll 4
    for (int t = 0; t < n; t++)
#pragma GCC unroll 8
        for (int i = 0; i < n_cols; i++)
            sum[t][i] = _mm512_loadu_ps(out + (size_t)t * a->ld_out + i * 16);
    for (uint32_t p = pos; p < end; p++) {
        const size_t row = (size_t)(p - a->origin) * a->dim + d;
        __m512 s[QUERIES];
#pragma GCC unroll 4
        for (int t = 0; t < n; t++)
            s[t] = _mm512_set1_ps(weight[(size_t)t * a->ld_scores + (p - a->base)]);
#pragma GCC unroll 8
        for (int i = 0; i < n_cols; i++) {
            const __m512 value = load_lanes(a->v, row + (size_t)i * 16, 0xffff, e);
            ask_ahead(a->v, row + (size_t)i * 16, (size_t)i * 16, e);
#pragma GCC unroll 4
            for (int t = 0; t < n; t++)
                sum[t][i] = _mm512_fmadd_ps(s[t], value, sum[t][i]);
        }
    }
#pragma GCC unroll 4
    for (int t = 0; t < n; t++)
#pragma GCC unroll 8
        for (int i = 0; i < n_cols; i++)
            _mm512_storeu_ps(out + (size_t)t * a->ld_out + i * 16, sum[t][i]);
}

PIECE void widen(float *to, const void *from, size_t i, size_t n, enum element e)
{
    for (size_t j = 0; j < n; j += 16) {
        const __mmask16 m = n - j < 16 ? first_lanes((uint32_t)(n - j)) : 0xffff;
        ask_ahead(from, i + j, j, e);
        _mm512_mask_storeu_ps(to + j, m, load_lanes(from, i + j, m, e));
    }
}

void kernels_avx512_attend(struct kernels *k)
{
    set_attention(k);
}
