/* SPDX-License-Identifier: MIT */
#include "chat_session.h"

#include <stdarg.h>
#include <stdlib.h>

#include "engine_settings.h"
#include "model_name.h"
#include "places.h"
#include "system.h"

/* ---- engines elsewhere ---------------------------------------------------------------- */

static void forget_server_models(struct chat_session *s)
{
    for (size_t i = 0; i < s->n_server_models; i++)
        free(s->server_models[i]);
    free(s->server_models);
    s->server_models = NULL;
    s->n_server_models = 0;
}

static void keep_server_models(struct chat_session *s, const struct engine_remote_info *r)
{
    forget_server_models(s);
    s->server_models = xcalloc(r->n_models + 1, sizeof *s->server_models);
    for (size_t i = 0; i < r->n_models; i++)
        s->server_models[s->n_server_models++] = xstrdup(r->models[i]);
}

void chat_note_remote(struct chat_session *s)
{
    const struct engine_remote_info *r = &engine_info(s->engine)->remote;
    if (!r->host)
        return;
    free(s->model_path);
    free(s->model_name);
    s->model_path = xasprintf(ENGINE_REMOTE "%s", r->model);
    s->model_name = model_name(s->model_path);
    keep_server_models(s, r);
}

/* ---- start and end -------------------------------------------------------------------- */

/* Where words will go is told before anything is sent. */
static void note_place(struct chat_session *s)
{
    char *host =
        engine_remote_host(&s->start, &s->status.remote.is_open, &s->status.remote.is_here);
    if (host)
        snprintf(s->status.remote.host, sizeof s->status.remote.host, "%s", host);
    free(host);
}

bool chat_open(struct chat_session *s, struct options *options, bool raw, struct error *err)
{
    *s = (struct chat_session){.options = options};
    s->compact.before = s->compact.after = NO_MESSAGE;
    if (!engine_settings(options, "", &s->start, err))
        return false;
    s->start.raw = raw;
    s->model_path = s->start.model;
    s->model_name = model_name(s->model_path);
    note_place(s);
    return true;
}

enum { MOST_MS = 300 }; /* that the first screen waits for a list of models */

void chat_advise(struct chat_session *s)
{
    struct model_list l;
    if (!model_is_starter(s->model_name) || s->status.remote.host[0])
        return;
    models_list_within(&l, MOST_MS);
    advice_lines(s->advice, &l, engine_can_download(), engine_free_memory());
    models_free(&l);
}

void chat_start(struct chat_session *s, const struct chat_face *face, void *self, bool saves)
{
    s->face = face;
    s->self = self;
    s->saving.off = !saves;
    s->saving.folder = places_state_folder();
    s->engine = engine_start(&s->start);
    free(s->start.template_file);
    s->start.template_file = NULL;
    chat_apply_options(s);
    if (system_is_translated())
        chat_notice(s, "This program is for Intel Macs and runs translated: one built for this Mac "
                       "is several times faster");
}

void chat_close(struct chat_session *s)
{
    engine_stop(s->next_engine);
    engine_stop(s->engine);
    free(s->scoring.argument);
    chat_forget_comparison(s);
    buf_free(&s->compact.text);
    buf_free(&s->compact.summary);
    conversation_free(&s->conversation);
    saving_free(&s->saving);
    grammar_free(s->grammar);
    free(s->model_path);
    free(s->model_name);
    free(s->next_path);
    forget_server_models(s);
    for (int i = 0; i < N_ADVICE; i++)
        free(s->advice[i]);
    free(s->start.template_file);
    *s = (struct chat_session){0};
}

void chat_forget_comparison(struct chat_session *s)
{
    struct compared *c = &s->compared;
    comparison_free(&c->tokens);
    for (int side = 0; side < N_COMPARED; side++)
        free(c->models[side]);
    *c = (struct compared){0};
}

/* ---- telling, saving ------------------------------------------------------------------ */

void chat_notice(struct chat_session *s, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        die(EX_OSERR, "out of memory");
    s->face->notice(s->self, text);
    free(text);
}

bool chat_ask(struct chat_session *s, const char *question,
              void (*reply)(struct chat_session *s, bool yes))
{
    s->reply = reply;
    return s->face->ask(s->self, question);
}

void chat_reply(struct chat_session *s, bool yes)
{
    void (*reply)(struct chat_session *, bool) = s->reply;
    s->reply = NULL;
    if (reply)
        reply(s, yes);
}

void chat_save(struct chat_session *s)
{
    saving_now(&s->saving, &s->conversation);
    char *news = saving_news(&s->saving);
    if (news)
        chat_notice(s, "%s", news);
    free(news);
}

bool chat_is_busy(const struct chat_session *s)
{
    return s->turn != 0 || s->queued || s->bench != 0 || s->compact.turn != 0 ||
           s->scoring.turn != 0;
}

bool chat_is_aside(const struct chat_session *s, uint32_t turn)
{
    return turn && (turn == s->bench || turn == s->compact.turn || turn == s->scoring.turn);
}

bool chat_is_free(struct chat_session *s)
{
    if (chat_is_busy(s))
        chat_notice(s, "An answer is running: %s stops it", s->face->stop_key);
    return !chat_is_busy(s);
}

/* ---- options -------------------------------------------------------------------------- */

/* Sliders whose value no token was drawn with, by whatever means it was set. */
static void mark_changes(struct chat_session *s)
{
    s->status.changed = 0;
    for (int i = 0; i < N_SLIDERS && s->ready; i++)
        if (options_number(s->options, sliders[i]) != s->applied[i])
            s->status.changed |= 1u << i;
}

void chat_options_applied(struct chat_session *s)
{
    for (int i = 0; i < N_SLIDERS; i++)
        if (sliders[i] != OPT_THINK_TOKENS || s->status.state != STATE_ANSWERING)
            s->applied[i] = options_number(s->options, sliders[i]);
    mark_changes(s);
}

void chat_apply_options(struct chat_session *s)
{
    struct sampling sampling = options_sampling(s->options);
    engine_set_sampling(s->engine, &sampling);
    engine_set_max_tokens(s->engine, (uint32_t)options_number(s->options, OPT_MAX_TOKENS));
    mark_changes(s);
    s->face->changed(s->self);
}

/* ---- memory --------------------------------------------------------------------------- */

void chat_read_memory(struct chat_session *s)
{
    s->status.memory = system_memory_use();
    s->sampled = now_ms();
    s->face->changed(s->self);
}

void chat_sample(struct chat_session *s)
{
    chat_read_memory(s);
    spark_add(&s->status.rss, (double)s->status.memory.rss_bytes);
    if (s->status.state == STATE_ANSWERING)
        spark_add(&s->status.speed, (double)s->status.now_tokens_per_s);
}
