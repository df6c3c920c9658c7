/* SPDX-License-Identifier: MIT */
#include "kernels.h"

#include <assert.h>
#include <string.h>

#define FORMAT_ROW(id, text, ...) [FORMAT_##id] = {.name = text, __VA_ARGS__},
static const struct format_info formats[N_FORMATS] = {FORMATS(FORMAT_ROW)};

const struct format_info *format_info(enum format format)
{
    assert((unsigned)format < N_FORMATS);
    return &formats[format];
}

bool format_from_name(const char *name, enum format *format)
{
    for (int i = 0; i < N_FORMATS; i++)
        if (strcmp(name, formats[i].name) == 0) {
            *format = (enum format)i;
            return true;
        }
    return false;
}

const struct read_plan read_plans[N_READ_PLANS] = {
    {.streams = 4, .twice = true, .ahead = 3264}, /* the best on an Intel Xeon */
    {.streams = 4, .ahead = 1088},                /* these six take turns on AMD's Zen 5 */
    {.streams = 4, .ahead = 1632},
    {.streams = 4, .ahead = 2176},
    {.streams = 2, .ahead = 2176},
    {.streams = 2, .ahead = 3264},
    {.streams = 1, .ahead = 5440},
    {.streams = 1, .ahead = 0}, /* nothing but what the hardware does */
};

static uint32_t round_up(uint32_t n, uint32_t to)
{
    assert(n <= UINT32_MAX - to);
    return (n + to - 1) / to * to;
}

struct matrix matrix_shape(enum format format, uint32_t rows, uint32_t cols)
{
    const struct format_info *f = format_info(format);
    struct matrix m = {
        .format = format, .rows = rows, .cols = cols, .log_min = -10, .read = read_plans[0]};
    m.rows_pad = f->tile_cols == 1 ? rows : round_up(rows, ROW_GROUP);
    m.cols_pad = round_up(cols, f->tile_cols);
    return m;
}

size_t matrix_data_bytes(const struct matrix *m)
{
    const struct format_info *f = format_info(m->format);
    size_t rows = f->tile_cols == 1 ? m->rows : m->rows_pad / ROW_GROUP;
    return rows * (m->cols_pad / f->tile_cols) * f->tile_bytes;
}

size_t matrix_row_bytes(const struct matrix *m)
{
    return (size_t)format_info(m->format)->row_floats * m->rows_pad * sizeof(float);
}

size_t gemm_tiles_bytes(uint32_t cols)
{
    return (size_t)round_up(cols, TILE_COLS) * TILE_TOKENS * sizeof(uint16_t);
}
