/* SPDX-License-Identifier: MIT
 *
 * neon: inline pieces that the ARM files share. The 16 lanes of a sum are four registers.
 */
#ifndef QINS_NEON_H
#define QINS_NEON_H

#include <arm_neon.h>

#include "kernels_internal.h"

static inline float sum_lanes_neon(const float32x4_t v[4])
{
    float32x4_t t4 = vaddq_f32(vaddq_f32(v[0], v[2]), vaddq_f32(v[1], v[3]));
    float32x2_t t2 = vadd_f32(vget_low_f32(t4), vget_high_f32(t4));
    return vget_lane_f32(t2, 0) + vget_lane_f32(t2, 1);
}

/* exp_f32, four at a time; min and max keep NaN. */
static inline float32x4_t exp_neon(float32x4_t x)
{
    x = vmaxq_f32(vminq_f32(x, vdupq_n_f32(EXP_MAX)), vdupq_n_f32(EXP_MIN));
    const float32x4_t round = vdupq_n_f32(EXP_ROUND), one = vdupq_n_f32(1);
    float32x4_t shifted = vfmaq_f32(round, x, vdupq_n_f32(EXP_LOG2E));
    float32x4_t n = vsubq_f32(shifted, round);
    float32x4_t r = vfmaq_f32(x, n, vdupq_n_f32(-EXP_LN2_HI));
    r = vfmaq_f32(r, n, vdupq_n_f32(-EXP_LN2_LO));
    float32x4_t p = vfmaq_f32(vdupq_n_f32(EXP_C5), vdupq_n_f32(EXP_C6), r);
    p = vfmaq_f32(vdupq_n_f32(EXP_C4), p, r);
    p = vfmaq_f32(vdupq_n_f32(EXP_C3), p, r);
    p = vfmaq_f32(vdupq_n_f32(EXP_C2), p, r);
    p = vfmaq_f32(one, p, r);
    p = vfmaq_f32(one, p, r);
    uint32x4_t power = vshlq_n_u32(vreinterpretq_u32_f32(shifted), 23);
    power = vaddq_u32(power, vreinterpretq_u32_f32(one));
    return vmulq_f32(p, vreinterpretq_f32_u32(power));
}

/* Four elements as floats. */
static inline __attribute__((always_inline)) float32x4_t load_neon(const void *p, size_t i,
                                                                   enum element e)
{
    if (e == ELEMENT_F32)
        return vld1q_f32((const float *)p + i);
    if (e == ELEMENT_INT8) {
        int32_t four;
        memcpy(&four, (const int8_t *)p + i, sizeof four);
        int16x8_t wide = vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(four)));
        return vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide)));
    }
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16((const uint16_t *)p + i), 16));
}

static inline __attribute__((always_inline)) float dot_neon(const float *a, const void *b,
                                                            size_t b0, uint32_t n, enum element e)
{
    float32x4_t sum[4];
    uint32_t i = 0;
    for (int j = 0; j < 4; j++)
        sum[j] = vdupq_n_f32(0);
    for (; i + LANES <= n; i += LANES)
#pragma GCC unroll 4
        for (uint32_t j = 0; j < 4; j++)
            sum[j] = vfmaq_f32(sum[j], vld1q_f32(a + i + j * 4), load_neon(b, b0 + i + j * 4, e));
    if (i == n)
        return sum_lanes_neon(sum);
    float lane[LANES];
    for (int j = 0; j < 4; j++)
        vst1q_f32(lane + j * 4, sum[j]);
    for (; i < n; i++)
        lane[i % LANES] = fmaf(a[i], load_one(b, b0 + i, e), lane[i % LANES]);
    return sum_lanes(lane);
}

/* Rows of a group beyond the matrix are computed and dropped here. */
static inline void store_group_neon(const struct matrix *w, uint32_t group, float *y,
                                    const float32x4_t v[4])
{
    float all[ROW_GROUP];
    for (int i = 0; i < 4; i++)
        vst1q_f32(all + i * 4, v[i]);
    memcpy(y + (size_t)group * ROW_GROUP, all, group_rows(w, group) * sizeof *all);
}

/* acc = sum x scale + acc for 16 rows, and the rows' bases at the end. */
static inline void gather_block_neon(float32x4_t acc[4], const int32x4_t sum[4],
                                     const float32x4_t scale[4])
{
    for (int i = 0; i < 4; i++)
        acc[i] = vfmaq_f32(acc[i], vcvtq_f32_s32(sum[i]), scale[i]);
}

