/* SPDX-License-Identifier: MIT */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include "model_options.h"
#include "screen.h"
#include "theme.h"

bool app_is_busy(const struct app *a)
{
    return a->chat.turn != 0 || a->chat.queued || a->chat.bench != 0;
}

void app_read_memory(struct app *a)
{
    a->chat.status.memory = memory_use();
    a->memory_read = now_ms();
    a->dirty = true;
}

void app_sample(struct app *a)
{
    app_read_memory(a);
    spark_add(&a->chat.status.rss, (double)a->chat.status.memory.rss_bytes);
    if (a->chat.status.state == STATE_ANSWERING)
        spark_add(&a->chat.status.speed, (double)a->chat.status.now_tokens_per_s);
}

/* Sliders whose value no token has felt, by whatever means it was set. */
static void mark_changes(struct app *a)
{
    a->chat.status.changed = 0;
    for (int i = 0; i < N_SLIDERS && a->chat.ready; i++)
        if (options_number(a->chat.options, sliders[i]) != a->sliders.applied[i])
            a->chat.status.changed |= 1u << i;
}

static void feel_changes(struct app *a)
{
    for (int i = 0; i < N_SLIDERS; i++)
        a->sliders.applied[i] = options_number(a->chat.options, sliders[i]);
    a->chat.status.changed = 0;
}

void app_apply_options(struct app *a)
{
    struct sampling sampling = options_sampling(a->chat.options);
    engine_set_sampling(a->chat.engine, &sampling);
    engine_set_max_tokens(a->chat.engine,
                          (uint32_t)options_number(a->chat.options, OPT_MAX_TOKENS));
    a->composer.editor.vi.on = strcmp(options_text(a->chat.options, OPT_KEYMAP), "vi") == 0;
    mark_changes(a);
    a->dirty = true;
}

bool app_apply_look(struct app *a, struct error *err)
{
    const char *color = options_text(a->chat.options, OPT_COLOR), *none = getenv("NO_COLOR");
    bool colour = strcmp(color, "always") == 0 || (strcmp(color, "never") != 0 && !(none && *none));
    char *look = xasprintf("%d %s", colour, options_text(a->chat.options, OPT_THEME));
    bool ok = true;
    if (!a->look || strcmp(look, a->look) != 0) {
        struct theme theme;
        ok = theme_load(&theme, options_text(a->chat.options, OPT_THEME), err);
        if (ok) {
            screen_set_theme(&theme, colour);
            free(a->look);
            a->look = xstrdup(look);
            a->dirty = true;
        }
    }
    screen_set_mouse(strcmp(options_text(a->chat.options, OPT_MOUSE), "true") == 0);
    free(look);
    return ok;
}

/* ---- sending -------------------------------------------------------------------------- */

/* The system prompt comes first; the rendering for base models, which know no roles, leaves it out.
 */
static void add_system(const struct app *a, struct chat *c)
{
    const char *system = options_text(a->chat.options, OPT_SYSTEM);
    if (*system)
        chat_add(c, CHAT_SYSTEM, system, strlen(system));
}

/* A fixed seed gives the first answer always the same, another version another one. */
static uint64_t seed_of_turn(const struct app *a)
{
    int which;
    conversation_versions(&a->chat.conversation, a->chat.writing, &which);
    return options_seed(a->chat.options) + (uint64_t)which - 1;
}

static void prompt_cache_settings(struct app *a)
{
    struct conversation *c = &a->chat.conversation;
    char **to[] = {&c->system, &c->model, &c->preset};
    const char *from[] = {options_text(a->chat.options, OPT_SYSTEM), a->chat.model_name,
                          options_text(a->chat.options, OPT_PRESET)};
    for (int i = 0; i < 3; i++) {
        free(*to[i]);
        *to[i] = from[i] && *from[i] ? xstrdup(from[i]) : NULL;
    }
}

