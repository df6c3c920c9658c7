/* SPDX-License-Identifier: MIT
 *
 * template_format_spec: one value in the width, precision and type that a format asks for.
 */
#ifndef QINS_TEMPLATE_FORMAT_SPEC_H
#define QINS_TEMPLATE_FORMAT_SPEC_H

#include "template_text.h"

enum { MAX_WIDTH = 1 << 20, MAX_PRECISION = 300 };

struct format_spec {
    char fill[4], align, sign, type, comma; /* align 0: by type; type 0: none given */
    uint32_t fill_bytes, width;
    int precision;                /* -1: none */
    bool zero, alternate, markup; /* markup: what is written into a Markup is escaped */
};

/* Decimal digits up to `end`, at most `max`. -> behind them. */
const char *spec_read_number(struct work *w, const char *s, const char *end, uint32_t max,
                             uint32_t *out);
void spec_print_number(struct work *w, struct text *to, struct value v,
                       const struct format_spec *f);
void spec_print_string(struct work *w, struct text *to, struct value s,
                       const struct format_spec *f);

#endif
