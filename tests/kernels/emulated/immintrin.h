/* SPDX-License-Identifier: MIT
 *
 * immintrin: AVX-VNNI, AVX-512 (F BW DQ VL VBMI VNNI BF16) and AMX (TILE BF16) in plain C and AVX2,
 * so that the kernels written for them are tested on machines without them. SIMDe has most of it;
 * what its Debian 12 version lacks follows here, after the operations of Intel's manual. Stands
 * before the compiler's own header on the include path.
 */
#ifndef QINS_EMULATED_IMMINTRIN_H
#define QINS_EMULATED_IMMINTRIN_H

#include_next <immintrin.h>

#define SIMDE_NO_INLINE /* inlined, the larger files take minutes to compile */
#define SIMDE_ENABLE_NATIVE_ALIASES
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wundef"
#include <simde/x86/avx512.h>
#pragma GCC diagnostic pop

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- masks and memory: only elements whose bit is set are touched --------------------- */

#define _cvtmask64_u64(m) ((uint64_t)(m))
#define _cvtu64_mask64(u) ((simde__mmask64)(u))

static inline void emulated_load(void *to, const void *from, uint64_t mask, int n, size_t size)
{
    for (int i = 0; i < n; i++)
        if (mask >> i & 1)
            memcpy((char *)to + i * size, (const char *)from + i * size, size);
}

#define EMULATED_LOAD(name, vector, n, size)                                                       \
    static inline vector emulated_##name(uint64_t mask, const void *p)                             \
    {                                                                                              \
        vector v;                                                                                  \
        memset(&v, 0, sizeof v);                                                                   \
        emulated_load(&v, p, mask, n, size);                                                       \
        return v;                                                                                  \
    }
EMULATED_LOAD(mm_maskz_loadu_epi8, __m128i, 16, 1)
EMULATED_LOAD(mm_maskz_loadu_ps, __m128, 4, 4)
EMULATED_LOAD(mm256_maskz_loadu_epi16, __m256i, 16, 2)
EMULATED_LOAD(mm512_maskz_loadu_epi16, simde__m512i, 32, 2)
EMULATED_LOAD(mm512_maskz_loadu_ps, simde__m512, 16, 4)

static inline simde__m512 emulated_mm512_mask_loadu_ps(simde__m512 v, uint64_t mask, const void *p)
{
    emulated_load(&v, p, mask, 16, 4);
    return v;
}

static inline void emulated_mm512_mask_storeu_ps(void *p, uint64_t mask, simde__m512 v)
{
    emulated_load(p, &v, mask, 16, 4);
}

#define _mm_maskz_loadu_epi8 emulated_mm_maskz_loadu_epi8
#define _mm_maskz_loadu_ps emulated_mm_maskz_loadu_ps
#define _mm256_maskz_loadu_epi16 emulated_mm256_maskz_loadu_epi16
#define _mm512_maskz_loadu_epi16 emulated_mm512_maskz_loadu_epi16
#define _mm512_maskz_loadu_ps emulated_mm512_maskz_loadu_ps
#define _mm512_mask_loadu_ps emulated_mm512_mask_loadu_ps
#define _mm512_mask_storeu_ps emulated_mm512_mask_storeu_ps

/* ---- conversions ---------------------------------------------------------------------- */

#define EMULATED_CONVERT(name, to, from, to_one, from_one)                                         \
    static inline to emulated_##name(from a)                                                       \
    {                                                                                              \
        from_one in[sizeof a / sizeof(from_one)];                                                  \
        to_one out[16];                                                                            \
        to v;                                                                                      \
        memcpy(in, &a, sizeof a);                                                                  \
        for (int i = 0; i < 16; i++)                                                               \
            out[i] = (to_one)in[i];                                                                \
        memcpy(&v, out, sizeof v);                                                                 \
        return v;                                                                                  \
    }
