/* SPDX-License-Identifier: MIT */
#include "view_internal.h"

#include <stdlib.h>
#include <string.h>

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
    if (f->bare)
        return f->columns;
    int cells = f->chat_columns - gutter - (f->margin ? 1 : 0);
    return cells < READABLE ? cells : READABLE;
}

/* ---- a row ---------------------------------------------------------------------------- */

/* Style of a byte of a row: what was found stands out. Sets *end to where that ends. */
static enum style style_at(const struct hits *hits, long here, size_t line, enum style style,
                           size_t at, size_t *end)
{
    for (size_t i = 0; i < hits->n; i++) {
        const struct hit *h = &hits->hits[i];
        if (h->line != line || h->end <= at)
            continue;
        bool inside = h->start <= at;
        size_t edge = inside ? h->end : h->start;
        *end = edge < *end ? edge : *end;
        return !inside ? style : (long)h->number == here ? STYLE_MATCH_HERE : STYLE_MATCH;
    }
    return style;
}

static void draw_line(const struct shown_row *r, const struct hits *hits, long here, int row,
                      int column, int cells)
{
    const struct styled *drawn = &r->layout->drawn;
    const struct line *line = &r->layout->lines[r->line];
    size_t run = 0;
    for (size_t at = 0, end; at < line->n; at = end) {
        while (run + 1 < drawn->n && drawn->runs[run + 1].start <= line->start + at)
            run++;
        end = run + 1 < drawn->n ? drawn->runs[run + 1].start - line->start : line->n;
        end = end < line->n ? end : line->n;
        enum style style = (enum style)drawn->runs[run].style;
        style = style_at(hits, here, r->line, style, at, &end);
        int used =
            screen_put(row, column, cells, style, drawn->text.data + line->start + at, end - at);
        column += used;
        cells -= used;
    }
}

static void draw_row(const struct transcript *t, const struct shown_row *r, int row, int column,
                     int cells)
{
    struct hits hits = {0};
    long here;
    if (r->mark)
        screen_puts(row, column, cells, STYLE_DIM, r->mark);
    if (!r->layout)
        return;
    transcript_hits(t, r, &hits, &here);
    draw_line(r, &hits, here, row, column, cells);
    hits_free(&hits);
}

/* ---- the pane ------------------------------------------------------------------------- */

static void set_look(struct app *a, struct transcript *t, const struct frame *f, int gutter)
{
    t->height = f->chat_rows > 0 ? f->chat_rows : 1;
    struct look_of_text look = {
        .width = text_cells(f, gutter),
        .unicode = screen_glyphs()->full[1] != 0,
        .bare = f->bare,
        .emoji = app_emoji(a),
    };
    transcript_set_look(t, &look, app_shows_raw(a));
}

void view_chat(struct app *a, const struct frame *f)
{
    bool pager = a->reader.pager_open;
    struct transcript *t = pager ? &a->reader.pager : &a->reader.transcript;
    int gutter = pager ? f->margin : f->gutter, cells = text_cells(f, gutter);
    set_look(a, &a->reader.transcript, f, f->gutter);
    set_look(a, &a->reader.pager, f, f->margin);
    if (f->chat_rows < 1)
        return;
    if (!pager && t->n == 0) {
        view_welcome(a, f);
        return;
    }
    bool marked = a->focus == FOCUS_CHAT && !pager && !f->bare;
    size_t current = marked ? transcript_current(t) : SIZE_MAX;
    struct shown_row *rows = xcalloc((size_t)f->chat_rows, sizeof *rows);
    int n = transcript_rows(t, rows);
    for (int i = 0; i < n; i++) {
        if (rows[i].first && !f->bare)
            draw_role(f, f->chat_row + i, rows[i].kind);
        if (rows[i].first && !f->bare && *rows[i].versions)
            draw_versions(f, f->chat_row + i, rows[i].versions);
        if (rows[i].item == current && (rows[i].layout || rows[i].mark))
            screen_puts(f->chat_row + i, f->gutter == GUTTER ? 0 : 1, 1, STYLE_ACCENT,
                        screen_glyphs()->vertical);
        draw_row(t, &rows[i], f->chat_row + i, gutter, cells);
    }
    free(rows);
}