/* Continues the path; a last message of the model is left open, and grows. */
static void submit(struct app *a)
{
    struct conversation *c = &a->chat.conversation;
    struct chat request = {0};
    add_system(a, &request);
    conversation_chat(c, &request);
    app_leave_out(a, &request);
    a->chat.writing = conversation_leaf(c);
    if (c->messages[a->chat.writing].role == CHAT_USER)
        a->chat.writing = conversation_add(c, CHAT_ASSISTANT, "", 0);
    app_show_versions(a, a->chat.writing);
    struct message *m = &c->messages[a->chat.writing];
    m->open = m->changed = true;
    a->chat.ids_known = m->ids.n || !m->text.len;
    if (!m->model && a->chat.model_name)
        m->model = xstrdup(a->chat.model_name);
    prompt_cache_settings(a);
    app_save(a);
    struct stops stops = options_stops(a->chat.options);
    app_apply_options(a);
    a->chat.turn = engine_submit(
        a->chat.engine, &(struct turn_request){
                            .chat = &request,
                            .max_tokens = (uint32_t)options_number(a->chat.options, OPT_MAX_TOKENS),
                            .seed = seed_of_turn(a),
                            .stops = &stops,
                            .conversation = c->id,
                        });
    chat_free(&request);
    a->chat.queued = false;
    a->chat.turn_started = now_ms();
    a->chat.status.state = STATE_READING;
    a->chat.status.done = a->chat.status.total = 0;
    a->chat.status.n_read_before = 0;
    a->chat.status.reading_ms = 0;
    a->chat.status.now_tokens_per_s = 0;
    feel_changes(a);
    a->dirty = true;
}

void app_answer(struct app *a)
{
    transcript_add(&a->reader.transcript, ITEM_ANSWER, "", 0);
    transcript_bottom(&a->reader.transcript);
    if (a->chat.ready)
        submit(a);
    else
        a->chat.queued = true;
    a->dirty = true;
}

void app_go_on(struct app *a)
{
    submit(a);
    app_show_conversation(a);
}

void app_send(struct app *a, const char *text, size_t n)
{
    struct conversation *c = &a->chat.conversation;
    if (a->composer.rewriting && c->messages[a->composer.rewritten].role == CHAT_ASSISTANT) {
        app_replace_answer(a, text, n);
        return;
    }
    if (a->composer.rewriting)
        conversation_cut(c, c->messages[a->composer.rewritten].parent);
    int32_t number = conversation_add(c, CHAT_USER, text, n);
    if (!c->title) {
        c->title = conversation_title_of(text, n);
        c->title_changed = true;
    }
    if (a->composer.rewriting)
        app_show_conversation(a);
    else
        app_show_message(a, number);
    a->composer.rewriting = false;
    app_save(a);
    app_answer(a);
}

void app_stop(struct app *a)
{
    if (a->chat.turn)
        engine_cancel(a->chat.engine, a->chat.turn);
    if (a->chat.bench)
        engine_cancel(a->chat.engine, a->chat.bench);
    if (a->chat.queued) {
        a->chat.queued = false;
        transcript_finish(&a->reader.transcript, "[stopped]");
    }
    a->dirty = true;
}

/* ---- events --------------------------------------------------------------------------- */

void app_close_answer(struct app *a, enum stop_reason stop)
{
    struct message *m = &a->chat.conversation.messages[a->chat.writing];
    m->open = false;
    m->stop = stop;
    m->changed = true;
    transcript_finish(&a->reader.transcript, app_mark_of(m));
    if (m->text.len || m->ids.n)
        return;
    conversation_drop_leaf(&a->chat.conversation); /* nothing that the model should find later */
    int32_t leaf = conversation_leaf(&a->chat.conversation);
    if (leaf != NO_MESSAGE && a->chat.conversation.messages[leaf].last_child != NO_MESSAGE) {
        conversation_choose(&a->chat.conversation, leaf); /* the answer before it stays */
        app_show_conversation(a);
    }
}

