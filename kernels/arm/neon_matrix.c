/* SPDX-License-Identifier: MIT
 *
 * NEON: matrix times vector, and decoding. In a tile's line a 32-bit lane is a row: register i of a
 * line holds rows 4 i .. 4 i + 3.
 */
#include "arm/neon.h"

/* ---- row-major formats ---------------------------------------------------------------- */

static void matvec_f32_neon(const struct matrix *w, uint32_t group0, uint32_t group1,
                            const struct activation *x, float *y)
{
    for (uint32_t r = group0 * ROW_GROUP; r < group1 * ROW_GROUP && r < w->rows; r++)
        y[r] = dot_neon(x->x, w->data, (size_t)r * w->cols, w->cols, ELEMENT_F32);
}

static void matvec_bf16_neon(const struct matrix *w, uint32_t group0, uint32_t group1,
                             const struct activation *x, float *y)
{
    for (uint32_t r = group0 * ROW_GROUP; r < group1 * ROW_GROUP && r < w->rows; r++)
        y[r] = dot_neon(x->x, w->data, (size_t)r * w->cols, w->cols, ELEMENT_BF16);
}

static void dequant_bf16_neon(const struct matrix *w, uint32_t row0, uint32_t row1, float *out)
{
    size_t first = (size_t)row0 * w->cols, n = (size_t)(row1 - row0) * w->cols, i = 0;
    for (; i + 4 <= n; i += 4)
        vst1q_f32(out + i, load_neon(w->data, first + i, ELEMENT_BF16));
    for (; i < n; i++)
        out[i] = load_one(w->data, first + i, ELEMENT_BF16);
}

/* ---- formats with blocks -------------------------------------------------------------- */

/* Products of 16 rows x 8 columns, from column 4 first of a unit on, into eight registers of two
 * rows each, two partial sums per row. A sum of two products of at most 127 x 127 fits 16 bits. */
static inline __attribute__((always_inline)) void sum_pair(int32x4_t part[8], int8x16_t levels,
                                                           const uint8_t *unit, const int first,
                                                           const int8_t *q, const uint32_t bits)
{
    int8x8_t q_low = vget_low_s8(four_neon(q)), q_high = vget_low_s8(four_neon(q + 4));
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        int8x16_t low = weights_neon(levels, unit + i * 16, first, bits);
        int8x16_t high = weights_neon(levels, unit + i * 16, first + 1, bits);
        int16x8_t a = vmull_s8(vget_low_s8(low), q_low), b = vmull_s8(vget_high_s8(low), q_low);
        part[i * 2] = vpadalq_s16(part[i * 2], vmlal_s8(a, vget_low_s8(high), q_high));
        part[i * 2 + 1] = vpadalq_s16(part[i * 2 + 1], vmlal_s8(b, vget_high_s8(high), q_high));
    }
}

static inline void clear_parts(int32x4_t part[8])
{
    for (int i = 0; i < 8; i++)
        part[i] = vdupq_n_s32(0);
}

static inline void join_parts(int32x4_t sum[4], const int32x4_t part[8])
{
    for (int i = 0; i < 4; i++)
        sum[i] = vpaddq_s32(part[i * 2], part[i * 2 + 1]);
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
            int32x4_t part[8], sum[4];
            clear_parts(part);
#pragma GCC unroll 4
            for (int g = 0; g < 4; g++) {
                float32x4_t scale[4];
                sum_pair(part, levels, unit, g * 2, x->q + k + g * 8, bits);
                if ((uint32_t)(g + 1) * 8 % block != 0)
                    continue;
                const uint32_t b = (in_tile + (uint32_t)g * 8) / block;
                join_parts(sum, part);
                scales_qins4_neon(scale, tile + b * ROW_GROUP, x->scale[k / ACT_BLOCK]);
                gather_block_neon(acc, sum, scale);
                clear_parts(part);
            }
            if (in_tile + 32 == BLOCK_COLS)
                tile += n_scales + BLOCK_COLS / 32 * unit_bytes(bits);
        }
        scale_rows_neon(acc, w->row + (size_t)group * ROW_GROUP, 1);
        store_group_neon(w, group, y, acc);
    }
}

#define MATVEC(name, block, bits) BLOCK_MATVEC(name, neon, block, bits)
BLOCK_FORMATS(MATVEC)

