/* SPDX-License-Identifier: MIT
 *
 * gguf_import: a GGUF file seen as the published folder of its model: the JSON files and the
 * tensors that stand there, so that all checks and the conversion are the same.
 *
 * What the file has in another form is undone: names; the rotary order of q and k rows that
 * llama.cpp uses for some architectures (pairs 2i, 2i + 1 instead of i, i + half of the head); 1 +
 * w for norms of Gemma and Qwen3.5; the order of value heads and the decay of the delta rule.
 */
#ifndef QINS_GGUF_IMPORT_H
#define QINS_GGUF_IMPORT_H

#include "gguf_split.h"
#include "source_tensor.h"

enum { GGUF_MAX_PUBLISHED = 128 /* bytes of a published name */ };

struct gguf_import {
    struct gguf_split split;       /* a source_tensor's `file` is a part */
    struct source_tensor *tensors; /* sorted by name */
    size_t n_tensors;
    char (*names)[GGUF_MAX_PUBLISHED];
    struct buf config_json, generation_json, tokenizer_config_json;
};

/* On failure nothing stays open. */
bool gguf_import_open(struct gguf_import *g, const char *path, struct error *err);
void gguf_import_close(struct gguf_import *g);

/* Row of the file that holds row `row` as published, in heads of pair_rows rows. */
uint64_t gguf_pair_row(uint64_t row, uint32_t pair_rows);
/* The row of the file that has the published one; the same for columns. */
uint64_t gguf_head_row(uint64_t row, const struct head_order *o);

/* The file's name without ".gguf", or "general.name" if that is a blob's. Raw; caller frees. */
char *gguf_import_name(const struct gguf_import *g);
/* Whether weights were rounded to blocks of few bits: converting them adds a second loss. */
bool gguf_import_is_rounded(const struct gguf_import *g);
/* The original model "org/name" or its address if the file says it, or NULL; caller frees. Raw. */
char *gguf_import_origin(const struct gguf_import *g);

#endif
