/* SPDX-License-Identifier: MIT
 *
 * wrap: text -> rows of a given width, by display width. Words stay whole if they fit; wide
 * characters (CJK) may be broken between; what is longer than a row is cut. Greedy, so text that
 * grows changes only its last row.
 */
#ifndef QINS_WRAP_H
#define QINS_WRAP_H

#include <stddef.h>

enum { TAB_STOP = 8 };

/* First cluster of s[0..n), n > 0, drawn at `column` of its row: -> bytes; *cells it takes. A tab
 * goes to the next stop; '\n' takes none. */
size_t wrap_cluster(const char *s, size_t n, int column, int *cells);
/* First row of s[0..n): -> bytes consumed (with the newline or the blank that it ends at);
 * *shown: bytes of them that are drawn. Consumes at least one byte when n > 0. */
size_t wrap_row(const char *s, size_t n, int width, size_t *shown);

/* All rows of a text that changes at its end or is replaced. */
struct row {
    size_t start; /* byte in the text */
    size_t shown; /* bytes drawn */
};

struct rows {
    struct row *rows; /* [n]; n >= 1 after rows_update */
    size_t n, cap;
    int width;
};

/* Brings rows up to date with s[0..n), whose first n_same bytes are as they were at the last call.
 * A text that ends in '\n' has an empty last row. */
void rows_update(struct rows *r, const char *s, size_t n, size_t n_same, int width);
/* Index of the row that holds byte `at`. */
size_t rows_find(const struct rows *r, size_t at);
void rows_free(struct rows *r);

#endif
