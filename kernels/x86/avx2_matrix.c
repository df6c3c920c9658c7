/* SPDX-License-Identifier: MIT
 *
 * AVX2: matrix times vector, and decoding. In a tile's line a 32-bit lane is a row, so that the
 * products of a row gather in its lane and nothing is ever summed across lanes.
 */
#include "x86/avx2.h"
#include "x86/prefetch.h"

/* ---- row-major formats --------------------------------------------------------------------------
 */

static void matvec_f32_avx2(const struct matrix *w, uint32_t group0, uint32_t group1,
                            const struct activation *x, float *y)
{
    for (uint32_t r = group0 * ROW_GROUP; r < group1 * ROW_GROUP && r < w->rows; r++)
        y[r] = dot_avx2(x->x, w->data, (size_t)r * w->cols, w->cols, ELEMENT_F32);
}

static void matvec_bf16_avx2(const struct matrix *w, uint32_t group0, uint32_t group1,
                             const struct activation *x, float *y)
{
    for (uint32_t r = group0 * ROW_GROUP; r < group1 * ROW_GROUP && r < w->rows; r++)
        y[r] = dot_avx2(x->x, w->data, (size_t)r * w->cols, w->cols, ELEMENT_BF16);
}

static void dequant_bf16_avx2(const struct matrix *w, uint32_t row0, uint32_t row1, float *out)
{
    size_t first = (size_t)row0 * w->cols, n = (size_t)(row1 - row0) * w->cols, i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(out + i, load_avx2(w->data, first + i, ELEMENT_BF16));
    for (; i < n; i++)
        out[i] = load_one(w->data, first + i, ELEMENT_BF16);
}

/* ---- QINS4 --------------------------------------------------------------------------------------
 */

/* Levels of 8 rows x 4 columns times their activations. maddubs wants one operand unsigned: |q|,
 * whose signs go to the levels. Two products of at most 127 x 127 fit its 16 bits; four would not. */
static inline __m256i product_qins4(__m256i levels, __m256i code, __m256i q, __m256i q_abs)
{
    __m256i level = _mm256_sign_epi8(_mm256_shuffle_epi8(levels, code), q);
    return _mm256_madd_epi16(_mm256_maddubs_epi16(q_abs, level), _mm256_set1_epi16(1));
}

/* Sums of one block: 4 or 2 lines of 8 columns, for rows 0..7 and 8..15. */
static inline __attribute__((always_inline)) void block_qins4(__m256i levels, const uint8_t *line,
                                                              const int8_t *q, int n_lines,
                                                              size_t ahead, __m256i sum[2])
{
    const __m256i nibble = _mm256_set1_epi8(15);
    sum[0] = sum[1] = _mm256_setzero_si256();
#pragma GCC unroll 4
    for (int g = 0; g < n_lines; g++) {
        __m256i q_low = four_avx2(q + g * 8), q_high = four_avx2(q + g * 8 + 4);
        __m256i abs_low = _mm256_abs_epi8(q_low), abs_high = _mm256_abs_epi8(q_high);
        prefetch_line(line + g * 64, ahead);
#pragma GCC unroll 2
        for (int h = 0; h < 2; h++) {
            __m256i v = _mm256_loadu_si256((const void *)(line + g * 64 + h * 32));
            __m256i low = _mm256_and_si256(v, nibble);
            __m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble);
            __m256i both = _mm256_add_epi32(product_qins4(levels, low, q_low, abs_low),
                                            product_qins4(levels, high, q_high, abs_high));
            sum[h] = _mm256_add_epi32(sum[h], both);
        }
    }
}

