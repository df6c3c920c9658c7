/* SPDX-License-Identifier: MIT
 *
 * schema_merge: two JSON schemas that both have to hold, as one.
 */
#ifndef QINS_SCHEMA_MERGE_H
#define QINS_SCHEMA_MERGE_H

#include <stdbool.h>

#include <jansson.h>

/* -> new reference, or NULL: *keyword cannot be said in one schema (static, or of a or b). */
json_t *schema_merge(const json_t *a, const json_t *b, const char **keyword);

#endif
