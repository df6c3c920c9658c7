/* SPDX-License-Identifier: MIT
 *
 * AVX2: the pieces of attention; its course stands in attend.h.
 */
#include "x86/avx2.h"

enum { TOGETHER = 8, WIDTH = 8, SEVERAL = 24, ALONE = 96 };
#include "attend.h"

/* All bits of the first n lanes. */
static inline __m256i first_lanes(uint32_t n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < 8 ? (int)n : 8), lane);
}

/* The end of sum_lanes for 8 vectors at once, halves already added: lane i has that of v[2 i], lane
 * 4 + i that of v[2 i + 1]. */
static inline __m256 sum_lanes_of_8(const __m256 v[TOGETHER])
{
    __m256 a[4], b[2];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) /* quarters */
        a[i] = _mm256_add_ps(_mm256_permute2f128_ps(v[2 * i], v[2 * i + 1], 0x20),
                             _mm256_permute2f128_ps(v[2 * i], v[2 * i + 1], 0x31));
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) /* t0 + t2, t1 + t3 */
        b[i] = _mm256_add_ps(_mm256_shuffle_ps(a[2 * i], a[2 * i + 1], 0x44),
                             _mm256_shuffle_ps(a[2 * i], a[2 * i + 1], 0xee));
    return _mm256_add_ps(_mm256_shuffle_ps(b[0], b[1], 0x88), _mm256_shuffle_ps(b[0], b[1], 0xdd));
}

/* Lanes 0..7 (first = 0) or 8..15 of the products of n queries with n_rows rows of keys. */
PIECE void half_lanes(__m256 sum[QUERIES][TOGETHER], const struct queries *a, const int n,
                      const size_t *row, const int n_rows, uint32_t first, uint32_t dim,
                      enum element e)
{
#pragma GCC unroll 4
    for (int t = 0; t < n; t++)
#pragma GCC unroll 8
        for (int i = 0; i < n_rows; i++)
            sum[t][i] = _mm256_setzero_ps();
    for (uint32_t d = first; d < dim; d += LANES) {
        __m256 q[QUERIES];
        ask_for_rows(a->k, row, n_rows, d, e);
#pragma GCC unroll 4
        for (int t = 0; t < n; t++)
            q[t] = _mm256_loadu_ps(a->q + (size_t)t * a->ld_q + d);
#pragma GCC unroll 8
        for (int i = 0; i < n_rows; i++) {
            const __m256 key = load_avx2(a->k, row[i] + d, stored_as(e));
#pragma GCC unroll 4
            for (int t = 0; t < n; t++)
                sum[t][i] = _mm256_fmadd_ps(q[t], key, sum[t][i]);
        }
    }
}

/* Products of n queries with the keys of 8 positions; those behind the last repeat it, unused. */
PIECE void products(__m256 dot[QUERIES], const struct queries *a, uint32_t pos, uint32_t end,
                    const int n, uint32_t dim, enum element e)
{
    const int n_rows = n == 1 ? TOGETHER : 2; /* whose sums stay in registers */
    __m256 all[QUERIES][TOGETHER];
    for (int i = 0; i < TOGETHER; i += n_rows) {
        size_t row[TOGETHER];
        __m256 low[QUERIES][TOGETHER], high[QUERIES][TOGETHER];
        for (int j = 0; j < n_rows; j++) { /* the order that the sum undoes */
            const uint32_t p = pos + (uint32_t)((i + j) / 2 + (i + j) % 2 * 4);
            row[j] = (size_t)((p < end ? p : end - 1) - a->origin) * dim;
        }
        half_lanes(low, a, n, row, n_rows, 0, dim, e);
        half_lanes(high, a, n, row, n_rows, 8, dim, e);
#pragma GCC unroll 4
        for (int t = 0; t < n; t++)
#pragma GCC unroll 8
            for (int j = 0; j < n_rows; j++)
                all[t][i + j] = _mm256_add_ps(low[t][j], high[t][j]);
    }
    for (int t = 0; t < n; t++)
        dot[t] = sum_lanes_of_8(all[t]);
}

/* The same for heads that do not fill all lanes. */
PIECE void odd_products(__m256 dot[QUERIES], const struct queries *a, uint32_t pos, uint32_t end,
                        const int n, enum element e)
{
    for (int t = 0; t < n; t++) {
        float all[TOGETHER];
        for (uint32_t i = 0; i < TOGETHER; i++) {
            const size_t row = (pos + i < end ? pos + i : end - 1) - a->origin;
            all[i] = dot_avx2(a->q + (size_t)t * a->ld_q, a->k, row * a->dim, a->dim, stored_as(e));
        }
        dot[t] = _mm256_loadu_ps(all);
    }
}

PIECE void score(const struct queries *a, uint32_t pos, uint32_t end, const int n, enum element e)
{
    __m256 dot[QUERIES];
    if (a->dim % LANES)
        odd_products(dot, a, pos, end, n, e);
    else if (a->dim == 96) /* a constant unrolls */
        products(dot, a, pos, end, n, 96, e);
    else
        products(dot, a, pos, end, n, a->dim, e);
    for (uint32_t t = 0; t < (uint32_t)n; t++) {
        const uint32_t seen = lesser(end, end_of(a, t));
        const __m256i m = first_lanes(seen > pos ? seen - pos : 0);
        if (a->k_scale)
            dot[t] = _mm256_mul_ps(_mm256_maskload_ps(a->k_scale + pos, m), dot[t]);
        _mm256_maskstore_ps(a->scores + t * a->ld_scores + (pos - a->base), m,
                            _mm256_mul_ps(_mm256_set1_ps(a->scale), dot[t]));
    }
}

