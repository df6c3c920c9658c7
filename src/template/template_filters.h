/* SPDX-License-Identifier: MIT
 *
 * template_filters: what may stand behind `|`.
 */
#ifndef QINS_TEMPLATE_FILTERS_H
#define QINS_TEMPLATE_FILTERS_H

#include "template_arguments.h"

/* -> which filter, or -1. */
int filter_find(const char *name, size_t n);
struct value filter_run(struct work *w, int filter, struct value v, const struct arguments *a);
/* Whether the i-th argument of this filter is the name of a filter or of a test, as in
 * map("upper") and select("odd"). */
enum filter_names { NAMES_NOTHING, NAMES_FILTER, NAMES_TEST };
enum filter_names filter_names(int filter, uint32_t i);

#endif
