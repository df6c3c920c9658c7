/* SPDX-License-Identifier: MIT
 *
 * aside: text that stands beside what is said, such as what a model thinks before it answers: dim,
 * as it is written, under a rule that no quotation has.
 */
#ifndef QINS_ASIDE_H
#define QINS_ASIDE_H

#include "layout.h"

/* Appends the rows of s[0..n), sanitised. first: blank lines at its start are not shown; end: a
 * blank row without the rule follows. */
void aside_layout(struct layout *l, const struct look_of_text *look, const char *s, size_t n,
                  bool first, bool end);

#endif
