/* SPDX-License-Identifier: MIT
 *
 * gguf_tokenizer_config: what tokenizer_config.json of the published folder says, from the metadata
 * of a GGUF file: the chat template, and the texts of special tokens that it uses.
 */
#ifndef QINS_GGUF_TOKENIZER_CONFIG_H
#define QINS_GGUF_TOKENIZER_CONFIG_H

#include <jansson.h>

#include "gguf.h"

/* -> new reference, or NULL. */
json_t *gguf_tokenizer_config(const struct gguf *g, struct error *err);

#endif
