/* SPDX-License-Identifier: MIT
 *
 * json: jansson with the checks that hostile files need (duplicate keys refused, depth limited by
 * jansson, exact 64-bit integers) and messages that name file and key.
 */
#ifndef QINS_JSON_H
#define QINS_JSON_H

#include <jansson.h>

#include "base.h"

/* Parses exactly n bytes; anything but white space behind the value is an error. `name` is what
 * messages call the text. -> new reference, or NULL. */
json_t *json_parse(const char *text, size_t n, const char *name, struct error *err);

/* A string of n bytes; one that is no UTF-8 is U+FFFD in it. */
json_t *json_clean_text(const char *text, size_t n);

/* Typed members of an object; `optional` leaves *out as it is when the key is absent or null. */
bool json_get_u32(const json_t *object, const char *key, bool optional, uint32_t *out,
                  const char *name, struct error *err);
bool json_get_number(const json_t *object, const char *key, bool optional, double *out,
                     const char *name, struct error *err);
bool json_get_bool(const json_t *object, const char *key, bool optional, bool *out,
                   const char *name, struct error *err);

#endif
