/* SPDX-License-Identifier: MIT */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include "branches.h"
#include "saved_chats.h"

/* ---- the conversation on the screen --------------------------------------------------- */

const char *app_mark_of(const struct message *m)
{
    if (m->open || m->role != CHAT_ASSISTANT)
        return NULL;
    switch (m->stop) {
    case STOP_NONE: return "[interrupted; /continue goes on]";
    case STOP_CANCELLED: return "[stopped]";
    case STOP_LENGTH: return "[max tokens reached]";
    case STOP_CONTEXT: return "[context full]";
    default: return m->text.len ? NULL : "[no answer]";
    }
}

void app_show_versions(struct app *a, int32_t number)
{
    int which, n = conversation_versions(&a->chat.conversation, number, &which);
    transcript_versions(&a->reader.transcript, which, n);
}

void app_show_message(struct app *a, int32_t number)
{
    const struct message *m = &a->chat.conversation.messages[number];
    transcript_add(&a->reader.transcript, m->role == CHAT_USER ? ITEM_USER : ITEM_ANSWER,
                   m->text.data, m->text.len);
    app_show_versions(a, number);
    if (!m->open)
        transcript_finish(&a->reader.transcript, app_mark_of(m));
}

void app_show_conversation(struct app *a)
{
    transcript_clear(&a->reader.transcript);
    for (size_t i = 0; i < a->chat.conversation.n_path; i++)
        app_show_message(a, a->chat.conversation.path[i]);
    transcript_bottom(&a->reader.transcript);
    a->dirty = true;
}

void app_save(struct app *a)
{
    saving_now(&a->chat.saving, &a->chat.conversation);
    char *news = saving_news(&a->chat.saving);
    if (news)
        app_notice(a, "%s", news);
    free(news);
}

void app_leave_conversation(struct app *a, enum stop_reason stop)
{
    if (a->chat.turn)
        engine_cancel(a->chat.engine, a->chat.turn);
    if (a->chat.turn)
        app_close_answer(a, stop);
    a->chat.turn = 0; /* its events are stale from here on */
    a->chat.queued = false;
    a->composer.rewriting = false;
    app_save(a);
}

static void start_with(struct app *a, struct conversation *c)
{
    app_leave_conversation(a, STOP_CANCELLED);
    engine_keep(a->chat.engine);
    conversation_free(&a->chat.conversation);
    a->chat.conversation = *c;
    *c = (struct conversation){0};
    if (a->chat.ready)
        a->chat.status.state = STATE_READY;
    a->chat.status.now_tokens_per_s = 0;
    a->chat.status.n_ctx_used = 0;
    int32_t leaf = conversation_leaf(&a->chat.conversation);
    const struct turn_stats *last =
        leaf == NO_MESSAGE ? NULL : &a->chat.conversation.messages[leaf].stats;
    a->chat.status.n_ctx_before = last ? last->n_prompt + last->n_tokens : 0;
    a->chat.n_left_out = 0;
    a->chat.warned = false;
    app_show_conversation(a);
}

void app_new_conversation(struct app *a)
{
    struct conversation none = {0};
    start_with(a, &none);
    saving_release(&a->chat.saving);
}

/* What it was held under comes back with it; the model stays the one that is loaded. */
static void take_settings(struct app *a, const struct conversation *c)
{
    struct error err;
    if (c->system && options_source(a->chat.options, OPT_SYSTEM) < SOURCE_FLAG)
        options_set(a->chat.options, OPT_SYSTEM, c->system, SOURCE_USER, &err);
}

bool app_open_conversation(struct app *a, int64_t id)
{
    struct error err;
    struct conversation c = {0};
    bool taken;
    if (id == a->chat.conversation.id && id)
        return true;
    struct store *store = saving_store(&a->chat.saving, &err);
    if (store && a->chat.conversation.n)
        app_leave_conversation(a, STOP_CANCELLED); /* saved before the store lets go of it */
    store = saving_store(&a->chat.saving, &err);
    if (!store || !store_load(store, id, &c, &taken, &err)) {
        app_notice(a, "%s", err.text);
        return false;
    }
    take_settings(a, &c);
    start_with(a, &c);
    if (taken)
        app_notice(
            a, "Another qins-tui has this conversation open: what you say here goes into a copy");
    return true;
}

bool app_open_last(struct app *a)
{
    struct error err;
    struct store_list list = {0};
    struct store *store = saving_store(&a->chat.saving, &err);
    if (!store || !store_find(store, "", 1, &list, &err)) {
        app_notice(a, "%s", err.text);
        return false;
    }
    bool ok = list.n > 0 && app_open_conversation(a, list.entries[0].id);
    if (!list.n)
        app_notice(a, "No conversation is saved yet");
    store_list_free(&list);
    return ok;
}

/* ---- the list of conversations -------------------------------------------------------- */

