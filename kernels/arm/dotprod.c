/* SPDX-License-Identifier: MIT
 *
 * ARM dot products (SDOT): four signed bytes by four, one row a lane.
 */
#include "arm/neon.h"

/* ---- formats with blocks -------------------------------------------------------------- */

/* 16 rows x 16 columns, from column 4 first of a unit on. */
static inline __attribute__((always_inline)) void sum_fours(int32x4_t sum[4], int8x16_t levels,
                                                            const uint8_t *unit, const int first,
                                                            int8x16_t q, const uint32_t bits)
{
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const uint8_t *rows = unit + i * 16;
        sum[i] = vdotq_laneq_s32(sum[i], weights_neon(levels, rows, first, bits), q, 0);
        sum[i] = vdotq_laneq_s32(sum[i], weights_neon(levels, rows, first + 1, bits), q, 1);
        sum[i] = vdotq_laneq_s32(sum[i], weights_neon(levels, rows, first + 2, bits), q, 2);
        sum[i] = vdotq_laneq_s32(sum[i], weights_neon(levels, rows, first + 3, bits), q, 3);
    }
}

static inline __attribute__((always_inline)) void
matvec_blocks(const struct matrix *w, uint32_t group0, uint32_t group1, const struct activation *x,
              float *y, const uint32_t block, const uint32_t bits)
{
    const uint32_t n_scales = BLOCK_COLS / block * ROW_GROUP;
    const int8x16_t levels = levels_neon(bits);
    for (uint32_t group = group0; group < group1; group++) {
        const uint8_t *tile = group_tiles(w, group);
        float32x4_t acc[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
        for (uint32_t k = 0; k < w->cols_pad; k += 32) {
            const uint32_t in_tile = k % BLOCK_COLS;
            const uint8_t *unit = tile + n_scales + in_tile / 32 * unit_bytes(bits);
            int32x4_t sum[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
#pragma GCC unroll 2
            for (int h = 0; h < 2; h++) {
                float32x4_t scale[4];
                sum_fours(sum, levels, unit, h * 4, vld1q_s8(x->q + k + h * 16), bits);
                if (block == 32 && h == 0)
                    continue;
                const uint32_t b = (in_tile + (uint32_t)h * 16) / block;
                scales_qins4_neon(scale, tile + b * ROW_GROUP, x->scale[k / ACT_BLOCK]);
                gather_block_neon(acc, sum, scale);
                for (int i = 0; i < 4; i++)
                    sum[i] = vdupq_n_s32(0);
            }
            if (in_tile + 32 == BLOCK_COLS)
                tile += n_scales + BLOCK_COLS / 32 * unit_bytes(bits);
        }
        scale_rows_neon(acc, w->row + (size_t)group * ROW_GROUP, 1);
        store_group_neon(w, group, y, acc);
    }
}

#define MATVEC(name, block, bits) BLOCK_MATVEC(name, dotprod, block, bits)
BLOCK_FORMATS(MATVEC)

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
            int32x4_t sum[4] = {zero, zero, zero, zero}, low[4] = {zero, zero, zero, zero};
            int32x4_t plain[4] = {zero, zero, zero, zero}, plain_low[4] = {zero, zero, zero, zero};
            float32x4_t scale = vdupq_n_f32(x->scale[k / ACT_BLOCK]);
            for (uint32_t g = 0; g < ACT_BLOCK; g += 4, line += 64) {
                int8x16_t q = four_neon(x->q + k + g), rest = four_neon(x->low + k + g);
#pragma GCC unroll 4
                for (int i = 0; i < 4; i++) {
                    uint8x16_t v = vld1q_u8(line + i * 16);
                    uint8x16_t m = veorq_u8(magnitudes_qins8(&t, v), vdupq_n_u8(128));
                    int8x16_t a = signed_activations(v, q), b = signed_activations(v, rest);
                    sum[i] = vdotq_s32(sum[i], vreinterpretq_s8_u8(m), a);
                    low[i] = vdotq_s32(low[i], vreinterpretq_s8_u8(m), b);
                    plain[i] = vdotq_s32(plain[i], vdupq_n_s8(1), a);
                    plain_low[i] = vdotq_s32(plain_low[i], vdupq_n_s8(1), b);
                }
            }
            join_qins8(sum, low);
            join_qins8(plain, plain_low);
            for (int i = 0; i < 4; i++)
                sum[i] = vaddq_s32(sum[i], vshlq_n_s32(plain[i], 7));
            gather_block_neon(acc, sum, (float32x4_t[]){scale, scale, scale, scale});
        }
        scale_rows_neon(acc, w->row + (size_t)group * ROW_GROUP, QINS8_UNITS);
        store_group_neon(w, group, y, acc);
    }
}

void kernels_dotprod(struct kernels *k)
{
    k->matvec[FORMAT_QINS8] = matvec_qins8_dotprod;
    k->matvec[FORMAT_QINS4] = matvec_qins4_dotprod;
    k->matvec[FORMAT_QINS4_16] = matvec_qins4_16_dotprod;
    k->matvec[FORMAT_QINS3] = matvec_qins3_dotprod;
    k->matvec[FORMAT_QINS2] = matvec_qins2_dotprod;
}
