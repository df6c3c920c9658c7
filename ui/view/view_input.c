/* SPDX-License-Identifier: MIT */
#include "view_parts.h"

#include <stdlib.h>
#include <string.h>

#include "sanitise.h"
#include "utf8.h"

/* One row of what is being written. It is the user's own text, but may have been pasted: what the
 * sanitiser would change is not shown as it is. */
static void draw_input_row(const struct app *a, int screen_row, int column, int cells, size_t row)
{
    const struct row *r = &a->composer.editor.rows.rows[row];
    const struct buf *text = &a->composer.editor.text;
    const char *s = text->data + r->start;
    bool paste = r->shown && folded_paste_snap(text->data, text->len, r->start) < r->start;
    for (size_t i = 0, used; i < r->shown; i += used) {
        int width, at = column;
        paste = s[i] == FOLDED_PASTE_START || (paste && s[i] != FOLDED_PASTE_END);
        used = wrap_cluster(s + i, r->shown - i, column - 3, &width);
        column += width;
        if (s[i] == '\t' || width == 0 || column > 3 + cells)
            continue;
        bool plain = used == 1 && (unsigned char)s[i] < 0x80;
        char *clean = plain ? NULL : sanitise_text(s + i, used, true);
        bool as_is = plain || (strlen(clean) == used && memcmp(clean, s + i, used) == 0);
        screen_put(screen_row, at, width,
                   !as_is  ? STYLE_DIM
                   : paste ? STYLE_ACCENT
                           : STYLE_TEXT,
                   as_is ? s + i : "??", as_is ? used : (size_t)width);
        free(clean);
    }
}

static const char *hint_of(const struct app *a)
{
    return !a->chat.ready            ? "The model is loading; you can write and send already"
           : a->composer.waiting.len ? "Esc takes your message back"
           : chat_is_busy(&a->chat)  ? "Esc stops the answer"
                                     : "Write a message, or /help";
}

void view_input(const struct app *a, const struct frame *f)
{
    const struct editor *e = &a->composer.editor;
    int cells = f->chat_columns - 4;
    size_t n = e->rows.n, shown = (size_t)f->input_rows;
    size_t first = f->caret_row < shown / 2 ? 0 : f->caret_row - shown / 2;
    if (first + shown > n)
        first = n > shown ? n - shown : 0;
    for (size_t i = 0; i < shown && first + i < n; i++)
        draw_input_row(a, f->input_row + (int)i, 3, cells, first + i);
    screen_puts(f->input_row, 1, 1, a->focus == FOCUS_INPUT ? STYLE_ACCENT : STYLE_DIM,
                first ? screen_glyphs()->up : ">");
    if (!e->text.len)
        screen_puts(f->input_row, 4, cells - 1, STYLE_DIM, hint_of(a));
    screen_cursor(f->input_row + (int)(f->caret_row - first),
                  3 + (f->caret_column < cells ? f->caret_column : cells));
}
