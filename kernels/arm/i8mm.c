/* SPDX-License-Identifier: MIT
 *
 * ARM I8MM: USDOT multiplies unsigned by signed bytes, which is what QINS8's magnitudes want.
 */
#include "arm/neon.h"

static void matvec_qins8_i8mm(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    const struct qins8_tables t = qins8_tables_neon();
    const int32x4_t zero = vdupq_n_s32(0);
    for (uint32_t group = group0; group < group1; group++) {
        const uint8_t *line = group_tiles(w, group);
        float32x4_t acc[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
        for (uint32_t k = 0; k < w->cols_pad; k += ACT_BLOCK) {
            int32x4_t sum[4] = {zero, zero, zero, zero}, low[4] = {zero, zero, zero, zero};
            float32x4_t scale = vdupq_n_f32(x->scale[k / ACT_BLOCK]);
            for (uint32_t g = 0; g < ACT_BLOCK; g += 4, line += 64) {
                int8x16_t q = four_neon(x->q + k + g), rest = four_neon(x->low + k + g);
#pragma GCC unroll 4
                for (int i = 0; i < 4; i++) {
                    uint8x16_t v = vld1q_u8(line + i * 16), m = magnitudes_qins8(&t, v);
                    sum[i] = vusdotq_s32(sum[i], m, signed_activations(v, q));
                    low[i] = vusdotq_s32(low[i], m, signed_activations(v, rest));
                }
            }
            join_qins8(sum, low);
            gather_block_neon(acc, sum, (float32x4_t[]){scale, scale, scale, scale});
        }
        scale_rows_neon(acc, w->row + (size_t)group * ROW_GROUP, QINS8_UNITS);
        store_group_neon(w, group, y, acc);
    }
}

void kernels_i8mm(struct kernels *k)
{
    k->matvec[FORMAT_QINS8] = matvec_qins8_i8mm;
}
