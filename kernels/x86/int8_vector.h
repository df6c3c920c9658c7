/* SPDX-License-Identifier: MIT
 *
 * int8_vector: matrix times int8 vector in 256-bit registers. In a tile's line a 32-bit lane is a
 * row, so that the products of a row gather in its lane. Compiled once with AVX2 alone and once
 * with AVX-VNNI (avx2_int8.c, avxvnni.c).
 */
#include "x86/avx2.h"
#include "x86/dot.h"
#include "x86/prefetch.h"

/* ---- formats with blocks -------------------------------------------------------------- */

#ifdef __AVXVNNI__
enum { BIASED = 1 };
#else
enum { BIASED = 0 };
#endif

/* Sums of one block, which begins at column 4 first of its unit, for rows 0..7 and 8..15. AVX-VNNI:
 * `levels` have 128 added, for which the sums begin at -128 sum(q). AVX2: the signs of activations
 * go to the levels; two products of at most 127 x 127 fit the 16 bits that dot_bytes has. */
static inline __attribute__((always_inline)) void
block_sums(__m256i levels, const uint8_t *unit, const int first, const int8_t *q,
           const int8_t *q_abs, int32_t q_sum, const int block, const uint32_t bits, size_t ahead,
           const bool twice, __m256i sum[2])
{
    sum[0] = sum[1] = BIASED ? _mm256_set1_epi32(-128 * q_sum) : _mm256_setzero_si256();
#pragma GCC unroll 8
    for (int i = 0; i < block / 4; i++) {
        __m256i four = four_avx2(q + i * 4);
        prefetch_codes_planned(unit, first + i, bits, ahead, twice);
#pragma GCC unroll 2
        for (int h = 0; h < 2; h++) {
            __m256i code = codes_avx2(unit + h * 32, first + i, bits);
            __m256i level = _mm256_shuffle_epi8(levels, code);
            sum[h] =
                BIASED ? dot_bytes(sum[h], level, four)
                       : dot_bytes(sum[h], four_avx2(q_abs + i * 4), _mm256_sign_epi8(level, four));
        }
    }
}

/* Row groups [group, group + n), n streams from memory side by side. */
static inline __attribute__((always_inline)) void
groups_blocks(const struct matrix *w, uint32_t group, const int n, const bool twice,
              const uint32_t apart, const struct activation *x, float *y, const int block,
              const uint32_t bits)
{
    const int n_blocks = BLOCK_COLS / block;
    const uint32_t n_scales = (uint32_t)n_blocks * ROW_GROUP;
    const uint32_t tile_bytes = n_scales + BLOCK_COLS * bits * 2;
    const size_t group_bytes = (size_t)(w->cols_pad / BLOCK_COLS) * tile_bytes;
    const size_t stream_bytes = group_bytes * apart;
    const uint8_t *tile = group_tiles(w, group);
    const __m256i bias = _mm256_set1_epi8(BIASED ? -128 : 0);
    const __m256i levels = _mm256_add_epi8(levels_avx2(bits), bias);
    const struct qins4_scales tables = tables_qins4_scales();
    __m256 acc[STREAMS][2];
    for (int i = 0; i < n; i++)
        acc[i][0] = acc[i][1] = _mm256_setzero_ps();
    for (uint32_t k = 0; k < w->cols_pad; k += BLOCK_COLS, tile += tile_bytes) {
        const size_t ahead = early_distance(w, k, BLOCK_COLS, tile_bytes, n, apart);
        int8_t q_abs[BLOCK_COLS];
        for (int i = 0; i < BLOCK_COLS && !BIASED; i += 32)
            _mm256_storeu_si256((void *)(q_abs + i),
                                _mm256_abs_epi8(_mm256_loadu_si256((const void *)(x->q + k + i))));
        for (int i = 0; i < n; i++)
            prefetch_planned(tile + i * stream_bytes, ahead, twice);
        for (int b = 0; b < n_blocks; b += 2) {
#pragma GCC unroll 4
            for (int i = 0; i < n; i++) {
                const uint8_t *at = tile + i * stream_bytes;
                __m256 s[4];
                scales_qins4(&tables, at + b * ROW_GROUP, s);
#pragma GCC unroll 2
                for (int j = 0; j < 2; j++) {
                    const uint32_t col = (uint32_t)((b + j) * block);
                    const __m256 d = _mm256_set1_ps(x->scale[(k + col) / ACT_BLOCK]);
                    const int32_t *sums = x->sum + (k + col) / 16;
                    const int32_t q_sum = block == 32 ? sums[0] + sums[1] : sums[0];
                    __m256i sum[2];
                    block_sums(levels, at + n_scales + col / 32 * unit_bytes(bits),
                               j * block % 32 / 4, x->q + k + col, q_abs + col, q_sum, block, bits,
                               ahead, twice, sum);
#pragma GCC unroll 2
                    for (int h = 0; h < 2; h++)
                        acc[i][h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[h]),
                                                    _mm256_mul_ps(s[2 * j + h], d), acc[i][h]);
                }
            }
        }
    }
    for (int i = 0; i < n; i++) {
        const float *base = w->row + (size_t)(group + (uint32_t)i * apart) * ROW_GROUP;
        store_group_avx2(w, group + (uint32_t)i * apart, y,
                         _mm256_mul_ps(acc[i][0], _mm256_loadu_ps(base)),
                         _mm256_mul_ps(acc[i][1], _mm256_loadu_ps(base + 8)));
    }
}

