/* SPDX-License-Identifier: MIT */
#include "fold.h"

#include <stdlib.h>
#include <string.h>

#include "item_message.h"
#include "question.h"

static bool line_is_seen(struct transcript *t, size_t item)
{
    struct shown_row *rows = xcalloc((size_t)t->height, sizeof *rows);
    bool seen = false;
    for (int n = transcript_rows(t, rows), i = 0; i < n; i++)
        seen |= rows[i].thought && rows[i].item == item;
    free(rows);
    return seen;
}

void fold_click(struct app *a, size_t item)
{
    struct transcript *t = &a->reader.transcript;
    const struct conversation *c = &a->chat.conversation;
    const struct message *m = item_message(a, item);
    bool open = !t->items[item].thought.open;
    if (m)
        reader_fold(&a->reader, c, (int32_t)(m - c->messages), open);
    transcript_open(t, item, open);
    if (open && !t->items[item].thought.running && !line_is_seen(t, item))
        app_notice(a, m && m->role == CHAT_USER
                          ? "What was put in is open above"
                          : "What it thought is open above; /thinking shows it on a page");
}

void fold_toggle(struct app *a)
{
    size_t item = transcript_current_thought(&a->reader.transcript);
    if (layers_has(&a->layers, LAYER_PAGER))
        return; /* the chat is not seen */
    if (item == SIZE_MAX)
        app_notice(a, "No thinking to show: the model answered at once");
    else
        fold_click(a, item);
}

void fold_by_option(struct app *a)
{
    struct transcript *t = &a->reader.transcript;
    bool open = strcmp(options_text(a->chat.options, OPT_SHOW_THINKING), "true") == 0;
    if (open == a->reader.all_open)
        return;
    reader_fold_all(&a->reader, open);
    for (size_t i = 0; i < t->n; i++)
        if (t->items[i].kind != ITEM_USER) /* the files in it */
            transcript_open(t, i, open);
}
