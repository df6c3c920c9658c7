/* SPDX-License-Identifier: MIT
 *
 * template_print: values as text, as Python's str() and repr() write them.
 */
#ifndef QINS_TEMPLATE_PRINT_H
#define QINS_TEMPLATE_PRINT_H

#include "template_text.h"

enum { NUMBER_TEXT_BYTES = 32 };

/* The shortest decimal that reads back as f, in Python's form: 1.0, 1e-05, 1e+16, inf, nan. */
void print_float(double f, char out[NUMBER_TEXT_BYTES]);

/* str(v); a string is passed on as it is, without its being Markup. */
struct value value_str(struct work *w, struct value v);
struct value value_repr(struct work *w, struct value v);
void print_str(struct work *w, struct text *to, struct value v);
void print_repr(struct work *w, struct text *to, struct value v);

#endif
