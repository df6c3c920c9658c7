/* SPDX-License-Identifier: MIT
 *
 * folded_paste: a long paste, folded. In the text stands a mark that shows as "[pasted 412 lines,
 * 15 KB]" and counts as one character; what it stands for is kept here. A mark is
 *
 *     STX, its number as 4 octal digits 0x10..0x17, the label, ETX
 *
 * Typed and pasted text never holds control characters, so it cannot contain a mark.
 */
#ifndef QINS_FOLDED_PASTE_H
#define QINS_FOLDED_PASTE_H

#include "base.h"

enum { FOLDED_PASTE_START = 0x02, FOLDED_PASTE_END = 0x03, FOLDED_PASTE_MARK_BYTES = 80 };

struct folded_pastes {
    struct buf *texts;    /* [n] */
    size_t n, cap, bytes; /* bytes of all texts */
};

/* Keeps a text and appends its mark to `mark`. -> false: there are too many. */
bool folded_pastes_add(struct folded_pastes *c, const char *text, size_t n, struct buf *mark);
/* Appends s[0..n) with every mark replaced by its text. */
void folded_pastes_expand(const struct folded_pastes *c, const char *s, size_t n, struct buf *out);
void folded_pastes_free(struct folded_pastes *c);

/* Bytes of the mark that starts at `at` of s[0..n); of the one that ends there; 0: none. */
size_t folded_paste_at(const char *s, size_t n, size_t at);
size_t folded_paste_before(const char *s, size_t at);
/* Start of the mark that `at` lies inside of, or `at`. */
size_t folded_paste_snap(const char *s, size_t n, size_t at);

#endif
