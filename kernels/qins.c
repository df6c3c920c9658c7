/* SPDX-License-Identifier: MIT */
#include "qins.h"

#include <assert.h>
#include <float.h>
#include <stdlib.h>

#include "kernels_internal.h"

/* ---- half-width floats ---------------------------------------------------------------- */

uint16_t bf16_from_f32(float x)
{
    uint32_t u = float_bits(x);
    if (x != x)
        return (uint16_t)(u >> 16 | 0x40); /* quiet, and never rounded up to infinity's bits */
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

float bf16_to_f32(uint16_t x)
{
    return bits_float((uint32_t)x << 16);
}

float f16_to_f32(uint16_t x)
{
    uint32_t sign = (uint32_t)(x & 0x8000) << 16, rest = x & 0x7fff;
    if (rest >= 0x7c00) /* infinity, NaN */
        return bits_float(sign | 0x7f800000 | (rest & 0x3ff) << 13);
    /* Subnormal or normal: the bits moved into place are the value times 2^-112. */
    return bits_float(sign | float_bits(bits_float(rest << 13) * 0x1p112f));
}

/* ---- the specification's law ---------------------------------------------------------- */

#define TINY 1e-8f /* magnitudes up to here do not widen a range */

/* float32 logarithm, rounded from double: the same on every machine. */
static float log_f32(float x)
{
    return (float)log((double)x);
}

void qins_range_add(struct qins_range *r, const float *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float a = fabsf(w[i]);
        if (!(a <= FLT_MAX))
            r->n_nonfinite++;
        else if (a > TINY) {
            r->min_abs = a < r->min_abs ? a : r->min_abs;
            r->max_abs = a > r->max_abs ? a : r->max_abs;
        }
    }
}

void qins_range_finish(struct qins_range *r)
{
    if (r->max_abs == 0) {
        r->log_min = -10;
        r->log_max = 0;
        r->min_abs = 0;
    } else {
        r->log_min = log_f32(r->min_abs);
        r->log_max = log_f32(r->max_abs);
    }
}

uint8_t qins_stored(float w, float log_min, float log_max)
{
    float a = fabsf(w) > TINY ? fabsf(w) : TINY;
    float t = (log_f32(a) - log_min) / (log_max - log_min + 1e-8f);
    float stored = rintf(255.0f - t * 254.0f);
    return stored > 1 ? stored < 255 ? (uint8_t)stored : 255 : 1;
}

/* Stored 0, which no encoder of the specification writes, is our mark of exactly zero. */
float qins_value(uint8_t stored, int sign, float log_min, float log_max)
{
    double range = (double)log_max - log_min;
    double value = stored ? exp(log_min + (255 - stored) / 254.0 * range) : 0;
    float magnitude = value < FLT_MAX ? (float)value : FLT_MAX;
    return sign < 0 ? -magnitude : magnitude;
}

/* ---- QINS9 ---------------------------------------------------------------------------- */

static void encode_qins9_row(const struct matrix *m, uint8_t *tiles, uint32_t r, const float *w,
                             float log_min, float log_max, bool all_zero)
{
    for (uint32_t k = 0; k < m->cols; k++) {
        uint8_t *tile = tiles + (size_t)(k / QINS9_COLS) * 576;
        uint32_t line = k % QINS9_COLS / 4, byte = r * 4 + k % 4;
        tile[line * 64 + byte] = all_zero ? 0 : qins_stored(w[k], log_min, log_max);
        if (w[k] < 0)
            tile[QINS9_SIGNS + line * 8 + byte / 8] |= (uint8_t)(1 << byte % 8);
    }
}

static void encode_qins9row_row(const struct matrix *m, uint8_t *tiles, uint32_t row,
                                const float *w, float *ranges)
{
    struct qins_range range = QINS_RANGE_EMPTY;
    qins_range_add(&range, w, m->cols);
    qins_range_finish(&range);
    ranges[row] = range.log_min;
    ranges[m->rows_pad + row] = range.log_max;
    encode_qins9_row(m, tiles, row % ROW_GROUP, w, range.log_min, range.log_max,
                     range.max_abs == 0);
}

/* ---- QINS8 ---------------------------------------------------------------------------- */

static float max_abs(const float *w, uint32_t n)
{
    float max = 0;
    for (uint32_t i = 0; i < n; i++)
        max = fabsf(w[i]) > max ? fabsf(w[i]) : max;
    return max;
}

/* Code of the nearest magnitude: how many midpoints between neighbours lie above v. */
static uint8_t nearest_qins8(float v)
{
    uint32_t c = 0;
    for (uint32_t step = 64; step; step /= 2) {
        float midpoint = 0.5f * (qins8_value[c + step - 1] + qins8_value[c + step]);
        c += v < midpoint ? step : 0;
    }
    return (uint8_t)c;
}

