/* SPDX-License-Identifier: MIT
 *
 * source_tensor: a tensor of a model to convert, under its published name, wherever it is stored.
 */
#ifndef QINS_SOURCE_TENSOR_H
#define QINS_SOURCE_TENSOR_H

#include "gguf_types.h"
#include "safetensors.h"

/* Heads of values of the delta rule: published, those of one key stand side by side; in llama.cpp's
 * files, the first of each key, then the second of each. */
struct head_order {
    uint32_t n_keys, n_heads; /* n_heads 0: as published */
    uint32_t first, rows;     /* rows before the heads; of a head */
    bool is_columns;          /* columns instead of rows */
};

struct source_tensor {
    const char *name;             /* "model.layers.0.mlp.down_proj.weight"; owned by the source */
    const struct gguf_type *type; /* of its elements; NULL or without widen: not read */
    const char *type_name;        /* for messages */
    uint32_t n_dims;
    uint64_t shape[ST_MAX_DIMS];
    size_t file;        /* which of the files with weights */
    uint64_t at, bytes; /* in that file */
    uint32_t pair_rows; /* rows of q or k in llama.cpp's rotary order, heads of so many; 0: as
                           published */
    bool is_one_plus;   /* the file holds 1 + w */
    bool is_decay;      /* -exp(w) */
    struct head_order heads;
};

#endif
