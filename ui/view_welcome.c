/* SPDX-License-Identifier: MIT */
#include "view_inside.h"

void view_welcome(const struct frame *f)
{
    struct transcript t;
    struct buf text = {0};
    struct shown_row rows[64];
    buf_puts(&text, "A language model on this computer's CPU. Nothing you write leaves it.\n\n"
                    "Write something, or take one of these:\n");
    for (int i = 0; i < N_EXAMPLES; i++)
        buf_printf(&text, "  Alt-%d  %s\n", i + 1, app_examples[i]);
    buf_puts(&text, "\n/about tells what QINS is, F1 shows the keys.");
    transcript_init(&t);
    transcript_resize(&t, f->chat_columns - 2 * f->margin, f->chat_rows < 64 ? f->chat_rows : 64);
    transcript_add(&t, ITEM_NOTE, text.data, text.len);
    transcript_top(&t);
    int n = transcript_rows(&t, rows), first = f->chat_rows > n + 2;
    for (int i = 0; i < n; i++)
        screen_put(f->chat_row + first + i, f->margin, f->chat_columns - f->margin,
                   i == 0 ? STYLE_BOLD : STYLE_TEXT, rows[i].text, rows[i].n);
    transcript_free(&t);
    buf_free(&text);
}
