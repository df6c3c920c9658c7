/* SPDX-License-Identifier: MIT
 *
 * graph: one bar per line, in eighths of a cell; in '#' if the environment names no UTF-8
 * locale.
 */
#ifndef QINS_GRAPH_H
#define QINS_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

bool graph_is_utf8(void); /* the environment names such a locale */

/* Prints a bar for 0 <= value <= max and a newline. */
void graph_bar(double value, double max);

/* Prints counts as columns above an axis, neighbours gathered into 64; each line after `indent`. */
void graph_histogram(const uint64_t *counts, int n, const char *indent);

#endif
