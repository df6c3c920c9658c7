/* SPDX-License-Identifier: MIT */
#include "file_hint.h"

#include <stdlib.h>
#include <string.h>

#include "chat_files.h"
#include "command.h"
#include "sanitise.h"

static bool is_same(const struct buf *a, const struct buf *b)
{
    return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

static void take(struct buf *to, struct buf *from)
{
    buf_free(to);
    *to = *from;
    *from = (struct buf){0};
}

static void look(struct file_hint *h, struct chat_session *s, const struct buf *text)
{
    struct buf key = {0}, line = {0};
    chat_files_key(s, text->data, text->len, &key);
    if (!is_same(&key, &h->key)) {
        chat_files_hint(s, text->data, text->len, &line);
        char *clean = sanitise_text(line.len ? line.data : "", line.len, true);
        h->line.len = 0;
        buf_puts(&h->line, clean);
        free(clean);
        take(&h->key, &key);
    }
    buf_free(&key);
    buf_free(&line);
}

void file_hint_update(struct file_hint *h, struct chat_session *s, const struct buf *text)
{
    const char *argument;
    bool none = !text->len || !memchr(text->data, '@', text->len);
    if (!none && is_same(text, &h->seen) && h->ready == s->ready)
        return;
    h->ready = s->ready;
    none = none || command_parse(text->data, &argument) != COMMAND_TEXT;
    h->seen.len = 0;
    if (none) {
        h->line.len = h->key.len = 0;
        return;
    }
    buf_append(&h->seen, text->data, text->len);
    look(h, s, text);
}

void file_hint_free(struct file_hint *h)
{
    buf_free(&h->line);
    buf_free(&h->seen);
    buf_free(&h->key);
}
