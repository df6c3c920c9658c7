/* SPDX-License-Identifier: MIT
 *
 * marked: text of which each byte may say whether added tokens can be recognised there.
 */
#ifndef QINS_MARKED_H
#define QINS_MARKED_H

#include "base.h"

struct marked {
    struct buf text;
    struct buf marks; /* [text.len] 0 or 1; empty if has_marks is false */
    bool has_marks;
    bool all; /* has_marks is false: the mark of every byte */
};

static inline void marked_clear(struct marked *m)
{
    m->text.len = m->marks.len = 0;
}

static inline void marked_free(struct marked *m)
{
    buf_free(&m->text);
    buf_free(&m->marks);
}

/* Appends bytes of one mark. */
void marked_put(struct marked *m, const char *bytes, size_t n, bool mark);
/* Appends from[at..at + n) with its marks. */
void marked_copy(struct marked *m, const struct marked *from, size_t at, size_t n);
/* Are all bytes of m[at..at + n) marked? */
bool marked_all(const struct marked *m, size_t at, size_t n);

#endif
