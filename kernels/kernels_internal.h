/* SPDX-License-Identifier: MIT
 *
 * kernels_internal: what the files of kernels/ share among themselves. Nothing above kernels/
 * includes it.
 */
#ifndef QINS_KERNELS_INTERNAL_H
#define QINS_KERNELS_INTERNAL_H

#include <math.h>
#include <string.h>

#include "kernels.h"

/* ---- tables: TECHNICAL_SPEC.md, "Number formats"; tests recompute them from their formulas  */

extern const int8_t qins4_level[16];                /* by code: side << 3 | inverse magnitude */
extern const int8_t qins3_level[8], qins2_level[4]; /* the same with fewer magnitudes */
extern const float qins4_fraction[16];              /* 2^(-i/16) */
extern const float qins8_value[128];                /* T[c]: magnitude relative to the row's base */
extern const uint8_t qins8_magnitude[128]; /* round(255 T[c]): what the integer products use */
/* The same as a product, exactly: magnitude[c] is the nearest integer to fine[c mod 16] x
 * coarse[c / 16] / 2^15, less the offset. fine: 256..511; coarse 8..15: the negatives of 0..7. */
extern const int16_t qins8_fine[16], qins8_coarse[16];

enum {
    BLOCK_COLS = 128, /* of a tile of all formats with blocks */
    QINS8_OFFSET = 17,
    QINS8_UNITS = 255 * 128, /* of a row's base and a block's scale, in a sum of products */
    QINS9_COLS = 32,
    QINS9_SIGNS = 512 /* byte of a tile: sign masks begin */
};

enum { ATTEND_AHEAD = 4096 /* bytes: distance of attention's prefetches */ };

/* ---- bits ----------------------------------------------------------------------------- */

static inline uint32_t float_bits(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float bits_float(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* Block scale of QINS4 relative to the row's base: polarity << 7 | c -> +-2^(-c/16). The exponent
 * is subtracted as an integer, so it is the table's float scaled by an exact power of two. */
static inline float qins4_scale(uint8_t code)
{
    uint32_t exponent = (uint32_t)(code & 0x70) << 19, sign = (uint32_t)(code & 0x80) << 24;
    return bits_float((float_bits(qins4_fraction[code & 15]) - exponent) | sign);
}

/* ---- codes of the formats with blocks ------------------------------------------------- */

/* Each of them: EACH(name, columns of a block, bits of a code). */
#define BLOCK_FORMATS(EACH)                                                                        \
    EACH(qins4, 32, 4) EACH(qins4_16, 16, 4) EACH(qins3, 16, 3) EACH(qins2, 16, 2)

/* matvec_NAME_LEVEL of each, by matvec_blocks of that level. */
#define BLOCK_MATVEC(name, level, block, bits)                                                     \
    static void matvec_##name##_##level(const struct matrix *w, uint32_t group0, uint32_t group1,  \
                                        const struct activation *x, float *y)                      \
    {                                                                                              \
        matvec_blocks(w, group0, group1, x, y, block, bits);                                       \
    }

/* The same with matvec_far_NAME_LEVEL: neighbours are 1 apart. */
#define BLOCK_MATVEC_FAR(name, level, block, bits)                                                 \
    static void matvec_far_##name##_##level(const struct matrix *w, uint32_t group0,               \
                                            uint32_t group1, uint32_t apart,                       \
                                            const struct activation *x, float *y)                  \
    {                                                                                              \
        matvec_blocks(w, group0, group1, apart, x, y, block, bits);                                \
    }                                                                                              \
    static void matvec_##name##_##level(const struct matrix *w, uint32_t group0, uint32_t group1,  \
                                        const struct activation *x, float *y)                      \
    {                                                                                              \
        matvec_far_##name##_##level(w, group0, group1, 1, x, y);                                   \
    }

static inline const int8_t *block_levels(enum format format)
{
    return format == FORMAT_QINS3   ? qins3_level
           : format == FORMAT_QINS2 ? qins2_level
                                    : qins4_level;
}

/* Codes of a tile begin behind its scales. Code of row r, column k; `bits` is the format's.
 * 4: a line has 8 columns, low nibbles the first four of each row.
 * 3: three lines have 32 columns; line i has those of fours 2 i and 2 i + 1 in bits 0-2 and 3-5 of
 *    its bytes, the top bits of lines 0, 1, 2 are six bits for fours 6 and 7.
 * 2: a line has 16 columns, four after four from the lowest bits up. */