/* Eight columns of a unit, from column 8 pair on: rows [r0, r1). */
static inline __attribute__((always_inline)) void
decode_pair(const int8x16_t levels, const uint8_t *unit, const int pair, const uint32_t bits,
            const float scale[ROW_GROUP], uint32_t r0, uint32_t r1, uint32_t n_cols, float *out,
            size_t ld)
{
    int8_t rows[ROW_GROUP * 8]; /* 8 levels each */
    for (int i = 0; i < 4; i++) {
        const uint8_t *four = unit + i * 16;
        int32x4_t low = vreinterpretq_s32_s8(weights_neon(levels, four, 2 * pair, bits));
        int32x4_t high = vreinterpretq_s32_s8(weights_neon(levels, four, 2 * pair + 1, bits));
        vst1q_s8(rows + i * 32, vreinterpretq_s8_s32(vzip1q_s32(low, high)));
        vst1q_s8(rows + i * 32 + 16, vreinterpretq_s8_s32(vzip2q_s32(low, high)));
    }
    for (uint32_t r = r0; r < r1; r++, out += ld) {
        int16x8_t wide = vmovl_s8(vld1_s8(rows + r * 8));
        float some[8], *to = n_cols >= 8 ? out : some;
        vst1q_f32(to, vmulq_n_f32(vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide))), scale[r]));
        vst1q_f32(to + 4, vmulq_n_f32(vcvtq_f32_s32(vmovl_s16(vget_high_s16(wide))), scale[r]));
        if (to == some)
            memcpy(out, some, n_cols * sizeof *out);
    }
}

/* Rows [r0, r1) of one group. */
static inline __attribute__((always_inline)) void
dequant_group(const struct matrix *w, uint32_t group, uint32_t r0, uint32_t r1, float *out,
              const uint32_t block, const uint32_t bits)
{
    const uint32_t n_scales = BLOCK_COLS / block * ROW_GROUP;
    const int8x16_t levels = levels_neon(bits);
    const float *base = w->row + (size_t)group * ROW_GROUP;
    const uint8_t *tile = group_tiles(w, group);
    for (uint32_t k = 0; k < w->cols; k += BLOCK_COLS) {
        const uint8_t *unit = tile + n_scales;
        float scale[ROW_GROUP];
        for (uint32_t u = 0; u < BLOCK_COLS / 32; u++, unit += unit_bytes(bits))
#pragma GCC unroll 4
            for (int pair = 0; pair < 4; pair++) {
                const uint32_t in_tile = u * 32 + (uint32_t)pair * 8, col = k + in_tile;
                for (uint32_t r = 0; r < ROW_GROUP && in_tile % block == 0; r++)
                    scale[r] = base[r] * qins4_scale(tile[in_tile / block * ROW_GROUP + r]);
                if (col < w->cols)
                    decode_pair(levels, unit, pair, bits, scale, r0, r1, w->cols - col, out + col,
                                w->cols);
            }
        tile = unit;
    }
}

static inline __attribute__((always_inline)) void dequant_blocks(const struct matrix *w,
                                                                 uint32_t row0, uint32_t row1,
                                                                 float *out, const uint32_t block,
                                                                 const uint32_t bits)
{
    while (row0 < row1) {
        uint32_t group = row0 / ROW_GROUP, end = (group + 1) * ROW_GROUP;
        end = end < row1 ? end : row1;
        dequant_group(w, group, row0 - group * ROW_GROUP, end - group * ROW_GROUP, out, block,
                      bits);
        out += (size_t)(end - row0) * w->cols;
        row0 = end;
    }
}

#define DEQUANT(name, block, bits)                                                                 \
    static void dequant_##name##_neon(const struct matrix *w, uint32_t row0, uint32_t row1,        \
                                      float *out)                                                  \
    {                                                                                              \
        dequant_blocks(w, row0, row1, out, block, bits);                                           \
    }

BLOCK_FORMATS(DEQUANT)

/* ---- QINS8 ---------------------------------------------------------------------------- */

/* Adds products of 16 magnitudes; 255 x 127 fits 16 bits, two of them do not. */
static inline void add_products(int32x4_t part[2], uint8x16_t m, int8x16_t a)
{
    int16x8_t low = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(m)));
    int16x8_t high = vreinterpretq_s16_u16(vmovl_high_u8(m));
    part[0] = vpadalq_s16(part[0], vmulq_s16(low, vmovl_s8(vget_low_s8(a))));
    part[1] = vpadalq_s16(part[1], vmulq_s16(high, vmovl_high_s8(a)));
}

