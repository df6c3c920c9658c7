/* SPDX-License-Identifier: MIT
 *
 * AMX: products with the tokens of a prompt. A slice of weight rows is decoded once, to bf16 in the
 * order of the unit's second operand, and stays in L2 while all tokens go over it; 32 tokens by 32
 * rows of sums stay in tile registers. Decoding and rounding need AVX-512 with BF16.
 */
#include "x86/amx.h"
#include <assert.h>

enum {
    BLOCK = 8 * TILE_COLS, /* columns: two rows of token tiles that long stay in L1 */
    SLAB = 48 * TILE_COLS, /* columns decoded at once: TILE_GROUPS groups of them stay in L2 */
    SLAB_VALUES = SLAB * ROW_GROUP,
};

struct scratch {
    uint16_t panel[TILE_GROUPS][SLAB_VALUES];                    /* tiles of decoded weights */
    float sums[TILE_GROUPS / 2][2 * TILE_TOKENS][2 * ROW_GROUP]; /* by pairs of groups */
};
static_assert(sizeof(struct scratch) <= TILE_SCRATCH, "TILE_SCRATCH is too small");

/* ---- tokens --------------------------------------------------------------------------- */

static void pack_amx(const float *x, uint32_t n_tok, uint32_t cols, uint16_t *tiles)
{
    for (uint32_t k = 0; k < cols; k += TILE_COLS, tiles += TILE) {
        uint32_t n = cols - k;
        for (uint32_t t = 0; t < TILE_TOKENS; t++) {
            __m512 low = _mm512_setzero_ps(), high = low;
            if (t < n_tok) {
                const float *row = x + (size_t)t * cols + k;
                low = _mm512_maskz_loadu_ps(first_lanes(n), row);
                high = _mm512_maskz_loadu_ps(first_lanes(n < 16 ? 0 : n - 16), row + 16);
            }
            _mm512_store_si512(tiles + t * TILE_COLS, (__m512i)_mm512_cvtne2ps_pbh(high, low));
        }
    }
}

/* ---- weights: one row group, columns [col0, col1), col0 a multiple of SLAB ------------ */

typedef void decode_fn(const struct matrix *w, uint32_t group, uint32_t col0, uint32_t col1,
                       uint16_t *panel);

/* Columns a and b of 16 rows, as one line of a weight tile: a b of row 0, a b of row 1, ... */
static inline __m512i pair_columns(__m512 a, __m512 b)
{
    static const uint16_t order[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                       21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                       11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return _mm512_permutexvar_epi16(_mm512_loadu_si512(order), (__m512i)_mm512_cvtne2ps_pbh(b, a));
}

/* qins4_scale of 16 rows x base. */
static inline __m512 scales_qins4(const uint8_t *codes, __m512 base)
{
    __m512i c = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)codes));
    __m512i f = _mm512_castps_si512(_mm512_permutexvar_ps(c, _mm512_loadu_ps(qins4_fraction)));
    __m512i exponent = _mm512_and_si512(_mm512_slli_epi32(c, 19), _mm512_set1_epi32(7 << 23));
    __m512i sign = _mm512_and_si512(_mm512_slli_epi32(c, 24), _mm512_set1_epi32(INT32_MIN));
    f = _mm512_or_si512(_mm512_sub_epi32(f, exponent), sign);
    return _mm512_mul_ps(base, _mm512_castsi512_ps(f));
}

/* Levels by code; repeated, so that what lies above a code in an index of 4 bits does not matter.
 */
static inline __attribute__((always_inline)) __m512 levels_amx(const uint32_t bits)
{
    const int8_t *one = bits == 4 ? qins4_level : bits == 3 ? qins3_level : qins2_level;
    float levels[16];
    for (uint32_t i = 0; i < 16; i++)
        levels[i] = one[i % (1u << bits)];
    return _mm512_loadu_ps(levels);
}

