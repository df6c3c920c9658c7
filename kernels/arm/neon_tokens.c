/* SPDX-License-Identifier: MIT
 *
 * NEON: integer products with several tokens, widening to 16 bits and adding in pairs.
 */
#include "arm/tokens.h"

/* Two lines at once: a sum of two products of at most 128 x 127 fits 16 bits. */
static inline __attribute__((always_inline)) void sums_neon(int32x4_t sum[TOKENS][4],
                                                            const int8_t *w,
                                                            const int8_t *const q[TOKENS],
                                                            uint32_t n_cols, const int n)
{
    for (int t = 0; t < n; t++)
        for (int i = 0; i < 4; i++) {
            int32x4_t part[2] = {vdupq_n_s32(0), vdupq_n_s32(0)};
            for (uint32_t g = 0; g < n_cols; g += 8) {
                const int8_t *line = w + g * ROW_GROUP + i * 16;
                int8x8_t a = vget_low_s8(four_neon(q[t] + g));
                int8x8_t b = vget_low_s8(four_neon(q[t] + g + 4));
                int16x8_t low = vmull_s8(vld1_s8(line), a), high = vmull_s8(vld1_s8(line + 8), a);
                low = vmlal_s8(low, vld1_s8(line + 64), b);
                high = vmlal_s8(high, vld1_s8(line + 72), b);
                part[0] = vpadalq_s16(part[0], low);
                part[1] = vpadalq_s16(part[1], high);
            }
            sum[t][i] = vpaddq_s32(part[0], part[1]);
        }
}

static void matvec_batch_neon(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, uint32_t n_tok, float *y, size_t ld_y)
{
    run_format(w, group0, group1, x, n_tok, y, ld_y, sums_neon);
}

void kernels_neon_tokens(struct kernels *k)
{
    k->fast_int8 = true;
    set_tokens(k, matvec_batch_neon);
}