static void matvec_qins8_neon(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    const struct qins8_tables t = qins8_tables_neon();
    for (uint32_t group = group0; group < group1; group++) {
        const uint8_t *line = group_tiles(w, group);
        float32x4_t acc[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
        for (uint32_t k = 0; k < w->cols_pad; k += ACT_BLOCK) {
            int32x4_t part[8], part_low[8], sum[4], low[4];
            float32x4_t scale = vdupq_n_f32(x->scale[k / ACT_BLOCK]);
            clear_parts(part);
            clear_parts(part_low);
            for (uint32_t g = 0; g < ACT_BLOCK; g += 4, line += 64) {
                int8x16_t q = four_neon(x->q + k + g), rest = four_neon(x->low + k + g);
                for (int i = 0; i < 4; i++) {
                    uint8x16_t v = vld1q_u8(line + i * 16), m = magnitudes_qins8(&t, v);
                    add_products(part + i * 2, m, signed_activations(v, q));
                    add_products(part_low + i * 2, m, signed_activations(v, rest));
                }
            }
            join_parts(sum, part);
            join_parts(low, part_low);
            join_qins8(sum, low);
            gather_block_neon(acc, sum, (float32x4_t[]){scale, scale, scale, scale});
        }
        scale_rows_neon(acc, w->row + (size_t)group * ROW_GROUP, QINS8_UNITS);
        store_group_neon(w, group, y, acc);
    }
}

/* ---- QINS9 ---------------------------------------------------------------------------- */

struct qins9_range {
    float32x4_t log_min, step; /* of four rows */
};

static struct qins9_range range_qins9(const struct matrix *w, uint32_t row)
{
    float32x4_t low = vdupq_n_f32(w->log_min), high = vdupq_n_f32(w->log_max);
    if (w->format == FORMAT_QINS9ROW) {
        low = vld1q_f32(w->row + row);
        high = vld1q_f32(w->row + w->rows_pad + row);
    }
    return (struct qins9_range){low, vdivq_f32(vsubq_f32(high, low), vdupq_n_f32(254))};
}

/* Column j of a line, 4 rows: sign x exp(log_min + (255 - stored) x step); 0 where stored is 0. */
static inline float32x4_t values_qins9(uint32x4_t v, uint32_t signs, int j,
                                       const struct qins9_range *range)
{
    const int32x4_t to_sign = {31, 27, 23, 19}; /* bit 4 r -> bit 31 */
    uint32x4_t stored = vandq_u32(vshlq_u32(v, vdupq_n_s32(-8 * j)), vdupq_n_u32(255));
    float32x4_t t = vcvtq_f32_u32(vsubq_u32(vdupq_n_u32(255), stored));
    uint32x4_t value = vreinterpretq_u32_f32(exp_neon(vfmaq_f32(range->log_min, t, range->step)));
    uint32x4_t sign = vshlq_u32(vdupq_n_u32(signs >> j), to_sign);
    value = vandq_u32(value, vtstq_u32(stored, stored));
    return vreinterpretq_f32_u32(veorq_u32(value, vandq_u32(sign, vdupq_n_u32(0x80000000u))));
}

/* Four rows of a group, which share the quarter `i` of every line. */
static float32x4_t quarter_qins9(const struct matrix *w, const uint8_t *tile, uint32_t row, int i,
                                 const float *x)
{
    struct qins9_range range = range_qins9(w, row);
    float32x4_t sum[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
    for (uint32_t k = 0; k < w->cols; k += 4) {
        const uint8_t *at = tile + (size_t)(k / QINS9_COLS) * 576;
        uint32_t g = k % QINS9_COLS / 4, n = w->cols - k < 4 ? w->cols - k : 4;
        float four[4] = {0};
        uint16_t signs;
        memcpy(four, x + k, n * sizeof *four);
        memcpy(&signs, at + QINS9_SIGNS + g * 8 + i * 2, sizeof signs);
        uint32x4_t v = vreinterpretq_u32_u8(vld1q_u8(at + g * 64 + i * 16));
        for (int j = 0; j < 4; j++)
            sum[j] = vfmaq_n_f32(sum[j], values_qins9(v, signs, j, &range), four[j]);
    }
    return vaddq_f32(vaddq_f32(sum[0], sum[1]), vaddq_f32(sum[2], sum[3]));
}

static void matvec_qins9_neon(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    for (uint32_t group = group0; group < group1; group++) {
        float32x4_t sum[4];
        for (int i = 0; i < 4; i++)
            sum[i] = quarter_qins9(w, group_tiles(w, group), group * ROW_GROUP + (uint32_t)i * 4, i,
                                   x->x);
        store_group_neon(w, group, y, sum);
    }
}

void kernels_neon_matrix(struct kernels *k)
{
    k->matvec[FORMAT_F32] = matvec_f32_neon;
    k->matvec[FORMAT_BF16] = matvec_bf16_neon;
    k->matvec[FORMAT_QINS9] = k->matvec[FORMAT_QINS9ROW] = matvec_qins9_neon;
    k->matvec[FORMAT_QINS8] = matvec_qins8_neon;
    k->matvec[FORMAT_QINS4] = matvec_qins4_neon;
    k->matvec[FORMAT_QINS4_16] = matvec_qins4_16_neon;
    k->matvec[FORMAT_QINS3] = matvec_qins3_neon;
    k->matvec[FORMAT_QINS2] = matvec_qins2_neon;
    k->dequant[FORMAT_BF16] = dequant_bf16_neon;
    k->dequant[FORMAT_QINS4] = dequant_qins4_neon;
    k->dequant[FORMAT_QINS4_16] = dequant_qins4_16_neon;
    k->dequant[FORMAT_QINS3] = dequant_qins3_neon;
    k->dequant[FORMAT_QINS2] = dequant_qins2_neon;
}