static void encode_qins8_row(const struct matrix *m, uint8_t *tiles, uint32_t r, const float *w,
                             float *base)
{
    *base = max_abs(w, m->cols);
    float divisor = *base > 0 ? *base : 1;
    for (uint32_t k = 0; k < m->cols; k++)
        tiles[(size_t)(k / 4) * 64 + r * 4 + k % 4] =
            (uint8_t)((w[k] < 0) << 7 | nearest_qins8(fabsf(w[k]) / divisor));
}

/* ---- QINS4: search of scale and polarity ---------------------------------------------- */

/* Four floats or ints side by side; compilers lower them to whatever the CPU has. */
typedef float v4f __attribute__((vector_size(16)));
typedef int32_t v4i __attribute__((vector_size(16)));

enum { MAX_BLOCK = 32 };

/* One block, each |weight| divided by the largest, in the array of its sign. */
struct block {
    union {
        v4f v[MAX_BLOCK / 4];
        float f[MAX_BLOCK];
    } magnitude[2]; /* [0] of the positive ones, [1] of the negative; 0 elsewhere */
    union {
        v4i v[MAX_BLOCK / 4];
        int32_t i[MAX_BLOCK];
    } member[2]; /* -1 where the weight is of that sign, 0 elsewhere and behind the row's end */
    uint32_t n;
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

static void load_block(struct block *b, const float *w, uint32_t n, uint32_t n_real)
{
    memset(b, 0, sizeof *b);
    b->n = n;
    b->max = max_abs(w, n_real);
    float divisor = b->max > 0 ? b->max : 1;
    for (uint32_t i = 0; i < n_real; i++) {
        int side = w[i] < 0;
        b->magnitude[side].f[i] = fabsf(w[i]) / divisor;
        b->member[side].i[i] = -1;
    }
}

/* The levels of both sides as thresholds halfway between neighbours and what crossing one adds. */
struct staircase {
    v4f lowest[2], threshold[2][7];
    v4i rise[2][7]; /* bits of a float */
};

static void build_staircase(struct staircase *t)
{
    for (int side = 0; side < 2; side++) {
        const int8_t *level = qins4_level + side * 8;
        t->lowest[side] = (v4f){0} + (float)abs(level[7]);
        for (int i = 0; i < 7; i++) {
            int lower = abs(level[7 - i]), upper = abs(level[6 - i]);
            t->threshold[side][i] = (v4f){0} + 0.5f * (float)(upper + lower);
            t->rise[side][i] = (v4i)((v4f){0} + (float)(upper - lower));
        }
    }
}

static inline v4f nearest_levels(v4f v, const struct staircase *t, int side)
{
    v4f level = t->lowest[side];
#pragma GCC unroll 7
    for (int i = 0; i < 7; i++)
        level += (v4f)((v > t->threshold[side][i]) & t->rise[side][i]);
    return level;
}

static float sum4f(v4f v)
{
    return (v[0] + v[2]) + (v[1] + v[3]);
}

/* Polarity 0 gives the positive weights the levels of side 0, polarity 1 those of side 1. Sums of
 * squares of levels are integers that a float holds exactly. */
static struct fit fit_levels(const struct block *b, const struct staircase *t, float inverse_scale)
{
    v4f cross[2] = {{0}, {0}}, square[2] = {{0}, {0}};
    for (uint32_t i = 0; i < b->n / 4; i++) {
        v4f v = (b->magnitude[0].v[i] + b->magnitude[1].v[i]) * inverse_scale;
#pragma GCC unroll 2
        for (int side = 0; side < 2; side++) {
            v4f level = nearest_levels(v, t, side);
            v4i level2 = (v4i)(level * level);
            cross[side] += b->magnitude[0].v[i] * level;
            square[side] += (v4f)(level2 & b->member[0].v[i]);
            cross[!side] += b->magnitude[1].v[i] * level;
            square[!side] += (v4f)(level2 & b->member[1].v[i]);
        }
    }
    return (struct fit){{sum4f(cross[0]), sum4f(cross[1])}, {sum4f(square[0]), sum4f(square[1])}};
}

/* 2^(-c/16), -256 <= c < 1024. */
static float grid_scale(int c)
{
    uint32_t octaves = (uint32_t)((c + 256) / 16) - 16;
    return bits_float(float_bits(qins4_fraction[c & 15]) - (octaves << 23));
}

/* Tries the levels chosen at step c with the scales of steps c-1, c, c+1 (the least squares scale
 * is never farther) within [c_min, c_max]. */
static void try_step(struct choice *best, const struct block *b, const struct staircase *t,
                     float ratio, int c, int c_min, int c_max)
{
    struct fit fit = fit_levels(b, t, 1.0f / (ratio * grid_scale(c)));
    for (int p = 0; p < 2; p++)
        for (int near = c - 1; near <= c + 1; near++) {
            float s = ratio * grid_scale(near);
            float cost = s * (s * fit.square[p] - 2 * fit.cross[p]);
            if (near >= c_min && near <= c_max && cost < best->cost)
                *best = (struct choice){near, p, cost, fit.cross[p] / fit.square[p]};
        }
}

/* Scale 2^(-c/16) x ratio x block maximum, c within [c_min, c_max]: the steps that put the largest
 * weight between 0.8 and 1.2 of level 127, both polarities. */
static struct choice search_block(const struct block *b, const struct staircase *t, float ratio,
                                  int c_min, int c_max)
{
    struct choice best = {c_max, 0, INFINITY, 0};
    int centre = (int)rint(16 * log2(127.0 * ratio));
    int first = centre - 4 < c_max ? centre - 4 : c_max, last = centre + 5;
    if (first < c_min)
        first = c_min;
    if (last > c_max)
        last = c_max;
    if (last < first)
        last = first;
    for (int c = first; c <= last; c++)
        try_step(&best, b, t, ratio, c, c_min, c_max);
    return best;
}

/* ---- QINS4: writing ------------------------------------------------------------------- */

/* Where the parts of one row of a row group lie. */
struct qins4_row {
    uint8_t *tiles;
    uint32_t r, block, n_blocks; /* blocks that begin before the row's end */
};

static uint8_t *qins4_tile(const struct qins4_row *q, uint32_t b, uint32_t *b_in_tile)
{
    uint32_t per_tile = QINS4_COLS / q->block;
    *b_in_tile = b % per_tile;
    return q->tiles + (size_t)(b / per_tile) * (per_tile * ROW_GROUP + QINS4_COLS * 8);
}

static uint8_t *qins4_scale_at(const struct qins4_row *q, uint32_t b)
{
    uint32_t in_tile;
    uint8_t *tile = qins4_tile(q, b, &in_tile);
    return tile + in_tile * ROW_GROUP + q->r;
}

static void put_qins4_code(const struct qins4_row *q, uint32_t b, uint32_t i, uint8_t code)
{
    uint32_t in_tile;
    uint8_t *codes = qins4_tile(q, b, &in_tile) + QINS4_COLS / q->block * ROW_GROUP;
    uint32_t k = in_tile * q->block + i;
    codes[k / 8 * 64 + q->r * 4 + k % 4] |= (uint8_t)(code << (k & 4));
}

static uint8_t nearest_qins4(float v, int side)
{
    const int8_t *level = qins4_level + side * 8;
    uint8_t k = 7;
    while (k > 0 && v > 0.5f * (float)(abs(level[k - 1]) + abs(level[k])))
        k--;
    return (uint8_t)(side << 3 | k);
}

/* The sign decides the side before anything is rounded: it cannot be lost. */
static void write_block(const struct qins4_row *q, uint32_t b, const struct block *x, float ratio,
                        struct choice choice)
{
    float inverse = 1.0f / (ratio * grid_scale(choice.c));
    *qins4_scale_at(q, b) = (uint8_t)(choice.polarity << 7 | choice.c);
    for (uint32_t i = 0; i < x->n; i++) {
        int negative = x->member[1].i[i] != 0;
        float v = x->magnitude[negative].f[i] * inverse;
        put_qins4_code(q, b, i, nearest_qins4(v, negative ^ choice.polarity));
    }
}

/* Largest step first: makes the base the largest block scale of the row. */
static float lower_steps(const struct qins4_row *q, float base)
{
    int least = 127;
    for (uint32_t b = 0; b < q->n_blocks; b++) {
        int c = *qins4_scale_at(q, b) & 127;
        least = c < least ? c : least;
    }
    for (uint32_t b = 0; b < q->n_blocks; b++)
        *qins4_scale_at(q, b) -= (uint8_t)least;
    return base * grid_scale(least);
}

/* Scale of the block that holds the row's largest weight, freely searched, and 4 steps of room
 * above it for blocks that want a larger one. */
static float first_base(const struct qins4_row *q, const struct staircase *t, const float *w,
                        uint32_t cols, float max)
{
    struct block x;
    uint32_t b = 0;
    while (max_abs(w + b * q->block,
                   cols - b * q->block < q->block ? cols - b * q->block : q->block) < max)
        b++;
    load_block(&x, w + b * q->block, q->block,
               cols - b * q->block < q->block ? cols - b * q->block : q->block);
    struct choice choice = search_block(&x, t, 1.0f / 127, -16, 16);
    double base = (double)choice.best_scale * max * grid_scale(-4);
    return base < FLT_MAX / 128 ? (float)base : FLT_MAX / 128; /* times level 127 stays finite */
}

static void encode_qins4_row(const struct matrix *m, uint8_t *tiles, uint32_t r, const float *w,
                             float *base, uint32_t block)
{
    struct qins4_row q = {tiles, r, block, (m->cols + block - 1) / block};
    struct staircase t;
    build_staircase(&t);
    float max = max_abs(w, m->cols), row_base = max > 0 ? first_base(&q, &t, w, m->cols, max) : 0;
    for (uint32_t b = 0; b < q.n_blocks; b++) {
        struct block x;
        struct choice choice = {.c = 127};
        float ratio = 1;
        uint32_t left = m->cols - b * block;
        load_block(&x, w + b * block, block, left < block ? left : block);
        if (x.max > 0 && row_base > 0) {
            double exact = (double)row_base / x.max;
            ratio = exact < 1e6 ? (float)exact : 1e6f;
            choice = search_block(&x, &t, ratio, 0, 127);
        }
        write_block(&q, b, &x, ratio, choice);
    }
    *base = lower_steps(&q, row_base);
}

/* ---- a matrix ------------------------------------------------------------------------- */

static void encode_plain_row(const struct matrix *m, uint32_t row, const float *w, void *data)
{
    size_t at = (size_t)row * m->cols;
    if (m->format == FORMAT_F32)
        memcpy((float *)data + at, w, m->cols * sizeof *w);
    else
        for (uint32_t k = 0; k < m->cols; k++)
            ((uint16_t *)data)[at + k] = bf16_from_f32(w[k]);
}

static void encode_row(const struct matrix *m, const struct qins_range *range, uint32_t row,
                       const float *w, uint8_t *tiles, float *floats)
{
    uint32_t r = row % ROW_GROUP;
    switch (m->format) {
    case FORMAT_QINS9:
        encode_qins9_row(m, tiles, r, w, range->log_min, range->log_max, range->max_abs == 0);
        break;
    case FORMAT_QINS9ROW: encode_qins9row_row(m, tiles, row, w, floats); break;
    case FORMAT_QINS8: encode_qins8_row(m, tiles, r, w, &floats[row]); break;
    case FORMAT_QINS4: encode_qins4_row(m, tiles, r, w, &floats[row], 32); break;
    default: encode_qins4_row(m, tiles, r, w, &floats[row], 16);
    }
}

static void add_error(struct qins_error *e, const float *w, const float *back, uint32_t n,
                      bool is_qins)
{
    for (uint32_t i = 0; i < n; i++) {
        double diff = fabs((double)back[i] - w[i]), a = fabs((double)w[i]);
        bool negative = is_qins ? signbit(back[i]) != 0 : back[i] < 0;
        e->n_sign_kept += negative == (w[i] < 0);
        e->sum_sq += a * a;
        e->sum_sq_err += diff * diff;
        if (a > (double)TINY) {
            e->sum_rel += diff / a;
            e->n_rel++;
        }
    }
    e->n += n;
}

static void measure_row(struct decoder *d, uint32_t row, const float *w, struct qins_error *error)
{
    float back[MAX_TILE_COLS];
    decoder_row(d, row);
    for (uint32_t col = 0; col < d->m->cols;) {
        uint32_t n = decoder_tile(d, row, col, back);
        add_error(error, w + col, back, n, format_info(d->m->format)->is_qins);
        col += n;
    }
}

/* Rows and whole blocks that only pad a tile are zero bytes, and so are the rows' floats. */
static void clear_group(const struct matrix *m, uint8_t *tiles, uint32_t group, float *floats)
{
    const struct format_info *f = format_info(m->format);
    memset(tiles, 0, (size_t)tiles_across(m) * f->tile_bytes);
    for (uint32_t i = 0; i < f->row_floats; i++)
        memset(floats + (size_t)i * m->rows_pad + group * ROW_GROUP, 0, ROW_GROUP * sizeof *floats);
}

void qins_encode(const struct matrix *m, const struct qins_range *range, uint32_t row0,
                 uint32_t row1, const float *w, void *data, float *row, struct qins_error *error)
{
    assert(row0 % ROW_GROUP == 0 && row1 <= m->rows);
    assert(row1 % ROW_GROUP == 0 || row1 == m->rows);
    bool plain = format_info(m->format)->tile_cols == 1;
    struct matrix bound = *m;
    struct decoder d;
    bound.data = data;
    bound.row = row;
    bound.log_min = range->log_min;
    bound.log_max = range->log_max;
    decoder_init(&d, &bound);
    for (uint32_t r = row0; r < row1; r++, w += m->cols) {
        uint8_t *tiles = plain ? NULL : (uint8_t *)group_tiles(&bound, r / ROW_GROUP);
        if (plain) {
            encode_plain_row(m, r, w, data);
        } else {
            if (r % ROW_GROUP == 0)
                clear_group(m, tiles, r / ROW_GROUP, row);
            encode_row(m, range, r, w, tiles, row);
        }
        if (error)
            measure_row(&d, r, w, error);
    }
}
