/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "markdown.h"
#include "utf8.h"

enum {
    GAP = 3,      /* cells between columns: " | " */
    NARROWEST = 4 /* cells of a column; a table that would need less is listed cell by cell */
};

/* Widest piece of a cell between newlines. */
static int natural_width(const struct styled *cell)
{
    const char *s = cell->text.data;
    size_t widest = 1;
    for (size_t at = 0, n; at < cell->text.len; at += n + 1) {
        const char *newline = memchr(s + at, '\n', cell->text.len - at);
        n = newline ? (size_t)(newline - s) - at : cell->text.len - at;
        size_t width = utf8_width(s + at, n);
        widest = width > widest ? width : widest;
    }
    return (int)widest;
}

/* Gives each column its width. -> false when they do not fit. Too wide ones are cut to one limit.
 */
static bool fit(const struct table *t, int room, int *widths)
{
    int widest = 1, low = NARROWEST;
    room -= GAP * ((int)t->n_columns - 1);
    for (size_t i = 0; i < t->n_cells; i++) {
        int width = natural_width(&t->cells[i]), *column = &widths[i % t->n_columns];
        *column = *column > width ? *column : width;
        widest = widest > width ? widest : width;
    }
    for (int high = widest + 1; high - low > 1;) { /* largest limit with which all fit */
        int limit = low + (high - low) / 2, sum = 0;
        for (size_t c = 0; c < t->n_columns; c++)
            sum += widths[c] < limit ? widths[c] : limit;
        if (sum <= room)
            low = limit;
        else
            high = limit;
    }
    int sum = 0;
    for (size_t c = 0; c < t->n_columns; c++)
        sum += widths[c] = widths[c] < low ? widths[c] : low;
    return sum <= room;
}

static void repeat(struct styled *row, enum style style, const char *sign, int n)
{
    for (int i = 0; i < n; i++)
        styled_puts(row, style, sign);
}

static void put_cell(struct styled *row, const struct layout *cell, size_t line, int width,
                     enum align align, bool last)
{
    const struct line *l = line < cell->n ? &cell->lines[line] : NULL;
    const char *s = l && l->n ? cell->drawn.text.data + l->start : "";
    int blank = width - (l ? (int)utf8_width(s, l->n) : 0);
    int left = align == ALIGN_RIGHT ? blank : align == ALIGN_CENTER ? blank / 2 : 0;
    repeat(row, STYLE_TEXT, " ", left);
    if (l)
        styled_copy(row, &cell->drawn, l->start, l->start + l->n);
    if (!last)
        repeat(row, STYLE_TEXT, " ", blank - left);
}

/* One row of the table, as many lines as its longest cell. */
static void put_row(struct layout *out, const struct look_of_text *look, const struct table *t,
                    size_t at, const int *widths, const struct styled **prefix,
                    const struct styled *rest)
{
    struct layout *cells = xcalloc(t->n_columns, sizeof *cells);
    struct styled row = {0};
    size_t height = 1;
    bool bars = look->unicode && !look->bare;
    for (size_t c = 0; c < t->n_columns; c++) {
        struct look_of_text narrow = *look;
        narrow.width = widths[c];
        layout_paragraph(&cells[c], &narrow, &t->cells[at + c], NULL, NULL);
        height = height > cells[c].n ? height : cells[c].n;
    }
    for (size_t line = 0; line < height; line++) {
        styled_clear(&row);
        if (*prefix)
            styled_copy(&row, *prefix, 0, (*prefix)->text.len);
        size_t n_prefix = row.text.len;
        for (size_t c = 0; c < t->n_columns; c++) {
            if (c)
                styled_puts(&row, STYLE_BORDER, bars ? " │ " : " | ");
            put_cell(&row, &cells[c], line, widths[c], (enum align)t->align[c],
                     c + 1 == t->n_columns);
        }
        styled_fit(&row, look->width);
        layout_row(out, &row, n_prefix < row.text.len ? n_prefix : row.text.len, END_LINE);
        *prefix = rest;
    }
    for (size_t c = 0; c < t->n_columns; c++)
        layout_free(&cells[c]);
    free(cells);
    styled_free(&row);
}

static void put_rule(struct layout *out, const struct look_of_text *look, const struct table *t,
                     const int *widths, const struct styled *prefix)
{
    struct styled row = {0};
    bool bars = look->unicode && !look->bare;
    if (prefix)
        styled_copy(&row, prefix, 0, prefix->text.len);
    for (size_t c = 0; c < t->n_columns; c++) {
        if (c)
            styled_puts(&row, STYLE_BORDER, bars ? "─┼─" : "-+-");
        repeat(&row, STYLE_BORDER, bars ? "─" : "-", widths[c]);
    }
    styled_fit(&row, look->width);
    layout_row(out, &row, row.text.len, END_LINE);
    styled_free(&row);
}

/* Too many columns for the width: "head: cell", a line each, and a blank row between rows. */
static void list_cells(struct layout *out, const struct look_of_text *look, const struct table *t,
                       const struct styled *first, const struct styled *rest)
{
    struct styled line = {0};
    for (size_t i = t->n_columns; i < t->n_cells; i++) {
        size_t c = i % t->n_columns;
        if (c == 0 && i > t->n_columns)
            layout_row(out, &(struct styled){0}, 0, END_LINE);
        if (!t->cells[i].text.len)
            continue;
        styled_clear(&line);
        styled_copy(&line, &t->cells[c], 0, t->cells[c].text.len);
        styled_puts(&line, STYLE_BOLD, ": ");
        styled_copy(&line, &t->cells[i], 0, t->cells[i].text.len);
        layout_paragraph(out, look, &line, first, rest);
        first = rest;
    }
    styled_free(&line);
}

void table_layout(struct layout *out, const struct look_of_text *look, const struct table *t,
                  const struct styled *first, const struct styled *rest)
{
    int *widths = xcalloc(t->n_columns, sizeof *widths);
    int taken = first ? (int)utf8_width(first->text.data, first->text.len) : 0;
    bool body = t->n_cells > t->n_columns;
    if (fit(t, look->width - taken, widths)) {
        for (size_t at = 0; at < t->n_cells; at += t->n_columns) {
            put_row(out, look, t, at, widths, &first, rest);
            if (at == 0 && body)
                put_rule(out, look, t, widths, rest);
        }
    } else if (body) {
        list_cells(out, look, t, first, rest);
    } else {
        for (size_t i = 0; i < t->n_cells; i++, first = rest)
            layout_paragraph(out, look, &t->cells[i], first, rest);
    }
    free(widths);
}
