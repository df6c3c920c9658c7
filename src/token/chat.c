/* SPDX-License-Identifier: MIT */
#include "chat.h"

#include <stdlib.h>
#include <string.h>

struct chat_message *chat_add(struct chat *c, enum chat_role role, const char *text, size_t len)
{
    c->messages = xgrow(c->messages, c->n, &c->cap, sizeof *c->messages);
    struct chat_message *m = &c->messages[c->n++];
    *m = (struct chat_message){.role = role};
    buf_append(&m->text, text, len);
    return m;
}

void chat_cut(struct chat *c, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        buf_free(&c->messages[i].text);
        buf_free(&c->messages[i].thinking);
        ids_free(&c->messages[i].ids);
    }
    if (first < end && end < c->n)
        memmove(c->messages + first, c->messages + end, (c->n - end) * sizeof *c->messages);
    c->n -= end - first;
}

void chat_truncate(struct chat *c, size_t n)
{
    if (n < c->n)
        chat_cut(c, n, c->n);
}

void chat_copy(struct chat *to, const struct chat *from)
{
    chat_truncate(to, 0);
    for (size_t i = 0; i < from->n; i++) {
        const struct chat_message *m = &from->messages[i];
        struct chat_message *copy = chat_add(to, m->role, m->text.data, m->text.len);
        buf_append(&copy->thinking, m->thinking.data, m->thinking.len);
        ids_append(&copy->ids, m->ids.ids, m->ids.n);
    }
}

void chat_free(struct chat *c)
{
    chat_truncate(c, 0);
    free(c->messages);
    *c = (struct chat){0};
}
