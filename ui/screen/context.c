/* SPDX-License-Identifier: MIT
 *
 * A context that fills up. Nothing is left out of what the model reads unless the person says so.
 */
#include "app.h"

void app_leave_out(struct app *a, struct chat *request)
{
    size_t first = request->n && request->messages[0].role == CHAT_SYSTEM, next = first;
    unsigned n_cut = 0;
    a->chat.n_exchanges = 0;
    for (size_t i = first; i < request->n; i++) {
        if (request->messages[i].role != CHAT_USER)
            continue;
        if (i > first &&
            n_cut < a->chat.n_left_out) { /* here an exchange ends, and another begins */
            n_cut++;
            next = i;
        }
        a->chat.n_exchanges++;
    }
    a->chat.n_left_out = n_cut; /* messages that were taken back need no cut */
    a->chat.n_exchanges -= n_cut;
    chat_cut(request, first, next);
}

void app_watch_context(struct app *a)
{
    bool warns = sidebar_warns(&a->chat.status);
    if (warns && !a->chat.warned)
        app_notice(
            a, "The context is %d %% full. When it is full the answer stops; /clear starts afresh",
            CONTEXT_WARN_PERCENT);
    a->chat.warned = warns;
}

static void leave_oldest_out(struct app *a, bool yes)
{
    if (!yes)
        return;
    a->chat.n_left_out++;
    transcript_add(&a->reader.transcript, ITEM_NOTE, "", 0);
    transcript_finish(&a->reader.transcript,
                      "[from here on the model no longer sees the oldest exchange]");
    if (a->chat.unanswered)
        app_answer(a);
    else
        app_notice(a, "The oldest exchange is left out from the next message on");
    a->dirty = true;
}

void app_context_full(struct app *a, bool unanswered)
{
    a->chat.unanswered = unanswered;
    if (a->chat.n_exchanges > 1)
        app_ask(a, leave_oldest_out,
                "The context is full. Shall the model no longer see the oldest exchange?");
    else
        app_notice(a,
                   unanswered
                       ? "The message does not fit the context of %u tokens: /edit shortens it, "
                         "/undo takes it back"
                       : "The context of %u tokens is full; /clear starts a new conversation",
                   a->chat.status.ctx_len);
}
