/* SPDX-License-Identifier: MIT */
#include "engine_internal.h"

#include <stdlib.h>
#include <string.h>

#include "remote_setup.h"

struct remote_engine {
    struct remote *remote;
    struct remote_models models;
    char **names; /* [models.n] */
    char *model;
    enum remote_dialect dialect;
};

struct remote_engine *remote_engine_new(const struct engine_options *o, struct error *err)
{
    struct remote_options options;
    const size_t prefix = strlen(ENGINE_REMOTE);
    struct remote *remote = remote_open(remote_setup(o, &options), err);
    if (!remote)
        return NULL;
    struct remote_engine *r = xcalloc(1, sizeof *r);
    r->remote = remote;
    r->model = xstrdup(strncmp(o->model, ENGINE_REMOTE, prefix) == 0 ? o->model + prefix : "");
    return r;
}

void remote_engine_free(struct remote_engine *r)
{
    if (!r)
        return;
    remote_close(r->remote);
    remote_models_free(&r->models);
    free(r->names);
    free(r->model);
    free(r);
}

/* ---- which models are there ----------------------------------------------------------- */

static bool on_load_tick(void *arg)
{
    struct engine *e = arg;
    wake_clear(&e->interrupt);
    return !atomic_load(&e->stop);
}

static void tell_loading(struct engine *e, const char *what, const char *why)
{
    struct event event = {.type = EVENT_LOADING};
    char *text = xasprintf("%s: %s", what, why);
    event_set_text(&event, text, strlen(text));
    engine_emit_progress(e, &event);
    free(text);
}

static void on_load_waits(void *arg, const char *why)
{
    tell_loading(arg, "retrying", why);
}

/* "a, b, c and 12 more" */
static void list_names(const struct remote_models *m, struct buf *out)
{
    enum { MOST = 8 };
    for (size_t i = 0; i < m->n && i < MOST; i++)
        buf_printf(out, "%s%s", i ? ", " : "", m->items[i].name);
    if (m->n > MOST)
        buf_printf(out, " and %zu more", m->n - MOST);
}

static bool refuse_choice(struct engine *e, const char *host, const char *model)
{
    struct buf names = {0};
    buf_puts(&names, "");
    list_names(&e->remote->models, &names);
    if (*model)
        error_set(&e->error, EX_NOINPUT, "%s has no model \"%.100s\"; it has %.600s", host, model,
                  names.len ? names.data : "none");
    else
        error_set(&e->error, EX_USAGE, "%s: which model? -m NAME; it has %.600s", host,
                  names.len ? names.data : "no list of them");
    buf_free(&names);
    return false;
}

/* Without a name the only one. A name that the list lacks may be an alias that it leaves out, if
 * there is no list. */
static bool choose(struct engine *e, const char *host)
{
    struct remote_engine *r = e->remote;
    if (!*r->model && r->models.n == 1) {
        free(r->model);
        r->model = xstrdup(r->models.items[0].name);
    }
    for (size_t i = 0; i < r->models.n; i++)
        if (strcmp(r->models.items[i].name, r->model) == 0) {
            r->dialect = r->models.items[i].dialect;
            return true;
        }
    return (*r->model && !r->models.n) || refuse_choice(e, host, r->model);
}

static void note_info(struct engine *e, const struct remote_address *a)
{
    struct remote_engine *r = e->remote;
    r->names = xcalloc(r->models.n + 1, sizeof *r->names);
    for (size_t i = 0; i < r->models.n; i++)
        r->names[i] = r->models.items[i].name;
    e->info.remote = (struct engine_remote_info){.host = a->host,
                                                 .model = r->model,
                                                 .is_open = !a->is_encrypted && !a->is_loopback,
                                                 .is_here = a->is_loopback,
                                                 .models = r->names,
                                                 .n_models = r->models.n};
    e->info.can_continue = remote_dialect_continues(r->dialect);
    e->info.thinking =
        (struct thinking_info){.kind = "remote", .can_switch = true, .has_effort = true};
    e->info.load_ms = now_ms() - e->start_ms;
}

bool remote_engine_load(struct engine *e)
{
    struct remote_engine *r = e->remote;
    const struct remote_address *a = remote_address(r->remote);
    const struct remote_watch watch = {on_load_tick, on_load_waits, e, e->interrupt.read_fd};
    bool is_told;
    if (e->raw)
        return error_set(&e->error, EX_USAGE,
                         "--raw: text without a chat template is for models on this machine");
    tell_loading(e, "asking", a->host);
    if (!remote_models(r->remote, &watch, &r->models, &is_told, &e->error) || !choose(e, a->host))
        return false;
    note_info(e, a);
    return true;
}

/* ---- a turn --------------------------------------------------------------------------- */

struct remote_turn {
    struct engine *e;
    const struct request *r;
    struct remote_answer c;
    struct turn_stats stats;
    double first_ms, thinking_from_ms;
    bool has_text, has_thinking;
};

static void emit(struct remote_turn *t, enum event_type type, struct buf *text)
{
    const struct event event = {.type = type, .turn = t->r->turn, .stats = t->stats};
    engine_emit_text(t->e, &event, text);
}

static void note_time(struct remote_turn *t)
{
    struct turn_stats *s = &t->stats;
    const double now = now_ms();
    bool thinks = t->c.thinking.len > 0;
    if (t->first_ms == 0) {
        t->first_ms = now;
        s->first_token_ms = (float)(now - t->r->submitted_ms);
    }
    if (thinks && !t->has_thinking)
        t->thinking_from_ms = now;
    t->has_thinking |= thinks;
    t->has_text |= t->c.text.len > 0;
    if (thinks)
        s->thinking_ms = (float)(now - t->thinking_from_ms);
    s->in_thinking = t->has_thinking && !t->has_text;
    s->generate_ms = (float)(now - t->first_ms);
    s->n_tokens = t->c.n_pieces;
    s->n_thinking = t->c.n_thinking_pieces;
    s->is_estimate = true;
    s->tokens_per_s = s->n_tokens > 1 && s->generate_ms > 0
                          ? (float)(s->n_tokens - 1) * 1e3f / s->generate_ms
                          : 0;
}