/* Column j of columns 4 i .. 4 i + 3 of a unit of 32 columns: codes in the low bits of 16 rows. */
static inline __attribute__((always_inline)) __m512i codes_amx(const uint8_t *unit, const int i,
                                                               const int j, const uint32_t bits)
{
    const int per_line = bits == 2 ? 4 : 2;
    if (bits == 3 && i >= 6) { /* the top bits of three lines side by side */
        const __m512i mask = _mm512_set1_epi8(0x0c), mask2 = _mm512_set1_epi8(0x30);
        __m512i a = _mm512_srli_epi32(_mm512_loadu_si512(unit), 6);
        __m512i b = _mm512_srli_epi32(_mm512_loadu_si512(unit + 64), 4);
        __m512i c = _mm512_srli_epi32(_mm512_loadu_si512(unit + 128), 2);
        a = _mm512_ternarylogic_epi32(mask, b, a, 0xca); /* mask ? b : a */
        a = _mm512_ternarylogic_epi32(mask2, c, a, 0xca);
        return _mm512_srli_epi32(a, (unsigned)(8 * j + (i == 6 ? 0 : 3)));
    }
    __m512i v = _mm512_loadu_si512(unit + i / per_line * 64);
    return _mm512_srli_epi32(v, (unsigned)(8 * j + i % per_line * (int)bits));
}

#define COLUMN(j) _mm512_mul_ps(scale, _mm512_permutexvar_ps(codes_amx(unit, i, j, bits), levels))

static inline __attribute__((always_inline)) void
decode_blocks(const struct matrix *w, uint32_t group, uint32_t col0, uint32_t col1, uint16_t *panel,
              const uint32_t block, const uint32_t bits)
{
    const uint32_t n_scales = BLOCK_COLS / block * ROW_GROUP;
    const uint32_t tile_bytes = n_scales + BLOCK_COLS * bits * 2;
    const uint8_t *tile = group_tiles(w, group);
    const __m512 base = _mm512_loadu_ps(w->row + (size_t)group * ROW_GROUP);
    const __m512 levels = levels_amx(bits);
    for (uint32_t k = col0; k < col1; k += TILE_COLS) {
        const uint8_t *at = tile + (size_t)(k / BLOCK_COLS) * tile_bytes;
        const uint32_t col = k % BLOCK_COLS;
        const uint8_t *unit = at + n_scales + col / 32 * bits * 64;
        __m512 scale = scales_qins4(at + col / block * ROW_GROUP, base);
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++, panel += TILE / 8) {
            if (block == 16 && i == 4)
                scale = scales_qins4(at + (col / block + 1) * ROW_GROUP, base);
            _mm512_store_si512(panel, pair_columns(COLUMN(0), COLUMN(1)));
            _mm512_store_si512(panel + 32, pair_columns(COLUMN(2), COLUMN(3)));
        }
    }
}

#define GROUP(name, block, bits)                                                                   \
    static void group_##name(const struct matrix *w, uint32_t group, uint32_t col0, uint32_t col1, \
                             uint16_t *panel)                                                      \
    {                                                                                              \
        decode_blocks(w, group, col0, col1, panel, block, bits);                                   \
    }

BLOCK_FORMATS(GROUP)

/* base x T[c] with the sign of bit 7; `v` has the code in its low byte. */
static inline __m512 value_qins8(__m512i v, __m512 base)
{
    const float *t = qins8_value;
    __mmask16 second = _mm512_test_epi32_mask(v, _mm512_set1_epi32(32));
    __mmask16 upper = _mm512_test_epi32_mask(v, _mm512_set1_epi32(64));
    __m512 a = _mm512_permutex2var_ps(_mm512_loadu_ps(t), v, _mm512_loadu_ps(t + 16));
    __m512 b = _mm512_permutex2var_ps(_mm512_loadu_ps(t + 32), v, _mm512_loadu_ps(t + 48));
    __m512 c = _mm512_permutex2var_ps(_mm512_loadu_ps(t + 64), v, _mm512_loadu_ps(t + 80));
    __m512 d = _mm512_permutex2var_ps(_mm512_loadu_ps(t + 96), v, _mm512_loadu_ps(t + 112));
    a = _mm512_mask_mov_ps(a, second, b);
    c = _mm512_mask_mov_ps(c, second, d);
    __m512i value = _mm512_castps_si512(_mm512_mul_ps(base, _mm512_mask_mov_ps(a, upper, c)));
    __m512i sign = _mm512_and_si512(_mm512_slli_epi32(v, 24), _mm512_set1_epi32(INT32_MIN));
    return _mm512_castsi512_ps(_mm512_xor_si512(value, sign));
}

