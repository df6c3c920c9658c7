/* SPDX-License-Identifier: MIT
 *
 * number: decimal numbers as people write them, whatever the locale says about the point.
 */
#ifndef QINS_NUMBER_H
#define QINS_NUMBER_H

#include <stdbool.h>

/* [+-]digits[.digits][e[+-]digits], finite. No hex, no inf, no nan, no white space, no leading
 * zeros (YAML 1.1 reads those as octal), nothing behind. */
bool number_parse(const char *text, double *out);
/* The shortest text that reads back as the same float. -> out */
char *number_format(double x, char out[32]);

#endif
