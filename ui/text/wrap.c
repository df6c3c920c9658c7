/* SPDX-License-Identifier: MIT */
#include "wrap.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base.h"
#include "utf8.h"

enum {
    MAX_CLUSTER = 256, /* bytes: a storm of combining marks is cut */
    ROW_SLACK = 1024,  /* a row holds at most this many bytes beyond 64 a cell */
};

size_t wrap_cluster(const char *s, size_t n, int column, int *cells)
{
    unsigned char c = (unsigned char)s[0];
    if (c == '\t') {
        *cells = TAB_STOP - column % TAB_STOP;
        return 1;
    }
    if (c < 0x20 || c == 0x7f) {
        *cells = 0;
        return 1;
    }
    if (c < 0x80 && (n == 1 || (unsigned char)s[1] < 0x80)) {
        *cells = 1;
        return 1;
    }
    if (n > MAX_CLUSTER) {
        size_t whole = utf8_complete(s, MAX_CLUSTER);
        n = whole ? whole : MAX_CLUSTER;
    }
    size_t used = utf8_cluster(s, n);
    *cells = utf8_cluster_width(s, used);
    return used;
}

/* CJK closing marks that must not start a row. */
static bool sticks_to_the_left(const char *s, size_t n)
{
    static const int32_t marks[] = {0x3001, 0x3002, 0xff0c, 0xff0e, 0xff01, 0xff1f, 0xff1a, 0xff1b,
                                    0x300d, 0x300f, 0x3011, 0xff09, 0x30fc, 0x3009, 0x300b};
    int32_t cp;
    utf8_decode(s, n, &cp);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (cp == marks[i])
            return true;
    return false;
}

size_t wrap_row(const char *s, size_t n, int width, size_t *shown)
{
    size_t i = 0, brk = 0, brk_shown = 0;
    size_t limit = (size_t)(width > 0 ? width : 1) * 64 + ROW_SLACK;
    int column = 0;
    while (i < n) {
        if (s[i] == '\n') {
            *shown = i;
            return i + 1;
        }
        int cells;
        size_t used = wrap_cluster(s + i, n - i, column, &cells);
        bool blank = s[i] == ' ' || s[i] == '\t', wide = cells == 2 && !blank;
        if (column + cells > width || i + used > limit) {
            /* One blank may hang over the edge, and a newline behind it; a tab of a row that is
             * narrower than it, too. */
            if (blank && (i > 0 || s[i] == '\t')) {
                *shown = i;
                return i + used + (i + used < n && s[i + used] == '\n');
            }
            if (wide && i > 0 && !sticks_to_the_left(s + i, n - i))
                brk = brk_shown = i;
            if (brk) {
                *shown = brk_shown;
                return brk;
            }
            return *shown = i ? i : used;
        }
        if (wide && i > 0 && !sticks_to_the_left(s + i, n - i))
            brk = brk_shown = i;
        i += used;
        column += cells;
        if (blank) {
            brk = i;
            brk_shown = i - used;
        }
    }
    return *shown = n;
}

static void rows_push(struct rows *r, size_t start, size_t shown)
{
    r->rows = xgrow(r->rows, r->n, &r->cap, sizeof *r->rows);
    r->rows[r->n++] = (struct row){start, shown};
}

size_t rows_find(const struct rows *r, size_t at)
{
    size_t low = 0, high = r->n;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (r->rows[mid].start <= at)
            low = mid;
        else
            high = mid;
    }
    return low;
}

void rows_update(struct rows *r, const char *s, size_t n, size_t n_same, int width)
{
    size_t at = 0;
    if (width < 1)
        width = 1;
    if (r->n && r->width == width) {
        /* A change can pull a word into the row before it, so one more row is made anew. */
        size_t row = rows_find(r, n_same);
        row -= row > 0;
        at = r->rows[row].start;
        r->n = row;
    } else {
        r->n = 0;
    }
    r->width = width;
    for (bool newline = true; at < n || newline;) {
        size_t shown = 0, used = at < n ? wrap_row(s + at, n - at, width, &shown) : 0;
        rows_push(r, at, shown);
        at += used;
        newline = used > 0 && at == n && s[n - 1] == '\n';
    }
}

void rows_free(struct rows *r)
{
    free(r->rows);
    *r = (struct rows){0};
}
