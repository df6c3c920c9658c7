/* SPDX-License-Identifier: MIT
 *
 * template_list_filters: filters over many values. a[MAX_PARAMETERS] as for template_text_filters.
 */
#ifndef QINS_TEMPLATE_LIST_FILTERS_H
#define QINS_TEMPLATE_LIST_FILTERS_H

#include "template_arguments.h"

struct value filter_batch(struct work *w, struct value v, const struct value *a);
struct value filter_dictsort(struct work *w, struct value v, const struct value *a);
struct value filter_first(struct work *w, struct value v, const struct value *a);
struct value filter_groupby(struct work *w, struct value v, const struct value *a);
struct value filter_items(struct work *w, struct value v, const struct value *a);
struct value filter_join(struct work *w, struct value v, const struct value *a);
struct value filter_last(struct work *w, struct value v, const struct value *a);
struct value filter_length(struct work *w, struct value v, const struct value *a);
struct value filter_list(struct work *w, struct value v, const struct value *a);
struct value filter_max(struct work *w, struct value v, const struct value *a);
struct value filter_min(struct work *w, struct value v, const struct value *a);
struct value filter_reverse(struct work *w, struct value v, const struct value *a);
struct value filter_slice(struct work *w, struct value v, const struct value *a);
struct value filter_sort(struct work *w, struct value v, const struct value *a);
struct value filter_sum(struct work *w, struct value v, const struct value *a);
struct value filter_unique(struct work *w, struct value v, const struct value *a);

#endif
