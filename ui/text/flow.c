/* SPDX-License-Identifier: MIT */
#include "flow.h"

#include <string.h>

#include "wrap.h"

static void blanks(int n, struct buf *out)
{
    while (n-- > 0)
        buf_puts(out, " ");
}

/* Gives out the row s up to `to`. */
static void put(struct flow *f, const char *s, size_t to, struct buf *out)
{
    if (f->n_out == 0 && to > 0)
        blanks(f->indent, out);
    while (f->n_out < to) {
        int cells;
        size_t used = wrap_cluster(s + f->n_out, to - f->n_out, f->column, &cells);
        if (s[f->n_out] == '\t')
            blanks(cells, out);
        else
            buf_append(out, s + f->n_out, used);
        f->n_out += used;
        f->column += cells;
    }
}

void flow_text(struct flow *f, int width, const char *s, size_t n, struct buf *out)
{
    size_t start = 0;
    buf_append(&f->row, s, n);
    while (start < f->row.len) {
        const char *row = f->row.data + start;
        size_t left = f->row.len - start, shown;
        size_t used = wrap_row(row, left, width > f->indent ? width - f->indent : 1, &shown);
        bool line_end = row[used - 1] == '\n';
        if (shown < f->n_out)
            shown = f->n_out;
        if (used < shown)
            used = shown;
        put(f, row, shown, out);
        if (used == left && !line_end)
            break; /* more of the row may come */
        buf_puts(out, "\n");
        start += used;
        f->n_out = 0;
        f->column = 0;
        f->indent = line_end ? f->line_indent : f->is_flat ? 0 : ROW_INDENT;
    }
    f->row.len -= start;
    memmove(f->row.data, f->row.data + start, f->row.len);
}

void flow_end(struct flow *f)
{
    f->row.len = f->n_out = 0;
    f->column = f->indent = 0;
}

void flow_free(struct flow *f)
{
    buf_free(&f->row);
}