/* Row groups [group, group + n), two streams from memory side by side. */
static inline __attribute__((always_inline)) void groups_qins4(const struct matrix *w,
                                                               uint32_t group, int n,
                                                               const struct activation *x, float *y,
                                                               int block)
{
    const int n_blocks = QINS4_COLS / block;
    const uint32_t tile_bytes = (uint32_t)(n_blocks * ROW_GROUP + QINS4_COLS * 8);
    const size_t group_bytes = (size_t)(w->cols_pad / QINS4_COLS) * tile_bytes;
    const uint8_t *tile = group_tiles(w, group);
    const __m256i levels = table_avx2(qins4_level);
    __m256 acc[2][2] = {{_mm256_setzero_ps(), _mm256_setzero_ps()},
                        {_mm256_setzero_ps(), _mm256_setzero_ps()}};
    for (uint32_t k = 0; k < w->cols_pad; k += QINS4_COLS, tile += tile_bytes) {
        const size_t ahead = early_distance(w, k, QINS4_COLS, tile_bytes, n);
        for (int i = 0; i < n; i++)
            prefetch_line(tile + i * group_bytes, ahead);
        for (int b = 0; b < n_blocks; b++) {
            const uint32_t col = k + (uint32_t)(b * block);
            const __m256 d = _mm256_set1_ps(x->scale[col / ACT_BLOCK]);
#pragma GCC unroll 2
            for (int i = 0; i < n; i++) {
                const uint8_t *at = tile + i * group_bytes;
                __m256i sum[2];
                block_qins4(levels, at + n_blocks * ROW_GROUP + b * block * 8, x->q + col,
                            block / 8, ahead, sum);
#pragma GCC unroll 2
                for (int h = 0; h < 2; h++) {
                    __m256 s = scales_qins4_avx2(at + b * ROW_GROUP + h * 8);
                    acc[i][h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[h]), _mm256_mul_ps(s, d),
                                                acc[i][h]);
                }
            }
        }
    }
    for (int i = 0; i < n; i++) {
        const float *base = w->row + (size_t)(group + (uint32_t)i) * ROW_GROUP;
        store_group_avx2(w, group + (uint32_t)i, y,
                         _mm256_mul_ps(acc[i][0], _mm256_loadu_ps(base)),
                         _mm256_mul_ps(acc[i][1], _mm256_loadu_ps(base + 8)));
    }
}

static inline __attribute__((always_inline)) void matvec_qins4(const struct matrix *w,
                                                               uint32_t group0, uint32_t group1,
                                                               const struct activation *x, float *y,
                                                               int block)
{
    for (; group0 + 2 <= group1; group0 += 2)
        groups_qins4(w, group0, 2, x, y, block);
    if (group0 < group1)
        groups_qins4(w, group0, 1, x, y, block);
}

static void matvec_qins4_avx2(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    matvec_qins4(w, group0, group1, x, y, 32);
}

static void matvec_qins4_16_avx2(const struct matrix *w, uint32_t group0, uint32_t group1,
                                 const struct activation *x, float *y)
{
    matvec_qins4(w, group0, group1, x, y, 16);
}

/* One line: rows [r0, r1) get 8 columns each. Interleaving the low and high nibbles' dwords puts
 * the 8 levels of a row side by side; unpack works within 128 bits, hence the order of rows. */
static inline void decode_line_qins4(const uint8_t *line, const float scale[ROW_GROUP], uint32_t r0,
                                     uint32_t r1, uint32_t n_cols, float *out, size_t ld)
{
    const __m128i nibble = _mm_set1_epi8(15), level = _mm_loadu_si128((const void *)qins4_level);
    uint64_t rows[ROW_GROUP]; /* 8 levels each */
    for (int i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const void *)(line + i * 16));
        __m128i low = _mm_shuffle_epi8(level, _mm_and_si128(v, nibble));
        __m128i high = _mm_shuffle_epi8(level, _mm_and_si128(_mm_srli_epi16(v, 4), nibble));
        _mm_storeu_si128((void *)(rows + i * 4), _mm_unpacklo_epi32(low, high));
        _mm_storeu_si128((void *)(rows + i * 4 + 2), _mm_unpackhi_epi32(low, high));
    }
    for (uint32_t r = r0; r < r1; r++, out += ld) {
        __m256i levels = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)(rows + r)));
        __m256 v = _mm256_mul_ps(_mm256_set1_ps(scale[r]), _mm256_cvtepi32_ps(levels));
        float some[8];
        if (n_cols >= 8) {
            _mm256_storeu_ps(out, v);
        } else {
            _mm256_storeu_ps(some, v);
            memcpy(out, some, n_cols * sizeof *out);
        }
    }
}