static inline uint8_t block_code(const uint8_t *codes, uint32_t bits, uint32_t r, uint32_t k)
{
    const uint32_t byte = r * 4 + k % 4, four = k % 32 / 4;
    const uint8_t *line = codes + k / 32 * (bits * 64) + byte;
    if (bits == 4)
        return line[four / 2 * 64] >> four % 2 * 4 & 15;
    if (bits == 2)
        return line[four / 4 * 64] >> four % 4 * 2 & 3;
    if (four < 6)
        return line[four / 2 * 64] >> four % 2 * 3 & 7;
    return (line[0] >> 6 | line[64] >> 6 << 2 | line[128] >> 6 << 4) >> four % 2 * 3 & 7;
}

/* Into bits that are zero. */
static inline void put_block_code(uint8_t *codes, uint32_t bits, uint32_t r, uint32_t k,
                                  uint8_t code)
{
    const uint32_t byte = r * 4 + k % 4, four = k % 32 / 4;
    uint8_t *line = codes + k / 32 * (bits * 64) + byte;
    const uint32_t top = (uint32_t)code << four % 2 * 3;
    if (bits == 4)
        line[four / 2 * 64] |= (uint8_t)(code << four % 2 * 4);
    else if (bits == 2)
        line[four / 4 * 64] |= (uint8_t)(code << four % 4 * 2);
    else if (four < 6)
        line[four / 2 * 64] |= (uint8_t)top;
    else
        for (uint32_t i = 0; i < 3; i++)
            line[i * 64] |= (uint8_t)((top >> 2 * i & 3) << 6);
}

/* ---- shapes --------------------------------------------------------------------------- */

static inline uint32_t tiles_across(const struct matrix *w)
{
    return w->cols_pad / format_info(w->format)->tile_cols;
}

/* First tile of a row group (tiled formats). */
static inline const uint8_t *group_tiles(const struct matrix *w, uint32_t group)
{
    return (const uint8_t *)w->data +
           (size_t)group * tiles_across(w) * format_info(w->format)->tile_bytes;
}

/* Rows of a group that exist: ROW_GROUP, fewer in the last one. */
static inline uint32_t group_rows(const struct matrix *w, uint32_t group)
{
    uint32_t left = w->rows - group * ROW_GROUP;
    return left < ROW_GROUP ? left : ROW_GROUP;
}

/* ---- the exponential of every kernel -------------------------------------------------- */

/* exp(x) by x = n ln 2 + r, a polynomial in r, and 2^n built from n's bits. x is clamped to
 * [EXP_MIN, EXP_MAX], where 2^n is a normal float; NaN stays NaN. Each step is one IEEE operation,
 * so that a vector variant written with the same steps gives the same bits. */
#define EXP_MIN -87.0f
#define EXP_MAX 88.0f
#define EXP_LOG2E 0x1.715476p+0f
#define EXP_LN2_HI 0x1.63p-1f
#define EXP_LN2_LO -0x1.bd0106p-13f
#define EXP_ROUND 0x1.8p23f /* adding it rounds to an integer, held in the low bits */
#define EXP_C2 0x1.fffffcp-2f
#define EXP_C3 0x1.555492p-3f
#define EXP_C4 0x1.5558f2p-5f
#define EXP_C5 0x1.123a2p-7f
#define EXP_C6 0x1.6a23ccp-10f

static inline float exp_f32(float x)
{
    x = x > EXP_MAX ? EXP_MAX : x;
    x = x < EXP_MIN ? EXP_MIN : x;
    float shifted = fmaf(x, EXP_LOG2E, EXP_ROUND), n = shifted - EXP_ROUND;
    float r = fmaf(n, -EXP_LN2_LO, fmaf(n, -EXP_LN2_HI, x));
    float p = fmaf(EXP_C6, r, EXP_C5);
    p = fmaf(p, r, EXP_C4);
    p = fmaf(p, r, EXP_C3);
    p = fmaf(p, r, EXP_C2);
    p = fmaf(p, r, 1.0f);
    p = fmaf(p, r, 1.0f);
    return p * bits_float((float_bits(shifted) << 23) + 0x3f800000u);
}

