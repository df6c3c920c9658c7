/* SPDX-License-Identifier: MIT
 *
 * gguf_gemma4: what only Gemma 4's files say: sizes that differ from layer to layer, and a rotation
 * for each of two types of layers.
 */
#ifndef QINS_GGUF_GEMMA4_H
#define QINS_GGUF_GEMMA4_H

#include "gguf_arch.h"

/* gguf_arch's finish. `config` has the fields of its row, and the rotation of full layers. */
bool gguf_finish_gemma4(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
                        struct error *err);

#endif
