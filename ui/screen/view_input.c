/* SPDX-License-Identifier: MIT */
#include "view_internal.h"

#include <stdlib.h>
#include <string.h>

#include "sanitise.h"
#include "utf8.h"

/* One row of what is being written. It is the person's own text, but may have been pasted: what the
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

void view_input(struct app *a, const struct frame *f)
{
    size_t caret_row;
    int caret_column, cells = f->chat_columns - 4;
    editor_layout(&a->composer.editor, cells, &caret_row, &caret_column);
    size_t n = a->composer.editor.rows.n, shown = (size_t)f->input_rows;
    size_t first = caret_row < shown / 2 ? 0 : caret_row - shown / 2;
    if (first + shown > n)
        first = n > shown ? n - shown : 0;
    for (size_t i = 0; i < shown && first + i < n; i++)
        draw_input_row(a, f->input_row + (int)i, 3, cells, first + i);
    screen_puts(f->input_row, 1, 1, a->focus == FOCUS_INPUT ? STYLE_ACCENT : STYLE_DIM,
                first ? screen_glyphs()->up : ">");
    if (!a->composer.editor.text.len) {
        const char *hint = !a->chat.ready   ? "The model is loading; write, it will be sent then"
                           : chat_is_busy(&a->chat) ? "Esc stops the answer"
                                            : "Write a message, or /help";
        screen_puts(f->input_row, 4, cells - 1, STYLE_DIM, hint);
    }
    screen_cursor(f->input_row + (int)(caret_row - first),
                  3 + (caret_column < cells ? caret_column : cells));
}