EMULATED_CONVERT(mm512_cvtepi32_ps, simde__m512, simde__m512i, float, int32_t)
EMULATED_CONVERT(mm512_cvtepi8_epi32, simde__m512i, __m128i, int32_t, int8_t)
EMULATED_CONVERT(mm512_cvtepu8_epi32, simde__m512i, __m128i, int32_t, uint8_t)
EMULATED_CONVERT(mm512_cvtepu16_epi32, simde__m512i, __m256i, int32_t, uint16_t)

#define _mm512_cvtepi32_ps emulated_mm512_cvtepi32_ps
#define _mm512_cvtepi8_epi32 emulated_mm512_cvtepi8_epi32
#define _mm512_cvtepu8_epi32 emulated_mm512_cvtepu8_epi32
#define _mm512_cvtepu16_epi32 emulated_mm512_cvtepu16_epi32

/* To nearest, ties to even; subnormal numbers count as zero; NaN becomes quiet. */
static inline uint16_t emulated_bf16(float x)
{
    uint32_t u, rest;
    memcpy(&u, &x, sizeof u);
    if (x != x)
        return (uint16_t)(u >> 16 | 0x40);
    if ((u & 0x7f800000) == 0)
        return (uint16_t)(u >> 16 & 0x8000);
    rest = u & 0xffff;
    return (uint16_t)((u >> 16) + (rest > 0x8000 || (rest == 0x8000 && (u >> 16 & 1))));
}

static inline simde__m512i emulated_mm512_cvtne2ps_pbh(simde__m512 high, simde__m512 low)
{
    float in[32];
    uint16_t out[32];
    simde__m512i v;
    memcpy(in, &low, sizeof low);
    memcpy(in + 16, &high, sizeof high);
    for (int i = 0; i < 32; i++)
        out[i] = emulated_bf16(in[i]);
    memcpy(&v, out, sizeof v);
    return v;
}

#define _mm512_cvtne2ps_pbh emulated_mm512_cvtne2ps_pbh

/* ---- arithmetic ----------------------------------------------------------------------- */

static inline __m256 emulated_mm512_extractf32x8_ps(simde__m512 v, int half)
{
    __m256 out;
    memcpy(&out, (const char *)&v + half * sizeof out, sizeof out);
    return out;
}

#undef _mm512_shuffle_f32x4
#define _mm512_shuffle_f32x4(a, b, order)                                                          \
    simde_mm512_castsi512_ps(simde_mm512_shuffle_i32x4(simde_mm512_castps_si512(a),                \
                                                       simde_mm512_castps_si512(b), order))

static inline simde__m512 emulated_mm512_mask3_fmadd_ps(simde__m512 a, simde__m512 b, simde__m512 c,
                                                        uint16_t mask)
{
    simde__m512 sum = simde_mm512_fmadd_ps(a, b, c);
    emulated_load(&c, &sum, mask, 16, 4);
    return c;
}

/* Halves of vectors are combined, as compilers do it: 8, 4, 2, 1. */
#define EMULATED_REDUCE(name, combine)                                                             \
    static inline float emulated_##name(simde__m512 v)                                             \
    {                                                                                              \
        float a[16];                                                                               \
        memcpy(a, &v, sizeof v);                                                                   \
        for (int n = 8; n; n /= 2)                                                                 \
            for (int i = 0; i < n; i++)                                                            \
                a[i] = combine(a[i], a[i + n]);                                                    \
        return a[0];                                                                               \
    }
#define EMULATED_ADD(a, b) ((a) + (b))
#define EMULATED_MAX(a, b) ((a) > (b) ? (a) : (b))
EMULATED_REDUCE(mm512_reduce_add_ps, EMULATED_ADD)
EMULATED_REDUCE(mm512_reduce_max_ps, EMULATED_MAX)

