/* SPDX-License-Identifier: MIT
 *
 * template_literals: numbers and strings as a template writes them.
 */
#ifndef QINS_TEMPLATE_LITERALS_H
#define QINS_TEMPLATE_LITERALS_H

#include "template_text.h"

/* -> bytes of the number at s, 0 if there is none. literal_int fails beyond 64 bits. */
size_t literal_float(struct work *w, const char *s, const char *end, struct value *out);
size_t literal_int(struct work *w, const char *s, const char *end, struct value *out);
/* What stands between quotes, escapes as in Python. */
struct value literal_string(struct work *w, const char *s, size_t n);

#endif