/* Rows [r0, r1) of one group. */
static void dequant_group_qins4(const struct matrix *w, uint32_t group, uint32_t r0, uint32_t r1,
                                float *out)
{
    const uint32_t block = w->format == FORMAT_QINS4 ? 32 : 16, n_blocks = QINS4_COLS / block;
    const float *base = w->row + (size_t)group * ROW_GROUP;
    const uint8_t *tile = group_tiles(w, group);
    for (uint32_t k = 0; k < w->cols; k += QINS4_COLS) {
        const uint8_t *codes = tile + n_blocks * ROW_GROUP;
        float scale[ROW_GROUP];
        for (uint32_t g = 0; g < QINS4_COLS / 8 && k + g * 8 < w->cols; g++) {
            const uint8_t *s = tile + g * 8 / block * ROW_GROUP;
            for (int h = 0; h < ROW_GROUP && g * 8 % block == 0; h += 8)
                _mm256_storeu_ps(scale + h,
                                 _mm256_mul_ps(_mm256_loadu_ps(base + h), scales_qins4_avx2(s + h)));
            decode_line_qins4(codes + g * 64, scale, r0, r1, w->cols - k - g * 8, out + k + g * 8,
                              w->cols);
        }
        tile = codes + QINS4_COLS * 8;
    }
}

typedef void dequant_group_fn(const struct matrix *w, uint32_t group, uint32_t r0, uint32_t r1,
                              float *out);

/* Cuts rows [row0, row1) at the borders of half row groups: eight rows that lie a multiple of 4 KiB
 * apart fit the ways of a first-level cache, sixteen do not. */
static void dequant_groups(const struct matrix *w, uint32_t row0, uint32_t row1, float *out,
                           dequant_group_fn *decode)
{
    while (row0 < row1) {
        uint32_t r0 = row0 % ROW_GROUP, r1 = (r0 / 8 + 1) * 8;
        if (r1 - r0 > row1 - row0)
            r1 = r0 + row1 - row0;
        decode(w, row0 / ROW_GROUP, r0, r1, out);
        out += (size_t)(r1 - r0) * w->cols;
        row0 += r1 - r0;
    }
}

static void dequant_qins4_avx2(const struct matrix *w, uint32_t row0, uint32_t row1, float *out)
{
    dequant_groups(w, row0, row1, out, dequant_group_qins4);
}

/* ---- QINS8 --------------------------------------------------------------------------------------
 */

/* 255 x 127 fits 16 bits, two of them do not: even and odd columns apart. */
static inline __m256i product_qins8(const struct qins8_tables *t, __m256i v, __m256i q)
{
    const __m256i even = _mm256_set1_epi16(255), one = _mm256_set1_epi16(1);
    __m256i m = magnitudes_qins8(t, v);
    __m256i signed_q = _mm256_sign_epi8(q, _mm256_or_si256(v, _mm256_set1_epi8(1)));
    __m256i a = _mm256_maddubs_epi16(_mm256_and_si256(m, even), signed_q);
    __m256i b = _mm256_maddubs_epi16(_mm256_andnot_si256(even, m), signed_q);
    return _mm256_add_epi32(_mm256_madd_epi16(a, one), _mm256_madd_epi16(b, one));
}

