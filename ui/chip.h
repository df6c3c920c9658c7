/* SPDX-License-Identifier: MIT
 *
 * chip: a long paste, folded. In the text stands a mark that shows as "[pasted 412 lines, 15 KB]" and
 * counts as one character; what it stands for is kept here. A mark is
 *
 *     STX, its number as 4 octal digits 0x10..0x17, the label, ETX
 *
 * Typed and pasted text never holds control characters, so it cannot contain a mark.
 */
#ifndef QINS_CHIP_H
#define QINS_CHIP_H

#include "base.h"

enum { CHIP_START = 0x02, CHIP_END = 0x03, CHIP_MAX_BYTES = 80 };

struct chips {
    struct buf *texts; /* [n] */
    size_t n, bytes;   /* bytes of all texts */
};

/* Keeps a text and appends its mark to `mark`. -> false: there are too many. */
bool chips_add(struct chips *c, const char *text, size_t n, struct buf *mark);
/* Appends s[0..n) with every mark replaced by its text. */
void chips_expand(const struct chips *c, const char *s, size_t n, struct buf *out);
void chips_free(struct chips *c);

/* Bytes of the mark that starts at `at` of s[0..n); of the one that ends there; 0: none. */
size_t chip_at(const char *s, size_t n, size_t at);
size_t chip_before(const char *s, size_t at);
/* Start of the mark that `at` lies inside of, or `at`. */
size_t chip_snap(const char *s, size_t n, size_t at);

#endif
