/* SPDX-License-Identifier: MIT */
#include "splitter.h"

#include <string.h>

enum { MAX_HEADER = 64 }; /* bytes; a longer one is none */

void splitter_start(struct splitter *s, const struct thinking *th, enum thinking_state state,
                    bool begun)
{
    *s = (struct splitter){.thinking = th,
                           .state = th->kind ? state : THINKING_BEHIND,
                           .begun = begun || !th->kind,
                           .named = true,
                           .thought = state == THINKING_INSIDE && begun};
}

void splitter_free(struct splitter *s)
{
    buf_free(&s->held);
}

bool splitter_thinks(const struct splitter *s)
{
    return s->state == THINKING_INSIDE || (s->state == THINKING_HEADER && s->thought);
}

bool splitter_ends(const struct splitter *s, int32_t id, bool ends)
{
    const struct thinking *th = s->thinking;
    bool of_message = th->kind && th->kind->channels && id == th->end;
    return of_message ? s->state != THINKING_INSIDE && s->state != THINKING_HEADER : ends;
}

size_t splitter_held(const struct splitter *s)
{
    return s->state == THINKING_BEHIND || s->state == THINKING_BEFORE ? s->held.len : 0;
}

/* ---- text of a part ------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static size_t count_space(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && is_space(text[i]))
        i++;
    return i;
}

static void drop(struct splitter *s, size_t n)
{
    memmove(s->held.data, s->held.data + n, s->held.len - n);
    s->held.len -= n;
}

/* The first n bytes held go out; blank lines before the first text are dropped. */
static void pass(struct splitter *s, size_t n, struct buf *out)
{
    size_t from = 0;
    if (!s->begun) {
        size_t space = count_space(s->held.data, n);
        if (space == n && s->state != THINKING_BEFORE)
            return; /* nothing yet */
        for (size_t i = 0; i < space && s->state != THINKING_BEFORE; i++)
            if (s->held.data[i] == '\n')
                from = i + 1;
    }
    if (n == 0)
        return;
    if (s->state == THINKING_INSIDE && s->reopened)
        buf_puts(out, "\n\n");
    s->reopened = false;
    s->begun = true;
    s->thought |= s->state == THINKING_INSIDE;
    buf_append(out, s->held.data + from, n - from);
    drop(s, n);
}

static void enter(struct splitter *s, enum thinking_state state)
{
    s->state = state;
    s->begun = false;
    s->named = true;
    s->held.len = 0;
    if (state == THINKING_INSIDE)
        s->reopened = s->thought;
}

/* ---- markers that are text ------------------------------------------------------------ */

/* Bytes at the end of what is held that may begin the marker. */
static size_t may_begin(const struct buf *held, const char *marker)
{
    size_t n = strlen(marker), most = n - 1 < held->len ? n - 1 : held->len;
    for (size_t len = most; len > 0; len--)
        if (memcmp(held->data + held->len - len, marker, len) == 0)
            return len;
    return 0;
}

static size_t without_space(const struct buf *b, size_t n)
{
    while (n && is_space(b->data[n - 1]))
        n--;
    return n;
}

/* Nothing was said yet: white space, then the marker, or an answer without thinking. -> false: more
 * has to come. */
static bool take_opening(struct splitter *s, struct buf *answer)
{
    const char *open = s->thinking->kind->open;
    size_t space = count_space(s->held.data, s->held.len), n = s->held.len - space;
    size_t len = strlen(open);
    bool may_be =
        s->thinking->open < 0 && memcmp(s->held.data + space, open, n < len ? n : len) == 0;
    if (n == 0 || (may_be && n < len))
        return false;
    if (may_be) {
        drop(s, space + len);
        s->state = THINKING_INSIDE;
        return s->held.len > 0;
    }
    pass(s, s->held.len, answer);
    s->state = THINKING_BEHIND;
    return false;
}

/* Some models open what their prompt has opened. -> false: more has to come to tell. */
static bool skip_opening(struct splitter *s)
{
    const char *open = s->thinking->kind->open;
    size_t space = count_space(s->held.data, s->held.len), n = s->held.len - space;
    size_t len = strlen(open);
    if (memcmp(s->held.data + space, open, n < len ? n : len) == 0 && n < len)
        return false;
    if (n >= len && memcmp(s->held.data + space, open, len) == 0)
        drop(s, space + len);
    return true;
}

/* -> whether it closed, with more behind it. */
static bool take_thinking(struct splitter *s, struct buf *thinking)
{
    const char *close = s->thinking->kind->close;
    bool by_text = s->thinking->close < 0;
    if (by_text && !s->begun && !skip_opening(s))
        return false;
    const char *at =
        by_text && s->held.len ? memmem(s->held.data, s->held.len, close, strlen(close)) : NULL;
    if (!at) {
        size_t held = by_text ? may_begin(&s->held, close) : 0;
        pass(s, without_space(&s->held, s->held.len - held), thinking);
        return false;
    }
    size_t n = (size_t)(at - s->held.data);
    pass(s, without_space(&s->held, n), thinking);
    at = memmem(s->held.data, s->held.len, close, strlen(close));
    drop(s, (size_t)(at - s->held.data) + strlen(close));
    s->state = THINKING_BEHIND;
    s->begun = false;
    return s->held.len > 0;
}

