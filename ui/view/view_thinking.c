/* SPDX-License-Identifier: MIT
 *
 * The line that stands for what a model thought before its answer.
 */
#include <string.h>

#include "utf8.h"
#include "view_parts.h"

/* Bytes of the line that fit, by its parts: "Thought for 12 s, 340 tokens", "Thought for 12 s",
 * "Thought". */
static size_t fitting(const char *line, int cells)
{
    size_t n = strlen(line);
    for (size_t i = n; (int)utf8_width(line, n) > cells && i > 0; i--)
        if (line[i - 1] == ',' || strncmp(line + i - 1, " for ", 5) == 0)
            n = i - 1;
    return n;
}

/* While it runs its last words, if there is room for some. */
static void draw_words(const struct thought *h, int row, int column, int cells)
{
    enum { SOME = 10 };
    struct buf words = {0};
    if (cells < SOME)
        return;
    buf_puts(&words, "  ...");
    thought_words(h, cells - (int)words.len, &words);
    screen_put(row, column, cells, STYLE_THINKING, words.data, words.len);
    buf_free(&words);
}

/* The key that opens or closes it, beside the newest one. */
static void draw_key(const struct app *a, const struct shown_row *r, int row, int column, int cells)
{
    const struct transcript *t = &a->reader.transcript;
    char key[40], text[64];
    for (size_t i = r->item + 1; i < t->n; i++)
        if (t->items[i].thought.there)
            return;
    view_key(FOCUS_INPUT, ACT_SHOW_THINKING, key, sizeof key);
    snprintf(text, sizeof text, "  %s %s", key, r->thought->open ? "closes" : "opens");
    if (*key && (int)utf8_width(text, strlen(text)) <= cells)
        screen_puts(row, column, cells, STYLE_THINKING, text);
}

void view_thought(const struct app *a, const struct frame *f, const struct shown_row *r, int row)
{
    const struct glyphs *g = screen_glyphs();
    const struct thought *h = r->thought;
    int column = frame_text_column(f), cells = frame_text_cells(f);
    int used = screen_puts(row, column, cells, STYLE_THINKING, h->open ? g->open : g->closed) + 1;
    used += screen_put(row, column + used, cells - used, STYLE_THINKING, h->line,
                       fitting(h->line, cells - used));
    if (f->bare)
        return;
    if (!h->running)
        draw_key(a, r, row, column + used, cells - used);
    else if (!h->open)
        draw_words(h, row, column + used, cells - used);
}
