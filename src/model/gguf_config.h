/* SPDX-License-Identifier: MIT
 *
 * gguf_config: the metadata of a GGUF file as the JSON files of a published model folder, so that
 * one reader checks both. Numbers are the shortest decimals that give the file's float32.
 */
#ifndef QINS_GGUF_CONFIG_H
#define QINS_GGUF_CONFIG_H

#include "gguf_arch.h"

/* config.json. Keys of the architecture that are not known are refused, all in one line: they might
 * change the arithmetic. -> new reference, or NULL. */
json_t *gguf_config(const struct gguf_split *s, const struct gguf_arch *arch, struct error *err);

/* generation_config.json: the tokens that end an answer, and recommended sampling values. -> new
 * reference, or NULL. */
json_t *gguf_generation_config(const struct gguf_split *s, struct error *err);

/* "rope_scaling" and what belongs to it, into `config`, which has the fields of the architecture.
 */
bool gguf_rope(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
               struct error *err);

/* The shortest decimal that gives this float. */
double gguf_shortest(float f);

#endif
