/* SPDX-License-Identifier: MIT
 *
 * source_tensor: a tensor of a model to convert, under its published name, wherever it is stored.
 */
#ifndef QINS_SOURCE_TENSOR_H
#define QINS_SOURCE_TENSOR_H

#include "gguf_types.h"
#include "safetensors.h"

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
};

#endif
