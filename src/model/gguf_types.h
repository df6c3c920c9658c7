/* SPDX-License-Identifier: MIT
 *
 * gguf_types: the element types of a GGUF file: what a block of each takes, and for those that are
 * read the exact values of a block as float32.
 */
#ifndef QINS_GGUF_TYPES_H
#define QINS_GGUF_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gguf_type {
    const char *name;
    uint32_t id;
    uint32_t block; /* weights in a block; rows are whole blocks */
    uint32_t block_bytes;
    /* The weights of n_blocks blocks, rounded exactly as ggml's reference does; NULL: not read. */
    void (*widen)(float *out /* [n_blocks][block] */,
                  const uint8_t *in /* [n_blocks][block_bytes] */, size_t n_blocks);
};

/* -> the type with this number, or NULL. */
const struct gguf_type *gguf_type_find(uint32_t id);
const struct gguf_type *gguf_type_named(const char *name);
/* The types that are read, "F32, F16, ..." for messages. */
const char *gguf_type_names(void);
/* Whether weights in it have lost precision, beyond that of 16-bit floats. */
bool gguf_type_is_rounded(const struct gguf_type *type);

/* A block of MXFP4 as safetensors files hold it: its scale elsewhere, and two neighbours in each
 * byte, the first in the low half. A zero has no sign, as in GGUF. */
void gguf_widen_mxfp4_pairs(float *out /* [32] */, const uint8_t *in /* [16] */, uint8_t scale);

#endif
