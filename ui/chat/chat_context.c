/* SPDX-License-Identifier: MIT */
#include "chat_context.h"

#include <stdlib.h>
#include <string.h>

#include "chat_compact.h"

enum { SUMMARY_MESSAGES = 2 }; /* the request for it, and the summary */

/* The path begins with a summary that the model sees. */
static bool has_summary(const struct chat_session *s)
{
    const struct conversation *c = &s->conversation;
    return !s->context.no_summary && c->n_path >= SUMMARY_MESSAGES &&
           chat_compact_wrote(c, c->path[0]);
}

void chat_leave_out(struct chat_session *s, struct chat *request)
{
    const bool summary = has_summary(s);
    size_t first = request->n && request->messages[0].role == CHAT_SYSTEM, next;
    unsigned n_cut = 0;
    next = first += summary ? SUMMARY_MESSAGES : 0;
    s->context.n_exchanges = summary;
    for (size_t i = first; i < request->n; i++) {
        if (request->messages[i].role != CHAT_USER)
            continue;
        if (i > first &&
            n_cut < s->context.n_left_out) { /* here an exchange ends, and another begins */
            n_cut++;
            next = i;
        }
        s->context.n_exchanges++;
    }
    s->context.n_left_out = n_cut; /* messages that were undone need no cut */
    s->context.no_summary &= n_cut > 0;
    s->context.n_exchanges -= n_cut;
    chat_cut(request, first, next);
}

static bool slides(const struct chat_session *s)
{
    return strcmp(options_text(s->options, OPT_CONTEXT_FULL), "slide") == 0;
}

void chat_watch_context(struct chat_session *s)
{
    bool warns = status_context_warns(&s->status);
    if (warns && !s->context.warned && !slides(s))
        chat_notice(s,
                    "The context is %d %% full. The answer stops when it is full; /compact makes "
                    "room, /new starts a new conversation",
                    CONTEXT_WARN_PERCENT);
    s->context.warned = warns;
}

/* Exchanges of the path that the model sees, without a summary. */
static unsigned n_seen(const struct chat_session *s)
{
    const struct conversation *c = &s->conversation;
    unsigned n = 0;
    for (size_t i = has_summary(s) ? SUMMARY_MESSAGES : 0; i < c->n_path; i++)
        n += c->messages[c->path[i]].role == CHAT_USER;
    return n > s->context.n_left_out ? n - s->context.n_left_out : 0;
}

/* Nothing else can go: the newest exchange stays. */
static bool summary_is_next(const struct chat_session *s)
{
    return has_summary(s) && n_seen(s) <= 1;
}

void chat_drop_oldest(struct chat_session *s, unsigned n)
{
    char mark[80] = "[the model no longer sees the oldest exchange]";
    if (n > 1)
        snprintf(mark, sizeof mark, "[the model no longer sees the %u oldest exchanges]", n);
    if (summary_is_next(s)) {
        s->context.no_summary = true;
        snprintf(mark, sizeof mark, "[the model no longer sees the summary]");
    }
    s->context.n_left_out += n;
    s->face->note(s->self, mark);
}

/* Tokens of a message, without what a template adds. */
static double tokens_of(const struct chat_session *s, const struct message *m)
{
    return m->text.len ? engine_count_tokens(s->engine, m->text.data, m->text.len) : 0;
}

/* The oldest exchanges that have to go for the others to take half of the context; the newest one
 * stays. `used`: tokens of all that the model sees. */
static unsigned n_to_slide(const struct chat_session *s, double used)
{
    enum { FOR_A_MESSAGE = 8 };
    const struct conversation *c = &s->conversation;
    const unsigned seen = n_seen(s), skipped = s->context.n_left_out;
    const size_t n_summary = has_summary(s) ? SUMMARY_MESSAGES : 0;
    const char *system = options_text(s->options, OPT_SYSTEM);
    double *tokens = xcalloc(seen + skipped + 1, sizeof *tokens);
    double sum =
        *system ? engine_count_tokens(s->engine, system, strlen(system)) + FOR_A_MESSAGE : 0;
    unsigned n = 0, dropped = 0;
    for (size_t i = 0; i < c->n_path; i++) {
        const struct message *m = &c->messages[c->path[i]];
        n += i >= n_summary && m->role == CHAT_USER;
        double here = i < n_summary || n > skipped ? tokens_of(s, m) + FOR_A_MESSAGE : 0;
        tokens[n] += here;
        sum += here;
    }
    double scale = sum > 0 ? used / sum : 1, left = used;
    while (dropped + 1 < seen && left > s->status.ctx_len / 2.0)
        left -= tokens[skipped + ++dropped] * scale;
    free(tokens);
    return dropped;
}

void chat_slide(struct chat_session *s)
{
    if (!slides(s) || !status_context_warns(&s->status))
        return;
    unsigned n = n_to_slide(s, s->status.n_ctx_used);
    if (n) {
        chat_drop_oldest(s, n);
        s->context.warned = true; /* no more is to be said */
    }
}

void chat_context_full(struct chat_session *s, bool unanswered,
                       void (*reply)(struct chat_session *, bool yes))
{
    s->context.unanswered = unanswered;
    unsigned n = slides(s) ? n_to_slide(s, s->status.ctx_len) : 1;
    s->context.n_to_drop = n ? n : 1;
    if (s->context.n_exchanges > 1 && slides(s)) {
        reply(s, true);
        return;
    }
    if (s->context.n_exchanges > 1 &&
        chat_ask(s,
                 summary_is_next(s)
                     ? "The context is full. Drop the summary from what the model sees?"
                     : "The context is full. Drop the oldest exchange from what the model sees?",
                 reply))
        return;
    chat_notice(s,
                unanswered ? "The message does not fit into the context of %u tokens: "
                             "shorten it with /edit, or /undo it"
                           : "The context of %u tokens is full; /new starts a new conversation",
                s->status.ctx_len);
}