/* max takes its second operand when one is NaN. */
static float greatest(const float *scores, uint32_t n_pos)
{
    __m256 max = _mm256_set1_ps(-INFINITY);
    uint32_t p = 0;
    for (; p + 8 <= n_pos; p += 8)
        max = _mm256_max_ps(_mm256_loadu_ps(scores + p), max);
    float lane[8], top = -INFINITY;
    _mm256_storeu_ps(lane, max);
    for (int i = 0; i < 8; i++)
        top = lane[i] > top ? lane[i] : top;
    for (; p < n_pos; p++)
        top = scores[p] > top ? scores[p] : top;
    return top;
}

static float softmax(float *scores, uint32_t n_pos)
{
    const float max = greatest(scores, n_pos);
    __m256 low = _mm256_setzero_ps(), high = low;
    const __m256 top = _mm256_set1_ps(max);
    uint32_t p = 0;
    for (; p + LANES <= n_pos; p += LANES) {
        __m256 a = exp_avx2(_mm256_sub_ps(_mm256_loadu_ps(scores + p), top));
        __m256 b = exp_avx2(_mm256_sub_ps(_mm256_loadu_ps(scores + p + 8), top));
        _mm256_storeu_ps(scores + p, a);
        _mm256_storeu_ps(scores + p + 8, b);
        low = _mm256_add_ps(low, a);
        high = _mm256_add_ps(high, b);
    }
    float lane[LANES];
    _mm256_storeu_ps(lane, low);
    _mm256_storeu_ps(lane + 8, high);
    for (; p < n_pos; p++) {
        scores[p] = exp_f32(scores[p] - max);
        lane[p % LANES] += scores[p];
    }
    return 1.0f / sum_lanes(lane);
}

static void soft_cap(float *scores, float cap, uint32_t n_pos)
{
    soft_cap_avx2(scores, cap, n_pos);
}

PIECE void mix(const struct queries *a, uint32_t t0, const int n, uint32_t d, const int n_cols,
               uint32_t pos, uint32_t end, enum element e)
{
    float *out = a->out + t0 * a->ld_out + d;
    const float *weight = a->scores + t0 * a->ld_scores;
    __m256 sum[QUERIES][12];
#pragma GCC unroll 4
    for (int t = 0; t < n; t++)
#pragma GCC unroll 12
        for (int i = 0; i < n_cols; i++)
            sum[t][i] = _mm256_loadu_ps(out + (size_t)t * a->ld_out + i * 8);
    for (uint32_t p = pos; n == 1 && p < end; p++) { /* no registers are left for all values */
        const size_t row = (size_t)(p - a->origin) * a->dim + d;
        const __m256 s = _mm256_broadcast_ss(weight + (p - a->base));
#pragma GCC unroll 12
        for (int i = 0; i < n_cols; i++) {
            const __m256 value = load_avx2(a->v, row + (size_t)i * 8, stored_as(e));
            ask_ahead(a->v, row + (size_t)i * 8, (size_t)i * 8, e);
            sum[0][i] = _mm256_fmadd_ps(s, value, sum[0][i]);
        }
    }
    const float *last = weight + (end - a->base);
    size_t row = (size_t)(pos - a->origin) * a->dim + d;
    for (weight += pos - a->base; n > 1 && weight < last; weight++, row += a->dim) {
        __m256 value[12];
#pragma GCC unroll 12
        for (int i = 0; i < n_cols; i++) {
            value[i] = load_avx2(a->v, row + (size_t)i * 8, stored_as(e));
            ask_ahead(a->v, row + (size_t)i * 8, (size_t)i * 8, e);
        }
#pragma GCC unroll 4
        for (int t = 0; t < n; t++) {
            const __m256 s = _mm256_broadcast_ss(weight + (size_t)t * a->ld_scores);
#pragma GCC unroll 12
            for (int i = 0; i < n_cols; i++)
                sum[t][i] = _mm256_fmadd_ps(s, value[i], sum[t][i]);
        }
    }
#pragma GCC unroll 4
    for (int t = 0; t < n; t++)
#pragma GCC unroll 12
        for (int i = 0; i < n_cols; i++)
            _mm256_storeu_ps(out + (size_t)t * a->ld_out + i * 8, sum[t][i]);
}

PIECE void widen(float *to, const void *from, size_t i, size_t n, enum element e)
{
    size_t j = 0;
    for (; j + 64 <= n; j += 64)
#pragma GCC unroll 8
        for (size_t l = 0; l < 64; l += 8) {
            ask_ahead(from, i + j + l, l, e);
            _mm256_storeu_ps(to + j + l, load_avx2(from, i + j + l, e));
        }
    for (; j + 8 <= n; j += 8)
        _mm256_storeu_ps(to + j, load_avx2(from, i + j, e));
    for (; j < n; j++)
        to[j] = load_one(from, i + j, e);
}

void kernels_avx2_attend(struct kernels *k)
{
    set_attention(k);
}
