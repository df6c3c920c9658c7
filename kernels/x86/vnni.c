/* SPDX-License-Identifier: MIT
 *
 * AVX-512 VNNI and VBMI: the integer matvec_batch. dpbusd multiplies 64 unsigned by 64 signed bytes
 * and adds them in fours, one row a lane. Up to four row groups go side by side, as a plan says.
 */
#include "x86/vnni_blocks.h"

enum { STREAMS = 4 }; /* at most */

static inline void store_group(const struct matrix *w, uint32_t group, float *y, __m512 v)
{
    uint32_t n = group_rows(w, group);
    __mmask16 m = n == ROW_GROUP ? 0xffff : (__mmask16)((1u << n) - 1);
    _mm512_mask_storeu_ps(y + (size_t)group * ROW_GROUP, m, v);
}

/* ---- formats with blocks -------------------------------------------------------------- */

/* Sum of one block, which begins at column 4 first of its unit. */
static inline __attribute__((always_inline)) __m512i
block_sum(__m512i levels, const uint8_t *unit, const int first, const int8_t *q, int32_t q_sum,
          const int block, const uint32_t bits, size_t ahead, const bool twice)
{
    __m512i sum = _mm512_set1_epi32(-128 * q_sum), sum2 = _mm512_setzero_si512();
#pragma GCC unroll 8
    for (int i = 0; i < block / 4; i += 2) {
        prefetch_codes_planned(unit, first + i, bits, ahead, twice);
        sum = _mm512_dpbusd_epi32(sum, weights_vnni(levels, unit, first + i, bits),
                                  four_vnni(q + i * 4));
        sum2 = _mm512_dpbusd_epi32(sum2, weights_vnni(levels, unit, first + i + 1, bits),
                                   four_vnni(q + i * 4 + 4));
    }
    return _mm512_add_epi32(sum, sum2);
}

/* Row groups [group, group + n). */
static inline __attribute__((always_inline)) void
groups_blocks(const struct matrix *w, uint32_t group, const int n, const bool twice,
              const uint32_t apart, const struct activation *x, float *y, const int block,
              const uint32_t bits)
{
    const uint32_t n_scales = (uint32_t)(BLOCK_COLS / block * ROW_GROUP);
    const uint32_t tile_bytes = n_scales + BLOCK_COLS * bits * 2;
    const size_t group_bytes = (size_t)(w->cols_pad / BLOCK_COLS) * tile_bytes;
    const size_t stream_bytes = group_bytes * apart;
    const uint8_t *tile = (const uint8_t *)w->data + group * group_bytes;
    const __m512i levels = biased_levels(bits);
    __m512 acc[STREAMS];
    for (int i = 0; i < n; i++)
        acc[i] = _mm512_setzero_ps();
    for (uint32_t k = 0; k < w->cols_pad; k += BLOCK_COLS, tile += tile_bytes) {
        const size_t ahead = early_distance(w, k, BLOCK_COLS, tile_bytes, n, apart);
#pragma GCC unroll 4
        for (int i = 0; i < n; i++) {
            prefetch_planned(tile + i * stream_bytes, ahead, twice);
            if (block == 16)
                prefetch_planned(tile + i * stream_bytes + 64, ahead, twice);
        }
        for (uint32_t u = 0; u < BLOCK_COLS / 32; u++)
#pragma GCC unroll 2
            for (int b = 0; b < 32 / block; b++) {
                const uint32_t in_tile = u * 32 + (uint32_t)(b * block), col = k + in_tile;
                const int32_t *sums = x->sum + col / 16;
                const int32_t q_sum = block == 32 ? sums[0] + sums[1] : sums[0];
                const __m512 d = _mm512_set1_ps(x->scale[col / ACT_BLOCK]);
#pragma GCC unroll 4
                for (int i = 0; i < n; i++) {
                    const uint8_t *at = tile + i * stream_bytes;
                    __m512i sum =
                        block_sum(levels, at + n_scales + u * unit_bytes(bits), b * block / 4,
                                  x->q + col, q_sum, block, bits, ahead, twice);
                    __m512 s = scales_vnni(at + in_tile / (uint32_t)block * ROW_GROUP);
                    acc[i] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), _mm512_mul_ps(s, d), acc[i]);
                }
            }
    }
    for (int i = 0; i < n; i++) {
        uint32_t to = group + (uint32_t)i * apart;
        __m512 base = _mm512_loadu_ps(w->row + (size_t)to * ROW_GROUP);
        store_group(w, to, y, _mm512_mul_ps(acc[i], base));
    }
}

