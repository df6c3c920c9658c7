/* SPDX-License-Identifier: MIT
 *
 * json_schema: a JSON schema (2020-12, and what older drafts have in common with it) as a grammar.
 * Each text of the grammar is JSON that fits the schema. Not each JSON that fits is a text of the
 * grammar: members come in the order of the schema, oneOf is read as anyOf, numbers have at most 15
 * digits before and behind the point, white space is bounded, and an object with "properties" has
 * others only if "additionalProperties" asks for them.
 */
#ifndef QINS_JSON_SCHEMA_H
#define QINS_JSON_SCHEMA_H

#include "grammar.h"

/* `name`: what messages call the text; they add the place in it as a JSON pointer. What is not
 * known is refused. -> the caller's, or NULL */
struct grammar *json_schema_read(const char *text, size_t n, const char *name, struct error *err);

#endif
