/* SPDX-License-Identifier: MIT */
#include "app.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "complete.h"
#include "sanitise.h"

void app_notice(struct app *a, const char *format, ...)
{
    struct buf line = {0};
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n >= 0) {
        char *clean = sanitise_text(text, (size_t)n, true);
        buf_puts(&line, clean);
        free(clean);
        free(text);
    }
    buf_free(&a->prompt.notice);
    a->prompt.notice = line;
    a->dirty = true;
}

/* ---- pages ---------------------------------------------------------------------------- */

void app_open_page(struct app *a, const char *name, const struct buf *text)
{
    transcript_clear(&a->reader.pager);
    transcript_add(&a->reader.pager, ITEM_NOTE, text->data, text->len);
    transcript_finish(&a->reader.pager, NULL);
    transcript_top(&a->reader.pager);
    a->reader.pager_open = true;
    a->reader.pager_name = name;
    a->focus = FOCUS_CHAT; /* its keys scroll and find */
    a->dirty = true;
}

/* ---- completion ------------------------------------------------------------------------ */

void app_complete(struct app *a)
{
    struct editor *e = &a->composer.editor;
    struct completion c;
    struct buf list = {0};
    complete(e->text.data, e->caret, &c);
    size_t typed = e->caret - c.from;
    if (c.n && c.n_common > typed)
        editor_insert(e, c.words[0] + typed, c.n_common - typed);
    else if (c.n > 1)
        for (size_t i = 0; i < c.n && list.len < 1000; i++)
            buf_printf(&list, "%s%s", i ? "  " : "", c.words[i] + c.n_folder);
    if (c.n == 1)
        editor_insert(e, c.after, strlen(c.after));
    if (list.len)
        app_notice(a, "%s", list.data);
    completion_free(&c);
    buf_free(&list);
}
