/* SPDX-License-Identifier: MIT
 *
 * AVX-512: attention of one query over the cache. The lanes of a sum are one register; the sums of
 * 16 positions are folded together, each step of the tree for all of them.
 */
#include "x86/avx512.h"

enum { TOGETHER = 16, MAX_PARTS = 6 };

static inline __attribute__((always_inline)) __m512 load_avx512(const void *p, size_t i,
                                                                __mmask16 m, enum element e)
{
    if (e == ELEMENT_F32)
        return _mm512_maskz_loadu_ps(m, (const float *)p + i);
    if (e == ELEMENT_INT8)
        return _mm512_cvtepi32_ps(
            _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(m, (const int8_t *)p + i)));
    __m256i half = _mm256_maskz_loadu_epi16(m, (const uint16_t *)p + i);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

/* Into the nearest cache, and ahead over the next page. */
static inline __attribute__((always_inline)) void prefetch(const void *p, size_t i, enum element e)
{
    size_t bytes = e == ELEMENT_F32 ? 4 : e == ELEMENT_BF16 ? 2 : 1;
    const char *at = (const char *)p + i * bytes;
    _mm_prefetch(at + 1024, _MM_HINT_T0);
    _mm_prefetch(at + 4096, _MM_HINT_T1);
}

/* A lane beyond the end keeps its sum: adding 0 x 0 could turn -0 into 0. */
static inline __attribute__((always_inline)) __m512
lanes_avx512(const float *q, const void *k, size_t at, uint32_t dim, enum element e)
{
    __m512 sum = _mm512_setzero_ps();
    for (uint32_t d = 0; d < dim; d += LANES) {
        __mmask16 m = first_lanes(dim - d);
        if (d % 32 == 0)
            prefetch(k, at + d, e);
        sum = _mm512_mask3_fmadd_ps(_mm512_maskz_loadu_ps(m, q + d), load_avx512(k, at + d, m, e),
                                    sum, m);
    }
    return sum;
}

static inline __attribute__((always_inline)) void
scores_avx512(const float *q, const void *k, const float *k_scale, uint32_t n_pos, uint32_t dim,
              float scale, float *scores, enum element e)
{
    const __m512 factor = _mm512_set1_ps(scale);
    for (uint32_t p = 0; p < n_pos; p += TOGETHER) {
        __m512 v[TOGETHER];
        __mmask16 m = first_lanes(n_pos - p);
        for (uint32_t i = 0; i < TOGETHER; i++) {
            uint32_t pos = p + i < n_pos ? p + i : n_pos - 1;
            v[4 * (i % 4) + i / 4] = /* the order that the sum undoes */
                lanes_avx512(q, k, (size_t)pos * dim, dim, e);
        }
        __m512 dot = sum_lanes_of_16(v);
        if (k_scale)
            dot = _mm512_mul_ps(_mm512_maskz_loadu_ps(m, k_scale + p), dot);
        _mm512_mask_storeu_ps(scores + p, m, _mm512_mul_ps(factor, dot));
    }
}

/* Columns [d, d + 16 n) of the weighted sum of the value rows, kept in registers; the last columns
 * may be fewer. */
static inline __attribute__((always_inline)) void
mix_avx512(float *out, const float *weight, const void *v, uint32_t n_pos, uint32_t dim, uint32_t d,
           int n, __mmask16 last, float factor, enum element e)
{
    __m512 sum[MAX_PARTS];
    for (int i = 0; i < n; i++)
        sum[i] = _mm512_setzero_ps();
    for (uint32_t p = 0; p < n_pos; p++) {
        const size_t at = (size_t)p * dim + d;
        __m512 s = _mm512_set1_ps(weight[p]);
#pragma GCC unroll 6
        for (int i = 0; i < n; i++) {
            if (i % 2 == 0)
                prefetch(v, at + (size_t)i * LANES, e);
            __mmask16 m = i == n - 1 ? last : 0xffff;
            sum[i] = _mm512_fmadd_ps(s, load_avx512(v, at + (size_t)i * LANES, m, e), sum[i]);
        }
    }
    for (int i = 0; i < n; i++)
        _mm512_mask_storeu_ps(out + d + i * LANES, i == n - 1 ? last : 0xffff,
                              _mm512_mul_ps(sum[i], _mm512_set1_ps(factor)));
}

static inline __attribute__((always_inline)) void
attend_avx512(float *out, const float *q, const void *k, const float *k_scale, const void *v,
              const float *v_scale, uint32_t n_pos, uint32_t dim, float scale, float *scores,
              enum element e)
{
    if (dim == MAX_PARTS * LANES) /* a constant unrolls */
        scores_avx512(q, k, k_scale, n_pos, MAX_PARTS * LANES, scale, scores, e);
    else
        scores_avx512(q, k, k_scale, n_pos, dim, scale, scores, e);
    float factor = softmax_avx512(scores, n_pos);
    for (uint32_t p = 0; v_scale && p < n_pos; p++)
        scores[p] *= v_scale[p];
    uint32_t d = 0;
    for (; d + MAX_PARTS * LANES <= dim; d += MAX_PARTS * LANES)
        mix_avx512(out, scores, v, n_pos, dim, d, MAX_PARTS, 0xffff, factor, e);
    for (; d + 2 * LANES <= dim; d += 2 * LANES)
        mix_avx512(out, scores, v, n_pos, dim, d, 2, 0xffff, factor, e);
    for (; d < dim; d += LANES)
        mix_avx512(out, scores, v, n_pos, dim, d, 1, first_lanes(dim - d), factor, e);
}

static void attend_f32_avx512(float *out, const float *q, const float *k, const float *v,
                              uint32_t n_pos, uint32_t dim, float scale, float *scores)
{
    attend_avx512(out, q, k, NULL, v, NULL, n_pos, dim, scale, scores, ELEMENT_F32);
}

static void attend_bf16_avx512(float *out, const float *q, const uint16_t *k, const uint16_t *v,
                               uint32_t n_pos, uint32_t dim, float scale, float *scores)
{
    attend_avx512(out, q, k, NULL, v, NULL, n_pos, dim, scale, scores, ELEMENT_BF16);
}

static void attend_int8_avx512(float *out, const float *q, const int8_t *k, const float *k_scale,
                               const int8_t *v, const float *v_scale, uint32_t n_pos, uint32_t dim,
                               float scale, float *scores)
{
    attend_avx512(out, q, k, k_scale, v, v_scale, n_pos, dim, scale, scores, ELEMENT_INT8);
}

void kernels_avx512_attend_one(struct kernels *k)
{
    k->attend_f32 = attend_f32_avx512;
    k->attend_bf16 = attend_bf16_avx512;
    k->attend_int8 = attend_int8_avx512;
}
