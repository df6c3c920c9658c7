/* SPDX-License-Identifier: MIT
 *
 * gguf_split: a model in one GGUF file, or in parts NAME-00001-of-00003.gguf as llama.cpp splits
 * them: each part says its number, from 0, in "split.no" and their sum in "split.count"; the first
 * holds the model's keys and in "split.tensors.count" the number of all tensors.
 */
#ifndef QINS_GGUF_SPLIT_H
#define QINS_GGUF_SPLIT_H

#include "gguf.h"

enum { GGUF_MAX_PARTS = 1000 };

struct gguf_split {
    struct gguf *parts; /* [n_parts]; the first holds the keys */
    uint32_t n_parts;
};

/* From the path of any part. On failure nothing stays open. */
bool gguf_split_open(struct gguf_split *s, const char *path, struct error *err);
void gguf_split_close(struct gguf_split *s);

/* -> the tensor and the part that holds it, or NULL. */
const struct gguf_tensor *gguf_split_tensor(const struct gguf_split *s, const char *name,
                                            const struct gguf **part);

#endif
