/* SPDX-License-Identifier: MIT
 *
 * Each block's values are computed in float32 with the operations and in the order of ggml's
 * dequantize_row_* functions, so that they are the same bits (the build forbids fused
 * multiply-adds).
 *
 * Small blocks of 32 hold half-bytes: the low ones are weights 0..15, the high ones 16..31. Blocks
 * of 256 ("K") hold scales of groups of 16 or 32 weights in few bits beside one or two f16.
 */
#include "gguf_types.h"

#include <string.h>

#include "qins.h"

/* ---- parts of blocks ----------------------------------------------------------------- */

static uint16_t u16_at(const uint8_t *in)
{
    uint16_t bits;
    memcpy(&bits, in, sizeof bits);
    return bits;
}

static float f16_at(const uint8_t *in)
{
    return f16_to_f32(u16_at(in));
}

/* 0 or 1: bit n of the bits that begin at in. */
static int bit(const uint8_t *in, unsigned n)
{
    return in[n / 8] >> n % 8 & 1;
}

static int half_byte(const uint8_t *in, unsigned i)
{
    return i < 16 ? in[i] & 15 : in[i - 16] >> 4;
}

/* ---- plain types --------------------------------------------------------------------- */

static void widen_f32(float *out, const uint8_t *in, size_t n)
{
    memcpy(out, in, n * sizeof *out);
}

static void widen_f16(float *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = f16_at(in + 2 * i);
}

static void widen_bf16(float *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = bf16_to_f32(u16_at(in + 2 * i));
}

/* ---- blocks of 32 -------------------------------------------------------------------- */

/* f16 d, 16 bytes */
static void widen_q4_0(float *out, const uint8_t *in, size_t n)
{
    for (; n-- > 0; out += 32, in += 18)
        for (unsigned i = 0; i < 32; i++)
            out[i] = (float)(half_byte(in + 2, i) - 8) * f16_at(in);
}

/* f16 d, f16 m, 16 bytes */
static void widen_q4_1(float *out, const uint8_t *in, size_t n)
{
    for (; n-- > 0; out += 32, in += 20)
        for (unsigned i = 0; i < 32; i++)
            out[i] = (float)half_byte(in + 4, i) * f16_at(in) + f16_at(in + 2);
}

/* f16 d, 32 fifth bits, 16 bytes */
static void widen_q5_0(float *out, const uint8_t *in, size_t n)
{
    for (; n-- > 0; out += 32, in += 22)
        for (unsigned i = 0; i < 32; i++)
            out[i] = (float)((half_byte(in + 6, i) | bit(in + 2, i) << 4) - 16) * f16_at(in);
}

/* f16 d, f16 m, 32 fifth bits, 16 bytes */
static void widen_q5_1(float *out, const uint8_t *in, size_t n)
{
    for (; n-- > 0; out += 32, in += 24)
        for (unsigned i = 0; i < 32; i++)
            out[i] =
                (float)(half_byte(in + 8, i) | bit(in + 4, i) << 4) * f16_at(in) + f16_at(in + 2);
}

/* f16 d, 32 signed bytes */
static void widen_q8_0(float *out, const uint8_t *in, size_t n)
{
    for (; n-- > 0; out += 32, in += 34)
        for (unsigned i = 0; i < 32; i++)
            out[i] = (float)(int8_t)in[2 + i] * f16_at(in);
}

static const int8_t nonlinear[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                     1,    13,   25,  38,  53,  69,  89,  113};

/* f16 d, 16 bytes */
static void widen_iq4_nl(float *out, const uint8_t *in, size_t n)
{
    for (; n-- > 0; out += 32, in += 18)
        for (unsigned i = 0; i < 32; i++)
            out[i] = f16_at(in) * (float)nonlinear[half_byte(in + 2, i)];
}

