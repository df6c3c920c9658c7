/* SPDX-License-Identifier: MIT
 *
 * paste_filter: text from outside (a paste, a file) -> text that may stand in the input: line ends
 * become '\n', tabs stay, other control characters go, invalid bytes become U+FFFD.
 */
#ifndef QINS_PASTE_FILTER_H
#define QINS_PASTE_FILTER_H

#include "base.h"

/* State between the pieces of one text; starts zeroed. */
struct paste_filter {
    char held[4]; /* start of a character that the next piece completes */
    size_t n_held;
    bool cr; /* a '\n' now belongs to the '\r' before */
};

void paste_filter_add(struct paste_filter *c, const char *bytes, size_t n, struct buf *out);
void paste_filter_end(struct paste_filter *c, struct buf *out);
/* A whole text at once. */
void paste_filter_text(const char *bytes, size_t n, struct buf *out);

#endif
