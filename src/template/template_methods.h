/* SPDX-License-Identifier: MIT
 *
 * template_methods: the methods of strings, lists and mappings.
 */
#ifndef QINS_TEMPLATE_METHODS_H
#define QINS_TEMPLATE_METHODS_H

#include "template_arguments.h"

/* Calls a value of KIND_METHOD. */
struct value method_call(struct work *w, struct value method, const struct arguments *a);

/* What dict(mapping or pairs, key=value...) puts into m. */
void arguments_update_map(struct work *w, struct map *m, const struct arguments *a,
                          const char *what);

#endif