static inline __attribute__((always_inline)) void
matvec_blocks(const struct matrix *w, uint32_t group0, uint32_t group1, uint32_t apart,
              const struct activation *x, float *y, const int block, const uint32_t bits)
{
    READ_BY_PLAN(groups_blocks, w, group0, group1, apart, x, y, block, bits);
}

#define MATVEC(name, block, bits) BLOCK_MATVEC_FAR(name, vnni, block, bits)
BLOCK_FORMATS(MATVEC)

/* ---- QINS8 ---------------------------------------------------------------------------- */

/* One line: the magnitude by a lookup that ignores bit 7, and that bit's sign onto both parts of
 * the activation. */
static inline void line_qins8(__m512i sum[2], const uint8_t *line, const struct activation *x,
                              uint32_t k, __m512i table0, __m512i table1, size_t ahead,
                              const bool twice)
{
    const __m512i v = _mm512_loadu_si512(line), zero = _mm512_setzero_si512();
    const __m512i magnitude = _mm512_permutex2var_epi8(table0, v, table1);
    const __mmask64 negative = _mm512_movepi8_mask(v);
    __m512i high = four_vnni(x->q + k), low = four_vnni(x->low + k);
    prefetch_planned(line, ahead, twice);
    high = _mm512_mask_sub_epi8(high, negative, zero, high);
    low = _mm512_mask_sub_epi8(low, negative, zero, low);
    sum[0] = _mm512_dpbusd_epi32(sum[0], magnitude, high);
    sum[1] = _mm512_dpbusd_epi32(sum[1], magnitude, low);
}

static inline __attribute__((always_inline)) void
groups_qins8(const struct matrix *w, uint32_t group, const int n, const bool twice,
             const uint32_t apart, const struct activation *x, float *y)
{
    const size_t group_bytes = (size_t)w->cols_pad * ROW_GROUP;
    const size_t stream_bytes = group_bytes * apart;
    const uint8_t *line = (const uint8_t *)w->data + group * group_bytes;
    const __m512i table0 = _mm512_loadu_si512(qins8_magnitude);
    const __m512i table1 = _mm512_loadu_si512(qins8_magnitude + 64);
    __m512 acc[STREAMS];
    for (int i = 0; i < n; i++)
        acc[i] = _mm512_setzero_ps();
    for (uint32_t k = 0; k < w->cols_pad; k += ACT_BLOCK, line += ACT_BLOCK * ROW_GROUP) {
        const __m512 d = _mm512_set1_ps(x->scale[k / ACT_BLOCK]);
        const size_t ahead = early_distance(w, k, ACT_BLOCK, ACT_BLOCK * ROW_GROUP, n, apart);
#pragma GCC unroll 4
        for (int i = 0; i < n; i++) {
            __m512i sum[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
#pragma GCC unroll 8
            for (uint32_t g = 0; g < 8; g++)
                line_qins8(sum, line + i * stream_bytes + g * 64, x, k + g * 4, table0, table1,
                           ahead, twice);
            sum[0] = _mm512_add_epi32(_mm512_slli_epi32(sum[0], 7), sum[1]);
            acc[i] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[0]), d, acc[i]);
        }
    }
    for (int i = 0; i < n; i++) {
        uint32_t to = group + (uint32_t)i * apart;
        __m512 base = _mm512_loadu_ps(w->row + (size_t)to * ROW_GROUP);
        store_group(w, to, y,
                    _mm512_mul_ps(acc[i], _mm512_div_ps(base, _mm512_set1_ps(QINS8_UNITS))));
    }
}

static void matvec_far_qins8_vnni(const struct matrix *w, uint32_t group0, uint32_t group1,
                                  uint32_t apart, const struct activation *x, float *y)
{
    READ_BY_PLAN(groups_qins8, w, group0, group1, apart, x, y);
}

static void matvec_qins8_vnni(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    matvec_far_qins8_vnni(w, group0, group1, 1, x, y);
}

/* ---- QINS9 ---------------------------------------------------------------------------- */

/* The value of each stored code, byte by byte: byte i of value c is piece[i][c / 64] at c % 64. */
struct qins9_values {
    __m512i piece[4][4];
};

static struct qins9_values values_qins9(const struct matrix *w)
{
    struct qins9_values t;
    uint8_t bytes[4][256];
    const float step = (w->log_max - w->log_min) / 254;
    for (int c = 0; c < 256; c++) {
        uint32_t bits = c ? float_bits(exp_f32(fmaf((float)(255 - c), step, w->log_min))) : 0;
        for (int i = 0; i < 4; i++)
            bytes[i][c] = (uint8_t)(bits >> 8 * i);
    }
    for (int i = 0; i < 16; i++)
        t.piece[i / 4][i % 4] = _mm512_loadu_si512(bytes[i / 4] + i % 4 * 64);
    return t;
}

