/* SPDX-License-Identifier: MIT
 *
 * template_access: attributes, items and slices, in the order in which Jinja's sandbox looks for
 * them.
 */
#ifndef QINS_TEMPLATE_ACCESS_H
#define QINS_TEMPLATE_ACCESS_H

#include "template_value.h"

/* Fails if v is undefined, saying what is undefined. */
void value_use(struct work *w, struct value v);
/* of.name: an attribute (a method), else an item, else undefined. */
struct value value_attribute(struct work *w, struct value of, const char *name, size_t n);
/* of[key]: an item, else an attribute, else undefined. */
struct value value_item(struct work *w, struct value of, struct value key);
/* "a.b.0" as filters take it: item by item; `missing` (if it is not MISSING) for undefined ones. */
struct value value_path(struct work *w, struct value of, struct value path, struct value missing);
/* of[start:stop:step]; MISSING or none: left out. */
struct value value_slice(struct work *w, struct value of, struct value start, struct value stop,
                         struct value step);
#endif
