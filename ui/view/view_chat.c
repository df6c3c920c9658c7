/* SPDX-License-Identifier: MIT */
#include "view_parts.h"

#include <stdlib.h>
#include <string.h>

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

/* The same for all rows of a link, wherever they stand; another one for each link. */
static uint32_t link_id(const struct shown_row *r, const struct run *run)
{
    const uint64_t place = (uint64_t)r->item << 40 ^ (uint64_t)r->block << 24 ^ run->link;
    return (uint32_t)((place * 0x9e3779b97f4a7c15u) >> 32); /* Knuth's multiplicative hash */
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
        screen_link(layout_url(r->layout, &drawn->runs[run]), link_id(r, &drawn->runs[run]));
        int used =
            screen_put(row, column, cells, style, drawn->text.data + line->start + at, end - at);
        column += used;
        cells -= used;
    }
    screen_link(NULL, 0);
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

static void draw_margin(const struct frame *f, const struct shown_row *r, int row)
{
    if (r->first)
        draw_role(f, row, r->kind);
    if (r->first && *r->versions)
        draw_versions(f, row, r->versions);
    if (r->item == f->current && (r->layout || r->mark || r->thought))
        screen_puts(row, f->gutter == GUTTER ? 0 : 1, 1, STYLE_ACCENT, screen_glyphs()->vertical);
}

void view_chat(const struct app *a, const struct frame *f)
{
    const struct transcript *t = f->page ? &a->reader.pager : &a->reader.transcript;
    if (!f->page && t->n == 0 && f->chat_rows >= 1)
        view_welcome(a, f);
    for (int i = 0; i < f->n_shown; i++) {
        if (!f->bare)
            draw_margin(f, &f->shown[i], f->chat_row + i);
        if (f->shown[i].thought)
            view_thought(a, f, &f->shown[i], f->chat_row + i);
        else
            draw_row(t, &f->shown[i], f->chat_row + i, frame_text_column(f), frame_text_cells(f));
    }
}
