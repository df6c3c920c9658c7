/* SPDX-License-Identifier: MIT */
#include "kernels.h"

#include <assert.h>
#include <string.h>

#include "kernels_internal.h"

static const struct format_info formats[N_FORMATS] = {
    [FORMAT_F32] = {"f32", 1, 4, 0, false},
    [FORMAT_BF16] = {"bf16", 1, 2, 0, false},
    [FORMAT_QINS9] = {"qins9", 32, 576, 0, true},
    [FORMAT_QINS9ROW] = {"qins9row", 32, 576, 2, true},
    [FORMAT_QINS8] = {"qins8", 32, 512, 1, true},
    [FORMAT_QINS4] = {"qins4", 128, 1088, 1, true},
    [FORMAT_QINS4_16] = {"qins4-16", 128, 1152, 1, true},
};

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

static uint32_t round_up(uint32_t n, uint32_t to)
{
    assert(n <= UINT32_MAX - to);
    return (n + to - 1) / to * to;
}

struct matrix matrix_shape(enum format format, uint32_t rows, uint32_t cols)
{
    const struct format_info *f = format_info(format);
    struct matrix m = {.format = format, .rows = rows, .cols = cols, .log_min = -10};
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

/* ---- the ladder ----------------------------------------------------------------------- */

void kernels_init(struct kernels *k, unsigned flags)
{
    flags &= cpu_flags();
    gemm_init();
    kernels_scalar(k);
    kernels_scalar_layers(k);
#if defined(__x86_64__)
    if (!(flags & CPU_AVX2))
        return;
    k->level = "avx2";
    kernels_avx2_matrix(k);
    kernels_avx2_int8(k);
    kernels_avx2_vector(k);
    kernels_avx2_layers(k);
    kernels_avx2_attend(k);
    if (flags & CPU_AVXVNNI) {
        k->level = "avxvnni";
        kernels_avxvnni(k);
    }
    if (!(flags & CPU_AVX512))
        return;
    k->level = "avx512";
    kernels_avx512(k);
    kernels_avx512_attend(k);
    kernels_avx512_attend_one(k);
    if (!(flags & CPU_VNNI))
        return;
    k->level = "vnni";
    kernels_vnni(k);
    kernels_vnni_tokens(k);
    if (!(flags & CPU_AMX))
        return;
    k->level = "amx";
    kernels_amx(k);
    kernels_amx_attend(k);
#elif defined(__aarch64__)
    if (!(flags & CPU_NEON))
        return;
    k->level = "neon";
    kernels_neon_matrix(k);
    kernels_neon_tokens(k);
    kernels_neon_vector(k);
    kernels_neon_attend(k);
    if (!(flags & CPU_DOTPROD))
        return;
    k->level = "dotprod";
    kernels_dotprod(k);
    kernels_dotprod_tokens(k);
    if (!(flags & CPU_I8MM))
        return;
    k->level = "i8mm";
    kernels_i8mm(k);
    kernels_i8mm_tokens(k);
#endif
    (void)flags;
}
