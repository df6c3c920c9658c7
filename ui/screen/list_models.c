/* SPDX-License-Identifier: MIT */
#include "lists.h"

#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "chat_model.h"
#include "engine_settings.h"
#include "models.h"
#include "picker_layer.h"
#include "question.h"
#include "units.h"

/* Keys of the list's models come first, then those of known ones; those of an engine elsewhere are
 * below 0. */
enum { FIRST_REMOTE = -1 };

static void choose_remote(struct app *a, size_t i)
{
    const struct chat_session *s = &a->chat;
    char *name = xasprintf(ENGINE_REMOTE "%s", i < s->n_server_models ? s->server_models[i] : "");
    models_free(&a->list.models);
    picker_layer_close(a);
    chat_choose_model(&a->chat, name);
    free(name);
}

static void choose(struct app *a, int64_t key)
{
    struct model_list l = a->list.models;
    size_t i = (size_t)key;
    if (key <= FIRST_REMOTE) {
        choose_remote(a, (size_t)(FIRST_REMOTE - key));
        return;
    }
    a->list.models = (struct model_list){0};
    picker_layer_close(a);
    if (i >= l.n)
        chat_choose_model(&a->chat, known_models[i - l.n].name);
    else if (l.items[i].problem)
        app_notice(a, "%s: %s", l.items[i].name, l.items[i].problem);
    else
        chat_choose_model(&a->chat, l.items[i].path);
    models_free(&l);
}

static void act(struct app *a, enum picker_result result, int32_t key)
{
    (void)key;
    const struct picker_item *item = picker_selected(&a->list.picker);
    if (result == PICKER_CHOSEN && item) {
        choose(a, item->key);
    } else if (result == PICKER_CLOSED) {
        models_free(&a->list.models);
        picker_layer_close(a);
    }
}

static void add(struct picker *p, size_t i, const struct model_entry *m)
{
    char text[64], memory[24];
    struct picker_item *item = picker_add(p, (int64_t)i, m->name, strlen(m->name));
    if (m->problem) {
        picker_text(&item->columns[1], m->is_unread ? "" : "broken");
        picker_text(&item->detail, m->problem);
        return;
    }
    picker_text(&item->columns[1], format_bytes(m->bytes, text, sizeof text));
    picker_text(&item->columns[2], m->format);
    snprintf(text, sizeof text, "%u tokens", m->ctx_len);
    if (m->memory_bytes)
        snprintf(text, sizeof text, "%u tokens, needs %s", m->ctx_len,
                 format_bytes(m->memory_bytes, memory, sizeof memory));
    picker_text(&item->columns[3], text);
    char *detail =
        xasprintf("%s, from %s%s%s", m->path, m->source ? m->source : "an unknown source",
                  m->loss ? "; " : "", m->loss ? m->loss : "");
    picker_text(&item->detail, detail);
    free(detail);
}

enum { MOST_MS = 300 }; /* that a key waits for a list */

static bool is_here(const struct model_list *l, const struct known_model *m)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->items[i].source && strcmp(l->items[i].source, m->id) == 0)
            return true;
    return false;
}

static void add_download(struct picker *p, size_t key, const struct known_model *m)
{
    char size[24];
    struct picker_item *item = picker_add(p, (int64_t)key, m->name, strlen(m->name));
    char *detail = advice_download(m), *text = xasprintf("%s, %s: %s", m->id, m->licence, detail);
    snprintf(size, sizeof size, "%.1f GB", m->download_gb);
    picker_text(&item->columns[1], size);
    picker_text(&item->columns[3], "to download");
    picker_text(&item->detail, text);
    free(detail);
    free(text);
}

static void add_remote(struct picker *p, int64_t key, const char *name, const char *server)
{
    struct picker_item *item = picker_add(p, key, name, strlen(name));
    char *detail = xasprintf("your messages are sent to %s", server);
    picker_text(&item->columns[3], "elsewhere");
    picker_text(&item->detail, detail);
    free(detail);
}

/* Those of the engine elsewhere, if it was asked before; else one that asks. */
static void add_remotes(struct picker *p, const struct chat_session *s)
{
    const char *server = options_text(s->options, OPT_SERVER);
    if (!engine_settings_have_server(s->options))
        return;
    for (size_t i = 0; i < s->n_server_models; i++)
        add_remote(p, FIRST_REMOTE - (int64_t)i, s->server_models[i], server);
    if (!s->n_server_models)
        add_remote(p, FIRST_REMOTE, server, server);
}

static void select_current(struct picker *p, const struct app *a)
{
    const struct chat_session *s = &a->chat;
    const size_t prefix = strlen(ENGINE_REMOTE);
    for (size_t i = 0; i < a->list.models.n; i++)
        if (strcmp(a->list.models.items[i].path, s->model_path) == 0)
            picker_select(p, (int64_t)i);
    for (size_t i = 0; i < s->n_server_models && s->status.remote.host[0]; i++)
        if (strcmp(s->server_models[i], s->model_path + prefix) == 0)
            picker_select(p, FIRST_REMOTE - (int64_t)i);
}

void lists_models(struct app *a)
{
    struct picker *p = &a->list.picker;
    models_free(&a->list.models);
    models_list_within(&a->list.models, MOST_MS);
    engine_measure_models(&a->list.models);
    picker_init(p, "Models", "No .qins files in $QINS_MODELS, ~/.local/share/qins/models or here");
    p->verb = "load";
    add_remotes(p, &a->chat);
    for (size_t i = 0; i < a->list.models.n; i++)
        add(p, i, &a->list.models.items[i]);
    for (size_t i = 0; i < n_known_models && engine_can_download(); i++)
        if (known_models[i].is_offered && !is_here(&a->list.models, &known_models[i]))
            add_download(p, a->list.models.n + i, &known_models[i]);
    picker_ready(p);
    select_current(p, a);
    picker_layer_open(a, act);
}