static void group_qins8(const struct matrix *w, uint32_t group, uint32_t col0, uint32_t col1,
                        uint16_t *panel)
{
    const uint8_t *line = group_tiles(w, group) + (size_t)col0 * ROW_GROUP;
    const uint32_t end = (col1 + TILE_COLS - 1) / TILE_COLS * TILE_COLS;
    const __m512 base = _mm512_loadu_ps(w->row + (size_t)group * ROW_GROUP);
    for (uint32_t k = col0; k < end; k += 4, line += 64, panel += 64) {
        __m512i v = _mm512_loadu_si512(line);
        _mm512_store_si512(
            panel, pair_columns(value_qins8(v, base), value_qins8(_mm512_srli_epi32(v, 8), base)));
        _mm512_store_si512(panel + 32, pair_columns(value_qins8(_mm512_srli_epi32(v, 16), base),
                                                    value_qins8(_mm512_srli_epi32(v, 24), base)));
    }
}

static void group_bf16(const struct matrix *w, uint32_t group, uint32_t col0, uint32_t col1,
                       uint16_t *panel)
{
    const uint32_t n_rows = group_rows(w, group);
    const uint16_t *rows = (const uint16_t *)w->data + (size_t)group * ROW_GROUP * w->cols;
    for (uint32_t k = col0; k < col1; k += TILE_COLS, panel += TILE) {
        uint32_t n = col1 - k;
        __mmask32 m = n >= 32 ? 0xffffffff : (1u << n) - 1;
        __m512i v[16];
        for (uint32_t r = 0; r < ROW_GROUP; r++)
            v[r] = r < n_rows ? _mm512_maskz_loadu_epi16(m, rows + (size_t)r * w->cols + k)
                              : _mm512_setzero_si512();
        transpose(v);
        for (int i = 0; i < 16; i++)
            _mm512_store_si512(panel + i * 32, v[i]);
    }
}

/* ---- the product ---------------------------------------------------------------------- */

static decode_fn *const decode[N_FORMATS] = {
    [FORMAT_BF16] = group_bf16,         [FORMAT_QINS8] = group_qins8, [FORMAT_QINS4] = group_qins4,
    [FORMAT_QINS4_16] = group_qins4_16, [FORMAT_QINS3] = group_qins3, [FORMAT_QINS2] = group_qins2,
};

/* A slab of columns of up to TILE_GROUPS row groups, decoded, and all tokens. */
struct slab {
    const struct matrix *w;
    uint32_t group0, n_groups, col0, col1;
    const uint16_t *tiles;
    uint32_t n_tok;
    float *out;
    size_t ld_out;
    struct scratch *s;
};

/* The output of tokens t and on, groups g and on. */
static float *output(const struct slab *b, uint32_t t, uint32_t g)
{
    return b->out + t * b->ld_out + (size_t)(b->group0 + g) * ROW_GROUP;
}

/* Tiles go to the output themselves where all of their tokens and rows exist. */
static bool is_whole(const struct slab *b, uint32_t t, uint32_t g)
{
    uint32_t left = b->n_tok - t;
    return (left == TILE_TOKENS || left >= 2 * TILE_TOKENS) && g + 1 < b->n_groups &&
           group_rows(b->w, b->group0 + g + 1) == ROW_GROUP;
}

enum direction { FROM_OUT, TO_OUT };

