/* SPDX-License-Identifier: MIT */
#include "chat_conversations.h"

#include <stdlib.h>
#include <string.h>

#include "chat_turn.h"
#include "models.h"
#include "places.h"
#include "preset.h"
#include "saved_chats.h"

/* ---- opening -------------------------------------------------------------------------- */

static void reset_status(struct chat_session *s)
{
    int32_t leaf = conversation_leaf(&s->conversation);
    const struct turn_stats *last =
        leaf == NO_MESSAGE ? NULL : &s->conversation.messages[leaf].stats;
    if (s->ready)
        s->status.state = STATE_READY;
    s->status.now_tokens_per_s = 0;
    s->status.n_ctx_used = 0;
    s->status.kv_bytes = 0;
    s->status.n_ctx_before = last ? last->n_prompt + last->n_tokens : 0;
}

static void start_with(struct chat_session *s, struct conversation *c)
{
    chat_leave(s, STOP_CANCELLED);
    engine_keep(s->engine);
    conversation_free(&s->conversation);
    s->conversation = *c;
    *c = (struct conversation){0};
    s->context = (struct context_state){0};
    s->folding_told = 0;
    reset_status(s);
    s->face->path_changed(s->self, true);
}

void chat_new(struct chat_session *s)
{
    struct conversation none = {0};
    start_with(s, &none);
    saving_release(&s->saving);
}

static void take_preset(struct chat_session *s, const struct conversation *c)
{
    struct error err;
    if (!c->preset || options_source(s->options, OPT_PRESET) >= SOURCE_FLAG ||
        strcmp(c->preset, options_text(s->options, OPT_PRESET)) == 0)
        return;
    if (preset_choose(s->options, c->preset, &err))
        chat_apply_options(s);
    else
        chat_notice(s, "This conversation was held with the preset %s: %s", c->preset, err.text);
}

static void tell_model(struct chat_session *s, const struct conversation *c)
{
    struct error err;
    if (!c->model || !s->model_name || strcmp(c->model, s->model_name) == 0)
        return;
    char *path = models_find(c->model, &err);
    if (path)
        chat_notice(s, "This conversation was held with %s; now %s answers. /model switches",
                    c->model, s->model_name);
    else
        chat_notice(s, "Held with %s, which is not here; now %s answers. /model PATH switches",
                    c->model, s->model_name);
    free(path);
}

/* What it was held under comes back with it; the model stays the one that is loaded. */
static void take_settings(struct chat_session *s, const struct conversation *c)
{
    struct error err;
    take_preset(s, c);
    if (s->brought_system)
        options_unset(s->options, OPT_SYSTEM, SOURCE_USER);
    s->brought_system = c->system && options_source(s->options, OPT_SYSTEM) < SOURCE_FLAG &&
                        options_set(s->options, OPT_SYSTEM, c->system, SOURCE_USER, &err);
}

bool chat_open_saved(struct chat_session *s, int64_t id)
{
    struct error err;
    struct conversation c = {0};
    bool taken;
    if (id == s->conversation.id && id)
        return true;
    struct store *store = saving_store(&s->saving, &err);
    if (store && s->conversation.n)
        chat_leave(s, STOP_CANCELLED); /* saved before the store lets go of it */
    store = saving_store(&s->saving, &err);
    if (!store || !store_load(store, id, &c, &taken, &err)) {
        chat_notice(s, "%s", err.text);
        return false;
    }
    take_settings(s, &c);
    start_with(s, &c);
    tell_model(s, &s->conversation);
    if (taken)
        chat_notice(s, "This conversation is open in another qins-tui; your messages will go to a "
                       "copy");
    return true;
}

void chat_model_of_last(struct options *o)
{
    struct saving saving = {.folder = places_state_folder()};
    struct store_list list = {0};
    struct error err;
    bool is_asked =
        options_source(o, OPT_MODEL) >= SOURCE_FLAG || options_source(o, OPT_SERVER) >= SOURCE_FLAG;
    struct store *store = is_asked ? NULL : saving_store(&saving, &err);
    if (store && store_find(store, "", 1, &list, &err) && list.n && list.entries[0].model) {
        char *path = models_find(list.entries[0].model, &err);
        if (path)
            options_set(o, OPT_MODEL, path, SOURCE_USER, &err);
        free(path);
    }
    store_list_free(&list);
    saving_free(&saving);
}

bool chat_open_last(struct chat_session *s)
{
    struct error err;
    struct store_list list = {0};
    struct store *store = saving_store(&s->saving, &err);
    if (!store || !store_find(store, "", 1, &list, &err)) {
        chat_notice(s, "%s", err.text);
        return false;
    }
    bool ok = list.n > 0 && chat_open_saved(s, list.entries[0].id);
    if (!list.n)
        chat_notice(s, "No conversation is saved yet");
    store_list_free(&list);
    return ok;
}

void chat_open_command(struct chat_session *s, const char *what)
{
    struct error err;
    if (!*what) {
        s->face->list(s->self, CHAT_CONVERSATIONS);
        return;
    }
    chat_save(s); /* first, so that the list is the one that was shown */
    int64_t id = saved_chats_find(&s->saving, what, &err);
    if (!id)
        chat_notice(s, "%s", err.text);
    else if (id == s->conversation.id)
        chat_notice(s, "This conversation is already open");
    else
        chat_open_saved(s, id);
}

/* ---- saving, exporting ---------------------------------------------------------------- */

static void tell(struct chat_session *s, char *line)
{
    chat_notice(s, "%s", line);
    free(line);
}

void chat_save_command(struct chat_session *s, const char *title)
{
    tell(s, saved_chats_save(&s->saving, &s->conversation, title));
}

void chat_export(struct chat_session *s, const char *argument)
{
    tell(s, saved_chats_export(&s->conversation, argument));
}

/* ---- the list ------------------------------------------------------------------------- */

bool chat_find_saved(struct chat_session *s, const char *filter, struct store_list *out)
{
    struct error err;
    struct store *store = saving_store(&s->saving, &err);
    *out = (struct store_list){0};
    if (store && store_find(store, filter, SAVED_CHATS_MAX_LISTED, out, &err))
        return true;
    chat_notice(s, "%s", err.text);
    return false;
}

void chat_rename(struct chat_session *s, int64_t id, const char *title)
{
    struct error err;
    struct store *store = saving_store(&s->saving, &err);
    if (id == s->conversation.id && id) {
        free(s->conversation.title);
        s->conversation.title = xstrdup(title);
    }
    if (!store || !store_rename(store, id, title, &err))
        chat_notice(s, "%s", err.text);
}

void chat_delete(struct chat_session *s, int64_t id)
{
    struct error err;
    if (id == s->conversation.id)
        chat_new(s);
    struct store *store = saving_store(&s->saving, &err);
    if (store && store_delete(store, id, &err))
        engine_forget(s->engine, id);
    else
        chat_notice(s, "%s", err.text);
}
