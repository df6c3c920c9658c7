/* SPDX-License-Identifier: MIT */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include "model_options.h"
#include "screen.h"
#include "theme.h"

bool app_is_busy(const struct app *a)
{
    return a->turn != 0 || a->queued || a->bench != 0;
}

void app_read_memory(struct app *a)
{
    a->status.memory = memory_use();
    a->memory_read = now_ms();
    a->dirty = true;
}

void app_sample(struct app *a)
{
    app_read_memory(a);
    spark_add(&a->status.rss, (double)a->status.memory.rss_bytes);
    if (a->status.state == STATE_ANSWERING)
        spark_add(&a->status.speed, (double)a->status.now_tokens_per_s);
}

/* Sliders whose value no token has felt, by whatever means it was set. */
static void mark_changes(struct app *a)
{
    a->status.changed = 0;
    for (int i = 0; i < N_SLIDERS && a->ready; i++)
        if (options_number(a->options, sliders[i]) != a->applied[i])
            a->status.changed |= 1u << i;
}

static void feel_changes(struct app *a)
{
    for (int i = 0; i < N_SLIDERS; i++)
        a->applied[i] = options_number(a->options, sliders[i]);
    a->status.changed = 0;
}

void app_apply_options(struct app *a)
{
    struct sampling sampling = options_sampling(a->options);
    engine_set_sampling(a->engine, &sampling);
    engine_set_max_tokens(a->engine, (uint32_t)options_number(a->options, OPT_MAX_TOKENS));
    a->editor.vi.on = strcmp(options_text(a->options, OPT_KEYMAP), "vi") == 0;
    mark_changes(a);
    a->dirty = true;
}

bool app_apply_look(struct app *a, struct error *err)
{
    const char *color = options_text(a->options, OPT_COLOR), *none = getenv("NO_COLOR");
    bool colour = strcmp(color, "always") == 0 || (strcmp(color, "never") != 0 && !(none && *none));
    char *look = xasprintf("%d %s", colour, options_text(a->options, OPT_THEME));
    bool ok = true;
    if (!a->look || strcmp(look, a->look) != 0) {
        struct theme theme;
        ok = theme_load(&theme, options_text(a->options, OPT_THEME), err);
        if (ok) {
            screen_set_theme(&theme, colour);
            free(a->look);
            a->look = xstrdup(look);
            a->dirty = true;
        }
    }
    screen_set_mouse(strcmp(options_text(a->options, OPT_MOUSE), "true") == 0);
    free(look);
    return ok;
}

/* ---- sending -------------------------------------------------------------------------- */

/* The system prompt comes first; the rendering for base models, which know no roles, leaves it out.
 */
static void add_system(const struct app *a, struct chat *c)
{
    const char *system = options_text(a->options, OPT_SYSTEM);
    if (*system)
        chat_add(c, CHAT_SYSTEM, system, strlen(system));
}

/* A fixed seed gives the first answer always the same, another version another one. */
static uint64_t seed_of_turn(const struct app *a)
{
    int which;
    conversation_versions(&a->conversation, a->writing, &which);
    return options_seed(a->options) + (uint64_t)which - 1;
}

static void prompt_cache_settings(struct app *a)
{
    struct conversation *c = &a->conversation;
    char **to[] = {&c->system, &c->model, &c->preset};
    const char *from[] = {options_text(a->options, OPT_SYSTEM), a->model_name,
                          options_text(a->options, OPT_PRESET)};
    for (int i = 0; i < 3; i++) {
        free(*to[i]);
        *to[i] = from[i] && *from[i] ? xstrdup(from[i]) : NULL;
    }
}

/* Continues the path; a last message of the model is left open, and grows. */
static void submit(struct app *a)
{
    struct conversation *c = &a->conversation;
    struct chat request = {0};
    add_system(a, &request);
    conversation_chat(c, &request);
    app_leave_out(a, &request);
    a->writing = conversation_leaf(c);
    if (c->messages[a->writing].role == CHAT_USER)
        a->writing = conversation_add(c, CHAT_ASSISTANT, "", 0);
    app_show_versions(a, a->writing);
    struct message *m = &c->messages[a->writing];
    m->open = m->changed = true;
    a->ids_known = m->ids.n || !m->text.len;
    if (!m->model && a->model_name)
        m->model = xstrdup(a->model_name);
    prompt_cache_settings(a);
    app_save(a);
    struct stops stops = options_stops(a->options);
    app_apply_options(a);
    a->turn = engine_submit(a->engine,
                            &(struct turn_request){
                                .chat = &request,
                                .max_tokens = (uint32_t)options_number(a->options, OPT_MAX_TOKENS),
                                .seed = seed_of_turn(a),
                                .stops = &stops,
                                .conversation = c->id,
                            });
    chat_free(&request);
    a->queued = false;
    a->turn_started = now_ms();
    a->status.state = STATE_READING;
    a->status.done = a->status.total = 0;
    a->status.n_read_before = 0;
    a->status.reading_ms = 0;
    a->status.now_tokens_per_s = 0;
    feel_changes(a);
    a->dirty = true;
}

void app_answer(struct app *a)
{
    transcript_add(&a->transcript, ITEM_ANSWER, "", 0);
    transcript_bottom(&a->transcript);
    if (a->ready)
        submit(a);
    else
        a->queued = true;
    a->dirty = true;
}

void app_go_on(struct app *a)
{
    submit(a);
    app_show_conversation(a);
}

