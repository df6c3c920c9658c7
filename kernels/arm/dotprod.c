/* SPDX-License-Identifier: MIT
 *
 * ARM dot products (SDOT): four signed bytes by four, one row a lane.
 */
#include "arm/neon.h"

/* ---- QINS4 ---------------------------------------------------------------------------- */

/* 16 rows x 8 columns; `q` holds them in 32-bit lanes `lane` and `lane` + 1. */
static inline __attribute__((always_inline)) void
line_qins4(int32x4_t sum[4], int8x16_t level, const uint8_t *line, int8x16_t q, const int lane)
{
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        uint8x16_t v = vld1q_u8(line + i * 16);
        int8x16_t low = vqtbl1q_s8(level, vandq_u8(v, vdupq_n_u8(15)));
        int8x16_t high = vqtbl1q_s8(level, vshrq_n_u8(v, 4));
        if (lane == 0) {
            sum[i] = vdotq_laneq_s32(sum[i], low, q, 0);
            sum[i] = vdotq_laneq_s32(sum[i], high, q, 1);
        } else {
            sum[i] = vdotq_laneq_s32(sum[i], low, q, 2);
            sum[i] = vdotq_laneq_s32(sum[i], high, q, 3);
        }
    }
}

static inline __attribute__((always_inline)) void matvec_qins4(const struct matrix *w,
                                                               uint32_t group0, uint32_t group1,
                                                               const struct activation *x, float *y,
                                                               uint32_t block)
{
    const uint32_t n_blocks = BLOCK_COLS / block;
    const int8x16_t level = vld1q_s8(qins4_level);
    for (uint32_t group = group0; group < group1; group++) {
        const uint8_t *tile = group_tiles(w, group);
        float32x4_t acc[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
        for (uint32_t k = 0; k < w->cols_pad; k += BLOCK_COLS) {
            const uint8_t *line = tile + n_blocks * ROW_GROUP;
            for (uint32_t b = 0; b < n_blocks; b++) {
                int32x4_t sum[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
                float32x4_t scale[4];
#pragma GCC unroll 2
                for (uint32_t g = 0; g < block; g += 16, line += 128) {
                    int8x16_t q = vld1q_s8(x->q + k + b * block + g);
                    line_qins4(sum, level, line, q, 0);
                    line_qins4(sum, level, line + 64, q, 2);
                }
                scales_qins4_neon(scale, tile + b * ROW_GROUP,
                                  x->scale[(k + b * block) / ACT_BLOCK]);
                gather_block_neon(acc, sum, scale);
            }
            tile = line;
        }
        scale_rows_neon(acc, w->row + (size_t)group * ROW_GROUP, 1);
        store_group_neon(w, group, y, acc);
    }
}

static void matvec_qins4_dotprod(const struct matrix *w, uint32_t group0, uint32_t group1,
                                 const struct activation *x, float *y)
{
    matvec_qins4(w, group0, group1, x, y, 32);
}

static void matvec_qins4_16_dotprod(const struct matrix *w, uint32_t group0, uint32_t group1,
                                    const struct activation *x, float *y)
{
    matvec_qins4(w, group0, group1, x, y, 16);
}

/* ---- QINS8 ---------------------------------------------------------------------------- */

/* SDOT wants signed weights: magnitudes - 128, and 128 times the sum of the signed activations. */
static void matvec_qins8_dotprod(const struct matrix *w, uint32_t group0, uint32_t group1,
                                 const struct activation *x, float *y)
{
    const struct qins8_tables t = qins8_tables_neon();
    const int32x4_t zero = vdupq_n_s32(0);
    for (uint32_t group = group0; group < group1; group++) {
        const uint8_t *line = group_tiles(w, group);
        float32x4_t acc[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
        for (uint32_t k = 0; k < w->cols_pad; k += ACT_BLOCK) {
            int32x4_t sum[4] = {zero, zero, zero, zero}, plain[4] = {zero, zero, zero, zero};
            float32x4_t scale = vdupq_n_f32(x->scale[k / ACT_BLOCK]);
            for (uint32_t g = 0; g < ACT_BLOCK; g += 4, line += 64) {
                int8x16_t q = four_neon(x->q + k + g);
#pragma GCC unroll 4
                for (int i = 0; i < 4; i++) {
                    uint8x16_t v = vld1q_u8(line + i * 16);
                    uint8x16_t m = veorq_u8(magnitudes_qins8(&t, v), vdupq_n_u8(128));
                    int8x16_t a = signed_activations(v, q);
                    sum[i] = vdotq_s32(sum[i], vreinterpretq_s8_u8(m), a);
                    plain[i] = vdotq_s32(plain[i], vdupq_n_s8(1), a);
                }
            }
            for (int i = 0; i < 4; i++)
                sum[i] = vaddq_s32(sum[i], vshlq_n_s32(plain[i], 7));
            gather_block_neon(acc, sum, (float32x4_t[]){scale, scale, scale, scale});
        }
        scale_rows_neon(acc, w->row + (size_t)group * ROW_GROUP, 255);
        store_group_neon(w, group, y, acc);
    }
}

void kernels_dotprod(struct kernels *k)
{
    k->matvec[FORMAT_QINS8] = matvec_qins8_dotprod;
    k->matvec[FORMAT_QINS4] = matvec_qins4_dotprod;
    k->matvec[FORMAT_QINS4_16] = matvec_qins4_16_dotprod;
}
