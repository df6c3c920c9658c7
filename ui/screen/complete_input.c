/* SPDX-License-Identifier: MIT */
#include "complete_input.h"

#include <string.h>

#include "complete.h"
#include "question.h"

/* What was typed begins with a quote now. */
static void replace(struct editor *e, const struct completion *c)
{
    struct buf text = {0};
    buf_puts(&text, c->before);
    buf_append(&text, c->words[0], c->n_common);
    editor_begin(e);
    editor_change(e, c->from, e->caret - c->from, text.data, text.len);
    buf_free(&text);
}

void complete_input(struct app *a)
{
    struct editor *e = &a->composer.editor;
    struct completion c;
    struct buf list = {0};
    complete(e->text.data, e->caret, &c);
    size_t typed = e->caret - c.from;
    if (c.n && *c.before && c.n_common >= typed)
        replace(e, &c);
    else if (c.n && c.n_common > typed)
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