static void fill_conversations(struct app *a)
{
    struct picker *p = &a->list.picker;
    struct store_list list = {0};
    struct error err;
    struct store *store = saving_store(&a->chat.saving, &err);
    picker_clear(p);
    if (!store || !store_find(store, p->filter.data, SAVED_CHATS_MAX_LISTED, &list, &err))
        app_notice(a, "%s", err.text);
    for (size_t i = 0; i < list.n; i++) {
        const struct store_entry *e = &list.entries[i];
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
    }
    store_list_free(&list);
    picker_ready(p);
}

static void rename_conversation(struct app *a, int64_t id, const char *title)
{
    struct error err;
    struct store *store = saving_store(&a->chat.saving, &err);
    if (id == a->chat.conversation.id && id) {
        free(a->chat.conversation.title);
        a->chat.conversation.title = xstrdup(title);
    }
    if (!store || !store_rename(store, id, title, &err))
        app_notice(a, "%s", err.text);
}

static void delete_conversation(struct app *a, int64_t id)
{
    struct error err;
    struct store *store = saving_store(&a->chat.saving, &err);
    if (id == a->chat.conversation.id) {
        app_new_conversation(a);
        store = saving_store(&a->chat.saving, &err);
    }
    if (store && store_delete(store, id, &err))
        engine_forget(a->chat.engine, id);
    else
        app_notice(a, "%s", err.text);
}

static void act_on_conversations(struct app *a, enum picker_result result, int32_t key)
{
    struct picker *p = &a->list.picker;
    const struct picker_item *item = picker_selected(p);
    int64_t id = item ? item->key : 0;
    if (result == PICKER_CLOSED) {
        app_close_picker(a);
    } else if (result == PICKER_CHOSEN) {
        app_close_picker(a);
        app_open_conversation(a, id);
    } else if (result == PICKER_FILTERED) {
        fill_conversations(a);
    } else if (result == PICKER_ANSWERED && item) {
        if (p->wants_text)
            rename_conversation(a, id, p->answer.data);
        else
            delete_conversation(a, id);
        fill_conversations(a);
    } else if (result == PICKER_OTHER && item) {
        if (key == (K_CTRL | 'r') || key == K_F1 + 1)
            picker_ask(p, "New title:", item->columns[0]);
        else if (key == (K_CTRL | 'd') || key == K_DELETE)
            picker_ask(p, "Delete this conversation for good? (y/n)", NULL);
    }
}

void app_pick_conversation(struct app *a)
{
    struct error err;
    if (!saving_store(&a->chat.saving, &err)) {
        app_notice(a, "%s", err.text);
        return;
    }
    picker_init(&a->list.picker, "Conversations", "None is saved yet");
    a->list.picker.verb = "open";
    a->list.picker.hints[0] = "Ctrl-R rename";
    a->list.picker.hints[1] = "Ctrl-D delete";
    a->list.picker.opener_filters = true;
    fill_conversations(a);
    app_open_picker(a, act_on_conversations);
    picker_select(&a->list.picker, a->chat.conversation.id);
}

void app_open_command(struct app *a, const char *what)
{
    struct error err;
    int64_t id = *what ? saved_chats_find(&a->chat.saving, what, &err) : 0;
    if (id)
        app_open_conversation(a, id);
    else if (*what)
        app_notice(a, "%s", err.text);
    else
        app_pick_conversation(a);
}

/* ---- saving, exporting ---------------------------------------------------------------- */

static void tell(struct app *a, char *line)
{
    app_notice(a, "%s", line);
    free(line);
}

void app_save_command(struct app *a, const char *title)
{
    tell(a, saved_chats_save(&a->chat.saving, &a->chat.conversation, title));
}

void app_export_command(struct app *a, const char *argument)
{
    tell(a, saved_chats_export(&a->chat.conversation, argument));
}

/* ---- branches ------------------------------------------------------------------------- */

/* -> false, and says so, while an answer runs. */
static bool is_free(struct app *a)
{
    if (app_is_busy(a))
        app_notice(a, "An answer is running: Esc stops it");
    return !app_is_busy(a);
}

static void moved(struct app *a)
{
    a->composer.rewriting = false;
    app_show_conversation(a);
    app_save(a);
}

void app_regenerate(struct app *a)
{
    struct conversation *c = &a->chat.conversation;
    int32_t question = conversation_last(c, CHAT_USER);
    if (!is_free(a))
        return;
    if (question == NO_MESSAGE) {
        app_notice(a, "There is no message to answer again");
        return;
    }
    conversation_cut(c, question);
    app_show_conversation(a);
    app_answer(a);
}