/* GELU with the tanh: x / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3). */
#define GELU_MINUS_2U -1.5957691216057308f /* -2 sqrt(2 / pi) */
#define GELU_CUBE 0.044715f

static inline float gelu_f32(float x)
{
    float u = fmaf(GELU_CUBE * x * x, x, x) * GELU_MINUS_2U;
    return x / (1.0f + exp_f32(u));
}

/* One element of clamped_mul. */
static inline float clamped_f32(float gate, float up, float limit, float alpha)
{
    float g = gate < limit ? gate : limit, u = up < limit ? up : limit;
    u = u > -limit ? u : -limit;
    return g / (1.0f + exp_f32(-alpha * g)) * (u + 1.0f);
}

/* cap tanh(x / cap) = cap (1 - 2 / (1 + exp(2 x / cap))) */
static inline float soft_cap_f32(float x, float cap)
{
    return fmaf(-2.0f * cap, 1.0f / (1.0f + exp_f32(x * (2.0f / cap))), cap);
}

/* What an array of numbers holds. */
enum element { ELEMENT_F32, ELEMENT_BF16, ELEMENT_INT8 };

static inline __attribute__((always_inline)) float load_one(const void *p, size_t i, enum element e)
{
    if (e == ELEMENT_INT8)
        return ((const int8_t *)p)[i];
    return e == ELEMENT_BF16 ? bits_float((uint32_t)((const uint16_t *)p)[i] << 16)
                             : ((const float *)p)[i];
}

/* ---- sums ----------------------------------------------------------------------------- */

/* Every float sum over a run of elements keeps 16 partial sums, element i in lane i mod 16, and
 * adds them as a binary tree. That order is part of the definition. */
enum { LANES = 16 };

static inline float sum_lanes(const float lane[LANES])
{
    float t[8];
    for (int i = 0; i < 8; i++)
        t[i] = lane[i] + lane[i + 8];
    for (int i = 0; i < 4; i++)
        t[i] += t[i + 4];
    return (t[0] + t[2]) + (t[1] + t[3]);
}

/* ---- decoding one row, tile by tile (scalar.c): the definition of dequant ------------- */

struct decoder {
    const struct matrix *m;
    float table[256]; /* QINS9: value of each stored code in the present row's range */
};

void decoder_init(struct decoder *d, const struct matrix *m);
void decoder_row(struct decoder *d, uint32_t row);
/* -> columns written, at most MAX_TILE_COLS, none beyond m->cols. */
uint32_t decoder_tile(const struct decoder *d, uint32_t row, uint32_t col0, float *out);

/* ---- the rows of levels.h: each overrides what it improves --- ------------------------- */

void kernels_scalar(struct kernels *k);
void kernels_scalar_layers(struct kernels *k);
void kernels_scalar_state(struct kernels *k);
void kernels_avx2_matrix(struct kernels *k);
void kernels_avx2_int8(struct kernels *k);
void kernels_avxvnni(struct kernels *k);
void kernels_avx2_vector(struct kernels *k);
void kernels_avx2_layers(struct kernels *k);
void kernels_avx2_state(struct kernels *k);
void kernels_avx2_attend(struct kernels *k);
void kernels_avx512(struct kernels *k);
void kernels_avx512_state(struct kernels *k);
void kernels_avx512_attend(struct kernels *k);
void kernels_avx512_attend_one(struct kernels *k);
void kernels_vnni(struct kernels *k);
void kernels_vnni_tokens(struct kernels *k);
void kernels_amx(struct kernels *k);
void kernels_amx_attend(struct kernels *k);
void kernels_neon_matrix(struct kernels *k);
void kernels_neon_vector(struct kernels *k);
void kernels_neon_state(struct kernels *k);
void kernels_neon_attend(struct kernels *k);
void kernels_neon_tokens(struct kernels *k);
void kernels_dotprod(struct kernels *k);
void kernels_dotprod_tokens(struct kernels *k);
void kernels_i8mm(struct kernels *k);
void kernels_i8mm_tokens(struct kernels *k);
gemm_f32_fn gemm_f32_openblas;
void gemm_init(void);

#endif