static void on_done(struct app *a, const struct event *e)
{
    struct message *m = &a->chat.conversation.messages[a->chat.writing];
    /* Ids say all of a text or nothing: those of a text that was saved are not known. */
    if (a->chat.ids_known)
        engine_turn_ids(a->chat.engine, e->turn, &m->ids);
    m->stats = e->stats;
    app_close_answer(a, e->stop);
    app_save(a);
    a->chat.turn = 0;
    a->chat.status.state = STATE_READY;
    a->chat.status.last = e->stats;
    a->chat.status.stop = e->stop;
    a->chat.status.n_ctx_used = e->stats.n_ctx_used;
    spark_add(&a->chat.status.speed, (double)e->stats.tokens_per_s);
    a->chat.status.now_tokens_per_s = 0;
    a->chat.status.all.n_tokens += e->stats.n_tokens ? e->stats.n_tokens - 1 : 0;
    a->chat.status.all.ms += (double)e->stats.generate_ms;
    app_sample(a);
    if (e->stop == STOP_CONTEXT)
        app_context_full(a, e->stats.n_tokens == 0);
    else
        app_watch_context(a);
}

static void on_ready(struct app *a)
{
    const struct engine_info *info = engine_info(a->chat.engine);
    a->chat.ready = true;
    a->chat.status.state = STATE_READY;
    a->chat.status.done = a->chat.status.total = 0;
    a->chat.status.model_bytes = info->file_bytes;
    a->chat.status.f32_bytes = info->f32_bytes;
    a->chat.status.cpu_level = info->cpu_level;
    a->chat.status.n_threads = info->n_threads;
    a->chat.status.ctx_len = info->ctx_len;
    a->chat.status.kv_token_bytes = info->kv_token_bytes;
    options_from_generation(a->chat.options, info->generation_json);
    app_apply_options(a);
    feel_changes(a);
    app_sample(a);
    if (a->chat.queued)
        submit(a);
}

static void on_progress(struct app *a, const struct event *e, enum state state)
{
    a->chat.status.state = state;
    a->chat.status.done = e->done;
    a->chat.status.total = e->total;
    if (state == STATE_READING) {
        a->chat.status.n_read_before = e->stats.n_reused;
        a->chat.status.reading_ms = now_ms() - a->chat.turn_started;
    }
}

static void on_text(struct app *a, const struct event *e)
{
    struct message *m = &a->chat.conversation.messages[a->chat.writing];
    buf_append(&m->text, e->text, e->n_text);
    m->changed = true;
    saving_later(&a->chat.saving);
    transcript_append(&a->reader.transcript, e->text, e->n_text);
}

void app_event(struct app *a, const struct event *e)
{
    bool of_a_turn = e->type >= EVENT_PROMPT;
    if (of_a_turn && e->turn == a->chat.bench)
        app_bench_event(a, e);
    if (of_a_turn && (e->turn != a->chat.turn || !a->chat.turn))
        return; /* of a turn that is no more */
    a->dirty = true;
    switch (e->type) {
    case EVENT_LOADING: on_progress(a, e, STATE_LOADING); break;
    case EVENT_READY: on_ready(a); break;
    case EVENT_FAILED: a->quit = true; break;
    case EVENT_PROMPT: on_progress(a, e, STATE_READING); break;
    case EVENT_TEXT: on_text(a, e); break;
    case EVENT_STATS:
        a->chat.status.state = STATE_ANSWERING;
        a->chat.status.now_tokens_per_s = e->stats.tokens_per_s;
        a->chat.status.last.first_token_ms = e->stats.first_token_ms;
        a->chat.status.last.prompt_ms = e->stats.prompt_ms;
        a->chat.status.last.n_tokens = e->stats.n_tokens;
        a->chat.status.last.n_prompt = e->stats.n_prompt;
        a->chat.status.last.n_reused = e->stats.n_reused;
        a->chat.status.last.n_kept = e->stats.n_kept;
        feel_changes(a);
        a->chat.status.n_ctx_used = e->stats.n_ctx_used;
        app_watch_context(a);
        break;
    case EVENT_DONE: on_done(a, e); break;
    }
}
