/* SPDX-License-Identifier: MIT */
#include "qins.h"

#include <assert.h>
#include <float.h>
#include <stdlib.h>

#include "kernels_internal.h"
#include "qins_block.h"

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
                       const float *w, void *data, uint8_t *tiles, float *floats)
{
    uint32_t r = row % ROW_GROUP;
    switch (m->format) {
    case FORMAT_QINS9:
        encode_qins9_row(m, tiles, r, w, range->log_min, range->log_max, range->max_abs == 0);
        break;
    case FORMAT_QINS9ROW: encode_qins9row_row(m, tiles, row, w, floats); break;
    case FORMAT_QINS8: encode_qins8_row(m, tiles, r, w, &floats[row]); break;
    default: floats[row] = qins_block_encode_row(m, data, row, w, NULL);
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

void qins_measure(const struct matrix *m, uint32_t row0, uint32_t row1, const float *w,
                  struct qins_error *error)
{
    struct decoder d;
    decoder_init(&d, m);
    for (uint32_t r = row0; r < row1; r++, w += m->cols)
        measure_row(&d, r, w, error);
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
            encode_row(m, range, r, w, data, tiles, row);
        }
        if (error)
            measure_row(&d, r, w, error);
    }
}
