/* SPDX-License-Identifier: MIT */
#include "chat_context.h"

void chat_leave_out(struct chat_session *s, struct chat *request)
{
    size_t first = request->n && request->messages[0].role == CHAT_SYSTEM, next = first;
    unsigned n_cut = 0;
    s->context.n_exchanges = 0;
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
    s->context.n_exchanges -= n_cut;
    chat_cut(request, first, next);
}

void chat_watch_context(struct chat_session *s)
{
    bool warns = status_context_warns(&s->status);
    if (warns && !s->context.warned)
        chat_notice(s,
                    "The context is %d %% full. The answer stops when it is full; /new starts a "
                    "new conversation",
                    CONTEXT_WARN_PERCENT);
    s->context.warned = warns;
}

void chat_context_full(struct chat_session *s, bool unanswered,
                       void (*reply)(struct chat_session *, bool yes))
{
    s->context.unanswered = unanswered;
    if (s->context.n_exchanges > 1 &&
        chat_ask(s, "The context is full. Drop the oldest exchange from what the model sees?",
                 reply))
        return;
    chat_notice(s,
                unanswered ? "The message does not fit into the context of %u tokens: "
                             "shorten it with /edit, or /undo it"
                           : "The context of %u tokens is full; /new starts a new conversation",
                s->status.ctx_len);
}
