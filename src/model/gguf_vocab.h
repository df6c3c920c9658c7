/* SPDX-License-Identifier: MIT
 *
 * gguf_vocab: the tokenizer that a GGUF file holds.
 */
#ifndef QINS_GGUF_VOCAB_H
#define QINS_GGUF_VOCAB_H

#include "gguf.h"
#include "tokenizer.h"

/* It does not need the file any more. */
struct tokenizer *gguf_tokenizer(const struct gguf *g, struct error *err);

#endif
