/* SPDX-License-Identifier: MIT */
#include "qins_block.h"

#include <float.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "kernels_internal.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

#ifdef __x86_64__
/* Asks once: whoever encodes asks for every block. */
static bool has_avx2(void)
{
    static _Atomic int answer; /* 0: not asked yet; 1: no; 2: yes */
    int known = atomic_load_explicit(&answer, memory_order_relaxed);
    if (!known) {
        known = cpu_flags() & CPU_AVX2 ? 2 : 1;
        atomic_store_explicit(&answer, known, memory_order_relaxed);
    }
    return known == 2;
}
#endif

/* Floats or ints side by side; compilers lower them to whatever the CPU has. */
typedef float v4f __attribute__((vector_size(16)));
typedef float v8f __attribute__((vector_size(32)));
typedef int32_t v8i __attribute__((vector_size(32)));

enum { MAX_BLOCK = 32, TOP_LEVEL = 127, MAX_STEPS = 7, MAX_TRIED = 4 + 1 + 13 };

/* One block: its magnitudes divided by the largest, and their importance; 0 behind the row's end.
 */
struct block {
    v8f value[MAX_BLOCK / 8];
    v8f cross[MAX_BLOCK / 8];    /* importance x value */
    v8f square[MAX_BLOCK / 8];   /* importance */
    v8i negative[MAX_BLOCK / 8]; /* whether the weight is: all bits, or none */
    uint32_t n;                  /* vectors */
    float max;
};

/* Sums over a block whose levels were chosen: of magnitude x level and of level squared. The error
 * of scale s is then s^2 square - 2 s cross + a constant. */
struct fit {
    float cross[2], square[2]; /* by polarity */
};

struct choice {
    int c, polarity;
    float cost, best_scale; /* best_scale: of these levels, by least squares */
};

static float max_abs(const float *w, uint32_t n)
{
    float max = 0;
    for (uint32_t i = 0; i < n; i++)
        max = fabsf(w[i]) > max ? fabsf(w[i]) : max;
    return max;
}

static bool all_zero(const float *x, uint32_t n)
{
    while (n > 0 && x[n - 1] == 0)
        n--;
    return n == 0;
}

