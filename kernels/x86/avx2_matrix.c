/* SPDX-License-Identifier: MIT
 *
 * AVX2: matrix times vector, and decoding. In a tile's line a 32-bit lane is a row, so that the
 * products of a row gather in its lane and nothing is ever summed across lanes.
 */
#include "x86/avx2.h"
#include "x86/prefetch.h"

/* ---- row-major formats ---------------------------------------------------------------- */

/* Rows [row, row + n): n streams from memory side by side. */
static inline __attribute__((always_inline)) void rows_avx2(const struct matrix *w, uint32_t row,
                                                            const int n, const bool twice,
                                                            const uint32_t apart, const float *x,
                                                            float *y, enum element e)
{
    const size_t row_bytes = (size_t)w->cols * (e == ELEMENT_F32 ? 4 : 2);
    const size_t stream_bytes = row_bytes * apart;
    const uint8_t *data = (const uint8_t *)w->data + row * row_bytes;
    const uint32_t whole = w->cols / LANES * LANES;
    __m256 low[4], high[4];
    for (int r = 0; r < n; r++)
        low[r] = high[r] = _mm256_setzero_ps();
    for (uint32_t i = 0; i < whole; i += LANES) {
        const __m256 a = _mm256_loadu_ps(x + i), b = _mm256_loadu_ps(x + i + 8);
        const size_t at = (size_t)i * (e == ELEMENT_F32 ? 4 : 2);
        const size_t jump =
            apart > 1 || at + w->read.ahead < row_bytes ? 0 : (size_t)(n - 1) * row_bytes;
#pragma GCC unroll 4
        for (int r = 0; r < n; r++) {
            const uint8_t *in = data + r * stream_bytes;
            prefetch_planned(in + at, w->read.ahead + jump, twice);
            low[r] = _mm256_fmadd_ps(a, load_avx2(in, i, e), low[r]);
            high[r] = _mm256_fmadd_ps(b, load_avx2(in, i + 8, e), high[r]);
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < n; r++) {
        float lane[LANES];
        _mm256_storeu_ps(lane, low[r]);
        _mm256_storeu_ps(lane + 8, high[r]);
        for (uint32_t i = whole; i < w->cols; i++)
            lane[i - whole] = fmaf(x[i], load_one(data + r * stream_bytes, i, e), lane[i - whole]);
        y[row + (uint32_t)r * apart] = sum_lanes(lane);
    }
}

static inline __attribute__((always_inline)) void matvec_rows(const struct matrix *w,
                                                              uint32_t group0, uint32_t group1,
                                                              uint32_t apart, const float *x,
                                                              float *y, enum element e)
{
    uint32_t row = group0 * ROW_GROUP, end = group1 * ROW_GROUP;
    if (end > w->rows)
        end = w->rows;
    READ_BY_PLAN(rows_avx2, w, row, end, apart > 1 ? apart * ROW_GROUP : 1, x, y, e);
}

static void matvec_far_f32_avx2(const struct matrix *w, uint32_t group0, uint32_t group1,
                                uint32_t apart, const struct activation *x, float *y)
{
    matvec_rows(w, group0, group1, apart, x->x, y, ELEMENT_F32);
}

static void matvec_f32_avx2(const struct matrix *w, uint32_t group0, uint32_t group1,
                            const struct activation *x, float *y)
{
    matvec_rows(w, group0, group1, 1, x->x, y, ELEMENT_F32);
}

static void matvec_far_bf16_avx2(const struct matrix *w, uint32_t group0, uint32_t group1,
                                 uint32_t apart, const struct activation *x, float *y)
{
    matvec_rows(w, group0, group1, apart, x->x, y, ELEMENT_BF16);
}

static void matvec_bf16_avx2(const struct matrix *w, uint32_t group0, uint32_t group1,
                             const struct activation *x, float *y)
{
    matvec_rows(w, group0, group1, 1, x->x, y, ELEMENT_BF16);
}

static void dequant_bf16_avx2(const struct matrix *w, uint32_t row0, uint32_t row1, float *out)
{
    size_t first = (size_t)row0 * w->cols, n = (size_t)(row1 - row0) * w->cols, i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(out + i, load_avx2(w->data, first + i, ELEMENT_BF16));
    for (; i < n; i++)
        out[i] = load_one(w->data, first + i, ELEMENT_BF16);
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

/* ---- formats with blocks -------------------------------------------------------------- */

/* Eight columns of a unit, from column 8 pair on: rows [r0, r1). Interleaving the dwords of two
 * fours puts the 8 levels of a row side by side; unpack works within 128 bits, hence the order of
 * rows. */
static inline __attribute__((always_inline)) void
decode_pair(const __m256i level, const uint8_t *unit, const int pair, const uint32_t bits,
            const float scale[ROW_GROUP], uint32_t r0, uint32_t r1, uint32_t n_cols, float *out,
            size_t ld)
{
    uint64_t rows[ROW_GROUP]; /* 8 levels each */
    for (int h = 0; h < 2; h++) {
        __m256i a = _mm256_shuffle_epi8(level, codes_avx2(unit + h * 32, 2 * pair, bits));
        __m256i b = _mm256_shuffle_epi8(level, codes_avx2(unit + h * 32, 2 * pair + 1, bits));
        __m256i low = _mm256_unpacklo_epi32(a, b), high = _mm256_unpackhi_epi32(a, b);
        _mm256_storeu_si256((void *)(rows + h * 8), _mm256_permute2x128_si256(low, high, 0x20));
        _mm256_storeu_si256((void *)(rows + h * 8 + 4), _mm256_permute2x128_si256(low, high, 0x31));
    }
    for (uint32_t r = r0; r < r1; r++, out += ld) {
        __m256i levels = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)(rows + r)));
        __m256 v = _mm256_mul_ps(_mm256_set1_ps(scale[r]), _mm256_cvtepi32_ps(levels));
        store_some(out, v, n_cols);
    }
}

