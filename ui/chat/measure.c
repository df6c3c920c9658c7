/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include "units.h"

uint32_t measure_start(struct engine *e, const struct conversation *c)
{
    static const char request[] = "Count from one to one hundred in words.";
    struct chat chat = {0};
    conversation_chat(c, &chat);
    chat_add(&chat, CHAT_USER, request, sizeof request - 1);
    uint32_t turn = engine_submit(
        e, &(struct turn_request){
               .chat = &chat, .max_tokens = MEASURE_TOKENS, .seed = 1, .conversation = c->id});
    chat_free(&chat);
    return turn;
}

char *measure_report(const struct event *done)
{
    const struct turn_stats *s = &done->stats;
    uint32_t n_read = s->n_prompt - s->n_reused;
    char answer[24], reading[24] = "-";
    if (done->stop == STOP_CANCELLED)
        return xstrdup("Measuring was stopped");
    if (!s->n_tokens)
        return xstrdup("The model said nothing that could be measured");
    if (n_read && s->prompt_ms > 0)
        format_rate(n_read * 1000.0 / s->prompt_ms, reading, sizeof reading);
    return xasprintf("%u tokens at %s, a prompt of %u at %s; qins-bench speed tells more",
                     s->n_tokens, format_rate(s->tokens_per_s, answer, sizeof answer), n_read,
                     reading);
}
