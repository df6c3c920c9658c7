/* SPDX-License-Identifier: MIT */
#include "chat_versions.h"

#include <string.h>

#include "branches.h"
#include "chat_compact.h"
#include "chat_turn.h"

static void moved(struct chat_session *s, bool elsewhere)
{
    s->face->path_changed(s->self, elsewhere);
    chat_save(s);
}

/* ---- the last exchange ---------------------------------------------------------------- */

void chat_regenerate(struct chat_session *s)
{
    int32_t question = conversation_last(&s->conversation, CHAT_USER);
    if (!chat_is_free(s))
        return;
    if (question == NO_MESSAGE) {
        chat_notice(s, "There is no answer to regenerate");
        return;
    }
    if (chat_compact_refuses(s, question))
        return;
    conversation_cut(&s->conversation, question);
    s->face->path_changed(s->self, false);
    chat_answer(s);
}

/* What the context held is not known until the next answer; of nothing it holds nothing. */
static void forget_context(struct chat_session *s)
{
    int32_t leaf = conversation_leaf(&s->conversation);
    const struct message *m = leaf == NO_MESSAGE ? NULL : &s->conversation.messages[leaf];
    s->status.n_ctx_used = 0;
    s->status.n_ctx_before = m ? m->stats.n_prompt + m->stats.n_tokens : 0;
}

void chat_undo(struct chat_session *s)
{
    struct conversation *c = &s->conversation;
    int32_t question = conversation_last(c, CHAT_USER);
    if (!chat_is_free(s) || chat_compact_undo(s))
        return;
    if (question == NO_MESSAGE) {
        chat_notice(s, "Nothing to undo");
        return;
    }
    conversation_cut(c, c->messages[question].parent);
    forget_context(s);
    moved(s, true);
    chat_notice(s, "Last exchange undone; /branch brings it back");
}

void chat_continue(struct chat_session *s)
{
    const struct conversation *c = &s->conversation;
    int32_t leaf = conversation_leaf(c);
    if (!chat_is_free(s) || chat_compact_refuses(s, leaf))
        return;
    if (leaf != NO_MESSAGE && c->messages[leaf].role == CHAT_USER)
        chat_answer(s); /* it was stopped before its first word */
    else if (leaf == NO_MESSAGE)
        chat_notice(s, "There is no answer to continue");
    else if (c->messages[leaf].stop == STOP_END && c->messages[leaf].model)
        chat_notice(s, "The last answer is complete");
    else if (!s->ready)
        chat_notice(s, "The model is still loading");
    else if (!engine_info(s->engine)->can_continue)
        chat_notice(s, "%s cannot go on with an answer that was begun; /regen asks for a new one",
                    s->status.remote.host);
    else
        chat_go_on(s);
}

/* ---- another version ------------------------------------------------------------------ */

void chat_edit(struct chat_session *s, const char *what)
{
    bool answer = strcmp(what, "answer") == 0;
    int32_t number = conversation_last(&s->conversation, answer ? CHAT_ASSISTANT : CHAT_USER);
    if (!chat_is_free(s))
        return;
    if (*what && !answer)
        chat_notice(s, "/edit, or /edit answer");
    else if (number == NO_MESSAGE)
        chat_notice(s,
                    answer ? "There is no answer to edit" : "You have not sent a message to edit");
    else if (answer || !chat_compact_refuses(s, number))
        s->face->rewrite(s->self, number);
}

/* What the user wrote in the model's place. */
static void replace_answer(struct chat_session *s, int32_t old, const char *text, size_t n)
{
    struct conversation *c = &s->conversation;
    conversation_cut(c, c->messages[old].parent);
    int32_t number = conversation_add(c, CHAT_ASSISTANT, text, n);
    c->messages[number].stop = STOP_END;
    moved(s, false);
    if (chat_compact_wrote(c, number))
        chat_notice(s, "This is the summary now; /branch 1 shows the model's");
    else
        chat_notice(s, "/continue continues your version; /branch 1 shows the first one");
}

void chat_rewrite(struct chat_session *s, int32_t number, const char *text, size_t n)
{
    if (s->conversation.messages[number].role == CHAT_ASSISTANT)
        replace_answer(s, number, text, n);
    else
        chat_send_again(s, number, text, n);
}

/* ---- branches ------------------------------------------------------------------------- */

void chat_next_version(struct chat_session *s, int step)
{
    struct conversation *c = &s->conversation;
    int32_t at = branches_choice(c);
    if (!chat_is_free(s))
        return;
    if (at == NO_MESSAGE) {
        chat_notice(s, "No message has another version yet; /regen and /edit create them");
        return;
    }
    int32_t to = step < 0 ? c->messages[at].previous : c->messages[at].next;
    if (to == NO_MESSAGE) {
        chat_notice(s, step < 0 ? "This is the first version" : "This is the last version");
        return;
    }
    conversation_choose(c, to);
    moved(s, true);
}

void chat_go_to(struct chat_session *s, int32_t leaf)
{
    if (!chat_is_free(s))
        return;
    conversation_cut(&s->conversation, leaf);
    moved(s, true);
}

void chat_branch(struct chat_session *s, const char *which)
{
    struct error err;
    if (!chat_is_free(s))
        return;
    if (!*which) {
        s->face->list(s->self, CHAT_BRANCHES);
        return;
    }
    int32_t version = branches_version(&s->conversation, which, &err);
    if (version == NO_MESSAGE) {
        chat_notice(s, "%s", err.text);
        return;
    }
    conversation_choose(&s->conversation, version);
    moved(s, true);
}