static void on_news(void *arg)
{
    struct remote_turn *t = arg;
    note_time(t);
    emit(t, EVENT_THINKING, &t->c.thinking);
    emit(t, EVENT_TEXT, &t->c.text);
    struct event event = {.type = EVENT_STATS, .turn = t->r->turn, .stats = t->stats, .token = -1};
    engine_emit(t->e, &event);
}

static bool on_tick(void *arg)
{
    struct remote_turn *t = arg;
    wake_clear(&t->e->interrupt);
    return !engine_is_cancelled(t->e, t->r->turn);
}

static void on_waits(void *arg, const char *why)
{
    struct remote_turn *t = arg;
    struct event event = {.type = EVENT_PROMPT, .turn = t->r->turn, .stats = t->stats};
    char *text = xasprintf("retrying: %s", why);
    event_set_text(&event, text, strlen(text));
    engine_emit_progress(t->e, &event);
    free(text);
}

/* What the engine counted goes before what came here. Tokens that it thought with and did not send
 * are in no time that was measured here. */
static void note_usage(struct remote_turn *t)
{
    struct turn_stats *s = &t->stats;
    const struct remote_answer *c = &t->c;
    if (!c->has_usage)
        return;
    uint32_t hidden = c->n_thinking_pieces ? 0 : c->n_thinking;
    uint32_t seen = c->n_tokens > hidden ? c->n_tokens - hidden : 0;
    s->is_estimate = false;
    s->n_prompt = c->n_prompt;
    s->n_reused = c->n_cached <= c->n_prompt ? c->n_cached : 0;
    s->n_tokens = c->n_tokens;
    if (c->n_thinking > 0)
        s->n_thinking = c->n_thinking;
    s->tokens_per_s =
        seen > 1 && s->generate_ms > 0 ? (float)(seen - 1) * 1e3f / s->generate_ms : 0;
}

static enum stop_reason stop_of(struct remote_turn *t, bool ok, struct error *err)
{
    const char *finish = t->c.finish;
    if (engine_is_cancelled(t->e, t->r->turn))
        return STOP_CANCELLED;
    if (ok && strcmp(finish, "content_filter") == 0)
        ok = error_set(err, EX_UNAVAILABLE, "%s: its content filter ended the answer",
                       t->e->info.remote.host);
    if (!ok)
        return t->has_text || t->has_thinking ? STOP_CUT : STOP_FAILED;
    return strcmp(finish, "length") == 0 ? STOP_LENGTH : STOP_END;
}

static void end_turn(struct remote_turn *t, enum stop_reason stop, const struct error *err)
{
    struct engine *e = t->e;
    if (stop == STOP_FAILED || stop == STOP_CUT) {
        pthread_mutex_lock(&e->lock);
        e->turn_error = *err;
        pthread_mutex_unlock(&e->lock);
    }
    struct event done = {.type = EVENT_DONE, .turn = t->r->turn, .stop = stop, .stats = t->stats};
    engine_emit(e, &done);
}

/* What cannot be asked of an engine elsewhere. */
static bool may_ask(const struct remote_turn *t, struct error *err)
{
    const struct request *r = t->r;
    if (r->grammar && !r->grammar->schema)
        return error_set(err, EX_UNAVAILABLE,
                         "grammars (GBNF) are for models on this machine; %s takes JSON schemas",
                         t->e->info.remote.host);
    return !remote_request_continues(&r->chat) || t->e->info.can_continue ||
           error_set(err, EX_UNAVAILABLE, "%s cannot go on with an answer that was begun",
                     t->e->info.remote.host);
}

static bool ask(struct remote_turn *t, struct error *err)
{
    struct engine *e = t->e;
    const struct request *r = t->r;
    pthread_mutex_lock(&e->lock);
    const struct sampling sampling = e->sampling;
    pthread_mutex_unlock(&e->lock);
    const struct remote_watch watch = {on_tick, on_waits, t, e->interrupt.read_fd};
    const struct remote_request request = {.model = e->remote->model,
                                           .chat = &r->chat,
                                           .sampling = &sampling,
                                           .stops = &r->stops,
                                           .thinking = r->thinking,
                                           .schema = r->grammar ? r->grammar->schema : NULL,
                                           .max_tokens = atomic_load(&e->max_tokens),
                                           .seed = r->seed,
                                           .has_seed = !r->any_seed,
                                           .dialect = e->remote->dialect};
    return remote_chat(e->remote->remote, &request, &watch, &t->c, on_news, err);
}

static void say(struct remote_turn *t, const char *words)
{
    struct buf text = {0};
    buf_puts(&text, words);
    emit(t, EVENT_TEXT, &text);
    buf_free(&text);
    end_turn(t, STOP_END, NULL);
}

void remote_engine_turn(struct engine *e, const struct request *r)
{
    struct remote_turn t = {.e = e, .r = r, .stats.is_remote = true};
    struct error err;
    if (r->instead) {
        say(&t, r->instead);
        return;
    }
    bool ok = may_ask(&t, &err) && ask(&t, &err);
    note_usage(&t);
    end_turn(&t, stop_of(&t, ok, &err), &err);
    remote_answer_free(&t.c);
}