static void matvec_qins8_avx2(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    const struct qins8_tables t = qins8_tables_avx2();
    for (uint32_t group = group0; group < group1; group++) {
        const uint8_t *line = group_tiles(w, group);
        __m256 acc[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
        for (uint32_t k = 0; k < w->cols_pad; k += ACT_BLOCK) {
            __m256i sum[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
            for (uint32_t g = 0; g < ACT_BLOCK; g += 4, line += 64) {
                __m256i q = four_avx2(x->q + k + g);
                prefetch_line(line, AHEAD);
                for (int h = 0; h < 2; h++) {
                    __m256i v = _mm256_loadu_si256((const void *)(line + h * 32));
                    sum[h] = _mm256_add_epi32(sum[h], product_qins8(&t, v, q));
                }
            }
            for (int h = 0; h < 2; h++)
                acc[h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[h]),
                                         _mm256_set1_ps(x->scale[k / ACT_BLOCK]), acc[h]);
        }
        const float *base = w->row + (size_t)group * ROW_GROUP;
        for (int h = 0; h < 2; h++)
            acc[h] = _mm256_mul_ps(
                acc[h], _mm256_div_ps(_mm256_loadu_ps(base + h * 8), _mm256_set1_ps(255)));
        store_group_avx2(w, group, y, acc[0], acc[1]);
    }
}

/* The 8 bytes of row r in two neighbouring lines. */
static inline __m128i eight_bytes(const uint8_t *line, uint32_t r)
{
    int32_t first, second;
    memcpy(&first, line + r * 4, 4);
    memcpy(&second, line + 64 + r * 4, 4);
    return _mm_insert_epi32(_mm_cvtsi32_si128(first), second, 1);
}

static inline void store_some(float *out, __m256 v, uint32_t n)
{
    float some[8];
    if (n >= 8) {
        _mm256_storeu_ps(out, v);
    } else {
        _mm256_storeu_ps(some, v);
        memcpy(out, some, n * sizeof *out);
    }
}

static void dequant_group_qins8(const struct matrix *w, uint32_t group, uint32_t r0, uint32_t r1,
                                float *out)
{
    const uint8_t *line = group_tiles(w, group);
    for (uint32_t k = 0; k < w->cols; k += 8, line += 128)
        for (uint32_t r = r0; r < r1; r++) {
            __m256i code = _mm256_cvtepu8_epi32(eight_bytes(line, r));
            __m256i c = _mm256_and_si256(code, _mm256_set1_epi32(127));
            __m256 v = _mm256_mul_ps(_mm256_set1_ps(w->row[group * ROW_GROUP + r]),
                                     _mm256_i32gather_ps(qins8_value, c, 4));
            __m256i sign = _mm256_slli_epi32(_mm256_srli_epi32(code, 7), 31);
            v = _mm256_xor_ps(v, _mm256_castsi256_ps(sign));
            store_some(out + (size_t)(r - r0) * w->cols + k, v, w->cols - k);
        }
}

static void dequant_qins8_avx2(const struct matrix *w, uint32_t row0, uint32_t row1, float *out)
{
    dequant_groups(w, row0, row1, out, dequant_group_qins8);
}

/* ---- QINS9 --------------------------------------------------------------------------------------
 */

struct qins9_range {
    __m256 log_min[2], step[2]; /* of rows 0..7 and 8..15 */
};

static struct qins9_range range_qins9(const struct matrix *w, uint32_t group)
{
    struct qins9_range range;
    for (int h = 0; h < 2; h++) {
        __m256 low = _mm256_set1_ps(w->log_min), high = _mm256_set1_ps(w->log_max);
        if (w->format == FORMAT_QINS9ROW) {
            const float *row = w->row + (size_t)group * ROW_GROUP + h * 8;
            low = _mm256_loadu_ps(row);
            high = _mm256_loadu_ps(row + w->rows_pad);
        }
        range.log_min[h] = low;
        range.step[h] = _mm256_div_ps(_mm256_sub_ps(high, low), _mm256_set1_ps(254));
    }
    return range;
}

/* Column j of a line, 8 rows: sign x exp(log_min + (255 - stored) x step); 0 where stored is 0. */
static inline __attribute__((always_inline)) __m256 values_qins9(__m256i v, uint32_t signs, int j,
                                                                 __m256 log_min, __m256 step)
{
    const __m256i at = _mm256_setr_epi32(31, 27, 23, 19, 15, 11, 7, 3); /* bit 4 r -> bit 31 */
    __m256i stored = _mm256_and_si256(_mm256_srli_epi32(v, j * 8), _mm256_set1_epi32(255));
    __m256 t = _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_set1_epi32(255), stored));
    __m256 value = exp_avx2(_mm256_fmadd_ps(t, step, log_min));
    __m256i zero = _mm256_cmpeq_epi32(stored, _mm256_setzero_si256());
    __m256i sign = _mm256_sllv_epi32(_mm256_set1_epi32((int32_t)(signs >> j)), at);
    value = _mm256_andnot_ps(_mm256_castsi256_ps(zero), value);
    sign = _mm256_and_si256(sign, _mm256_set1_epi32(INT32_MIN));
    return _mm256_xor_ps(value, _mm256_castsi256_ps(sign));
}

