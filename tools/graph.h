/* SPDX-License-Identifier: MIT
 *
 * graph: one bar per line, in eighths of a cell; in '#' if the environment names no UTF-8
 * locale.
 */
#ifndef QINS_GRAPH_H
#define QINS_GRAPH_H

/* Prints a bar for 0 <= value <= max and a newline. */
void graph_bar(double value, double max);

#endif