/* Rows [r0, r1) of one group. */
static inline __attribute__((always_inline)) void
dequant_group(const struct matrix *w, uint32_t group, uint32_t r0, uint32_t r1, float *out,
              const uint32_t block, const uint32_t bits)
{
    const uint32_t n_blocks = BLOCK_COLS / block;
    const __m256i level = levels_avx2(bits);
    const float *base = w->row + (size_t)group * ROW_GROUP;
    const struct qins4_scales tables = tables_qins4_scales();
    const __m256 b[2] = {_mm256_loadu_ps(base), _mm256_loadu_ps(base + 8)};
    const uint8_t *tile = group_tiles(w, group);
    for (uint32_t k = 0; k < w->cols; k += BLOCK_COLS) {
        float scale[BLOCK_COLS / 16][ROW_GROUP];
        for (uint32_t i = 0; i < n_blocks; i += 2) {
            __m256 s[4];
            scales_qins4(&tables, tile + i * ROW_GROUP, s);
            for (int h = 0; h < 4; h++)
                _mm256_storeu_ps(scale[i] + h * 8, _mm256_mul_ps(b[h % 2], s[h]));
        }
        tile += n_blocks * ROW_GROUP;
        for (uint32_t u = 0; u < BLOCK_COLS / 32; u++, tile += unit_bytes(bits))
#pragma GCC unroll 4
            for (int pair = 0; pair < 4; pair++) {
                const uint32_t in_tile = u * 32 + (uint32_t)pair * 8, col = k + in_tile;
                if (col < w->cols)
                    decode_pair(level, tile, pair, bits, scale[in_tile / block], r0, r1,
                                w->cols - col, out + col, w->cols);
            }
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

#define DEQUANT(name, block, bits)                                                                 \
    static void dequant_group_##name(const struct matrix *w, uint32_t group, uint32_t r0,          \
                                     uint32_t r1, float *out)                                      \
    {                                                                                              \
        dequant_group(w, group, r0, r1, out, block, bits);                                         \
    }                                                                                              \
    static void dequant_##name##_avx2(const struct matrix *w, uint32_t row0, uint32_t row1,        \
                                      float *out)                                                  \
    {                                                                                              \
        dequant_groups(w, row0, row1, out, dequant_group_##name);                                  \
    }

BLOCK_FORMATS(DEQUANT)

/* ---- QINS8 ---------------------------------------------------------------------------- */

/* The 8 bytes of row r in two neighbouring lines. */
static inline __m128i eight_bytes(const uint8_t *line, uint32_t r)
{
    int32_t first, second;
    memcpy(&first, line + r * 4, 4);
    memcpy(&second, line + 64 + r * 4, 4);
    return _mm_insert_epi32(_mm_cvtsi32_si128(first), second, 1);
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

/* ---- QINS9 ---------------------------------------------------------------------------- */

/* Values of all codes in one range: exp(log_min + (255 - stored) x step), 0 where stored is 0. */
static void table_qins9(float table[256], float log_min, float log_max)
{
    const __m256 low = _mm256_set1_ps(log_min), step = _mm256_set1_ps((log_max - log_min) / 254);
    __m256 t = _mm256_setr_ps(255, 254, 253, 252, 251, 250, 249, 248);
    for (int s = 0; s < 256; s += 8, t = _mm256_sub_ps(t, _mm256_set1_ps(8)))
        _mm256_storeu_ps(table + s, exp_avx2(_mm256_fmadd_ps(t, step, low)));
    table[0] = 0;
}

/* Four columns of a row. Loads, not a gather: that is slow on AMD, and on Intel where its leaks are
 * closed. */
static inline __m128 four_qins9(const float table[256], const uint8_t *codes)
{
    uint32_t c;
    memcpy(&c, codes, sizeof c);
    return _mm_setr_ps(table[c & 255], table[c >> 8 & 255], table[c >> 16 & 255], table[c >> 24]);
}

/* Four columns of 8 rows: sum i gets rows 2i and 2i + 1, a lane a column. Rows are `stride` floats
 * apart in the table. */
static inline __attribute__((always_inline)) void line_qins9(const float *table, uint32_t stride,
                                                             const uint8_t *line,
                                                             const uint8_t *signs, const float x[4],
                                                             __m256 sum[4])
{
    const __m256i bits = _mm256_setr_epi32(31, 30, 29, 28, 27, 26, 25, 24);
    const __m256 four = _mm256_broadcast_ps((const void *)x);
    int32_t mask;
    memcpy(&mask, signs, sizeof mask);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        __m256 v = _mm256_set_m128(four_qins9(table + (2 * i + 1) * stride, line + i * 8 + 4),
                                   four_qins9(table + 2 * i * stride, line + i * 8));
        __m256i sign = _mm256_sllv_epi32(_mm256_set1_epi32(mask),
                                         _mm256_sub_epi32(bits, _mm256_set1_epi32(i * 8)));
        sign = _mm256_and_si256(sign, _mm256_set1_epi32(INT32_MIN));
        sum[i] = _mm256_fmadd_ps(_mm256_xor_ps(v, _mm256_castsi256_ps(sign)), four, sum[i]);
    }
}

/* Half a row group: rows [r, r + 8), r 0 or 8. */
static inline __attribute__((always_inline)) void half_qins9(const struct matrix *w, uint32_t group,
                                                             uint32_t r, const float *table,
                                                             uint32_t stride, const float *x,
                                                             float y[8])
{
    const uint8_t *tile = group_tiles(w, group);
    __m256 sum[4];
    for (int i = 0; i < 4; i++)
        sum[i] = _mm256_setzero_ps();
    for (uint32_t k = 0; k < w->cols; k += 4) {
        const uint8_t *at = tile + (size_t)(k / QINS9_COLS) * 576;
        const uint32_t g = k % QINS9_COLS / 4;
        const float *four = x + k;
        float last[4] = {0};
        if (w->cols - k < 4) {
            memcpy(last, x + k, (w->cols - k) * sizeof *last);
            four = last;
        }
        if (r == 0)
            prefetch_line(at + g * 64, AHEAD);
        if (r == 0 && g == 0)
            prefetch_line(at + QINS9_SIGNS, AHEAD);
        line_qins9(table, stride, at + g * 64 + r * 4, at + QINS9_SIGNS + g * 8 + r / 2, four, sum);
    }
    for (int i = 0; i < 8; i++) {
        float s[8];
        _mm256_storeu_ps(s, sum[i / 2]);
        y[i] = (s[i % 2 * 4] + s[i % 2 * 4 + 1]) + (s[i % 2 * 4 + 2] + s[i % 2 * 4 + 3]);
    }
}

static void matvec_qins9_avx2(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    float table[256];
    table_qins9(table, w->log_min, w->log_max);
    for (uint32_t group = group0; group < group1; group++) {
        float rows[ROW_GROUP];
        half_qins9(w, group, 0, table, 0, x->x, rows);
        half_qins9(w, group, 8, table, 0, x->x, rows + 8);
        memcpy(y + (size_t)group * ROW_GROUP, rows, group_rows(w, group) * sizeof *y);
    }
}

static void matvec_qins9row_avx2(const struct matrix *w, uint32_t group0, uint32_t group1,
                                 const struct activation *x, float *y)
{
    for (uint32_t group = group0; group < group1; group++) {
        float table[8][256], rows[ROW_GROUP];
        for (uint32_t r = 0; r < ROW_GROUP; r += 8) {
            const float *range = w->row + (size_t)group * ROW_GROUP + r;
            for (uint32_t i = 0; i < 8; i++)
                table_qins9(table[i], range[i], range[w->rows_pad + i]);
            half_qins9(w, group, r, table[0], 256, x->x, rows + r);
        }
        memcpy(y + (size_t)group * ROW_GROUP, rows, group_rows(w, group) * sizeof *y);
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
    k->reads_plans = true;
    k->matvec[FORMAT_F32] = matvec_f32_avx2;
    k->matvec_far[FORMAT_F32] = matvec_far_f32_avx2;
    k->matvec[FORMAT_BF16] = matvec_bf16_avx2;
    k->matvec_far[FORMAT_BF16] = matvec_far_bf16_avx2;
    k->matvec[FORMAT_QINS9] = matvec_qins9_avx2;
    k->matvec[FORMAT_QINS9ROW] = matvec_qins9row_avx2;
    k->dequant[FORMAT_BF16] = dequant_bf16_avx2;
    k->dequant[FORMAT_QINS9] = k->dequant[FORMAT_QINS9ROW] = dequant_qins9_avx2;
    k->dequant[FORMAT_QINS8] = dequant_qins8_avx2;
    k->dequant[FORMAT_QINS4] = dequant_qins4_avx2;
    k->dequant[FORMAT_QINS4_16] = dequant_qins4_16_avx2;
    k->dequant[FORMAT_QINS3] = dequant_qins3_avx2;
    k->dequant[FORMAT_QINS2] = dequant_qins2_avx2;
}