static inline __attribute__((always_inline)) void
matvec_blocks(const struct matrix *w, uint32_t group0, uint32_t group1, uint32_t apart,
              const struct activation *x, float *y, const int block, const uint32_t bits)
{
    READ_BY_PLAN(groups_blocks, w, group0, group1, apart, x, y, block, bits);
}

#define MATVEC(name, block, bits) BLOCK_MATVEC_FAR(name, int8, block, bits)
BLOCK_FORMATS(MATVEC)

/* ---- QINS8 ---------------------------------------------------------------------------- */

/* Sums of one block: 8 lines of 4 columns, of which 8 rows are taken. Rows 0, 1, 4, 5 gather in one
 * register and 2, 3, 6, 7 in the other, two sums per row. */
static inline __m256i block_qins8(const struct qins8_factors *f, const uint8_t *line,
                                  const int16_t *x)
{
    __m256i low = _mm256_setzero_si256(), high = low, w[2];
    __asm__ volatile("" : "+r"(x)); /* or GCC keeps activations for the next call */
#pragma GCC unroll 8
    for (int g = 0; g < ACT_BLOCK / 4; g++) {
        int64_t four;
        memcpy(&four, x + g * 4, sizeof four);
        weights_qins8(f, _mm256_loadu_si256((const void *)(line + g * 64)), w);
        low = dot_words(low, w[0], _mm256_set1_epi64x(four));
        high = dot_words(high, w[1], _mm256_set1_epi64x(four));
    }
    return _mm256_hadd_epi32(low, high);
}

/* Row groups [group, group + n), n streams from memory side by side. */
static inline __attribute__((always_inline)) void
groups_qins8(const struct matrix *w, uint32_t group, const int n, const bool twice,
             const uint32_t apart, const struct activation *x, float *y)
{
    const uint32_t block_bytes = ACT_BLOCK * ROW_GROUP;
    const size_t group_bytes = (size_t)w->cols_pad * ROW_GROUP;
    const size_t stream_bytes = group_bytes * apart;
    const uint8_t *line = group_tiles(w, group);
    const struct qins8_factors f = factors_qins8();
    __m256 acc[STREAMS][2];
    for (int i = 0; i < n; i++)
        acc[i][0] = acc[i][1] = _mm256_setzero_ps();
    for (uint32_t k = 0; k < w->cols_pad; k += ACT_BLOCK, line += block_bytes) {
        const size_t ahead = early_distance(w, k, ACT_BLOCK, block_bytes, n, apart);
        const __m256 d = _mm256_set1_ps(x->scale[k / ACT_BLOCK]);
#pragma GCC unroll 1
        for (int i = 0; i < n; i++) {
            const uint8_t *at = line + i * stream_bytes;
#pragma GCC unroll 1
            for (int h = 0; h < 2; h++) {
                for (uint32_t g = 0; g < block_bytes / 2; g += 64)
                    prefetch_planned(at + h * (block_bytes / 2) + g, ahead, twice);
                __m256i sum = block_qins8(&f, at + h * 32, x->wide + k);
                acc[i][h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), d, acc[i][h]);
            }
        }
    }
    for (int i = 0; i < n; i++) {
        const float *base = w->row + (size_t)(group + (uint32_t)i * apart) * ROW_GROUP;
        for (int h = 0; h < 2; h++)
            acc[i][h] = _mm256_mul_ps(acc[i][h], _mm256_div_ps(_mm256_loadu_ps(base + h * 8),
                                                               _mm256_set1_ps(QINS8_UNITS)));
        store_group_avx2(w, group + (uint32_t)i * apart, y, acc[i][0], acc[i][1]);
    }
}

static void matvec_far_qins8_int8(const struct matrix *w, uint32_t group0, uint32_t group1,
                                  uint32_t apart, const struct activation *x, float *y)
{
    READ_BY_PLAN(groups_qins8, w, group0, group1, apart, x, y);
}

static void matvec_qins8_int8(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    matvec_far_qins8_int8(w, group0, group1, 1, x, y);
}

static void int8_vector(struct kernels *k)
{
    k->matvec[FORMAT_QINS8] = matvec_qins8_int8;
    k->matvec_far[FORMAT_QINS8] = matvec_far_qins8_int8;
    k->matvec[FORMAT_QINS4] = matvec_qins4_int8;
    k->matvec_far[FORMAT_QINS4] = matvec_far_qins4_int8;
    k->matvec[FORMAT_QINS4_16] = matvec_qins4_16_int8;
    k->matvec_far[FORMAT_QINS4_16] = matvec_far_qins4_16_int8;
    k->matvec[FORMAT_QINS3] = matvec_qins3_int8;
    k->matvec_far[FORMAT_QINS3] = matvec_far_qins3_int8;
    k->matvec[FORMAT_QINS2] = matvec_qins2_int8;
    k->matvec_far[FORMAT_QINS2] = matvec_far_qins2_int8;
}
