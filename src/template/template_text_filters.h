/* SPDX-License-Identifier: MIT
 *
 * template_text_filters: filters that make a text or a number of one value. a[MAX_PARAMETERS] are
 * the arguments in the order of the signature, KIND_MISSING for those not given.
 */
#ifndef QINS_TEMPLATE_TEXT_FILTERS_H
#define QINS_TEMPLATE_TEXT_FILTERS_H

#include "template_arguments.h"

struct value filter_abs(struct work *w, struct value v, const struct value *a);
struct value filter_capitalize(struct work *w, struct value v, const struct value *a);
struct value filter_center(struct work *w, struct value v, const struct value *a);
struct value filter_default(struct work *w, struct value v, const struct value *a);
struct value filter_escape(struct work *w, struct value v, const struct value *a);
struct value filter_forceescape(struct work *w, struct value v, const struct value *a);
struct value filter_filesizeformat(struct work *w, struct value v, const struct value *a);
struct value filter_float(struct work *w, struct value v, const struct value *a);
struct value filter_format(struct work *w, struct value v, const struct arguments *a);
struct value filter_from_json(struct work *w, struct value v, const struct value *a);
struct value filter_indent(struct work *w, struct value v, const struct value *a);
struct value filter_int(struct work *w, struct value v, const struct value *a);
struct value filter_lower(struct work *w, struct value v, const struct value *a);
struct value filter_replace(struct work *w, struct value v, const struct value *a);
struct value filter_round(struct work *w, struct value v, const struct value *a);
struct value filter_safe(struct work *w, struct value v, const struct value *a);
struct value filter_string(struct work *w, struct value v, const struct value *a);
struct value filter_title(struct work *w, struct value v, const struct value *a);
struct value filter_tojson(struct work *w, struct value v, const struct value *a);
struct value filter_trim(struct work *w, struct value v, const struct value *a);
struct value filter_truncate(struct work *w, struct value v, const struct value *a);
struct value filter_upper(struct work *w, struct value v, const struct value *a);
struct value filter_urlencode(struct work *w, struct value v, const struct value *a);
struct value filter_wordcount(struct work *w, struct value v, const struct value *a);

#endif