/* One byte of 64 values. The lookups take the low 7 bits of a code; bit 7 chooses between them. */
static inline __m512i lookup_qins9(const __m512i piece[4], __m512i code, __mmask64 high)
{
    __m512i a = _mm512_permutex2var_epi8(piece[0], code, piece[1]);
    return _mm512_mask_mov_epi8(a, high, _mm512_permutex2var_epi8(piece[2], code, piece[3]));
}

/* One line: interleaving the four bytes makes 128-bit lane i of sum r row 4i + r, a float a column.
 */
static inline void line_qins9(const struct qins9_values *t, const uint8_t *line,
                              const uint8_t *sign_mask, __m512 x, __m512 sum[4])
{
    __mmask64 negative;
    memcpy(&negative, sign_mask, sizeof negative);
    __m512i code = _mm512_loadu_si512(line), b[4];
    const __mmask64 high = _mm512_movepi8_mask(code);
    for (int i = 0; i < 4; i++)
        b[i] = lookup_qins9(t->piece[i], code, high);
    b[3] = _mm512_or_si512(b[3], _mm512_maskz_set1_epi8(negative, (char)0x80));
    __m512i low0 = _mm512_unpacklo_epi8(b[0], b[1]), low1 = _mm512_unpackhi_epi8(b[0], b[1]);
    __m512i top0 = _mm512_unpacklo_epi8(b[2], b[3]), top1 = _mm512_unpackhi_epi8(b[2], b[3]);
    sum[0] = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_unpacklo_epi16(low0, top0)), x, sum[0]);
    sum[1] = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_unpackhi_epi16(low0, top0)), x, sum[1]);
    sum[2] = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_unpacklo_epi16(low1, top1)), x, sum[2]);
    sum[3] = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_unpackhi_epi16(low1, top1)), x, sum[3]);
}

/* (s0 + s1) + (s2 + s3) of each row, s_j the sum of the columns j mod 4. */
static inline void store_qins9(const struct matrix *w, uint32_t group, float *y,
                               const __m512 sum[4])
{
    float four[4][16], rows[ROW_GROUP];
    for (int r = 0; r < 4; r++)
        _mm512_storeu_ps(four[r], sum[r]);
    for (int r = 0; r < ROW_GROUP; r++) {
        const float *s = four[r % 4] + r / 4 * 4;
        rows[r] = (s[0] + s[1]) + (s[2] + s[3]);
    }
    store_group(w, group, y, _mm512_loadu_ps(rows));
}

static void matvec_qins9_vnni(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    const struct qins9_values t = values_qins9(w);
    for (uint32_t group = group0; group < group1; group++) {
        const uint8_t *tile = group_tiles(w, group);
        __m512 sum[4];
        for (int r = 0; r < 4; r++)
            sum[r] = _mm512_setzero_ps();
        for (uint32_t k = 0; k < w->cols; k += 4) {
            const uint8_t *at = tile + (size_t)(k / QINS9_COLS) * 576;
            const uint32_t g = k % QINS9_COLS / 4, n = w->cols - k < 4 ? w->cols - k : 4;
            __m128 four = _mm_maskz_loadu_ps((__mmask8)((1u << n) - 1), x->x + k);
            prefetch_planned(at + g * 64, w->read.ahead, false);
            if (g == 0)
                prefetch_planned(at + QINS9_SIGNS, w->read.ahead, false);
            line_qins9(&t, at + g * 64, at + QINS9_SIGNS + g * 8, _mm512_broadcast_f32x4(four),
                       sum);
        }
        store_qins9(w, group, y, sum);
    }
}

void kernels_vnni(struct kernels *k)
{
    k->matvec[FORMAT_QINS9] = matvec_qins9_vnni;
    k->matvec[FORMAT_QINS8] = matvec_qins8_vnni;
    k->matvec_far[FORMAT_QINS8] = matvec_far_qins8_vnni;
    k->matvec[FORMAT_QINS4] = matvec_qins4_vnni;
    k->matvec_far[FORMAT_QINS4] = matvec_far_qins4_vnni;
    k->matvec[FORMAT_QINS4_16] = matvec_qins4_16_vnni;
    k->matvec_far[FORMAT_QINS4_16] = matvec_far_qins4_16_vnni;
    k->matvec[FORMAT_QINS3] = matvec_qins3_vnni;
    k->matvec_far[FORMAT_QINS3] = matvec_far_qins3_vnni;
    k->matvec[FORMAT_QINS2] = matvec_qins2_vnni;
    k->matvec_far[FORMAT_QINS2] = matvec_far_qins2_vnni;
}
