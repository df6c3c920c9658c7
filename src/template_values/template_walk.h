/* SPDX-License-Identifier: MIT
 *
 * template_walk: going through anything that Python can iterate over.
 */
#ifndef QINS_TEMPLATE_WALK_H
#define QINS_TEMPLATE_WALK_H

#include "template_value.h"

struct walk {
    struct value of;
    uint64_t at; /* item, or byte of a string */
};

bool walk_can(struct value v);
/* Fails if v cannot be walked through. */
struct walk walk_start(struct work *w, struct value v);
/* -> whether there was one more. */
bool walk_next(struct work *w, struct walk *walk, struct value *out);
/* All that is left, as a new list. */
struct list *walk_list(struct work *w, struct value v);
/* len(v) -> false if it has none. */
bool value_length(struct work *w, struct value v, uint32_t *out);
struct value range_item(const struct range *r, int64_t i);

/* Puts the entries of a mapping, or pairs, into m. */
void map_update(struct work *w, struct map *m, struct value from);

#endif
