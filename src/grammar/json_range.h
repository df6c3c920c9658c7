/* SPDX-License-Identifier: MIT
 *
 * json_range: numbers between bounds, as parts of a grammar.
 */
#ifndef QINS_JSON_RANGE_H
#define QINS_JSON_RANGE_H

#include "grammar.h"

/* What bounds may be at most, above and below zero: all such numbers are exact as double. */
#define JSON_RANGE_MAX 999999999999999

/* Whole numbers first..last, both included; first <= last. */
struct part json_integer_range(struct grammar *g, int64_t first, int64_t last);

struct number_range {
    int64_t first, last;              /* -JSON_RANGE_MAX to JSON_RANGE_MAX */
    bool without_first, without_last; /* the bound itself is not in the range */
};

/* ... with a fraction or without. The range is not empty: first < last, or they are equal and both
 * included. */
struct part json_number_range(struct grammar *g, const struct number_range *r);

#endif
