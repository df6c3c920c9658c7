/* SPDX-License-Identifier: MIT
 *
 * AVX-512 (F, BW, DQ, VL): what gains from 16 lanes, the lanes of a sum and the rows of a group
 * alike.
 */
#include "x86/avx512.h"

static float sum_lanes_avx512(__m512 v)
{
    __m256 t8 = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 t4 = _mm_add_ps(_mm256_castps256_ps128(t8), _mm256_extractf128_ps(t8, 1));
    __m128 t2 = _mm_add_ps(t4, _mm_movehl_ps(t4, t4));
    return _mm_cvtss_f32(_mm_add_ss(t2, _mm_shuffle_ps(t2, t2, 1)));
}

/* ---- row-major formats --------------------------------------------------------------------------
 */

/* A lane beyond the row's end keeps its sum: adding 0 x 0 could turn -0 into 0. */
static void matvec_f32_avx512(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    for (uint32_t r = group0 * ROW_GROUP; r < group1 * ROW_GROUP && r < w->rows; r++) {
        const float *row = (const float *)w->data + (size_t)r * w->cols;
        __m512 sum = _mm512_setzero_ps();
        for (uint32_t i = 0; i < w->cols; i += LANES) {
            __mmask16 m = first_lanes(w->cols - i);
            __m512 a = _mm512_maskz_loadu_ps(m, x->x + i), b = _mm512_maskz_loadu_ps(m, row + i);
            sum = _mm512_mask3_fmadd_ps(a, b, sum, m);
        }
        y[r] = sum_lanes_avx512(sum);
    }
}

static void matvec_bf16_avx512(const struct matrix *w, uint32_t group0, uint32_t group1,
                               const struct activation *x, float *y)
{
    for (uint32_t r = group0 * ROW_GROUP; r < group1 * ROW_GROUP && r < w->rows; r++) {
        const uint16_t *row = (const uint16_t *)w->data + (size_t)r * w->cols;
        __m512 sum = _mm512_setzero_ps();
        for (uint32_t i = 0; i < w->cols; i += LANES) {
            __mmask16 m = first_lanes(w->cols - i);
            __m512i half = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(m, row + i));
            __m512 b = _mm512_castsi512_ps(_mm512_slli_epi32(half, 16));
            sum = _mm512_mask3_fmadd_ps(_mm512_maskz_loadu_ps(m, x->x + i), b, sum, m);
        }
        y[r] = sum_lanes_avx512(sum);
    }
}

/* ---- QINS9 --------------------------------------------------------------------------------------
 */

struct qins9_range {
    __m512 log_min, step; /* by row of the group */
};

static struct qins9_range range_qins9(const struct matrix *w, uint32_t group)
{
    __m512 low = _mm512_set1_ps(w->log_min), high = _mm512_set1_ps(w->log_max);
    if (w->format == FORMAT_QINS9ROW) {
        low = _mm512_loadu_ps(w->row + (size_t)group * ROW_GROUP);
        high = _mm512_loadu_ps(w->row + w->rows_pad + (size_t)group * ROW_GROUP);
    }
    return (struct qins9_range){low, _mm512_div_ps(_mm512_sub_ps(high, low), _mm512_set1_ps(254))};
}

/* Column j of a line: sign x exp(log_min + (255 - stored) x step); 0 where stored is 0. `signs` has
 * 0xff in each byte whose weight is negative. */
static inline __attribute__((always_inline)) __m512 values_qins9(__m512i v, __m512i signs, int j,
                                                                 const struct qins9_range *range)
{
    __m512i stored =
        _mm512_and_si512(_mm512_srli_epi32(v, (unsigned)j * 8), _mm512_set1_epi32(255));
    __m512 t = _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_set1_epi32(255), stored));
    __m512 value = exp_avx512(_mm512_fmadd_ps(t, range->step, range->log_min));
    __mmask16 nonzero = _mm512_test_epi32_mask(stored, stored);
    __m512i sign = _mm512_and_si512(_mm512_slli_epi32(signs, (unsigned)(3 - j) * 8),
                                    _mm512_set1_epi32(INT32_MIN));
    __m512i bits = _mm512_maskz_mov_epi32(nonzero, _mm512_castps_si512(value));
    return _mm512_castsi512_ps(_mm512_xor_si512(bits, sign));
}

static void matvec_qins9_avx512(const struct matrix *w, uint32_t group0, uint32_t group1,
                                const struct activation *x, float *y)
{
    for (uint32_t group = group0; group < group1; group++) {
        const uint8_t *tile = group_tiles(w, group);
        struct qins9_range range = range_qins9(w, group);
        __m512 acc[4];
        for (int j = 0; j < 4; j++)
            acc[j] = _mm512_setzero_ps();
        for (uint32_t k = 0; k < w->cols; k += 4) {
            const uint8_t *at = tile + (size_t)(k / QINS9_COLS) * 576;
            uint32_t g = k % QINS9_COLS / 4, n = w->cols - k < 4 ? w->cols - k : 4;
            float four[4] = {0};
            uint64_t mask;
            memcpy(four, x->x + k, n * sizeof *four);
            memcpy(&mask, at + QINS9_SIGNS + g * 8, sizeof mask);
            __m512i v = _mm512_loadu_si512(at + g * 64), signs = _mm512_movm_epi8(mask);
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++)
                acc[j] = _mm512_fmadd_ps(values_qins9(v, signs, j, &range), _mm512_set1_ps(four[j]),
                                         acc[j]);
        }
        __m512 sum = _mm512_add_ps(_mm512_add_ps(acc[0], acc[1]), _mm512_add_ps(acc[2], acc[3]));
        _mm512_mask_storeu_ps(y + (size_t)group * ROW_GROUP, first_lanes(group_rows(w, group)),
                              sum);
    }
}

void kernels_avx512(struct kernels *k)
{
    k->matvec[FORMAT_F32] = matvec_f32_avx512;
    k->matvec[FORMAT_BF16] = matvec_bf16_avx512;
    k->matvec[FORMAT_QINS9] = k->matvec[FORMAT_QINS9ROW] = matvec_qins9_avx512;
}
