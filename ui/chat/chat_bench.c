/* SPDX-License-Identifier: MIT */
#include "chat_bench.h"

#include "units.h"

static uint32_t submit(struct chat_session *s)
{
    static const char request[] = "Count from one to one hundred in words.";
    struct chat chat = {0};
    conversation_chat(&s->conversation, &chat);
    chat_add(&chat, CHAT_USER, request, sizeof request - 1);
    uint32_t turn = engine_submit(s->engine, &(struct turn_request){
                                                 .chat = &chat,
                                                 .max_tokens = BENCH_TOKENS,
                                                 .seed = 1,
                                                 .conversation = s->conversation.id,
                                             });
    chat_free(&chat);
    return turn;
}

void chat_bench(struct chat_session *s)
{
    if (!s->ready || chat_is_busy(s)) {
        chat_notice(s, s->ready ? "An answer is running: /bench needs the machine to itself"
                                : "The model is still loading");
        return;
    }
    if (s->status.remote.host[0]) {
        chat_notice(s, "/bench measures this machine; now %s computes (/stats shows its speed)",
                    s->status.remote.host);
        return;
    }
    s->bench = submit(s);
    s->status.state = STATE_MEASURING;
    chat_notice(s, "Measuring %d tokens...", BENCH_TOKENS);
}

static void tell(struct chat_session *s, const struct event *done)
{
    const struct turn_stats *t = &done->stats;
    uint32_t n_read = t->n_prompt - t->n_reused;
    char answer[24], reading[24] = "-";
    if (n_read && t->prompt_ms > 0)
        format_rate(n_read * 1000.0 / t->prompt_ms, reading, sizeof reading);
    if (done->stop == STOP_CANCELLED)
        chat_notice(s, "Benchmark cancelled");
    else if (!t->n_tokens)
        chat_notice(s, "The model gave no answer to measure");
    else
        chat_notice(s, "%u tokens at %s, a prompt of %u at %s; for more, run qins-bench speed",
                    t->n_tokens, format_rate(t->tokens_per_s, answer, sizeof answer), n_read,
                    reading);
}

void chat_bench_event(struct chat_session *s, const struct event *e)
{
    if (e->type != EVENT_DONE)
        return;
    s->bench = 0;
    s->status.state = STATE_READY;
    tell(s, e);
}
