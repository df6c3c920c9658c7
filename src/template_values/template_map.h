/* SPDX-License-Identifier: MIT
 *
 * template_map: equality, order and hashes as in Python, and mappings built on them.
 */
#ifndef QINS_TEMPLATE_MAP_H
#define QINS_TEMPLATE_MAP_H

#include "template_value.h"

bool value_truth(struct work *w, struct value v);
bool value_equal(struct work *w, struct value a, struct value b);
/* -> -1, 0 or 1, or 2 if a or b is no number (NaN); fails if Python has no order. `op`: for the
 * message. */
int value_order(struct work *w, struct value a, struct value b, const char *op);
bool value_hashable(struct value v);

struct map *map_new(struct work *w);
/* -> the value, or NULL. Fails if the key is not hashable. */
struct value *map_get(struct work *w, const struct map *m, struct value key);
struct value *map_get_name(struct work *w, const struct map *m, const char *name, size_t n);
void map_set(struct work *w, struct map *m, struct value key, struct value v);
void map_remove(struct work *w, struct map *m, struct value key); /* which is there */

#endif