/* The sums of tokens [t, t + 32), groups g and g + 1: what exists of them. */
static void move_sums(const struct slab *b, uint32_t t, uint32_t g, enum direction direction)
{
    for (uint32_t i = 0; i < 2 * TILE_TOKENS && t + i < b->n_tok; i++)
        for (uint32_t h = 0; h < 2 && g + h < b->n_groups; h++) {
            float *sums = b->s->sums[g / 2][i] + h * ROW_GROUP, *out = output(b, t + i, g + h);
            __mmask16 m = first_lanes(group_rows(b->w, b->group0 + g + h));
            if (direction == TO_OUT)
                _mm512_mask_storeu_ps(out, m, _mm512_load_ps(sums));
            else
                _mm512_store_ps(sums, _mm512_maskz_loadu_ps(m, out));
        }
}

/* Adds the products of tokens [t, t + 32) and columns [k, k + BLOCK) with two groups. */
static void multiply_pair(const struct slab *b, uint32_t t, uint32_t g, uint32_t k)
{
    const size_t stride = gemm_tiles_bytes(b->w->cols) / sizeof *b->tiles;
    const uint16_t *tokens = b->tiles + t / TILE_TOKENS * stride + (size_t)k * TILE_TOKENS;
    const uint32_t cols = b->col1 - k < BLOCK ? b->col1 - k : BLOCK;
    const uint32_t n = (cols + TILE_COLS - 1) / TILE_COLS;
    const uint32_t g2 = g + 1 < b->n_groups ? g + 1 : g; /* the last may be alone */
    const size_t at = (size_t)(k - b->col0) * ROW_GROUP;
    const uint16_t *rows = b->s->panel[g] + at, *rows2 = b->s->panel[g2] + at;
    const bool whole = is_whole(b, t, g), last = k + cols == b->col1;
    const struct sums out = {output(b, t, g), b->ld_out};
    const struct sums own = {b->s->sums[g / 2][0], 2 * ROW_GROUP};
    struct sums from = own, to = whole && last ? out : own;
    if (k == 0)
        from.at = NULL;
    else if (k == b->col0 && whole)
        from = out;
    else if (k == b->col0)
        move_sums(b, t, g, FROM_OUT);
    all_in_memory(b->s);
    if (b->n_tok - t > TILE_TOKENS)
        multiply(tokens, tokens + stride, rows, rows2, n, from, to, true);
    else
        multiply(tokens, tokens, rows, rows2, n, from, to, false);
    all_in_memory(b->s);
    if (last && !whole)
        move_sums(b, t, g, TO_OUT);
}

static void run_slab(const struct slab *b)
{
    for (uint32_t g = 0; g < b->n_groups; g++)
        decode[b->w->format](b->w, b->group0 + g, b->col0, b->col1, b->s->panel[g]);
    for (uint32_t t = 0; t < b->n_tok; t += 2 * TILE_TOKENS)
        for (uint32_t k = b->col0; k < b->col1; k += BLOCK)
            for (uint32_t g = 0; g < b->n_groups; g += 2)
                multiply_pair(b, t, g, k);
}

static void gemm_tiles_amx(const struct matrix *w, uint32_t group0, uint32_t group1,
                           const uint16_t *tiles, uint32_t n_tok, float *out, size_t ld_out,
                           void *scratch)
{
    struct slab b = {
        .w = w, .tiles = tiles, .n_tok = n_tok, .out = out, .ld_out = ld_out, .s = scratch};
    configure();
    for (b.group0 = group0; b.group0 < group1; b.group0 += TILE_GROUPS) {
        uint32_t left = group1 - b.group0;
        b.n_groups = left < TILE_GROUPS ? left : TILE_GROUPS;
        for (b.col0 = 0; b.col0 < w->cols; b.col0 += SLAB) {
            b.col1 = w->cols - b.col0 < SLAB ? w->cols : b.col0 + SLAB;
            run_slab(&b);
        }
    }
    _tile_release();
}

void kernels_amx(struct kernels *k)
{
    k->pack_tokens = pack_amx;
    for (int f = 0; f < N_FORMATS; f++)
        if (decode[f])
            k->gemm_tiles[f] = gemm_tiles_amx;
}
