/* SPDX-License-Identifier: MIT */
#include "view_inside.h"

#include <stdlib.h>

enum { READABLE = 100 }; /* cells of a line of text, at most */

static void draw_role(const struct frame *f, int row, enum item_kind kind)
{
    bool wide = f->gutter == GUTTER;
    if (kind == ITEM_USER)
        screen_puts(row, wide, f->gutter - 1, STYLE_USER, wide ? "You" : ">");
    else if (kind == ITEM_ANSWER)
        screen_puts(row, wide, f->gutter - 1, STYLE_ANSWER, wide ? "QINS" : "*");
}

/* Below the role; on the last row of the pane instead of it. */
static void draw_versions(const struct frame *f, int row, const char *versions)
{
    int below = row + 1 < f->chat_row + f->chat_rows ? row + 1 : row;
    if (f->gutter == GUTTER)
        screen_puts(below, 1, f->gutter - 1, STYLE_DIM, versions);
}

static int text_cells(const struct frame *f, int gutter)
{
    int cells = f->chat_columns - gutter - (f->margin ? 1 : 0);
    return cells < READABLE ? cells : READABLE;
}

void view_chat(struct app *a, const struct frame *f)
{
    bool pager = a->pager_open;
    struct transcript *t = pager ? &a->pager : &a->transcript;
    int gutter = pager ? f->margin : f->gutter, cells = text_cells(f, gutter);
    transcript_resize(&a->transcript, text_cells(f, f->gutter), f->chat_rows);
    transcript_resize(&a->pager, text_cells(f, f->margin), f->chat_rows);
    if (f->chat_rows < 1)
        return;
    if (!pager && t->n == 0) {
        view_welcome(a, f);
        return;
    }
    struct shown_row *rows = xcalloc((size_t)f->chat_rows, sizeof *rows);
    int n = transcript_rows(t, rows);
    for (int i = 0; i < n; i++) {
        if (rows[i].first)
            draw_role(f, f->chat_row + i, rows[i].kind);
        if (rows[i].first && *rows[i].versions)
            draw_versions(f, f->chat_row + i, rows[i].versions);
        screen_put(f->chat_row + i, gutter, cells, rows[i].mark ? STYLE_DIM : STYLE_TEXT,
                   rows[i].text, rows[i].n);
    }
    free(rows);
}
