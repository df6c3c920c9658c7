/* SPDX-License-Identifier: MIT
 *
 * tokenizer_json: what the files that read tokenizer.json share. Whatever would change ids and is
 * not known is refused by name; nothing is sized by a number that the file merely states.
 */
#ifndef QINS_TOKENIZER_JSON_H
#define QINS_TOKENIZER_JSON_H

#include "json.h"
#include "tokenizer_parts.h"

/* The members normalizer, pre_tokenizer, decoder and post_processor of the file. */
bool tokenizer_json_steps(struct parts *p, const json_t *root);
bool tokenizer_json_post_processor(struct parts *p, const json_t *post);

/* "type" of a step, or "" */
const char *step_type(const json_t *object);
/* A member that is true, or absent and `otherwise`. */
bool has_flag(const json_t *object, const char *key, bool otherwise);

#endif
