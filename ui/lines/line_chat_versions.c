/* SPDX-License-Identifier: MIT
 *
 * Versions and branches in a conversation in lines. What the screen edits in place, or lets choose
 * from a list, is asked for here: the next line is the answer.
 */
#include <stdlib.h>
#include <string.h>

#include "branches.h"
#include "number.h"
#include "plain_internal.h"
#include "saved_chats.h"

/* ---- the last answer ------------------------------------------------------------------ */

void line_chat_regenerate(struct plain *p)
{
    int32_t question = conversation_last(&p->conversation, CHAT_USER);
    if (question == NO_MESSAGE) {
        line_chat_say(p, "There is no message to answer again.");
        return;
    }
    conversation_cut(&p->conversation, question);
    line_chat_answer(p);
}

void line_chat_undo(struct plain *p)
{
    struct conversation *c = &p->conversation;
    int32_t question = conversation_last(c, CHAT_USER);
    if (question == NO_MESSAGE) {
        line_chat_say(p, "There is nothing to take back.");
        return;
    }
    conversation_cut(c, c->messages[question].parent);
    line_chat_save(p);
    line_chat_say(p, "The last exchange is taken back; /branch finds it again.");
    line_chat_show_last(p);
}

void line_chat_go_on(struct plain *p)
{
    const struct conversation *c = &p->conversation;
    int32_t leaf = conversation_leaf(c);
    const struct message *m = leaf == NO_MESSAGE ? NULL : &c->messages[leaf];
    if (!m || (m->role == CHAT_ASSISTANT && m->stop == STOP_END && m->model))
        line_chat_say(p, "The last answer is complete.");
    else
        line_chat_answer(p);
}

/* ---- another version ------------------------------------------------------------------ */

void line_chat_edit(struct plain *p, const char *what)
{
    const struct conversation *c = &p->conversation;
    bool answer = strcmp(what, "answer") == 0;
    int32_t number = conversation_last(c, answer ? CHAT_ASSISTANT : CHAT_USER);
    if (*what && !answer) {
        line_chat_say(p, "/edit, or /edit answer");
    } else if (number == NO_MESSAGE) {
        line_chat_say(p, answer ? "There is no answer to edit."
                                : "There is no message of yours to edit.");
    } else {
        p->awaited = AWAITS_VERSION;
        p->rewritten = number;
        line_chat_quote(
            p, answer ? "The last answer:" : "Your last message:", c->messages[number].text.data);
        line_chat_say(p, "The next line is its new version, the old one stays; an empty one leaves "
                         "it as it was.");
    }
}

/* What the person wrote in the model's place. */
static void replace_answer(struct plain *p, const char *text)
{
    struct conversation *c = &p->conversation;
    conversation_cut(c, c->messages[p->rewritten].parent);
    int32_t number = conversation_add(c, CHAT_ASSISTANT, text, strlen(text));
    c->messages[number].stop = STOP_END;
    line_chat_save(p);
    line_chat_say(
        p,
        "/continue goes on with your version of the answer, /branch 1 brings the first one back.");
}

static void take_version(struct plain *p, const char *text)
{
    struct conversation *c = &p->conversation;
    if (c->messages[p->rewritten].role == CHAT_ASSISTANT) {
        replace_answer(p, text);
        return;
    }
    conversation_cut(c, c->messages[p->rewritten].parent);
    line_chat_send(p, text);
}

/* ---- branches ------------------------------------------------------------------------- */

static void list_branches(struct plain *p)
{
    const struct conversation *c = &p->conversation;
    struct branch_list list;
    bool others = false;
    char when[32];
    branches_list(c, &list);
    for (size_t i = 0; i < list.n; i++) {
        const struct branch *b = &list.branches[i];
        bool here = b->leaf == conversation_leaf(c);
        others |= !here;
        line_chat_say(p, "%zu. %s%s%s, %d messages, %s%s", i + 1, b->said, b->answered ? ": " : "",
                      b->answered ? b->answered : "", b->n_messages,
                      saved_chats_when(c->messages[b->leaf].time, when, sizeof when),
                      here ? "; this one" : "");
    }
    if (others) {
        p->awaited = AWAITS_BRANCH;
        line_chat_say(
            p, "The number of a branch goes on from there; an empty line leaves all as it was.");
    } else if (!list.n) {
        line_chat_say(p, "Nothing was said yet.");
    }
    branches_free(&list);
}

static void moved(struct plain *p)
{
    line_chat_save(p);
    line_chat_say(p, "The conversation goes on from here:");
    line_chat_show_last(p);
}

static void take_branch(struct plain *p, const char *text)
{
    struct branch_list list;
    double number;
    branches_list(&p->conversation, &list);
    if (number_parse(text, &number) && number >= 1 && number <= (double)list.n) {
        conversation_cut(&p->conversation, list.branches[(size_t)number - 1].leaf);
        moved(p);
    } else {
        p->awaited = AWAITS_BRANCH;
        line_chat_say(p, "A number from 1 to %zu; an empty line leaves all as it was.", list.n);
    }
    branches_free(&list);
}

void line_chat_branch(struct plain *p, const char *which)
{
    struct error err;
    if (!*which) {
        list_branches(p);
        return;
    }
    int32_t version = branches_version(&p->conversation, which, &err);
    if (version == NO_MESSAGE) {
        line_chat_say(p, "%s", err.text);
        return;
    }
    conversation_choose(&p->conversation, version);
    moved(p);
}

/* ---- what was asked for --------------------------------------------------------------- */

void line_chat_leave_question(struct plain *p)
{
    if (p->awaited)
        line_chat_say(p, "It stays as it was.");
    p->awaited = AWAITS_MESSAGE;
}

void line_chat_reply(struct plain *p, const char *text)
{
    enum awaited awaited = p->awaited;
    if (!*text) {
        line_chat_leave_question(p);
        return;
    }
    p->awaited = AWAITS_MESSAGE;
    if (awaited == AWAITS_VERSION)
        take_version(p, text);
    else
        take_branch(p, text);
}
