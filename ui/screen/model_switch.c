/* SPDX-License-Identifier: MIT
 *
 * switch: another model for the conversation that is open. The old engine stays until the new one
 * is ready, so that a model which cannot be loaded costs nothing but a line.
 */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "models.h"
#include "units.h"

static void start(struct app *a, const char *name)
{
    struct engine_options o;
    struct error err;
    if (a->chat.next_engine) {
        app_notice(a, "A model is being loaded already");
        return;
    }
    if (app_is_busy(a)) {
        app_notice(a, "An answer is running: Esc stops it");
        return;
    }
    if (!a->chat.ready || !cli_switch_options(a->chat.options, name, &o, &err)) {
        app_notice(a, "%s", a->chat.ready ? err.text : "The model is still being loaded");
        return;
    }
    engine_keep(a->chat.engine); /* while the other one loads */
    a->chat.next_engine = engine_start(&o);
    a->chat.next_path = o.model;
    a->chat.ready = false; /* a message waits for the new model */
    a->chat.status.state = STATE_LOADING;
    a->chat.status.done = a->chat.status.total = 0;
    a->dirty = true;
}

/* The ids of answers are the old tokenizer's; their text is encoded anew. */
static void forget_ids(struct conversation *c)
{
    for (size_t i = 0; i < c->n; i++)
        ids_free(&c->messages[i].ids);
}

static void take_next(struct app *a)
{
    struct error err;
    engine_stop(a->chat.engine);
    a->chat.engine = a->chat.next_engine;
    a->chat.next_engine = NULL;
    forget_ids(&a->chat.conversation);
    free(a->chat.model_name);
    a->chat.model_name = app_model_name(a->chat.next_path);
    options_set(a->chat.options, OPT_MODEL, a->chat.next_path, SOURCE_USER, &err);
    for (int id = 0; id < N_OPTIONS; id++)
        options_unset(a->chat.options, (enum option_id)id, SOURCE_MODEL);
    a->chat.status.n_ctx_before = a->chat.status.n_ctx_used;
    a->chat.status.n_ctx_used = 0;
    a->chat.status.last = (struct turn_stats){0}; /* numbers of the old one say nothing here */
    a->chat.status.all.n_tokens = 0;
    a->chat.status.all.ms = 0;
    a->chat.status.stop = STOP_NONE;
    app_notice(a, "Now talking to %s", a->chat.model_name);
    free(a->chat.model_path);
    a->chat.model_path = a->chat.next_path;
    a->chat.next_path = NULL;
}

static void prompt_cache_old(struct app *a)
{
    app_notice(a, "%s stays: %s", a->chat.model_name, engine_error(a->chat.next_engine)->text);
    app_drop_next(a);
}

void app_drop_next(struct app *a)
{
    engine_stop(a->chat.next_engine);
    free(a->chat.next_path);
    a->chat.next_engine = NULL;
    a->chat.next_path = NULL;
}

void app_next_event(struct app *a, const struct event *e)
{
    struct event ready = {.type = EVENT_READY};
    switch (e->type) {
    case EVENT_READY:
        take_next(a);
        app_event(a, &ready);
        break;
    case EVENT_FAILED:
        prompt_cache_old(a);
        app_event(a, &ready); /* the old one is, and takes what waited */
        break;
    default: app_event(a, e);
    }
}

/* ---- the list ------------------------------------------------------------------------- */

static void act(struct app *a, enum picker_result result, int32_t key)
{
    (void)key;
    const struct picker_item *item = picker_selected(&a->list.picker);
    if (result == PICKER_CHOSEN && item) {
        struct model_list l = a->models;
        size_t i = (size_t)item->key;
        a->models = (struct model_list){0};
        app_close_picker(a);
        if (l.items[i].problem)
            app_notice(a, "%s: %s", l.items[i].name, l.items[i].problem);
        else
            start(a, l.items[i].path);
        models_free(&l);
    } else if (result == PICKER_CLOSED) {
        models_free(&a->models);
        app_close_picker(a);
    }
    a->dirty = true;
}

/* `now`: the path of the model in use. */
static void fill(struct picker *p, const struct model_list *l, const char *now)
{
    char text[48];
    for (size_t i = 0; i < l->n; i++) {
        const struct model_entry *m = &l->items[i];
        struct picker_item *item = picker_add(p, (int64_t)i, m->name, strlen(m->name));
        if (m->problem) {
            picker_text(&item->columns[1], "broken");
            picker_text(&item->detail, m->problem);
            continue;
        }
        format_bytes(m->bytes, text, sizeof text);
        picker_text(&item->columns[1], text);
        picker_text(&item->columns[2], m->format);
        snprintf(text, sizeof text, "%u tokens", m->ctx_len);
        picker_text(&item->columns[3], text);
        char *detail =
            xasprintf("%s, from %s", m->path, m->source ? m->source : "an unknown source");
        picker_text(&item->detail, detail);
        free(detail);
    }
    picker_ready(p);
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->items[i].path, now) == 0)
            picker_select(p, (int64_t)i);
}

void app_choose_model(struct app *a, const char *name)
{
    if (*name) {
        start(a, name);
        return;
    }
    models_free(&a->models);
    models_list(&a->models);
    picker_init(&a->list.picker, "Models",
                "No .qins files in $QINS_MODELS, ~/.local/share/qins/models or here");
    a->list.picker.verb = "load";
    fill(&a->list.picker, &a->models, a->chat.model_path);
    app_open_picker(a, act);
}
