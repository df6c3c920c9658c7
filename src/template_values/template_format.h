/* SPDX-License-Identifier: MIT
 *
 * template_format: Python's two ways of writing values into a string.
 */
#ifndef QINS_TEMPLATE_FORMAT_H
#define QINS_TEMPLATE_FORMAT_H

#include "template_arguments.h"

/* "%d of %s" % values: a tuple, a mapping for %(name)s, or one value. */
struct value format_percent(struct work *w, struct value format, struct value values);
/* "{} of {name}".format(...) */
struct value format_braces(struct work *w, struct value format, const struct arguments *a);

#endif
