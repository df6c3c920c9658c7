/* SPDX-License-Identifier: MIT */
#include "code_block.h"

#include <string.h>

#include "blocks.h"

bool code_of(const char *s, size_t n, size_t index, struct buf *out)
{
    int n_fence = 0, indent = 0;
    char sign = 0;
    size_t info, count = 0;
    for (size_t at = 0, used; at < n; at += used) {
        const char *newline = memchr(s + at, '\n', n - at);
        size_t blanks = strspn(s + at, " ");
        used = newline ? (size_t)(newline - s) - at + 1 : n - at;
        if (!n_fence) { /* also those inside list items */
            n_fence =
                blanks < used ? fence_of(s + at + blanks, used - blanks, &sign, &indent, &info) : 0;
            indent = (int)blanks;
        } else if (closes_fence(s + at + (blanks < (size_t)indent ? blanks : (size_t)indent),
                                used - (blanks < (size_t)indent ? blanks : (size_t)indent), sign,
                                n_fence)) {
            n_fence = 0;
            if (count++ == index)
                return true;
        } else if (count == index) {
            size_t skip = blanks < (size_t)indent ? blanks : (size_t)indent;
            buf_append(out, s + at + skip, used - skip);
        }
    }
    return n_fence && count == index;
}
