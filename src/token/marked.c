/* SPDX-License-Identifier: MIT */
#include "marked.h"

#include <string.h>

static void put_marks(struct marked *m, size_t n, bool mark)
{
    static const char zeros[64], ones[64] = {[0 ... 63] = 1};
    for (size_t left = n; left;) {
        size_t k = left < sizeof ones ? left : sizeof ones;
        buf_append(&m->marks, mark ? ones : zeros, k);
        left -= k;
    }
}

void marked_put(struct marked *m, const char *bytes, size_t n, bool mark)
{
    buf_append(&m->text, bytes, n);
    if (m->has_marks)
        put_marks(m, n, mark);
}

void marked_copy(struct marked *m, const struct marked *from, size_t at, size_t n)
{
    buf_append(&m->text, from->text.data + at, n);
    if (m->has_marks)
        buf_append(&m->marks, from->marks.data + at, n);
}

bool marked_all(const struct marked *m, size_t at, size_t n)
{
    return m->has_marks ? !memchr(m->marks.data + at, 0, n) : m->all;
}