/* The name of Gemma's channel, up to the end of its line. -> false: more has to come. */
static bool take_name(struct splitter *s)
{
    const char *end = s->held.len ? memchr(s->held.data, '\n', s->held.len) : NULL;
    if (end)
        drop(s, (size_t)(end - s->held.data) + 1);
    s->named = end || s->held.len > MAX_HEADER;
    return s->named;
}

static void take_text(struct splitter *s, struct buf *thinking, struct buf *answer)
{
    bool more = s->held.len > 0;
    while (more) {
        switch (s->state) {
        case THINKING_BEFORE: more = take_opening(s, answer); break;
        case THINKING_INSIDE:
            more = (s->named || take_name(s)) && take_thinking(s, thinking);
            break;
        case THINKING_BEHIND:
            pass(s, s->held.len, answer);
            more = false;
            break;
        case THINKING_HEADER:
            more = s->held.len > MAX_HEADER; /* no header after all */
            if (more)
                s->state = THINKING_BEHIND;
            break;
        }
    }
}

/* ---- markers that are tokens ---------------------------------------------------------- */

/* A message begins: its header says in which channel. */
static void take_header(struct splitter *s)
{
    bool thinks = s->held.len && (memmem(s->held.data, s->held.len, "analysis", 8) ||
                                  memmem(s->held.data, s->held.len, "commentary", 10));
    enter(s, thinks ? THINKING_INSIDE : THINKING_BEHIND);
}

static void take_channel_token(struct splitter *s, int32_t id)
{
    const struct thinking *th = s->thinking;
    if (id == th->message && s->state == THINKING_HEADER)
        take_header(s);
    else
        enter(s, THINKING_HEADER);
}

static void take_tag_token(struct splitter *s, int32_t id)
{
    const struct thinking_kind *kind = s->thinking->kind;
    enter(s, id == s->thinking->open ? THINKING_INSIDE : THINKING_BEHIND);
    if (s->state == THINKING_INSIDE)
        s->named = strcmp(kind->open, kind->open_token) == 0;
}

/* Whether the token is a marker here; elsewhere it may be text that speaks of markers. */
static bool is_marker(const struct splitter *s, int32_t id)
{
    const struct thinking *th = s->thinking;
    if (!th->kind || th->open < 0)
        return false;
    if (th->kind->channels)
        return id == th->channel || id == th->start || id == th->end ||
               (id == th->message && s->state == THINKING_HEADER);
    if (id == th->open)
        return s->state == THINKING_BEFORE || th->kind->anywhere ||
               (s->state == THINKING_INSIDE && !s->begun);
    return id == th->close && s->state != THINKING_BEHIND;
}

static void count(struct splitter *s, enum thinking_state before)
{
    if (before == THINKING_INSIDE || s->state == THINKING_INSIDE || s->thought) {
        if (before == THINKING_BEHIND && s->state == THINKING_BEHIND)
            return;
        s->n_tokens += s->n_pending + 1;
        s->n_pending = 0;
    } else {
        s->n_pending = s->state == THINKING_BEHIND ? 0 : s->n_pending + 1;
    }
}

/* Bytes at the end of a marker's text that are its own: before them stands what a detokenizer had
 * held back. None of a special token. */
static size_t own_bytes(const struct splitter *s, int32_t id, const char *text, size_t n)
{
    const struct thinking_kind *kind = s->thinking->kind;
    const char *name = id == s->thinking->open ? kind->open_token : kind->close_token;
    size_t len = strlen(name);
    return n >= len && memcmp(text + n - len, name, len) == 0 ? len : 0;
}

void splitter_take(struct splitter *s, const char *text, size_t n, struct buf *thinking,
                   struct buf *answer)
{
    if (n > 0)
        buf_append(&s->held, text, n);
    take_text(s, thinking, answer);
}

void splitter_push(struct splitter *s, int32_t id, const char *text, size_t n, struct buf *thinking,
                   struct buf *answer)
{
    enum thinking_state before = s->state;
    bool marker = is_marker(s, id);
    if (marker)
        n -= own_bytes(s, id, text, n);
    splitter_take(s, text, n, thinking, answer);
    if (marker && s->thinking->kind->channels)
        take_channel_token(s, id);
    else if (marker)
        take_tag_token(s, id);
    count(s, before);
}

void splitter_end(struct splitter *s, struct buf *thinking, struct buf *answer)
{
    if (s->state == THINKING_HEADER || !s->named)
        return;
    if (s->begun || count_space(s->held.data, s->held.len) < s->held.len)
        pass(s, s->held.len, s->state == THINKING_INSIDE ? thinking : answer);
}

void splitter_replay(struct splitter *s, const int32_t *ids, size_t n)
{
    struct detokenizer d;
    struct buf text = {0}, sink = {0};
    detokenizer_init(&d, s->thinking->tokenizer, false);
    d.at_start = false;
    for (size_t i = 0; i < n; i++) {
        text.len = 0;
        detokenizer_push(&d, ids[i], &text);
        splitter_push(s, ids[i], text.data, text.len, &sink, &sink);
    }
    bool said = s->begun || count_space(s->held.data, s->held.len) < s->held.len;
    if (said && s->state != THINKING_HEADER && s->named)
        s->held.len = 0; /* it went to its part when the answer was cut there */
    s->n_tokens = s->n_pending = 0;
    buf_free(&text);
    buf_free(&sink);
}
