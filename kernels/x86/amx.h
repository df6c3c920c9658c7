/* SPDX-License-Identifier: MIT
 *
 * amx: what the files for the matrix unit share: a product of 2 x 2 tiles, and transposing.
 */
#ifndef QINS_AMX_H
#define QINS_AMX_H

#include "x86/avx512.h"

enum { TILE = TILE_TOKENS * TILE_COLS }; /* bf16 values in a tile of tokens or of rows */

/* Compilers know too little of what tile instructions read and write: around them, everything that
 * p leads to is in memory and nowhere else. */
static inline void all_in_memory(const void *p)
{
    __asm__ volatile("" : : "r"(p) : "memory");
}

static inline void configure(void)
{
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } config = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = 64;
        config.rows[i] = 16;
    }
    all_in_memory(&config);
    _tile_loadconfig(&config);
}

/* Sums of 32 tokens x 32 rows somewhere; `at` is NULL for zeros. */
struct sums {
    float *at;
    size_t ld; /* floats from token to token */
};

/* to = from + one or two tiles of tokens x two row groups, n tiles of columns. */
static inline __attribute__((always_inline)) void
multiply(const uint16_t *tokens, const uint16_t *tokens2, const uint16_t *rows,
         const uint16_t *rows2, uint32_t n, struct sums from, struct sums to, const bool two)
{
    const size_t down = TILE_TOKENS;
    if (from.at) {
        _tile_loadd(0, from.at, from.ld * sizeof(float));
        _tile_loadd(1, from.at + ROW_GROUP, from.ld * sizeof(float));
        if (two) {
            _tile_loadd(2, from.at + down * from.ld, from.ld * sizeof(float));
            _tile_loadd(3, from.at + down * from.ld + ROW_GROUP, from.ld * sizeof(float));
        }
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (size_t k = 0; k < (size_t)n * TILE; k += TILE) {
        _tile_loadd(4, tokens + k, 64);
        _tile_loadd(6, rows + k, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, rows2 + k, 64);
        _tile_dpbf16ps(1, 4, 7);
        if (two) {
            _tile_loadd(5, tokens2 + k, 64);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
    }
    _tile_stored(0, to.at, to.ld * sizeof(float));
    _tile_stored(1, to.at + ROW_GROUP, to.ld * sizeof(float));
    if (two) {
        _tile_stored(2, to.at + down * to.ld, to.ld * sizeof(float));
        _tile_stored(3, to.at + down * to.ld + ROW_GROUP, to.ld * sizeof(float));
    }
}

/* v[row] holds 16 column pairs; afterwards v[pair] holds 16 rows. */
static inline void transpose(__m512i v[16])
{
    __m512i t[16];
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) /* v[i + j]: pair 4q + j of rows i..i+3 in quarter q */
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) {
            v[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + j + 2]);
            v[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + j + 2]);
        }
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        __m512i a = _mm512_shuffle_i32x4(v[j], v[j + 4], 0x88);      /* quarters 0 2 of both */
        __m512i b = _mm512_shuffle_i32x4(v[j], v[j + 4], 0xdd);      /* quarters 1 3 */
        __m512i c = _mm512_shuffle_i32x4(v[j + 8], v[j + 12], 0x88); /* of rows 8..15 */
        __m512i d = _mm512_shuffle_i32x4(v[j + 8], v[j + 12], 0xdd);
        t[j] = _mm512_shuffle_i32x4(a, c, 0x88);
        t[j + 4] = _mm512_shuffle_i32x4(b, d, 0x88);
        t[j + 8] = _mm512_shuffle_i32x4(a, c, 0xdd);
        t[j + 12] = _mm512_shuffle_i32x4(b, d, 0xdd);
    }
    memcpy(v, t, sizeof t);
}

#endif
