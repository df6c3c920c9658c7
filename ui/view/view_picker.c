/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sanitise.h"
#include "utf8.h"
#include "view_parts.h"

enum { MIN_NUMBERED = 12 }; /* cells of a title that leave room for a number */

/* -> the cells that the number in front of its title takes. */
static int draw_number(const struct picker *p, const struct picker_item *item, int row, int cells)
{
    char number[32];
    int width = snprintf(number, sizeof number, "%zu", p->n) + 1;
    if (!item->number || cells < 2 * width + MIN_NUMBERED)
        return 0;
    snprintf(number, sizeof number, "%*u", width - 1, item->number);
    screen_puts(row, 2, width, STYLE_DIM, number);
    return width;
}

static void draw_row(const struct picker *p, const struct picker_row *r, int row, int width)
{
    struct picker_column columns[PICKER_COLUMNS];
    enum style style = r->selected ? STYLE_ACCENT : STYLE_TEXT;
    if (r->selected && !r->detail)
        screen_puts(row, 0, 1, STYLE_ACCENT, ">");
    if (r->detail) {
        screen_puts(row, 4, width - 3, STYLE_DIM, r->item->detail);
        return;
    }
    picker_layout(p, width, columns);
    int used = draw_number(p, r->item, row, columns[0].cells);
    columns[0].at += used;
    columns[0].cells -= used;
    for (int c = 0; c < PICKER_COLUMNS; c++)
        if (r->item->columns[c])
            screen_puts(row, 2 + columns[c].at, columns[c].cells,
                        c && !r->selected ? STYLE_DIM : style, r->item->columns[c]);
}

/* A line that is written at its end; the cursor stands there. */
static void draw_line(int row, int columns, const char *label, const struct buf *line)
{
    char *clean = sanitise_text(line->data ? line->data : "", line->len, true);
    size_t n = strlen(clean), from = 0;
    int at = 1 + screen_puts(row, 1, columns - 2, STYLE_BOLD, label) + 1, cells = columns - at - 1;
    while (from < n && (int)utf8_width(clean + from, n - from) > cells)
        from += utf8_cluster(clean + from, n - from);
    int used = cells > 0 ? screen_put(row, at, cells, STYLE_TEXT, clean + from, n - from) : 0;
    screen_cursor(row, at + used < columns ? at + used : columns - 1);
    free(clean);
}

static void draw_hints(const struct picker *p, int row, int columns)
{
    char enter[40];
    snprintf(enter, sizeof enter, "Enter %s", p->verb);
    const char *const hints[] = {enter, "Esc back", p->hints[0], p->hints[1], "type to search"};
    int column = 1;
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        int need = hints[i] ? (int)strlen(hints[i]) : 0;
        if (need && column + need < columns) /* whole ones only */
            column += screen_puts(row, column, need, STYLE_DIM, hints[i]) + 3;
    }
}

void view_picker(const struct app *a, const struct frame *f)
{
    const struct picker *p = &a->list.picker;
    char count[32];
    int n = snprintf(count, sizeof count, "%zu", p->n_shown);
    screen_puts(0, 1, f->columns - 2, STYLE_TITLE, p->heading);
    screen_puts(0, f->columns - 1 - n, n, STYLE_DIM, count);
    for (int i = 0; i < f->n_list; i++)
        draw_row(p, &f->list[i], LIST_ROW + i, f->columns - 3);
    if (!f->n_list && f->list)
        screen_puts(LIST_ROW, 2, f->columns - 3, STYLE_DIM,
                    p->filter.len ? "Nothing found" : p->nothing);
    draw_line(1, f->columns, "Search:", &p->filter);
}

/* Its own question comes first, unless one of the program lies over it. */
void view_picker_hints(const struct app *a, const struct frame *f)
{
    const struct picker *p = &a->list.picker;
    const struct buf *notice = &a->prompt.notice;
    int row = f->rows - 1;
    if (p->question && !a->prompt.answer)
        draw_line(row, f->columns, p->question, &p->answer);
    else if (notice->len)
        screen_put(row, 1, f->columns - 2, STYLE_NOTE, notice->data, notice->len);
    else
        draw_hints(p, row, f->columns);
}
