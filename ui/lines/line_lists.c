/* SPDX-License-Identifier: MIT
 *
 * Lists of a conversation in lines: what the screen lets choose with keys is chosen by number here.
 */
#include "branches.h"
#include "chat_conversations.h"
#include "chat_versions.h"
#include "engine_settings.h"
#include "models.h"
#include "number.h"
#include "plain_internal.h"
#include "saved_chats.h"

static void show(struct plain *p, const char *name, struct buf *text)
{
    p->chat.face->page(p, name, text->data);
    buf_free(text);
}

static void add_remotes(const struct chat_session *s, struct buf *text)
{
    for (size_t i = 0; i < s->n_server_models; i++)
        buf_printf(text, ENGINE_REMOTE "%s\n", s->server_models[i]);
    if (!s->n_server_models && engine_settings_have_server(s->options))
        buf_printf(text, ENGINE_REMOTE " asks %s\n", options_text(s->options, OPT_SERVER));
}

static void list_models(struct plain *p)
{
    struct model_list l;
    struct buf text = {0};
    add_remotes(&p->chat, &text);
    models_list(&l);
    models_table(&l, &text);
    models_free(&l);
    show(p, "Models", &text);
}

static void add_conversation(struct buf *text, size_t number, const struct store_entry *e)
{
    char when[32];
    buf_printf(text, "%zu. %s, %u messages, %s\n", number, *e->title ? e->title : "(no title)",
               e->n_messages, saved_chats_when(e->changed, when, sizeof when));
}

static void list_conversations(struct plain *p)
{
    enum { MOST = 20 };
    struct store_list list;
    struct buf text = {0};
    bool ok = chat_find_saved(&p->chat, "", &list);
    size_t n = list.n < MOST ? list.n : MOST;
    for (size_t i = 0; i < n; i++)
        add_conversation(&text, i + 1, &list.entries[i]);
    if (n < list.n)
        buf_printf(&text, "and %zu older ones\n", list.n - n);
    store_list_free(&list);
    if (n) {
        buf_puts(&text, "Open one with /open and its number, or words from it.");
        show(p, "Conversations", &text);
    } else if (ok) {
        line_chat_say(p, "No conversation is saved yet");
    }
}

static void add_branch(const struct conversation *c, struct buf *text, size_t number,
                       const struct branch *b)
{
    char when[32];
    buf_printf(text, "%zu. %s%s%s, %d messages, %s%s\n", number, b->said, b->answered ? ": " : "",
               b->answered ? b->answered : "", b->n_messages,
               saved_chats_when(c->messages[b->leaf].time, when, sizeof when),
               b->leaf == conversation_leaf(c) ? "; this one" : "");
}

static void list_branches(struct plain *p)
{
    const struct conversation *c = &p->chat.conversation;
    struct branch_list list;
    struct buf text = {0};
    branches_list(c, &list);
    bool others = list.n > 1 || (list.n && list.branches[0].leaf != conversation_leaf(c));
    for (size_t i = 0; i < list.n; i++)
        add_branch(c, &text, i + 1, &list.branches[i]);
    branches_free(&list);
    if (others) {
        p->awaited = AWAITS_BRANCH;
        buf_puts(&text, "Type the number of a branch on the next line; an empty line cancels.");
    }
    if (text.len)
        show(p, "Branches", &text);
    else
        line_chat_say(p, "There are no messages yet");
}

void line_chat_list(struct plain *p, enum chat_list which)
{
    switch (which) {
    case CHAT_CONVERSATIONS: list_conversations(p); break;
    case CHAT_BRANCHES: list_branches(p); break;
    case CHAT_MODELS: list_models(p); break;
    }
}

void line_chat_take_branch(struct plain *p, const char *text)
{
    struct branch_list list;
    double number;
    branches_list(&p->chat.conversation, &list);
    if (number_parse(text, &number) && number >= 1 && number <= (double)list.n) {
        chat_go_to(&p->chat, list.branches[(size_t)number - 1].leaf);
    } else {
        p->awaited = AWAITS_BRANCH;
        line_chat_say(p, "Type a number from 1 to %zu; an empty line cancels.", list.n);
    }
    branches_free(&list);
}