/* qins4_scale of 16 rows, times d. The bytes of the table's floats are looked up apart. */
static inline void scales_qins4_neon(float32x4_t scale[4], const uint8_t *codes, float d)
{
    const uint8x16x4_t table = vld4q_u8((const uint8_t *)qins4_fraction); /* byte i of each float */
    uint8x16_t c = vld1q_u8(codes), index = vandq_u8(c, vdupq_n_u8(15));
    uint8x16_t b0 = vqtbl1q_u8(table.val[0], index), b1 = vqtbl1q_u8(table.val[1], index);
    uint8x16_t b2 = vqtbl1q_u8(table.val[2], index), b3 = vqtbl1q_u8(table.val[3], index);
    uint16x8_t low[2] = {vreinterpretq_u16_u8(vzip1q_u8(b0, b1)),
                         vreinterpretq_u16_u8(vzip2q_u8(b0, b1))};
    uint16x8_t high[2] = {vreinterpretq_u16_u8(vzip1q_u8(b2, b3)),
                          vreinterpretq_u16_u8(vzip2q_u8(b2, b3))};
    uint16x8_t wide[2] = {vmovl_u8(vget_low_u8(c)), vmovl_u8(vget_high_u8(c))};
    for (int i = 0; i < 4; i++) {
        uint16x8_t f16 =
            i & 1 ? vzip2q_u16(low[i / 2], high[i / 2]) : vzip1q_u16(low[i / 2], high[i / 2]);
        uint32x4_t f = vreinterpretq_u32_u16(f16);
        uint32x4_t code = vmovl_u16(i & 1 ? vget_high_u16(wide[i / 2]) : vget_low_u16(wide[i / 2]));
        f = vsubq_u32(f, vshlq_n_u32(vandq_u32(code, vdupq_n_u32(0x70)), 19));
        f = vorrq_u32(f, vshlq_n_u32(vshrq_n_u32(code, 7), 31));
        scale[i] = vmulq_f32(vreinterpretq_f32_u32(f), vdupq_n_f32(d));
    }
}

/* Levels by code. */
static inline __attribute__((always_inline)) int8x16_t levels_neon(const uint32_t bits)
{
    int8_t levels[16];
    const int8_t *one = bits == 4 ? qins4_level : bits == 3 ? qins3_level : qins2_level;
    for (uint32_t i = 0; i < 16; i++)
        levels[i] = one[i % (1u << bits)];
    return vld1q_s8(levels);
}

/* Levels of columns 4 i .. 4 i + 3 of a unit of 32 columns; `unit`: its first line, from the first
 * of 4 rows on. */
static inline __attribute__((always_inline)) int8x16_t
weights_neon(int8x16_t levels, const uint8_t *unit, const int i, const uint32_t bits)
{
    const uint8x16_t mask = vdupq_n_u8((uint8_t)((1 << bits) - 1));
    const int per_line = bits == 2 ? 4 : 2, shift = i % per_line * (int)bits;
    if (bits == 3 && i >= 6) { /* the top bits of three lines side by side */
        uint8x16_t v = vshrq_n_u8(vld1q_u8(unit), 6);
        v = vsliq_n_u8(v, vshrq_n_u8(vld1q_u8(unit + 64), 6), 2);
        v = vsliq_n_u8(v, vshrq_n_u8(vld1q_u8(unit + 128), 6), 4);
        return vqtbl1q_s8(levels, i == 6 ? vandq_u8(v, mask) : vshrq_n_u8(v, 3));
    }
    uint8x16_t v = vld1q_u8(unit + i / per_line * 64);
    if (shift)
        v = vshlq_u8(v, vdupq_n_s8((int8_t)-shift));
    return vqtbl1q_s8(levels, shift + (int)bits == 8 ? v : vandq_u8(v, mask));
}

/* Bytes of the codes of 32 columns. */
static inline uint32_t unit_bytes(const uint32_t bits)
{
    return bits * 64;
}

static inline void scale_rows_neon(float32x4_t acc[4], const float *base, float divisor)
{
    for (int i = 0; i < 4; i++)
        acc[i] = vmulq_f32(acc[i], vdivq_f32(vld1q_f32(base + i * 4), vdupq_n_f32(divisor)));
}

/* Magnitudes of 16 QINS8 codes: two lookups of 64 entries; an index out of range leaves the first.
 */
struct qins8_tables {
    uint8x16x4_t low, high;
};

static inline struct qins8_tables qins8_tables_neon(void)
{
    return (struct qins8_tables){vld1q_u8_x4(qins8_magnitude), vld1q_u8_x4(qins8_magnitude + 64)};
}

static inline uint8x16_t magnitudes_qins8(const struct qins8_tables *t, uint8x16_t v)
{
    uint8x16_t c = vandq_u8(v, vdupq_n_u8(127));
    return vqtbx4q_u8(vqtbl4q_u8(t->low, c), t->high, vsubq_u8(c, vdupq_n_u8(64)));
}

/* Activations with the signs of the codes. */
static inline int8x16_t signed_activations(uint8x16_t v, int8x16_t q)
{
    int8x16_t sign = vshrq_n_s8(vreinterpretq_s8_u8(v), 7);
    return vsubq_s8(veorq_s8(q, sign), sign);
}

/* Sums of products with 128 q + low, from those with q and with low. */
static inline void join_qins8(int32x4_t sum[4], const int32x4_t low[4])
{
    for (int i = 0; i < 4; i++)
        sum[i] = vaddq_s32(vshlq_n_s32(sum[i], 7), low[i]);
}

/* Four activations, the same for every row. */
static inline int8x16_t four_neon(const int8_t *q)
{
    int32_t four;
    memcpy(&four, q, sizeof four);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

#endif