/* In each 32-bit lane: sum + 4 products of an unsigned and a signed byte, without saturation. */
static inline __m256i emulated_mm256_dpbusd_avx_epi32(__m256i sum, __m256i u8, __m256i s8)
{
    for (int i = 0; i < 4; i++) {
        __m256i a = _mm256_srli_epi32(_mm256_slli_epi32(u8, 24 - i * 8), 24);
        __m256i b = _mm256_srai_epi32(_mm256_slli_epi32(s8, 24 - i * 8), 24);
        sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(a, b));
    }
    return sum;
}

/* In each 32-bit lane: sum + 2 products of signed 16-bit numbers. */
static inline __m256i emulated_mm256_dpwssd_avx_epi32(__m256i sum, __m256i a, __m256i b)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}

#define _mm256_dpbusd_avx_epi32 emulated_mm256_dpbusd_avx_epi32
#define _mm256_dpwssd_avx_epi32 emulated_mm256_dpwssd_avx_epi32
#define _mm512_extractf32x8_ps emulated_mm512_extractf32x8_ps
#define _mm512_mask3_fmadd_ps emulated_mm512_mask3_fmadd_ps
#define _mm512_reduce_add_ps emulated_mm512_reduce_add_ps
#define _mm512_reduce_max_ps emulated_mm512_reduce_max_ps

/* ---- tiles ---------------------------------------------------------------------------- */

struct emulated_tiles {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
    uint8_t data[8][16][64];
};
static _Thread_local struct emulated_tiles emulated_tiles;

/* Tile t, which must have been configured: the processor raises #UD otherwise. */
static inline uint8_t (*emulated_tile(int t))[64]
{
    assert(emulated_tiles.palette == 1 && emulated_tiles.row_bytes[t] == 64 &&
           emulated_tiles.rows[t] == 16 && "whole tiles are all that is emulated");
    return emulated_tiles.data[t];
}

static inline void _tile_loadconfig(const void *config)
{
    memset(&emulated_tiles, 0, sizeof emulated_tiles);
    memcpy(&emulated_tiles, config, 64);
}

static inline void _tile_release(void)
{
    memset(&emulated_tiles, 0, sizeof emulated_tiles);
}

#undef _tile_zero
#undef _tile_loadd
#undef _tile_stored
#undef _tile_dpbf16ps

static inline void _tile_zero(int t)
{
    memset(emulated_tile(t), 0, sizeof emulated_tiles.data[t]);
}

static inline void _tile_loadd(int t, const void *from, size_t stride)
{
    for (int i = 0; i < 16; i++)
        memcpy(emulated_tile(t)[i], (const char *)from + i * stride, 64);
}

static inline void _tile_stored(int t, void *to, size_t stride)
{
    for (int i = 0; i < 16; i++)
        memcpy((char *)to + i * stride, emulated_tile(t)[i], 64);
}

static inline float emulated_flush(float x)
{
    return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x;
}

static inline float emulated_pair_value(const uint8_t *row, int i)
{
    uint32_t u = (uint32_t)(row[2 * i] | row[2 * i + 1] << 8) << 16;
    float x;
    memcpy(&x, &u, sizeof x);
    return emulated_flush(x);
}

/* sum[m][n] += a[m][2k] b[k][2n] + a[m][2k+1] b[k][2n+1] over k: even and odd ones summed apart. */
static inline void _tile_dpbf16ps(int sum, int a, int b)
{
    for (int m = 0; m < 16; m++)
        for (int n = 0; n < 16; n++) {
            float part[2] = {0, 0}, old;
            for (int k = 0; k < 16; k++)
                for (int odd = 0; odd < 2; odd++)
                    part[odd] = emulated_flush(
                        fmaf(emulated_pair_value(emulated_tile(a)[m], 2 * k + odd),
                             emulated_pair_value(emulated_tile(b)[k], 2 * n + odd), part[odd]));
            memcpy(&old, &emulated_tile(sum)[m][4 * n], sizeof old);
            old = emulated_flush(emulated_flush(old) + emulated_flush(part[0] + part[1]));
            memcpy(&emulated_tile(sum)[m][4 * n], &old, sizeof old);
        }
}

#endif
