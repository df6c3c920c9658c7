/* SPDX-License-Identifier: MIT
 *
 * memory_graph: the memory of two processes over time, on a terminal and as an SVG file.
 */
#ifndef QINS_MEMORY_GRAPH_H
#define QINS_MEMORY_GRAPH_H

#include "memory_side.h"

/* "93.1 MB" */
const char *memory_text(uint64_t bytes, char out[16]);
/* "original, f32", or what it is so far. */
const char *memory_title(const struct memory_side *m, char out[48]);

/* Both on the same scales, one below the other, `columns` wide; with colours if the terminal takes
 * them. -> lines printed. */
int memory_graph_print(const struct memory_side sides[2], int columns, bool colours);

void memory_graph_svg(const struct memory_side sides[2], struct buf *out);

#endif
