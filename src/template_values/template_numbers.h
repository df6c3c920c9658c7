/* SPDX-License-Identifier: MIT
 *
 * template_numbers: texts as numbers, and rounding, as in Python.
 */
#ifndef QINS_TEMPLATE_NUMBERS_H
#define QINS_TEMPLATE_NUMBERS_H

#include "template_text.h"

/* int(s, base), base 2 to 36, or 0: by its prefix. -> false: not such a number, or beyond 64 bits.
 */
bool number_int(struct work *w, struct value s, int base, int64_t *out);
/* float(s) */
bool number_float(struct work *w, struct value s, double *out);
/* To `digits` decimals, halves to even. */
double number_round(double f, int digits);

#endif
