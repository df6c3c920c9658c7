/* SPDX-License-Identifier: MIT
 *
 * AVX-512 (F, BW, DQ, VL): what gains from 16 lanes, the lanes of a sum and the rows of a group
 * alike.
 */
#include "x86/avx512.h"
#include "x86/prefetch.h"

/* ---- row-major formats ---------------------------------------------------------------- */

/* 16 weights from element i on; a lane that is not in m reads nothing and is 0. */
static inline __attribute__((always_inline)) __m512 load_row(const void *row, uint32_t i,
                                                             __mmask16 m, bool bf16)
{
    if (!bf16)
        return _mm512_maskz_loadu_ps(m, (const float *)row + i);
    __m256i half = _mm256_maskz_loadu_epi16(m, (const uint16_t *)row + i);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

/* Rows [row, row + n): n streams from memory side by side. A lane beyond a row's end keeps its sum:
 * adding 0 x 0 could turn -0 into 0. */
static inline __attribute__((always_inline)) void
rows_avx512(const struct matrix *w, uint32_t row, int n, const float *x, float *y, bool bf16)
{
    const size_t row_bytes = (size_t)w->cols * (bf16 ? 2 : 4);
    const uint8_t *data = (const uint8_t *)w->data + row * row_bytes;
    const uint32_t whole = w->cols / LANES * LANES;
    const __mmask16 tail = first_lanes(w->cols - whole);
    __m512 sum[4];
    for (int r = 0; r < n; r++)
        sum[r] = _mm512_setzero_ps();
    for (uint32_t i = 0; i < whole; i += LANES) {
        const __m512 a = _mm512_loadu_ps(x + i);
        const size_t at = (size_t)i * (bf16 ? 2 : 4);
        const size_t jump = at + AHEAD < row_bytes ? 0 : (size_t)(n - 1) * row_bytes;
#pragma GCC unroll 4
        for (int r = 0; r < n; r++) {
            prefetch_line(data + r * row_bytes + at, AHEAD + jump);
            sum[r] = _mm512_fmadd_ps(a, load_row(data + r * row_bytes, i, 0xffff, bf16), sum[r]);
        }
    }
    for (int r = 0; r < n; r++) {
        __m512 a = _mm512_maskz_loadu_ps(tail, x + whole);
        __m512 b = load_row(data + r * row_bytes, whole, tail, bf16);
        y[row + (uint32_t)r] = sum_lanes_avx512(_mm512_mask3_fmadd_ps(a, b, sum[r], tail));
    }
}

static inline __attribute__((always_inline)) void matvec_rows(const struct matrix *w,
                                                              uint32_t group0, uint32_t group1,
                                                              const float *x, float *y, bool bf16)
{
    uint32_t row = group0 * ROW_GROUP, end = group1 * ROW_GROUP;
    if (end > w->rows)
        end = w->rows;
    for (; row + 4 <= end; row += 4)
        rows_avx512(w, row, 4, x, y, bf16);
    for (; row < end; row++)
        rows_avx512(w, row, 1, x, y, bf16);
}

static void matvec_f32_avx512(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    matvec_rows(w, group0, group1, x->x, y, false);
}

static void matvec_bf16_avx512(const struct matrix *w, uint32_t group0, uint32_t group1,
                               const struct activation *x, float *y)
{
    matvec_rows(w, group0, group1, x->x, y, true);
}

/* ---- QINS9 ---------------------------------------------------------------------------- */

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