void app_send(struct app *a, const char *text, size_t n)
{
    struct conversation *c = &a->conversation;
    if (a->rewriting && c->messages[a->rewritten].role == CHAT_ASSISTANT) {
        app_replace_answer(a, text, n);
        return;
    }
    if (a->rewriting)
        conversation_cut(c, c->messages[a->rewritten].parent);
    int32_t number = conversation_add(c, CHAT_USER, text, n);
    if (!c->title) {
        c->title = conversation_title_of(text, n);
        c->title_changed = true;
    }
    if (a->rewriting)
        app_show_conversation(a);
    else
        app_show_message(a, number);
    a->rewriting = false;
    app_save(a);
    app_answer(a);
}

void app_stop(struct app *a)
{
    if (a->turn)
        engine_cancel(a->engine, a->turn);
    if (a->bench)
        engine_cancel(a->engine, a->bench);
    if (a->queued) {
        a->queued = false;
        transcript_finish(&a->transcript, "[stopped]");
    }
    a->dirty = true;
}

/* ---- events --------------------------------------------------------------------------- */

void app_close_answer(struct app *a, enum stop_reason stop)
{
    struct message *m = &a->conversation.messages[a->writing];
    m->open = false;
    m->stop = stop;
    m->changed = true;
    transcript_finish(&a->transcript, app_mark_of(m));
    if (m->text.len || m->ids.n)
        return;
    conversation_drop_leaf(&a->conversation); /* nothing that the model should find later */
    int32_t leaf = conversation_leaf(&a->conversation);
    if (leaf != NO_MESSAGE && a->conversation.messages[leaf].last_child != NO_MESSAGE) {
        conversation_choose(&a->conversation, leaf); /* the answer before it stays */
        app_show_conversation(a);
    }
}

static void on_done(struct app *a, const struct event *e)
{
    struct message *m = &a->conversation.messages[a->writing];
    /* Ids say all of a text or nothing: those of a text that was saved are not known. */
    if (a->ids_known)
        engine_turn_ids(a->engine, e->turn, &m->ids);
    m->stats = e->stats;
    app_close_answer(a, e->stop);
    app_save(a);
    a->turn = 0;
    a->status.state = STATE_READY;
    a->status.last = e->stats;
    a->status.stop = e->stop;
    a->status.n_ctx_used = e->stats.n_ctx_used;
    spark_add(&a->status.speed, (double)e->stats.tokens_per_s);
    a->status.now_tokens_per_s = 0;
    a->status.all.n_tokens += e->stats.n_tokens ? e->stats.n_tokens - 1 : 0;
    a->status.all.ms += (double)e->stats.generate_ms;
    app_sample(a);
    if (e->stop == STOP_CONTEXT)
        app_context_full(a, e->stats.n_tokens == 0);
    else
        app_watch_context(a);
}

static void on_ready(struct app *a)
{
    const struct engine_info *info = engine_info(a->engine);
    a->ready = true;
    a->status.state = STATE_READY;
    a->status.done = a->status.total = 0;
    a->status.model_bytes = info->model->file_bytes;
    a->status.f32_bytes = info->f32_bytes;
    a->status.cpu_level = info->cpu_level;
    a->status.n_threads = info->n_threads;
    a->status.ctx_len = info->ctx_len;
    a->status.kv_token_bytes = info->kv_token_bytes;
    options_from_model(a->options, info->model);
    app_apply_options(a);
    feel_changes(a);
    app_sample(a);
    if (a->queued)
        submit(a);
}

static void on_progress(struct app *a, const struct event *e, enum state state)
{
    a->status.state = state;
    a->status.done = e->done;
    a->status.total = e->total;
    if (state == STATE_READING) {
        a->status.n_read_before = e->stats.n_reused;
        a->status.reading_ms = now_ms() - a->turn_started;
    }
}

static void on_text(struct app *a, const struct event *e)
{
    struct message *m = &a->conversation.messages[a->writing];
    buf_append(&m->text, e->text, e->n_text);
    m->changed = true;
    saving_later(&a->saving);
    transcript_append(&a->transcript, e->text, e->n_text);
}

void app_event(struct app *a, const struct event *e)
{
    bool of_a_turn = e->type >= EVENT_PROMPT;
    if (of_a_turn && e->turn == a->bench)
        app_bench_event(a, e);
    if (of_a_turn && (e->turn != a->turn || !a->turn))
        return; /* of a turn that is no more */
    a->dirty = true;
    switch (e->type) {
    case EVENT_LOADING: on_progress(a, e, STATE_LOADING); break;
    case EVENT_READY: on_ready(a); break;
    case EVENT_FAILED: a->quit = true; break;
    case EVENT_PROMPT: on_progress(a, e, STATE_READING); break;
    case EVENT_TEXT: on_text(a, e); break;
    case EVENT_STATS:
        a->status.state = STATE_ANSWERING;
        a->status.now_tokens_per_s = e->stats.tokens_per_s;
        a->status.last.first_token_ms = e->stats.first_token_ms;
        a->status.last.prompt_ms = e->stats.prompt_ms;
        a->status.last.n_tokens = e->stats.n_tokens;
        a->status.last.n_prompt = e->stats.n_prompt;
        a->status.last.n_reused = e->stats.n_reused;
        a->status.last.n_kept = e->stats.n_kept;
        feel_changes(a);
        a->status.n_ctx_used = e->stats.n_ctx_used;
        app_watch_context(a);
        break;
    case EVENT_DONE: on_done(a, e); break;
    }
}