static void matvec_qins9_avx2(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    for (uint32_t group = group0; group < group1; group++) {
        const uint8_t *tile = group_tiles(w, group);
        struct qins9_range range = range_qins9(w, group);
        __m256 acc[2][4];
        for (int i = 0; i < 8; i++)
            acc[i / 4][i % 4] = _mm256_setzero_ps();
        for (uint32_t k = 0; k < w->cols; k += 4) {
            const uint8_t *at = tile + (size_t)(k / QINS9_COLS) * 576;
            uint32_t g = k % QINS9_COLS / 4, n = w->cols - k < 4 ? w->cols - k : 4, signs[2];
            float four[4] = {0};
            memcpy(four, x->x + k, n * sizeof *four);
            memcpy(signs, at + QINS9_SIGNS + g * 8, 8);
            for (int h = 0; h < 2; h++) {
                __m256i v = _mm256_loadu_si256((const void *)(at + g * 64 + h * 32));
#pragma GCC unroll 4
                for (int j = 0; j < 4; j++)
                    acc[h][j] = _mm256_fmadd_ps(
                        values_qins9(v, signs[h], j, range.log_min[h], range.step[h]),
                        _mm256_set1_ps(four[j]), acc[h][j]);
            }
        }
        __m256 sum[2];
        for (int h = 0; h < 2; h++)
            sum[h] = _mm256_add_ps(_mm256_add_ps(acc[h][0], acc[h][1]),
                                   _mm256_add_ps(acc[h][2], acc[h][3]));
        store_group_avx2(w, group, y, sum[0], sum[1]);
    }
}

static void dequant_group_qins9(const struct matrix *w, const float table[256], uint32_t row,
                                float *out)
{
    const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    uint32_t r = row % ROW_GROUP;
    for (uint32_t k = 0; k < w->cols; k += 8) {
        const uint8_t *tile = group_tiles(w, row / ROW_GROUP) + (size_t)(k / QINS9_COLS) * 576;
        uint32_t g = k % QINS9_COLS / 4;
        const uint8_t *mask = tile + QINS9_SIGNS + g * 8 + r / 2;
        int signs = (mask[0] >> r % 2 * 4 & 15) | (mask[8] >> r % 2 * 4 & 15) << 4;
        __m256i stored = _mm256_cvtepu8_epi32(eight_bytes(tile + g * 64, r));
        __m256i negative = _mm256_and_si256(_mm256_set1_epi32(signs), bits);
        negative = _mm256_slli_epi32(_mm256_cmpeq_epi32(negative, bits), 31);
        __m256 v = _mm256_i32gather_ps(table, stored, 4);
        v = _mm256_xor_ps(v, _mm256_castsi256_ps(negative));
        store_some(out + k, v, w->cols - k);
    }
}

static void dequant_qins9_avx2(const struct matrix *w, uint32_t row0, uint32_t row1, float *out)
{
    struct decoder d;
    decoder_init(&d, w);
    for (uint32_t row = row0; row < row1; row++, out += w->cols) {
        decoder_row(&d, row);
        dequant_group_qins9(w, d.table, row, out);
    }
}

void kernels_avx2_matrix(struct kernels *k)
{
    k->matvec[FORMAT_F32] = matvec_f32_avx2;
    k->matvec[FORMAT_BF16] = matvec_bf16_avx2;
    k->matvec[FORMAT_QINS9] = k->matvec[FORMAT_QINS9ROW] = matvec_qins9_avx2;
    k->matvec[FORMAT_QINS8] = matvec_qins8_avx2;
    k->matvec[FORMAT_QINS4] = matvec_qins4_avx2;
    k->matvec[FORMAT_QINS4_16] = matvec_qins4_16_avx2;
    k->dequant[FORMAT_BF16] = dequant_bf16_avx2;
    k->dequant[FORMAT_QINS9] = k->dequant[FORMAT_QINS9ROW] = dequant_qins9_avx2;
    k->dequant[FORMAT_QINS8] = dequant_qins8_avx2;
    k->dequant[FORMAT_QINS4] = k->dequant[FORMAT_QINS4_16] = dequant_qins4_avx2;
}
