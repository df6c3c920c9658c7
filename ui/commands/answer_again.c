/* SPDX-License-Identifier: MIT */
#include "answer_again.h"

#include "chat_compact.h"
#include "chat_turn.h"

int32_t answer_to_score(struct chat_session *s)
{
    const struct conversation *c = &s->conversation;
    int32_t number = conversation_leaf(c);
    if (!s->ready)
        chat_notice(s, "The model is still loading");
    else if (s->status.remote.host[0])
        chat_notice(s, "%s does not tell what its tokens were", s->status.remote.host);
    else if (number == NO_MESSAGE || c->messages[number].role != CHAT_ASSISTANT)
        chat_notice(s, "There is no answer yet");
    else if (chat_compact_wrote(c, number))
        chat_notice(s, "The tokens of a summary are not known");
    else
        return number;
    return NO_MESSAGE;
}

/* Its tokens as they were drawn, or else as the tokenizer cuts its text. */
static bool answer_ids(const struct chat_session *s, const struct message *m, struct ids *out)
{
    if (m->ids.n)
        ids_append(out, m->ids.ids, m->ids.n);
    else if (!m->thinking.len && m->text.len)
        engine_encode(s->engine, m->text.data, m->text.len, out);
    return out->n > 0;
}

size_t answer_score(struct chat_session *s, int32_t number, const struct engine_other *against,
                    const char *argument,
                    void (*event)(struct chat_session *s, const struct event *e))
{
    const struct message *m = &s->conversation.messages[number];
    struct chat request = {0};
    struct ids given = {0};
    if (!answer_ids(s, m, &given)) {
        chat_notice(s, "The tokens of this answer are not known: %s",
                    m->text.len ? "it was opened with its thinking" : "it has no text");
        return 0;
    }
    chat_path_request(s, &request);
    chat_truncate(&request, request.n - 1);
    struct turn_request turn = {.chat = &request,
                                .given = &given,
                                .against = against,
                                .max_tokens = (uint32_t)given.n,
                                .seed = 1,
                                .conversation = s->conversation.id};
    turn.thinking.mode = m->thinking.len ? options_thinking(s->options).mode : THINK_OFF;
    s->scoring.argument = xstrdup(argument);
    s->scoring.number = number;
    s->scoring.event = event;
    s->scoring.turn = engine_submit(s->engine, &turn);
    size_t n = given.n;
    ids_free(&given);
    chat_free(&request);
    return n;
}

char *answer_score_end(struct chat_session *s)
{
    char *argument = s->scoring.argument;
    s->scoring.argument = NULL;
    s->scoring.turn = 0;
    s->status.state = STATE_READY;
    return argument;
}
