/* SPDX-License-Identifier: MIT */
#include "app.h"

/* A turn of a few tokens on the conversation as it is, so that what the engine has read stays of use;
 * its text is for nobody. */
enum { BENCH_TOKENS = 32 };

void app_bench(struct app *a)
{
    static const char request[] = "Count from one to one hundred in words.";
    struct chat chat = {0};
    if (!a->ready || app_is_busy(a)) {
        app_notice(a, a->ready ? "An answer is running: /bench needs the machine to itself"
                               : "The model is loading");
        return;
    }
    conversation_chat(&a->conversation, &chat);
    chat_add(&chat, CHAT_USER, request, sizeof request - 1);
    a->bench = engine_submit(a->engine, &(struct turn_request){
        .chat = &chat, .max_tokens = BENCH_TOKENS, .seed = 1, .conversation = a->conversation.id});
    chat_free(&chat);
    a->facts.state = STATE_MEASURING;
    app_notice(a, "Measuring %d tokens...", BENCH_TOKENS);
}

void app_bench_event(struct app *a, const struct event *e)
{
    const struct turn_stats *s = &e->stats;
    char answer[24], reading[24] = "";
    if (e->type != EVENT_DONE)
        return;
    a->bench = 0;
    a->facts.state = STATE_READY;
    uint32_t n_read = s->n_prompt - s->n_reused;
    if (n_read && s->prompt_ms > 0)
        format_rate(n_read * 1000.0 / s->prompt_ms, reading, sizeof reading);
    if (e->stop == STOP_CANCELLED)
        app_notice(a, "Measuring was stopped");
    else if (!s->n_tokens)
        app_notice(a, "The model said nothing that could be measured");
    else
        app_notice(a, "%u tokens at %s, a prompt of %u at %s; qins-bench speed tells more",
                   s->n_tokens, format_rate(s->tokens_per_s, answer, sizeof answer), n_read,
                   *reading ? reading : "-");
}
