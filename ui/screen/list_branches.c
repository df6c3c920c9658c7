/* SPDX-License-Identifier: MIT */
#include "lists.h"

#include <string.h>

#include "branches.h"
#include "chat_versions.h"
#include "picker_layer.h"
#include "saved_chats.h"

static void act(struct app *a, enum picker_result result, int32_t key)
{
    const struct picker_item *item = picker_selected(&a->list.picker);
    int32_t leaf = item ? (int32_t)item->key : NO_MESSAGE;
    (void)key;
    if (result != PICKER_CHOSEN && result != PICKER_CLOSED)
        return;
    picker_layer_close(a);
    if (result == PICKER_CHOSEN)
        chat_go_to(&a->chat, leaf);
}

static void add(struct picker *p, const struct conversation *c, const struct branch *b)
{
    char time[32], count[32];
    struct picker_item *item = picker_add(p, b->leaf, b->said, strlen(b->said));
    snprintf(count, sizeof count, "%d messages", b->n_messages);
    picker_text(&item->columns[1], saved_chats_when(c->messages[b->leaf].time, time, sizeof time));
    picker_text(&item->columns[2], count);
    if (b->answered)
        picker_text(&item->detail, b->answered);
}

void lists_branches(struct app *a)
{
    const struct conversation *c = &a->chat.conversation;
    struct branch_list list;
    picker_init(&a->list.picker, "Branches of this conversation", "There are no messages yet");
    a->list.picker.verb = "continue from there";
    branches_list(c, &list);
    for (size_t i = 0; i < list.n; i++)
        add(&a->list.picker, c, &list.branches[i]);
    branches_free(&list);
    picker_ready(&a->list.picker);
    picker_select(&a->list.picker, conversation_leaf(c));
    picker_layer_open(a, act);
}
