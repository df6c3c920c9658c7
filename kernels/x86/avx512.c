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
static inline __attribute__((always_inline)) void rows_avx512(const struct matrix *w, uint32_t row,
                                                              const int n, const bool twice,
                                                              const uint32_t apart, const float *x,
                                                              float *y, bool bf16)
{
    const size_t row_bytes = (size_t)w->cols * (bf16 ? 2 : 4);
    const size_t stream_bytes = row_bytes * apart;
    const uint8_t *data = (const uint8_t *)w->data + row * row_bytes;
    const uint32_t whole = w->cols / LANES * LANES;
    const __mmask16 tail = first_lanes(w->cols - whole);
    __m512 sum[4];
    for (int r = 0; r < n; r++)
        sum[r] = _mm512_setzero_ps();
    for (uint32_t i = 0; i < whole; i += LANES) {
        const __m512 a = _mm512_loadu_ps(x + i);
        const size_t at = (size_t)i * (bf16 ? 2 : 4);
        const size_t jump =
            apart > 1 || at + w->read.ahead < row_bytes ? 0 : (size_t)(n - 1) * row_bytes;
#pragma GCC unroll 4
        for (int r = 0; r < n; r++) {
            prefetch_planned(data + r * stream_bytes + at, w->read.ahead + jump, twice);
            sum[r] = _mm512_fmadd_ps(a, load_row(data + r * stream_bytes, i, 0xffff, bf16), sum[r]);
        }
    }
    for (int r = 0; r < n; r++) {
        __m512 a = _mm512_maskz_loadu_ps(tail, x + whole);
        __m512 b = load_row(data + r * stream_bytes, whole, tail, bf16);
        y[row + (uint32_t)r * apart] = sum_lanes_avx512(_mm512_mask3_fmadd_ps(a, b, sum[r], tail));
    }
}

static inline __attribute__((always_inline)) void matvec_rows(const struct matrix *w,
                                                              uint32_t group0, uint32_t group1,
                                                              uint32_t apart, const float *x,
                                                              float *y, bool bf16)
{
    uint32_t row = group0 * ROW_GROUP, end = group1 * ROW_GROUP;
    if (end > w->rows)
        end = w->rows;
    READ_BY_PLAN(rows_avx512, w, row, end, apart > 1 ? apart * ROW_GROUP : 1, x, y, bf16);
}

static void matvec_far_f32_avx512(const struct matrix *w, uint32_t group0, uint32_t group1,
                                  uint32_t apart, const struct activation *x, float *y)
{
    matvec_rows(w, group0, group1, apart, x->x, y, false);
}

static void matvec_f32_avx512(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    matvec_rows(w, group0, group1, 1, x->x, y, false);
}

static void matvec_far_bf16_avx512(const struct matrix *w, uint32_t group0, uint32_t group1,
                                   uint32_t apart, const struct activation *x, float *y)
{
    matvec_rows(w, group0, group1, apart, x->x, y, true);
}

static void matvec_bf16_avx512(const struct matrix *w, uint32_t group0, uint32_t group1,
                               const struct activation *x, float *y)
{
    matvec_rows(w, group0, group1, 1, x->x, y, true);
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

/* ---- QINS9 with one range ------------------------------------------------------------- */

/* The value of each stored code as two words: word i of value c is half[i][c / 32] at c % 32. */
struct qins9_words {
    __m512i half[2][8];
};

static struct qins9_words words_qins9(const struct matrix *w)
{
    struct qins9_words t;
    uint16_t words[2][256];
    const float step = (w->log_max - w->log_min) / 254;
    for (int c = 0; c < 256; c++) {
        uint32_t bits = c ? float_bits(exp_f32(fmaf((float)(255 - c), step, w->log_min))) : 0;
        words[0][c] = (uint16_t)bits;
        words[1][c] = (uint16_t)(bits >> 16);
    }
    for (int i = 0; i < 8; i++)
        for (int h = 0; h < 2; h++)
            t.half[h][i] = _mm512_loadu_si512(words[h] + i * 32);
    return t;
}

/* One word of 32 values. A lookup takes the low 6 bits of a code; bits 6 and 7 choose. */
static inline __attribute__((always_inline)) __m512i
look_up_word(const __m512i half[8], __m512i code, __mmask32 bit6, __mmask32 bit7)
{
    __m512i a = _mm512_permutex2var_epi16(half[0], code, half[1]);
    __m512i b = _mm512_permutex2var_epi16(half[4], code, half[5]);
    a = _mm512_mask_mov_epi16(a, bit6, _mm512_permutex2var_epi16(half[2], code, half[3]));
    b = _mm512_mask_mov_epi16(b, bit6, _mm512_permutex2var_epi16(half[6], code, half[7]));
    return _mm512_mask_mov_epi16(a, bit7, b);
}

/* Columns j and j + 2 of all rows, j 0 or 1: `code` has them in the low bytes of its words, `signs`
 * bits 15. In 128-bit lane i, sum[0] has rows 4i and 4i + 1, sum[1] the next two, a column beside
 * the other. x: these columns' activations in turn. */
static inline __attribute__((always_inline)) void
two_columns_qins9(const struct qins9_words *t, __m512i code, __m512i signs, __m512 x, __m512 sum[2])
{
    const __mmask32 bit6 = _mm512_test_epi16_mask(code, _mm512_set1_epi16(64));
    const __mmask32 bit7 = _mm512_test_epi16_mask(code, _mm512_set1_epi16(128));
    __m512i low = look_up_word(t->half[0], code, bit6, bit7);
    __m512i high = look_up_word(t->half[1], code, bit6, bit7);
    /* high | (signs & 0x8000) */
    high = _mm512_ternarylogic_epi32(high, signs, _mm512_set1_epi16(INT16_MIN), 0xf8);
    sum[0] = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_unpacklo_epi16(low, high)), x, sum[0]);
    sum[1] = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_unpackhi_epi16(low, high)), x, sum[1]);
}