void app_edit_command(struct app *a, const char *what)
{
    struct conversation *c = &a->chat.conversation;
    bool answer = strcmp(what, "answer") == 0;
    int32_t number = conversation_last(c, answer ? CHAT_ASSISTANT : CHAT_USER);
    if (!is_free(a))
        return;
    if ((*what && !answer) || number == NO_MESSAGE) {
        app_notice(a, *what && !answer ? "/edit, or /edit answer"
                      : answer         ? "There is no answer to edit"
                                       : "There is no message of yours to edit");
        return;
    }
    const struct buf *text = &c->messages[number].text;
    editor_set(&a->composer.editor, text->data, text->len);
    a->focus = FOCUS_INPUT;
    a->composer.rewriting = true;
    a->composer.rewritten = number;
    app_notice(a, "Enter %s it as a new version, the old one stays; Esc leaves it as it was",
               answer ? "keeps" : "sends");
}

/* What the person wrote in the model's place. */
void app_replace_answer(struct app *a, const char *text, size_t n)
{
    struct conversation *c = &a->chat.conversation;
    conversation_cut(c, c->messages[a->composer.rewritten].parent);
    int32_t number = conversation_add(c, CHAT_ASSISTANT, text, n);
    c->messages[number].stop = STOP_END;
    moved(a);
    app_notice(a,
               "/continue goes on with your version of the answer, Alt-, brings the old one back");
}

void app_undo_exchange(struct app *a)
{
    struct conversation *c = &a->chat.conversation;
    int32_t question = conversation_last(c, CHAT_USER);
    if (!is_free(a))
        return;
    if (question == NO_MESSAGE) {
        app_notice(a, "There is nothing to take back");
        return;
    }
    conversation_cut(c, c->messages[question].parent);
    moved(a);
    app_notice(a, "The last exchange is taken back; /branch finds it again");
}

void app_continue_answer(struct app *a)
{
    const struct conversation *c = &a->chat.conversation;
    int32_t leaf = conversation_leaf(c);
    if (!is_free(a))
        return;
    if (leaf != NO_MESSAGE && c->messages[leaf].role == CHAT_USER)
        app_answer(a); /* it was stopped before its first word */
    else if (leaf == NO_MESSAGE || (c->messages[leaf].stop == STOP_END && c->messages[leaf].model))
        app_notice(a, "The last answer is complete");
    else if (!a->chat.ready)
        app_notice(a, "The model is still loading");
    else
        app_go_on(a);
}

void app_next_version(struct app *a, int step)
{
    struct conversation *c = &a->chat.conversation;
    int32_t at = branches_choice(c);
    if (!is_free(a))
        return;
    if (at == NO_MESSAGE) {
        app_notice(a, "No message here has another version; /regen and /edit make one");
        return;
    }
    int32_t to = step < 0 ? c->messages[at].previous : c->messages[at].next;
    if (to == NO_MESSAGE) {
        app_notice(a, step < 0 ? "This is the first version" : "This is the last version");
        return;
    }
    conversation_choose(c, to);
    moved(a);
}

static void act_on_branches(struct app *a, enum picker_result result, int32_t key)
{
    const struct picker_item *item = picker_selected(&a->list.picker);
    int32_t leaf = item ? (int32_t)item->key : NO_MESSAGE;
    (void)key;
    if (result != PICKER_CHOSEN && result != PICKER_CLOSED)
        return;
    app_close_picker(a);
    if (result == PICKER_CHOSEN && is_free(a)) {
        conversation_cut(&a->chat.conversation, leaf);
        moved(a);
    }
}

static void list_branches(struct app *a)
{
    const struct conversation *c = &a->chat.conversation;
    struct branch_list list;
    picker_init(&a->list.picker, "Branches of this conversation", "Nothing was said yet");
    a->list.picker.verb = "go on from there";
    branches_list(c, &list);
    for (size_t i = 0; i < list.n; i++) {
        const struct branch *b = &list.branches[i];
        char time[32], count[32];
        struct picker_item *item = picker_add(&a->list.picker, b->leaf, b->said, strlen(b->said));
        snprintf(count, sizeof count, "%d messages", b->n_messages);
        picker_text(&item->columns[1],
                    saved_chats_when(c->messages[b->leaf].time, time, sizeof time));
        picker_text(&item->columns[2], count);
        if (b->answered)
            picker_text(&item->detail, b->answered);
    }
    branches_free(&list);
    picker_ready(&a->list.picker);
    picker_select(&a->list.picker, conversation_leaf(c));
    app_open_picker(a, act_on_branches);
}

void app_branch_command(struct app *a, const char *which)
{
    struct error err;
    if (!is_free(a))
        return;
    if (!*which) {
        list_branches(a);
        return;
    }
    int32_t version = branches_version(&a->chat.conversation, which, &err);
    if (version == NO_MESSAGE) {
        app_notice(a, "%s", err.text);
        return;
    }
    conversation_choose(&a->chat.conversation, version);
    moved(a);
}
