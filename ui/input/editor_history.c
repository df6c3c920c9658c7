/* SPDX-License-Identifier: MIT */
#include "editor_history.h"

#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "motion.h"
#include "utf8.h"

/* ---- up and down ---------------------------------------------------------------------- */

void editor_remember(struct editor *e, const char *text)
{
    history_add(&e->history, text);
    e->history_at = e->history.n;
}

static void show(struct editor *e, size_t index)
{
    if (e->history_at >= e->history.n) {
        free(e->draft);
        e->draft = xstrndup(e->text.data ? e->text.data : "", e->text.len);
    }
    e->history_at = index;
    const char *text = index < e->history.n ? e->history.entries[index] : e->draft;
    editor_set(e, text, strlen(text));
}

void editor_show_older(struct editor *e)
{
    if (e->history_at > e->history.n)
        e->history_at = e->history.n;
    if (e->history_at > 0)
        show(e, e->history_at - 1);
}

void editor_show_newer(struct editor *e)
{
    if (e->history_at < e->history.n)
        show(e, e->history_at + 1);
}

/* ---- incremental search --------------------------------------------------------------- */

void editor_search_start(struct editor *e)
{
    struct search *s = &e->search;
    free(s->draft);
    s->draft = xstrndup(e->text.data ? e->text.data : "", e->text.len);
    s->draft_caret = e->caret;
    s->pattern.len = 0;
    s->on = true;
    s->failed = s->forward = false;
    s->entry = e->history_at < e->history.n ? e->history_at : e->history.n;
    s->at = SIZE_MAX;
}

/* Last (first) place of the pattern, which is not empty, in `text` at or before (behind) `from`;
 * SIZE_MAX: none. */
static size_t find_in(const char *text, const struct buf *pattern, size_t from, bool forward)
{
    size_t n = strlen(text), m = pattern->len;
    if (m > n)
        return SIZE_MAX;
    if (forward) {
        const char *at = from <= n ? memmem(text + from, n - from, pattern->data, m) : NULL;
        return at ? (size_t)(at - text) : SIZE_MAX;
    }
    for (size_t i = (from < n - m ? from : n - m) + 1; i-- > 0;)
        if (text[i] == pattern->data[0] && memcmp(text + i, pattern->data, m) == 0)
            return i;
    return SIZE_MAX;
}

static void show_match(struct editor *e)
{
    struct search *s = &e->search;
    const char *text = e->history.entries[s->entry];
    if (strlen(text) != e->text.len || memcmp(text, e->text.data, e->text.len) != 0)
        editor_set(e, text, strlen(text));
    e->history_at = s->entry;
    editor_move(e, s->at);
}

/* `again`: not the place that is shown. */
static void search(struct editor *e, bool again)
{
    struct search *s = &e->search;
    const struct history *h = &e->history;
    size_t entry = s->entry, at = SIZE_MAX;
    bool there = entry < h->n;
    if (!s->pattern.len)
        return;
    if (there && s->forward)
        at = find_in(h->entries[entry], &s->pattern, s->at == SIZE_MAX ? 0 : s->at + again, true);
    else if (there && !(again && s->at == 0))
        at = find_in(h->entries[entry], &s->pattern, s->at - again, false);
    while (at == SIZE_MAX && (s->forward ? entry + 1 < h->n : entry > 0)) {
        entry += s->forward ? 1 : SIZE_MAX;
        at = find_in(h->entries[entry], &s->pattern, s->forward ? 0 : SIZE_MAX, s->forward);
    }
    s->failed = at == SIZE_MAX;
    if (s->failed)
        return;
    s->entry = entry;
    s->at = at;
    show_match(e);
}

static void search_again(struct editor *e, bool forward)
{
    struct search *s = &e->search;
    bool same = s->pattern.len > 0;
    s->forward = forward;
    if (!same)
        buf_append(&s->pattern, s->last.data, s->last.len);
    search(e, same && s->at != SIZE_MAX);
}

static void search_shorter(struct editor *e)
{
    struct search *s = &e->search;
    s->pattern.len = motion_previous(&s->pattern, s->pattern.len);
    s->failed = false;
    search(e, false); /* from where it is */
}

static void search_end(struct editor *e)
{
    struct search *s = &e->search;
    s->on = false;
    if (s->pattern.len) {
        s->last.len = 0;
        buf_append(&s->last, s->pattern.data, s->pattern.len);
    }
    /* Down from here comes back to what was being written. */
    free(e->draft);
    e->draft = s->draft;
    s->draft = NULL;
}

static void search_give_up(struct editor *e)
{
    struct search *s = &e->search;
    editor_set(e, s->draft, strlen(s->draft));
    e->caret = s->draft_caret;
    e->history_at = e->history.n;
    search_end(e);
}

bool editor_search_key(struct editor *e, int32_t key)
{
    struct search *s = &e->search;
    char text[4];
    switch (key) {
    case K_CTRL | 'r': search_again(e, false); return true;
    case K_CTRL | 's': search_again(e, true); return true;
    case K_CTRL | 'g':
    case K_CTRL | 'c': search_give_up(e); return true;
    case K_BACKSPACE:
    case K_CTRL | 'h': search_shorter(e); return true;
    case K_CTRL | 'j':
    case K_ESC: search_end(e); return true;
    default: break;
    }
    if (key >= 0x20 && key < K_NONE) {
        buf_append(&s->pattern, text, utf8_encode(key, text));
        search(e, false);
        return true;
    }
    search_end(e);
    return false;
}

void editor_search_prompt(const struct editor *e, struct buf *out)
{
    const struct search *s = &e->search;
    buf_printf(out, "(%s%s)'%.*s'", s->failed ? "failed " : "",
               s->forward ? "i-search" : "reverse-i-search", (int)s->pattern.len,
               s->pattern.len ? s->pattern.data : "");
}