/* Row r's sums of columns 0, 2 are in even, of 1, 3 in odd. */
static inline void store_words_qins9(const struct matrix *w, uint32_t group, float *y,
                                     const __m512 even[2], const __m512 odd[2])
{
    float e[2][16], o[2][16], rows[ROW_GROUP];
    for (int i = 0; i < 2; i++) {
        _mm512_storeu_ps(e[i], even[i]);
        _mm512_storeu_ps(o[i], odd[i]);
    }
    for (int r = 0; r < ROW_GROUP; r++) {
        const int i = r % 4 / 2, at = r / 4 * 4 + r % 2 * 2;
        rows[r] = (e[i][at] + o[i][at]) + (e[i][at + 1] + o[i][at + 1]);
    }
    _mm512_mask_storeu_ps(y + (size_t)group * ROW_GROUP, first_lanes(group_rows(w, group)),
                          _mm512_loadu_ps(rows));
}

static void matvec_qins9_words(const struct matrix *w, uint32_t group0, uint32_t group1,
                               const struct activation *x, float *y)
{
    const struct qins9_words t = words_qins9(w);
    for (uint32_t group = group0; group < group1; group++) {
        const uint8_t *tile = group_tiles(w, group);
        __m512 even[2], odd[2];
        for (int i = 0; i < 2; i++)
            even[i] = odd[i] = _mm512_setzero_ps();
        for (uint32_t k = 0; k < w->cols; k += 4) {
            const uint8_t *at = tile + (size_t)(k / QINS9_COLS) * 576;
            const uint32_t g = k % QINS9_COLS / 4, n = w->cols - k < 4 ? w->cols - k : 4;
            __m128 four = _mm_maskz_loadu_ps((__mmask8)((1u << n) - 1), x->x + k);
            uint64_t mask;
            memcpy(&mask, at + QINS9_SIGNS + g * 8, sizeof mask);
            prefetch_planned(at + g * 64, w->read.ahead, false);
            if (g == 0)
                prefetch_planned(at + QINS9_SIGNS, w->read.ahead, false);
            const __m512i v = _mm512_loadu_si512(at + g * 64), signs = _mm512_movm_epi8(mask);
            two_columns_qins9(&t, _mm512_and_si512(v, _mm512_set1_epi16(255)),
                              _mm512_slli_epi16(signs, 8),
                              _mm512_broadcast_f32x4(_mm_shuffle_ps(four, four, 0x88)), even);
            two_columns_qins9(&t, _mm512_srli_epi16(v, 8), signs,
                              _mm512_broadcast_f32x4(_mm_shuffle_ps(four, four, 0xdd)), odd);
        }
        store_words_qins9(w, group, y, even, odd);
    }
}

void kernels_avx512(struct kernels *k)
{
    k->matvec[FORMAT_F32] = matvec_f32_avx512;
    k->matvec_far[FORMAT_F32] = matvec_far_f32_avx512;
    k->matvec[FORMAT_BF16] = matvec_bf16_avx512;
    k->matvec_far[FORMAT_BF16] = matvec_far_bf16_avx512;
    k->matvec[FORMAT_QINS9] = matvec_qins9_words;
    k->matvec[FORMAT_QINS9ROW] = matvec_qins9_avx512;
}