static inline __attribute__((always_inline)) void load_any(struct block *b, const float *w,
                                                           const float *importance, uint32_t n)
{
    static const v8i lanes = {0, 1, 2, 3, 4, 5, 6, 7};
    const v8i positive = (v8i){0} + 0x7fffffff;
    const float divisor = b->max > 0 ? b->max : 1;
    v8f x[MAX_BLOCK / 8] = {{0}}, weight[MAX_BLOCK / 8];
    memcpy(x, w, n * sizeof *w);
    if (importance)
        memcpy(weight, importance, n * sizeof *importance);
    for (uint32_t i = 0; i < b->n; i++) {
        const v8i inside = lanes + (int32_t)(8 * i) < (int32_t)n;
        const v8f value = (v8f)((v8i)x[i] & positive) / divisor;
        const v8f square = importance ? weight[i] : (v8f){0} + 1;
        b->value[i] = value;
        b->negative[i] = x[i] < 0;
        b->square[i] = (v8f)((v8i)square & inside);
        b->cross[i] = (v8f)((v8i)(square * value) & inside);
    }
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void load_avx2(struct block *b, const float *w,
                                                      const float *importance, uint32_t n)
{
    load_any(b, w, importance, n);
}
#endif

static void load_block(struct block *b, const float *w, const float *importance, uint32_t n)
{
    b->n = (n + 7) / 8;
    b->max = max_abs(w, n);
    if (importance && all_zero(importance, n))
        importance = NULL;
#ifdef __x86_64__
    if (has_avx2()) {
        load_avx2(b, w, importance, n);
        return;
    }
#endif
    load_any(b, w, importance, n);
}

/* The levels of both sides as thresholds halfway between neighbours and what crossing one adds. */
struct staircase {
    float lowest[2], threshold[2][MAX_STEPS];
    int32_t rise[2][MAX_STEPS]; /* bits of a float */
    /* [side]: thresholds, and the level above as many of them, for searches by halves */
    _Alignas(32) float search[2][8], level[2][8];
    int n;     /* steps */
    int reach; /* how many scales below that of level 127 = the largest are tried */
};

/* Few levels serve a block better if its largest weights are cut off. */
static void build_staircase(struct staircase *t, enum format format)
{
    const int bits = (int)format_info(format)->code_bits, n = (1 << (bits - 1)) - 1;
    t->n = n;
    t->reach = bits == 4 ? 5 : bits == 3 ? 9 : 13;
    for (int side = 0; side < 2; side++) {
        const int8_t *level = block_levels(format) + side * (n + 1);
        t->lowest[side] = (float)abs(level[n]);
        for (int i = 0; i < n; i++) {
            int lower = abs(level[n - i]), upper = abs(level[n - 1 - i]);
            t->threshold[side][i] = 0.5f * (float)(upper + lower);
            t->rise[side][i] = (int32_t)float_bits((float)(upper - lower));
        }
        for (int i = 0; i < 8; i++) {
            t->search[side][i] = i < n ? t->threshold[side][i] : INFINITY;
            t->level[side][i] = i <= n ? (float)abs(level[n - i]) : 0;
        }
    }
}

/* Levels of a block's values x inverse_scale, vector i. */
static inline __attribute__((always_inline)) void nearest_levels(v8f *level, const struct block *b,
                                                                 uint32_t i, float inverse_scale,
                                                                 const struct staircase *t,
                                                                 int side, const int n)
{
    const v8f v = b->value[i] * inverse_scale;
    v8f sum = (v8f){0} + t->lowest[side];
#pragma GCC unroll 7
    for (int k = 0; k < n; k++)
        sum += (v8f)((v > t->threshold[side][k]) & t->rise[side][k]);
    *level = sum;
}

/* Four sums, whatever the registers: the result is the same on every machine. */
static inline __attribute__((always_inline)) void gather(v4f *sum, const v8f *v)
{
    v4f half[2];
    memcpy(half, v, sizeof half);
    *sum += half[0];
    *sum += half[1];
}

static inline float sum4f(const v4f *v)
{
    return ((*v)[0] + (*v)[2]) + ((*v)[1] + (*v)[3]);
}

struct fit_sums {
    v4f cross[2], square[2]; /* by polarity */
};

/* Vector i, whose levels of both sides are known. Polarity 0 gives the positive weights the levels
 * of side 0, polarity 1 those of side 1. */
static inline __attribute__((always_inline)) void add_fit(struct fit_sums *f, const struct block *b,
                                                          uint32_t i, const v8f level[2])
{
    const v8i swap = ((v8i)level[0] ^ (v8i)level[1]) & b->negative[i];
    const v8f chosen[2] = {(v8f)((v8i)level[0] ^ swap), (v8f)((v8i)level[1] ^ swap)};
#pragma GCC unroll 2
    for (int p = 0; p < 2; p++) {
        v8f sum = b->cross[i] * chosen[p];
        gather(&f->cross[p], &sum);
        sum = b->square[i] * (chosen[p] * chosen[p]);
        gather(&f->square[p], &sum);
    }
}

static inline __attribute__((always_inline)) struct fit fit_of(const struct fit_sums *f)
{
    return (struct fit){{sum4f(&f->cross[0]), sum4f(&f->cross[1])},
                        {sum4f(&f->square[0]), sum4f(&f->square[1])}};
}

static inline __attribute__((always_inline)) struct fit
fit_steps(const struct block *b, const struct staircase *t, float inverse_scale, const int n)
{
    struct fit_sums f = {0};
    for (uint32_t i = 0; i < b->n; i++) {
        v8f level[2];
        nearest_levels(&level[0], b, i, inverse_scale, t, 0, n);
        nearest_levels(&level[1], b, i, inverse_scale, t, 1, n);
        add_fit(&f, b, i, level);
    }
    return fit_of(&f);
}

static inline __attribute__((always_inline)) struct fit
fit_any(const struct block *b, const struct staircase *t, float inverse_scale)
{
    switch (t->n) {
    case 1: return fit_steps(b, t, inverse_scale, 1);
    case 3: return fit_steps(b, t, inverse_scale, 3);
    default: return fit_steps(b, t, inverse_scale, 7);
    }
}

/* Codes of a block, n weights: 32 or 16. */
static inline __attribute__((always_inline)) void code_steps(uint8_t code[MAX_BLOCK],
                                                             const float *w, uint32_t n,
                                                             float scale, const struct staircase *t,
                                                             const int n_steps)
{
    const int32_t flip = signbit(scale) ? -1 : 0, positive = 0x7fffffff;
    const float divisor = scale != 0 ? fabsf(scale) : INFINITY;
    v8f x[MAX_BLOCK / 8];
    memcpy(x, w, n * sizeof *w); /* whole vectors */
    for (uint32_t i = 0; i < n / 8; i++) {
        const v8i side = (x[i] < 0) ^ flip;
        const v8f v = (v8f)((v8i)x[i] & positive) / divisor;
        v8i above[2] = {{0}, {0}}; /* minus the thresholds below v */
#pragma GCC unroll 7
        for (int k = 0; k < n_steps; k++) {
            above[0] += v > t->threshold[0][k];
            above[1] += v > t->threshold[1][k];
        }
        v8i c = (above[0] & ~side) | ((above[1] + n_steps + 1) & side);
        c += n_steps;
        for (uint32_t j = 0; j < 8; j++)
            code[i * 8 + j] = (uint8_t)c[j];
    }
}

static inline __attribute__((always_inline)) void code_any(uint8_t code[MAX_BLOCK], const float *w,
                                                           uint32_t n, float scale,
                                                           const struct staircase *t)
{
    switch (t->n) {
    case 1: code_steps(code, w, n, scale, t, 1); break;
    case 3: code_steps(code, w, n, scale, t, 3); break;
    default: code_steps(code, w, n, scale, t, 7);
    }
}

#ifdef __x86_64__
/* The same levels, found by halves: thresholds and levels of a side are a register each. */
__attribute__((target("avx2"), always_inline)) static inline __m256
levels_avx2(__m256 v, const struct staircase *t, int side, const int n)
{
    const __m256 thresholds = _mm256_load_ps(t->search[side]);
    __m256i at = _mm256_setzero_si256();
#pragma GCC unroll 3
    for (int half = (n + 1) / 2; half > 0; half /= 2) {
        __m256i next = half > 1 ? _mm256_add_epi32(at, _mm256_set1_epi32(half - 1)) : at;
        __m256 above = _mm256_cmp_ps(v, _mm256_permutevar8x32_ps(thresholds, next), _CMP_GT_OQ);
        at = half > 1 ? _mm256_add_epi32(at, _mm256_and_si256(_mm256_castps_si256(above),
                                                              _mm256_set1_epi32(half)))
                      : _mm256_sub_epi32(at, _mm256_castps_si256(above));
    }
    return _mm256_permutevar8x32_ps(_mm256_load_ps(t->level[side]), at);
}

/* sum + the lower half of each + the upper half of each; a in the lower half of the sum. */
__attribute__((target("avx2"), always_inline)) static inline __m256 gather_avx2(__m256 sum,
                                                                                __m256 a, __m256 b)
{
    sum = _mm256_add_ps(sum, _mm256_permute2f128_ps(a, b, 0x20));
    return _mm256_add_ps(sum, _mm256_permute2f128_ps(a, b, 0x31));
}

__attribute__((target("avx2"), always_inline)) static inline struct fit
fit_halves(const struct block *b, const struct staircase *t, float inverse_scale, const int n)
{
    __m256 cross = _mm256_setzero_ps(), square = cross; /* polarity 0, polarity 1 */
    for (uint32_t i = 0; i < b->n; i++) {
        const __m256 v = _mm256_mul_ps((__m256)b->value[i], _mm256_set1_ps(inverse_scale));
        const __m256 l0 = levels_avx2(v, t, 0, n), l1 = levels_avx2(v, t, 1, n);
        const __m256 negative = (__m256)b->negative[i], c = (__m256)b->cross[i],
                     q = (__m256)b->square[i];
        const __m256 x0 = _mm256_blendv_ps(l0, l1, negative),
                     x1 = _mm256_blendv_ps(l1, l0, negative);
        cross = gather_avx2(cross, _mm256_mul_ps(c, x0), _mm256_mul_ps(c, x1));
        square = gather_avx2(square, _mm256_mul_ps(q, _mm256_mul_ps(x0, x0)),
                             _mm256_mul_ps(q, _mm256_mul_ps(x1, x1)));
    }
    struct fit_sums f;
    memcpy(f.cross, &cross, sizeof f.cross);
    memcpy(f.square, &square, sizeof f.square);
    return fit_of(&f);
}

__attribute__((target("avx2"))) static struct fit
fit_avx2(const struct block *b, const struct staircase *t, float inverse_scale)
{
    switch (t->n) {
    case 1: return fit_halves(b, t, inverse_scale, 1);
    case 3: return fit_halves(b, t, inverse_scale, 3);
    default: return fit_halves(b, t, inverse_scale, 7);
    }
}

__attribute__((target("avx2"))) static void code_avx2(uint8_t code[MAX_BLOCK], const float *w,
                                                      uint32_t n, float scale,
                                                      const struct staircase *t)
{
    code_any(code, w, n, scale, t);
}
#endif

static struct fit fit_levels(const struct block *b, const struct staircase *t, float inverse_scale)
{
#ifdef __x86_64__
    if (has_avx2())
        return fit_avx2(b, t, inverse_scale);
#endif
    return fit_any(b, t, inverse_scale);
}

/* qins_block_code of n weights: 32 or 16. */
static void code_block(uint8_t code[MAX_BLOCK], const float *w, uint32_t n, float scale,
                       const struct staircase *t)
{
#ifdef __x86_64__
    if (has_avx2()) {
        code_avx2(code, w, n, scale, t);
        return;
    }
#endif
    code_any(code, w, n, scale, t);
}

/* 2^(-c/16), -256 <= c < 1024. */
static float grid_scale(int c)
{
    uint32_t octaves = (uint32_t)((c + 256) / 16) - 16;
    return bits_float(float_bits(qins4_fraction[c & 15]) - (octaves << 23));
}

/* Tries the levels chosen at step c with the scales of steps c-1, c, c+1 (the least squares scale
 * is never farther) within [c_min, c_max]; `scale` points at that of step c. */
static void try_step(struct choice *best, const struct block *b, const struct staircase *t,
                     const float *scale, int c, int c_min, int c_max)
{
    struct fit fit = fit_levels(b, t, 1.0f / *scale);
    const int from = c > c_min ? -1 : 0, to = c < c_max ? 1 : 0;
    for (int p = 0; p < 2; p++)
        for (int near = from; near <= to; near++) {
            float s = scale[near], cost = s * (s * fit.square[p] - 2 * fit.cross[p]);
            if (cost < best->cost)
                *best = (struct choice){c + near, p, cost, fit.cross[p] / fit.square[p]};
        }
}

/* Scale 2^(-c/16) x ratio x block maximum, c within [c_min, c_max]: the steps that put the largest
 * weight between 0.8 of level 127 and what t->reach allows, both polarities. */
static struct choice search_block(const struct block *b, const struct staircase *t, float ratio,
                                  int c_min, int c_max)
{
    struct choice best = {c_max, 0, INFINITY, 0};
    int centre = (int)rint(16 * log2((double)TOP_LEVEL * ratio));
    int first = centre - 4 < c_max ? centre - 4 : c_max, last = centre + t->reach;
    if (first < c_min)
        first = c_min;
    if (last > c_max)
        last = c_max;
    if (last < first)
        last = first;
    float scale[MAX_TRIED + 2]; /* of steps first - 1 to last + 1 */
    for (int c = first - 1; c <= last + 1; c++)
        scale[c - first + 1] = ratio * grid_scale(c);
    for (int c = first; c <= last; c++)
        try_step(&best, b, t, &scale[c - first + 1], c, c_min, c_max);
    return best;
}

/* ---- one block ------------------------------------------------------------------------ */

static uint8_t search(const struct staircase *t, const float *w, const float *importance,
                      uint32_t n, float base)
{
    struct block x;
    load_block(&x, w, importance, n);
    if (!(x.max > 0 && base > 0))
        return 127;
    double exact = (double)base / x.max;
    struct choice choice = search_block(&x, t, exact < 1e6 ? (float)exact : 1e6f, 0, 127);
    return (uint8_t)(choice.polarity << 7 | choice.c);
}

uint8_t qins_block_search(enum format format, const float *w, const float *importance, uint32_t n,
                          float base)
{
    struct staircase t;
    build_staircase(&t, format);
    return search(&t, w, importance, n, base);
}

float qins_block_scale(uint8_t byte, float base)
{
    return base * qins4_scale(byte);
}

/* `level`: those of one side, n of them. */
static inline int nearest_level(const int8_t *level, int n, float v)
{
    int k = n - 1;
    while (k > 0 && v > 0.5f * (float)(abs(level[k - 1]) + abs(level[k])))
        k--;
    return k;
}

static inline uint8_t nearest_code(const int8_t *levels, int n, float w, float scale)
{
    const int side = (w < 0) ^ (signbit(scale) != 0);
    const float v = scale != 0 ? fabsf(w / scale) : 0;
    return (uint8_t)(side * n + nearest_level(levels + side * n, n, v));
}

uint8_t qins_block_code(enum format format, float w, float scale)
{
    return nearest_code(block_levels(format), 1 << (format_info(format)->code_bits - 1), w, scale);
}

float qins_block_value(enum format format, uint8_t code, float scale)
{
    return scale * (float)block_levels(format)[code];
}

/* ---- a row ---------------------------------------------------------------------------- */

static uint32_t block_length(const struct format_info *f, uint32_t cols, uint32_t b)
{
    uint32_t left = cols - b * f->block;
    return left < f->block ? left : f->block;
}

/* Scale of the block that holds the row's largest weight, freely searched, and 4 steps of room
 * above it for blocks that want a larger one. */
static float first_base(enum format format, const struct staircase *t, const float *w,
                        const float *importance, uint32_t cols)
{
    const struct format_info *f = format_info(format);
    struct block x;
    uint32_t b = 0;
    float max = max_abs(w, cols);
    if (!(max > 0))
        return 0;
    while (max_abs(w + b * f->block, block_length(f, cols, b)) < max)
        b++;
    load_block(&x, w + b * f->block, importance ? importance + b * f->block : NULL,
               block_length(f, cols, b));
    struct choice choice = search_block(&x, t, 1.0f / TOP_LEVEL, -16, 16);
    double base = (double)choice.best_scale * max * grid_scale(-4);
    return base < FLT_MAX / 128 ? (float)base : FLT_MAX / 128; /* times level 127 stays finite */
}

float qins_block_base(enum format format, const float *w, const float *importance, uint32_t cols)
{
    struct staircase t;
    build_staircase(&t, format);
    return first_base(format, &t, w, importance, cols);
}

static uint8_t *scale_at(const struct matrix *m, void *data, uint32_t row, uint32_t b)
{
    const struct format_info *f = format_info(m->format);
    const uint32_t per_tile = f->tile_cols / f->block;
    const size_t tile = (size_t)(row / ROW_GROUP) * tiles_across(m) + b / per_tile;
    return (uint8_t *)data + tile * f->tile_bytes + b % per_tile * ROW_GROUP + row % ROW_GROUP;
}

void qins_block_put_scale(const struct matrix *m, void *data, uint32_t row, uint32_t b,
                          uint8_t byte)
{
    *scale_at(m, data, row, b) = byte;
}

/* The same places that block_code reads. */
void qins_block_put_code(const struct matrix *m, void *data, uint32_t row, uint32_t k, uint8_t code)
{
    const struct format_info *f = format_info(m->format);
    const size_t tile = (size_t)(row / ROW_GROUP) * tiles_across(m) + k / f->tile_cols;
    uint8_t *at = (uint8_t *)data + tile * f->tile_bytes + f->tile_cols / f->block * ROW_GROUP;
    put_block_code(at, f->code_bits, row % ROW_GROUP, k % f->tile_cols, code);
}

float qins_block_finish_row(const struct matrix *m, void *data, uint32_t row, float base)
{
    const struct format_info *f = format_info(m->format);
    const uint32_t n_blocks = (m->cols + f->block - 1) / f->block;
    uint8_t least = 127;
    for (uint32_t b = 0; b < n_blocks; b++) {
        uint8_t c = *scale_at(m, data, row, b) & 127;
        least = c < least ? c : least;
    }
    for (uint32_t b = 0; b < n_blocks; b++)
        *scale_at(m, data, row, b) -= least;
    return base * grid_scale(least);
}

/* What lies behind the row's end gets the codes of zeros. */
static void encode_block(const struct matrix *m, void *data, uint32_t row, uint32_t b,
                         const float *w, uint32_t n, float scale, const struct staircase *t)
{
    const struct format_info *f = format_info(m->format);
    const uint32_t per_tile = f->tile_cols / f->block;
    const size_t tile = (size_t)(row / ROW_GROUP) * tiles_across(m) + b / per_tile;
    uint8_t *codes = (uint8_t *)data + tile * f->tile_bytes + per_tile * ROW_GROUP;
    float whole[MAX_BLOCK] = {0};
    uint8_t code[MAX_BLOCK];
    memcpy(whole, w, n * sizeof *w);
    code_block(code, whole, f->block, scale, t);
    for (uint32_t i = 0; i < f->block; i++)
        put_block_code(codes, f->code_bits, row % ROW_GROUP, b % per_tile * f->block + i, code[i]);
}

float qins_block_encode_row(const struct matrix *m, void *data, uint32_t row, const float *w,
                            const float *importance)
{
    const struct format_info *f = format_info(m->format);
    struct staircase t;
    build_staircase(&t, m->format);
    const float base = first_base(m->format, &t, w, importance, m->cols);
    for (uint32_t k = 0; k < m->cols; k += f->block) {
        const uint32_t n = block_length(f, m->cols, k / f->block);
        uint8_t byte = search(&t, w + k, importance ? importance + k : NULL, n, base);
        qins_block_put_scale(m, data, row, k / f->block, byte);
        encode_block(m, data, row, k / f->block, w + k, n, qins_block_scale(byte, base), &t);
    }
    return qins_block_finish_row(m, data, row, base);
}
