/* SPDX-License-Identifier: MIT
 *
 * table_pipes: which signs | of a Markdown text part cells, so that no cell is lost: what a row has
 * beyond the columns of its table belongs to its last cell, and a head with more cells than the row
 * of dashes below it is no table.
 */
#ifndef QINS_TABLE_PIPES_H
#define QINS_TABLE_PIPES_H

#include <stdbool.h>
#include <stddef.h>

struct table_pipes {
    size_t columns;       /* of the table that the line stands in; 0: in none */
    size_t left;          /* signs of this line that still part cells */
    size_t line_end;      /* of this line */
    size_t no_delimiters; /* start of a line that looks like a row of dashes but is none; 0: none */
};

/* A line of s[0..n) begins at `at`. */
void table_pipes_line(struct table_pipes *p, const char *s, size_t n, size_t at);
/* There is a | outside of code at `at` of the line: is it no border of a cell? */
bool table_pipes_are_text(struct table_pipes *p, const char *s, size_t at);

#endif
