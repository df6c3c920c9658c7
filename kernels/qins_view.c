/* SPDX-License-Identifier: MIT */
#include "qins_view.h"

#include "kernels_internal.h"

/* The curve of a format with blocks: magnitudes (g^(j + shift) - 1), TECHNICAL_SPEC. */
struct curve {
    double g, shift[2];
};

static struct curve curve_of(enum format format)
{
    switch (format) {
    case FORMAT_QINS3: return (struct curve){1.4, {.4, .6}};
    case FORMAT_QINS2: return (struct curve){1.9, {.4, .6}};
    default: return (struct curve){1.18, {.4, .7}};
    }
}

uint32_t qins_view_steps(enum format format)
{
    const struct format_info *f = format_info(format);
    if (!f->is_qins)
        return 0;
    if (f->block)
        return (1u << (f->code_bits - 1)) - 1;
    return format == FORMAT_QINS8 ? 127 : 254;
}

static const uint8_t *tile_of(const struct matrix *m, uint32_t row, uint32_t col)
{
    const struct format_info *f = format_info(m->format);
    return group_tiles(m, row / ROW_GROUP) + (size_t)(col / f->tile_cols) * f->tile_bytes;
}

static struct qins_view view_qins9(const struct matrix *m, uint32_t row, uint32_t col)
{
    const bool by_row = m->format == FORMAT_QINS9ROW;
    const uint8_t *tile = tile_of(m, row, col);
    const uint32_t k = col % QINS9_COLS, byte = row % ROW_GROUP * 4 + k % 4;
    const bool negative = tile[QINS9_SIGNS + k / 4 * 8 + byte / 8] >> byte % 8 & 1;
    return (struct qins_view){.stored = tile[k / 4 * 64 + byte],
                              .sign = negative ? -1 : 1,
                              .log_min = by_row ? (double)m->row[row] : (double)m->log_min,
                              .log_max =
                                  by_row ? (double)m->row[m->rows_pad + row] : (double)m->log_max};
}

/* |w| + base / top = base / top 16 2^(-(c + .5) / 32) / 16, top = 16 2^(-.5/32) - 1. */
static struct qins_view view_qins8(const struct matrix *m, uint32_t row, uint32_t col)
{
    const uint32_t k = col % 32;
    const uint8_t code = tile_of(m, row, col)[k / 4 * 64 + row % ROW_GROUP * 4 + k % 4];
    const double s = (double)m->row[row] / (exp2(-.5 / 32) - 1. / 16);
    return (struct qins_view){.stored = (uint8_t)(m->row[row] > 0 ? 1 + 2 * (code & 127) : 0),
                              .sign = code & 128 ? -1 : 1,
                              .log_min = log(s) - M_LN2 * 127.5 / 32,
                              .log_max = log(s) - M_LN2 * .5 / 32,
                              .eps = s / 16};
}

static struct qins_view view_block(const struct matrix *m, uint32_t row, uint32_t col)
{
    const struct format_info *f = format_info(m->format);
    const struct curve curve = curve_of(m->format);
    const uint32_t n = 1u << (f->code_bits - 1), k = col % f->tile_cols, r = row % ROW_GROUP;
    const uint8_t *tile = tile_of(m, row, col), byte = tile[k / f->block * ROW_GROUP + r];
    const uint8_t code = block_code(tile + f->tile_cols / f->block * ROW_GROUP, f->code_bits, r, k);
    const double scale = (double)m->row[row] * fabs((double)qins4_scale(byte));
    const double unit = scale * 127 / (pow(curve.g, n - 1 + curve.shift[1]) - 1);
    const double low = log(unit) + curve.shift[code / n] * log(curve.g);
    return (struct qins_view){
        .stored = (uint8_t)(scale > 0 ? 1 + (code % n * 254 + (n - 1) / 2) / (n - 1) : 0),
        .sign = (code >= n) ^ (byte >> 7) ? -1 : 1,
        .log_min = low,
        .log_max = low + (n - 1) * log(curve.g),
        .eps = unit};
}

struct qins_view qins_view(const struct matrix *m, uint32_t row, uint32_t col)
{
    struct qins_view v = format_info(m->format)->block ? view_block(m, row, col)
                         : m->format == FORMAT_QINS8   ? view_qins8(m, row, col)
                                                       : view_qins9(m, row, col);
    if (v.stored == 0) { /* rows of zeros have no range */
        v.log_min = -10;
        v.log_max = v.eps = 0;
    }
    return v;
}

double qins_view_value(const struct qins_view *v)
{
    if (v->stored == 0)
        return 0;
    double t = (255 - v->stored) / 254.0;
    return v->sign * (exp(v->log_min + t * (v->log_max - v->log_min)) - v->eps);
}
