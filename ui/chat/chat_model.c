/* SPDX-License-Identifier: MIT */
#include "chat_model.h"

#include <stdlib.h>
#include <string.h>

#include "chat_turn.h"
#include "engine_settings.h"
#include "model_name.h"

static void start(struct chat_session *s, const struct engine_options *o)
{
    char *name = model_name(o->model);
    engine_keep(s->engine); /* while the other one loads */
    s->next_engine = engine_start(o);
    free(o->template_file);
    s->next_path = o->model;
    s->ready = false; /* a message waits for the new model */
    s->status.state = STATE_LOADING;
    s->status.done = s->status.total = 0;
    chat_notice(s, o->remote.url ? "Asking for %s" : "Loading %s",
                *name ? name : "the server's model");
    s->face->changed(s->self);
    free(name);
}

/* -> false, and says why: none can be loaded now. */
static bool may_load(struct chat_session *s)
{
    if (s->next_engine)
        chat_notice(s, "Another model is already loading");
    else if (!s->ready)
        chat_notice(s, "The model is still loading");
    else
        return chat_is_free(s);
    return false;
}

/* ---- another one ---------------------------------------------------------------------- */

static bool server_has(const struct chat_session *s, const char *name)
{
    for (size_t i = 0; i < s->n_server_models; i++)
        if (strcmp(s->server_models[i], name) == 0)
            return true;
    return false;
}

/* -> false, and says why: there is no such model, or not with these options. */
static bool load(struct chat_session *s, const char *name)
{
    struct engine_options o;
    struct error err;
    bool ok = engine_settings(s->options, name, &o, &err);
    if (ok)
        start(s, &o);
    else if (server_has(s, name))
        chat_notice(s, "%s; the server's is /model " ENGINE_REMOTE "%s", err.text, name);
    else
        chat_notice(s, "%s", err.text);
    return ok;
}

void chat_choose_model(struct chat_session *s, const char *name)
{
    if (!*name)
        s->face->list(s->self, CHAT_MODELS);
    else if (may_load(s))
        load(s, name);
}

void chat_choose_template(struct chat_session *s, const char *name)
{
    struct error err;
    if (!may_load(s))
        return;
    if (s->status.remote.host[0]) {
        chat_notice(s, "%s has its own template", s->status.remote.host);
        return;
    }
    options_set(s->options, OPT_TEMPLATE, name, SOURCE_USER, &err);
    if (!load(s, s->model_path))
        options_unset(s->options, OPT_TEMPLATE, SOURCE_USER);
}

/* Ids and counts are the old tokenizer's; the text of answers is encoded anew. */
static void forget_ids(struct conversation *c)
{
    for (size_t i = 0; i < c->n; i++) {
        ids_free(&c->messages[i].ids);
        odds_free(&c->messages[i].odds);
        c->messages[i].n_file_tokens = 0;
    }
}

/* The numbers of the old model say nothing here. */
static void reset_status(struct status *f)
{
    f->n_ctx_before = f->n_ctx_used;
    f->n_ctx_used = 0;
    f->kv_bytes = 0;
    f->template = NULL;
    f->last = (struct turn_stats){0};
    f->all.n_tokens = 0;
    f->all.ms = 0;
    f->stop = STOP_NONE;
}

static void take_next(struct chat_session *s)
{
    struct error err;
    /* it was for the template */
    bool same =
        strcmp(s->next_path, s->model_path) == 0 && !engine_info(s->next_engine)->remote.host;
    engine_stop(s->engine);
    free(s->model_path);
    free(s->model_name);
    s->engine = s->next_engine;
    s->model_path = s->next_path;
    s->model_name = model_name(s->model_path);
    s->next_engine = NULL;
    s->next_path = NULL;
    chat_note_remote(s);
    forget_ids(&s->conversation);
    chat_forget_comparison(s);
    options_set(s->options, OPT_MODEL, s->model_path, SOURCE_USER, &err);
    for (int id = 0; id < N_OPTIONS; id++)
        options_unset(s->options, (enum option_id)id, SOURCE_MODEL);
    reset_status(&s->status);
    s->folding_told = 0;
    if (same)
        chat_notice(s, "The template of %s is %s", s->model_name, engine_info(s->engine)->template);
    else if (engine_info(s->engine)->remote.host)
        chat_notice(s, "Switched to %s: your messages are sent to %s from now on%s", s->model_name,
                    engine_info(s->engine)->remote.host,
                    engine_info(s->engine)->remote.is_open ? ", not encrypted" : "");
    else
        chat_notice(s, "Switched to %s", s->model_name);
}

void chat_drop_next(struct chat_session *s)
{
    engine_stop(s->next_engine);
    free(s->next_path);
    s->next_engine = NULL;
    s->next_path = NULL;
}

void chat_stop_loading(struct chat_session *s)
{
    struct event ready = {.type = EVENT_READY};
    chat_end_step(s);
    if (strncmp(s->next_path, ENGINE_REMOTE, strlen(ENGINE_REMOTE)) == 0)
        chat_notice(s, "Stopped");
    else
        chat_notice(s, "Stopped; /model %s goes on from there", s->next_path);
    chat_drop_next(s);
    chat_event(s, &ready);
}

void chat_next_event(struct chat_session *s, const struct event *e)
{
    struct event ready = {.type = EVENT_READY};
    switch (e->type) {
    case EVENT_READY:
        chat_end_step(s);
        take_next(s);
        chat_event(s, &ready);
        break;
    case EVENT_FAILED:
        chat_end_step(s);
        chat_notice(s, "Keeping %s: %s", s->model_name, engine_error(s->next_engine)->text);
        if (strcmp(s->next_path, s->model_path) == 0) /* it was for the template */
            options_unset(s->options, OPT_TEMPLATE, SOURCE_USER);
        chat_drop_next(s);
        chat_event(s, &ready); /* the old one is, and takes what waited */
        break;
    default: chat_event(s, e);
    }
}
