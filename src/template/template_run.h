/* SPDX-License-Identifier: MIT
 *
 * template_run: runs a template that was read.
 */
#ifndef QINS_TEMPLATE_RUN_H
#define QINS_TEMPLATE_RUN_H

#include <time.h>

#include "template_text.h"
#include "template_tree.h"

/* globals: [symbols] values by the numbers of the template's symbols, KIND_MISSING for those that
 * are not given; changed by the run. Writes to `out`; fails through w. */
void run_template(struct work *w, const struct node *body, struct value *globals,
                  const struct tm *now, struct text *out);

#endif
