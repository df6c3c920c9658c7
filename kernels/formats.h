/* SPDX-License-Identifier: MIT
 *
 * formats: one row per number format. The enum, the names in options and messages, the table of
 * format_info and what other modules ask about a format come from it. To add one: a row here, then
 * its kernels (scalar.c first).
 */
#ifndef QINS_FORMATS_H
#define QINS_FORMATS_H

#include <stdbool.h>
#include <stdint.h>

/* ROW(NAME, "name as users write it", fields of struct format_info) */
/* clang-format off */
#define FORMATS(ROW)                                                                             \
    /* row-major float */                                                                        \
    ROW(F32, "f32", .tile_cols = 1, .tile_bytes = 4)                                             \
    /* row-major bfloat16 */                                                                     \
    ROW(BF16, "bf16", .tile_cols = 1, .tile_bytes = 2)                                           \
    /* 8-bit log code + sign plane, one range per tensor: the specification's codec */           \
    ROW(QINS9, "qins9", .tile_cols = 32, .tile_bytes = 576, .is_qins = true)                     \
    /* the same with a range per row */                                                          \
    ROW(QINS9ROW, "qins9row", .tile_cols = 32, .tile_bytes = 576, .row_floats = 2,               \
        .is_qins = true)                                                                         \
    /* sign + 7-bit shifted-log code, one scale per row */                                       \
    ROW(QINS8, "qins8", .tile_cols = 32, .tile_bytes = 512, .row_floats = 1, .is_qins = true,    \
        .is_int8 = true)                                                                         \
    /* sign + 3-bit code, blocks of 32 with a log scale: 4.25 bits per weight */                 \
    ROW(QINS4, "qins4", .tile_cols = 128, .tile_bytes = 1088, .row_floats = 1, .is_qins = true,  \
        .is_int8 = true, .block = 32, .code_bits = 4, .has_fine_edges = true)                    \
    /* the same, blocks of 16: 4.5 bits per weight */                                            \
    ROW(QINS4_16, "qins4-16", .tile_cols = 128, .tile_bytes = 1152, .row_floats = 1,             \
        .is_qins = true, .is_int8 = true, .block = 16, .code_bits = 4, .has_fine_edges = true)   \
    /* sign + 2-bit code, blocks of 16: 3.5 bits per weight */                                   \
    ROW(QINS3, "qins3", .tile_cols = 128, .tile_bytes = 896, .row_floats = 1, .is_qins = true,   \
        .is_int8 = true, .block = 16, .code_bits = 3, .has_fine_edges = true)                    \
    /* sign + 1-bit code, blocks of 16: 2.5 bits per weight */                                   \
    ROW(QINS2, "qins2", .tile_cols = 128, .tile_bytes = 640, .row_floats = 1, .is_qins = true,   \
        .is_int8 = true, .block = 16, .code_bits = 2, .has_fine_edges = true)
/* clang-format on */

#define FORMAT_ENUM(id, ...) FORMAT_##id,
enum format { FORMATS(FORMAT_ENUM) N_FORMATS };
#undef FORMAT_ENUM

struct format_info {
    const char *name;
    uint32_t tile_cols;  /* columns of one tile; 1: row-major, no tiles */
    uint32_t tile_bytes; /* bytes of one tile of ROW_GROUP rows; of one element when row-major */
    uint32_t row_floats; /* floats kept for each row beside the tiles: 0, 1 (base) or 2 (range) */
    uint32_t block;      /* columns of a block with a scale of its own; 0: none */
    uint32_t code_bits;  /* of such a format: sign and magnitude of one weight */
    bool is_qins;        /* exact signs, inverse log codes */
    bool is_int8;        /* multiplied as integers: matvec_batch */
    bool has_fine_edges; /* embedding and head lose most from it: they are kept in qins8 */
};

/* Their names, each with a space before it. */
#define FORMAT_NAME(id, name, ...) " " name
#define FORMAT_NAMES FORMATS(FORMAT_NAME)

#endif