/* 2^(e - 128): the table holds twice the values of E2M1 */
static float half_of_e8m0(uint8_t e)
{
    uint32_t bits = e < 2 ? UINT32_C(0x00200000) << e : (uint32_t)(e - 1) << 23;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static const int8_t e2m1[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

void gguf_widen_mxfp4_pairs(float *out, const uint8_t *in, uint8_t scale)
{
    for (unsigned i = 0; i < 32; i++)
        out[i] = (float)e2m1[in[i / 2] >> i % 2 * 4 & 15] * half_of_e8m0(scale);
}

/* u8 exponent, 16 bytes */
static void widen_mxfp4(float *out, const uint8_t *in, size_t n)
{
    for (; n-- > 0; out += 32, in += 17)
        for (unsigned i = 0; i < 32; i++)
            out[i] = (float)e2m1[half_byte(in + 1, i)] * half_of_e8m0(in[0]);
}

/* ---- blocks of 256 ------------------------------------------------------------------- */

/* Two bits of weight i: 32 bytes hold weights 0..127 of a half, 32 in each pair of bits. */
static int two_bits(const uint8_t *in, unsigned i)
{
    return in[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
}

/* Four bits of weight i: 32 bytes hold 64 weights, the low half-bytes first. */
static int four_bits(const uint8_t *in, unsigned i)
{
    return in[i / 64 * 32 + i % 32] >> i % 64 / 32 * 4 & 15;
}

/* 16 scales of 4 bits with minima of 4 bits, 64 bytes, f16 d, f16 of the minima */
static void widen_q2_k(float *out, const uint8_t *in, size_t n)
{
    for (; n-- > 0; out += 256, in += 84) {
        float d = f16_at(in + 80), d_min = f16_at(in + 82);
        for (unsigned i = 0; i < 256; i++) {
            float scale = d * (float)(in[i / 16] & 15), min = d_min * (float)(in[i / 16] >> 4);
            out[i] = scale * (float)two_bits(in + 16, i) - min;
        }
    }
}

/* Six bits of each of 16 scales: 8 bytes of low half-bytes, 4 bytes of upper bits. */
static int q3_scale(const uint8_t *in, unsigned j)
{
    int low = j < 8 ? in[j] & 15 : in[j - 8] >> 4;
    return (low | (in[8 + j % 4] >> j / 4 * 2 & 3) << 4) - 32;
}

/* 32 bytes of third bits, 64 bytes, 12 of scales, f16 d */
static void widen_q3_k(float *out, const uint8_t *in, size_t n)
{
    for (; n-- > 0; out += 256, in += 110) {
        float d = f16_at(in + 108);
        for (unsigned i = 0; i < 256; i++) {
            int third = in[i % 32] >> i / 32 & 1;
            out[i] = d * (float)q3_scale(in + 96, i / 16) *
                     (float)(two_bits(in + 32, i) - (third ? 0 : 4));
        }
    }
}

/* Six bits each of 8 scales and 8 minima in 12 bytes: the first four of both whole, with the upper
 * bits of the last four above them. */
static int q4_scale(const uint8_t *in, unsigned j)
{
    return j < 4 ? in[j] & 63 : (in[j + 4] & 15) | in[j - 4] >> 6 << 4;
}

static int q4_min(const uint8_t *in, unsigned j)
{
    return j < 4 ? in[j + 4] & 63 : in[j + 4] >> 4 | in[j] >> 6 << 4;
}

/* What is the same in a group of 32 weights. */
struct group {
    float scale, min;
};

/* f16 d, f16 of the minima, 12 bytes of scales and minima */
static struct group q4_group(const uint8_t *in, unsigned j)
{
    return (struct group){f16_at(in) * (float)q4_scale(in + 4, j),
                          f16_at(in + 2) * (float)q4_min(in + 4, j)};
}

/* the above, 128 bytes */
static void widen_q4_k(float *out, const uint8_t *in, size_t n)
{
    for (; n-- > 0; out += 256, in += 144) {
        for (unsigned i = 0; i < 256; i++) {
            struct group g = q4_group(in, i / 32);
            out[i] = g.scale * (float)four_bits(in + 16, i) - g.min;
        }
    }
}

/* the same, 32 bytes of fifth bits, 128 bytes */
static void widen_q5_k(float *out, const uint8_t *in, size_t n)
{
    for (; n-- > 0; out += 256, in += 176) {
        for (unsigned i = 0; i < 256; i++) {
            struct group g = q4_group(in, i / 32);
            int fifth = in[16 + i % 32] >> i / 32 & 1;
            out[i] = g.scale * (float)(four_bits(in + 48, i) + (fifth ? 16 : 0)) - g.min;
        }
    }
}

/* 128 bytes of four bits, 64 of two bits, 16 signed scales, f16 d. A half of 128 weights takes 64
 * and 32 bytes; the low half-bytes are its first 64 weights. */
static void widen_q6_k(float *out, const uint8_t *in, size_t n)
{
    for (; n-- > 0; out += 256, in += 210) {
        float d = f16_at(in + 208);
        for (unsigned i = 0; i < 256; i++) {
            int low = in[i / 128 * 64 + i % 64] >> i % 128 / 64 * 4 & 15;
            int q = (low | two_bits(in + 128, i) << 4) - 32;
            out[i] = d * (float)(int8_t)in[192 + i / 16] * (float)q;
        }
    }
}

/* f16 d, u16 of upper bits of 8 scales, 4 bytes of their low half-bytes, 8 times 16 bytes */
static void widen_iq4_xs(float *out, const uint8_t *in, size_t n)
{
    for (; n-- > 0; out += 256, in += 136) {
        for (unsigned j = 0; j < 8; j++) {
            int low = in[4 + j / 2] >> j % 2 * 4 & 15, high = u16_at(in + 2) >> 2 * j & 3;
            float scale = f16_at(in) * (float)((low | high << 4) - 32);
            for (unsigned i = 0; i < 32; i++)
                out[32 * j + i] = scale * (float)nonlinear[half_byte(in + 8 + 16 * j, i)];
        }
    }
}

/* ---- table --------------------------------------------------------------------------- */

/* Blocks as in ggml's ggml-common.h. */
static const struct gguf_type types[] = {
    {"F32", 0, 1, 4, widen_f32},
    {"F16", 1, 1, 2, widen_f16},
    {"BF16", 30, 1, 2, widen_bf16},
    {"Q4_0", 2, 32, 18, widen_q4_0},
    {"Q4_1", 3, 32, 20, widen_q4_1},
    {"Q5_0", 6, 32, 22, widen_q5_0},
    {"Q5_1", 7, 32, 24, widen_q5_1},
    {"Q8_0", 8, 32, 34, widen_q8_0},
    {"Q2_K", 10, 256, 84, widen_q2_k},
    {"Q3_K", 11, 256, 110, widen_q3_k},
    {"Q4_K", 12, 256, 144, widen_q4_k},
    {"Q5_K", 13, 256, 176, widen_q5_k},
    {"Q6_K", 14, 256, 210, widen_q6_k},
    {"IQ4_NL", 20, 32, 18, widen_iq4_nl},
    {"IQ4_XS", 23, 256, 136, widen_iq4_xs},
    {"MXFP4", 39, 32, 17, widen_mxfp4},
    /* known, not read */
    {"Q8_1", 9, 32, 36},
    {"Q8_K", 15, 256, 292},
    {"IQ2_XXS", 16, 256, 66},
    {"IQ2_XS", 17, 256, 74},
    {"IQ3_XXS", 18, 256, 98},
    {"IQ1_S", 19, 256, 50},
    {"IQ3_S", 21, 256, 110},
    {"IQ2_S", 22, 256, 82},
    {"I8", 24, 1, 1},
    {"I16", 25, 1, 2},
    {"I32", 26, 1, 4},
    {"I64", 27, 1, 8},
    {"F64", 28, 1, 8},
    {"IQ1_M", 29, 256, 56},
    {"TQ1_0", 34, 256, 54},
    {"TQ2_0", 35, 256, 66},
    {"NVFP4", 40, 64, 36},
};

const struct gguf_type *gguf_type_find(uint32_t id)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].id == id)
            return &types[i];
    return NULL;
}

bool gguf_type_is_rounded(const struct gguf_type *type)
{
    return type->block > 1;
}

const struct gguf_type *gguf_type_named(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

const char *gguf_type_names(void)
{
    return "F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K to Q6_K, IQ4_NL, IQ4_XS, MXFP4";
}
