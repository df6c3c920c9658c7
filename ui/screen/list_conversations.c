/* SPDX-License-Identifier: MIT */
#include "lists.h"

#include <string.h>

#include "chat_conversations.h"
#include "picker_layer.h"
#include "question.h"
#include "saved_chats.h"

/* number: what /open calls it by, or 0. */
static void add(struct picker *p, const struct store_entry *e, unsigned number)
{
    char time[32], count[16];
    const char *title = *e->title ? e->title : "(no title)";
    struct picker_item *item = picker_add(p, e->id, title, strlen(title));
    snprintf(count, sizeof count, "%u", e->n_messages);
    picker_text(&item->columns[1], saved_chats_when(e->changed, time, sizeof time));
    picker_text(&item->columns[2], count);
    if (e->model)
        picker_text(&item->columns[3], e->model);
    if (e->found)
        picker_text(&item->detail, e->found);
    item->number = number;
}

static void fill(struct app *a)
{
    struct picker *p = &a->list.picker;
    struct store_list list;
    picker_clear(p);
    chat_find_saved(&a->chat, p->filter.data, &list);
    for (size_t i = 0; i < list.n; i++)
        add(p, &list.entries[i], p->filter.len ? 0 : (unsigned)i + 1);
    store_list_free(&list);
    picker_ready(p);
}

static void answered(struct app *a, int64_t id)
{
    if (a->list.picker.wants_text)
        chat_rename(&a->chat, id, a->list.picker.answer.data);
    else
        chat_delete(&a->chat, id);
    fill(a);
}

static void act(struct app *a, enum picker_result result, int32_t key)
{
    struct picker *p = &a->list.picker;
    const struct picker_item *item = picker_selected(p);
    int64_t id = item ? item->key : 0;
    if (result == PICKER_CLOSED) {
        picker_layer_close(a);
    } else if (result == PICKER_CHOSEN) {
        picker_layer_close(a);
        chat_open_saved(&a->chat, id);
    } else if (result == PICKER_FILTERED) {
        fill(a);
    } else if (result == PICKER_ANSWERED && item) {
        answered(a, id);
    } else if (result == PICKER_OTHER && item) {
        if (key == (K_CTRL | 'r') || key == K_F1 + 1)
            picker_ask(p, "New title:", item->columns[0]);
        else if (key == (K_CTRL | 'd') || key == K_DELETE)
            picker_ask(p, "Delete this conversation for good? (y/n)", NULL);
    }
}

void lists_conversations(struct app *a)
{
    struct error err;
    if (!saving_store(&a->chat.saving, &err)) {
        app_notice(a, "%s", err.text);
        return;
    }
    picker_init(&a->list.picker, "Conversations", "No saved conversations");
    a->list.picker.verb = "open";
    a->list.picker.hints[0] = "Ctrl-R rename";
    a->list.picker.hints[1] = "Ctrl-D delete";
    a->list.picker.opener_filters = true;
    fill(a);
    picker_layer_open(a, act);
    picker_select(&a->list.picker, a->chat.conversation.id);
}
