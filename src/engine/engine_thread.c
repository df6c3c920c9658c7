/* SPDX-License-Identifier: MIT
 *
 * The engine's own thread: loads the model, then serves turns.
 */
#include "engine_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "memory_limits.h"
#include "model_source.h"
#include "places.h"
#include "stated_loss.h"
#include "system.h"

/* ---- events: the engine's side -------------------------------------------------------- */

bool engine_emit(struct engine *e, const struct event *event)
{
    bool pushed = event_queue_push(e->queue, event);
    if (!pushed) {
        pthread_mutex_lock(&e->lock);
        while (!atomic_load(&e->stop)) {
            /* Both sides exchange: whichever comes second sees what the first one did, so either
             * the push finds room or the caller finds the wish (engine_next). */
            atomic_exchange(&e->wants_room, true);
            pushed = event_queue_push(e->queue, event);
            if (pushed)
                break;
            pthread_cond_wait(&e->news, &e->lock);
        }
        atomic_store(&e->wants_room, false);
        pthread_mutex_unlock(&e->lock);
    }
    wake_signal(&e->wake);
    return pushed;
}

void engine_emit_progress(struct engine *e, const struct event *event)
{
    if (event_queue_push(e->queue, event))
        wake_signal(&e->wake);
}

void engine_emit_text(struct engine *e, const struct event *event, struct buf *text)
{
    struct event piece = *event;
    for (size_t at = 0; at < text->len; at += piece.n_text) {
        event_set_text(&piece, text->data + at, text->len - at);
        engine_emit(e, &piece);
    }
    text->len = 0;
}

bool engine_is_cancelled(const struct engine *e, uint32_t turn)
{
    return atomic_load(&e->stop) || atomic_load(&e->cancelled) >= turn;
}

void engine_keep_answer(struct engine *e, uint32_t turn, struct ids *ids, struct odds *odds)
{
    pthread_mutex_lock(&e->lock);
    struct answer *a = &e->answers[turn % N_ANSWERS];
    ids_free(&a->ids);
    odds_free(&a->odds);
    *a = (struct answer){turn, *ids, *odds};
    pthread_mutex_unlock(&e->lock);
    *ids = (struct ids){0};
    *odds = (struct odds){0};
}

void engine_keep_comparison(struct engine *e, uint32_t turn, struct comparison *c)
{
    pthread_mutex_lock(&e->lock);
    comparison_free(&e->comparison);
    e->comparison = *c;
    e->compared = turn;
    pthread_mutex_unlock(&e->lock);
    *c = (struct comparison){0};
}

/* ---- contexts on the disk ------------------------------------------------------------- */

static void open_cache(struct engine *e, enum kv_type kv)
{
    char *folder = e->prompt_cache_bytes > 0 ? places_cache_folder() : NULL;
    if (folder)
        e->cache = prompt_cache_new(folder, e->prompt_cache_bytes, e->model, &e->kernels,
                                    session_gemm(e->session), kv, e->pool);
    free(folder);
}

void engine_own(struct engine *e, int64_t conversation)
{
    pthread_mutex_lock(&e->lock);
    e->owner = conversation;
    pthread_mutex_unlock(&e->lock);
}

static bool owns(struct engine *e, int64_t conversation)
{
    pthread_mutex_lock(&e->lock);
    bool is = e->owner == conversation;
    pthread_mutex_unlock(&e->lock);
    return is;
}

/* The lock decides between the file's name and engine_forget. */
static void keep_context(struct engine *e, int64_t conversation)
{
    bool written = e->cache && e->token_ms > 0 && owns(e, conversation) &&
                   prompt_cache_missing(e->cache, e->session) * e->token_ms > e->keep_worth_ms &&
                   prompt_cache_write(e->cache, e->session, conversation);
    pthread_mutex_lock(&e->lock);
    if (written && e->to_keep == conversation)
        prompt_cache_commit(e->cache);
    else if (written)
        prompt_cache_abandon(e->cache);
    e->to_keep = 0;
    pthread_mutex_unlock(&e->lock);
}

/* ---- loading -------------------------------------------------------------------------- */

static bool tell_loading(struct engine *e, const char *what, uint64_t done, uint64_t total)
{
    struct event event = {.type = EVENT_LOADING, .done = done, .total = total};
    event_set_text(&event, what, strlen(what));
    engine_emit_progress(e, &event);
    return !atomic_load(&e->stop);
}

static bool on_keep(void *arg, const struct convert_progress *p)
{
    return tell_loading(arg, "converting", p->done_bytes, p->total_bytes);
}

static bool on_convert(void *arg, const struct convert_progress *p)
{
    return tell_loading(arg, "", p->done_bytes, p->total_bytes);
}

/* "downloading 12.3 MB/s, 4 min left, 40 % converted: model.safetensors" */
static bool on_fetch(void *arg, const struct fetch_progress *p)
{
    struct buf text = {0};
    bool moves = p->bytes_per_s > 0 && !*p->note;
    buf_puts(&text, p->step);
    if (moves)
        buf_printf(&text, " %.1f MB/s", p->bytes_per_s / 1e6);
    if (moves && p->left_s >= 90)
        buf_printf(&text, ", %.0f min left", p->left_s / 60);
    else if (moves && p->left_s >= 0)
        buf_printf(&text, ", %.0f s left", p->left_s);
    if (p->converted >= 0 && !*p->note)
        buf_printf(&text, ", %.0f %% converted", 100 * p->converted);
    if (*p->note || *p->file)
        buf_printf(&text, ": %s", *p->note ? p->note : p->file);
    bool go_on = tell_loading(arg, text.data, p->done, p->total);
    buf_free(&text);
    return go_on;
}

static bool on_read(void *arg, uint64_t done, uint64_t total)
{
    return tell_loading(arg, "", done, total);
}

static struct model *open_model(struct engine *e)
{
    const struct model_source s = {.format = e->format,
                                   .pool = e->pool,
                                   .fetching = on_fetch,
                                   .keeping = on_keep,
                                   .converting = on_convert,
                                   .reading = on_read,
                                   .arg = e};
    return model_source_open(&e->model_path, &s, &e->setup, &e->weights, &e->error);
}

static bool open_template(struct engine *e)
{
    const struct model *m = e->model;
    const struct chat_template_file file = {.path = e->template_file,
                                            .name = e->template_name,
                                            .bos = m->config.bos,
                                            .eos = m->config.n_stop ? m->config.stop[0] : -1};
    if (e->raw)
        return true;
    if (!e->template_file)
        return chat_template_init(&e->template, e->tokenizer, m->tokenizer_config_json, &e->error);
    if (!chat_template_init_file(&e->template, e->tokenizer, m->tokenizer_config_json, &file,
                                 &e->error))
        return false;
    chat_template_missing(&e->template, e->tokenizer, &e->missing_tokens);
    return true;
}

/* A model that does not fit is slow, since its weights are read again and again; it may still be
 * what is wanted. */
/* free_bytes: before the weights were there. */
static void note_fit(struct engine *e, enum kv_type kv, uint64_t free_bytes)
{
    struct fit f;
    fit_config(&f, &e->model->config, e->model->file_bytes, kv, e->ctx_len, free_bytes);
    if (fit_is_fine(&f))
        return;
    char *text = fit_text(&f);
    snprintf(e->info.fit, sizeof e->info.fit, "%s", text);
    free(text);
}

static void note_loss(struct engine_info *info, const struct model *m)
{
    struct buf text = {0};
    stated_loss_describe(m->loss, &text);
    snprintf(info->loss, sizeof info->loss, "%s", text.data ? text.data : "");
    buf_free(&text);
}

/* Why there was no room for the session, with numbers. */
static bool add_fit(struct engine *e)
{
    struct error why = e->error;
    return error_set(&e->error, why.code, "%.600s%s%s", why.text, e->info.fit[0] ? "; it " : "",
                     e->info.fit);
}

static bool load(struct engine *e)
{
    const uint64_t free_bytes = memory_free();
    e->info.can_continue = true;
    kernels_init(&e->kernels, e->setup.cpu_flags);
    e->pool = pool_new(e->n_threads);
    e->model = open_model(e);
    if (!e->model)
        return false;
    const struct model *m = e->model;
    weights_ready(&e->weights, e->model, e->setup.weights, &e->kernels, e->pool);
    e->tokenizer = model_tokenizer(m, &e->error);
    if (!e->tokenizer)
        return false;
    e->no_thinking.tokenizer = e->template.thinking.tokenizer = e->tokenizer;
    thinking_init(&e->by_answers, "<think>", strlen("<think>"), e->tokenizer);
    if (!open_template(e))
        return false;
    struct session_options o = {
        .ctx_len = e->ctx_len, .kv = session_default_kv(m), .gemm = e->setup.gemm};
    if (e->setup.has_kv)
        o.kv = e->setup.kv;
    note_fit(e, o.kv, free_bytes);
    e->session = session_new(m, e->pool, &e->kernels, &o, &e->error);
    if (!e->session)
        return add_fit(e);
    open_cache(e, o.kv);
    e->sampler = sampler_new(m->config.vocab);
    speculate_init(&e->speculate, e->setup.speculate);
    e->info.format = format_info(m->format)->name;
    e->info.thinking = (struct thinking_info){
        .kind = e->template.thinking.kind ? e->template.thinking.kind->name : NULL,
        .can_switch = e->template.can_switch,
        .has_effort = e->template.has_effort};
    e->info.template = chat_template_name(&e->template);
    e->info.missing_tokens = e->missing_tokens.len ? e->missing_tokens.data : NULL;
    e->info.generation_json = safetensors_meta(&m->file, META_GENERATION);
    e->info.file_bytes = m->file_bytes;
    e->info.compressed_bytes = m->compressed_bytes;
    note_loss(&e->info, m);
    e->info.cpu_level = e->kernels.level;
    e->info.n_threads = pool_size(e->pool);
    e->info.ctx_len = session_ctx(e->session);
    e->info.load_ms = now_ms() - e->start_ms;
    e->info.f32_bytes = m->n_params * sizeof(float);
    return true;
}

/* ---- the engine's thread -------------------------------------------------------------- */

static void take_request(struct engine *e, struct request *r)
{
    *r = e->pending;
    e->pending = (struct request){0};
}

/* Turns that were replaced before they began end too: each id gets its EVENT_DONE, in order. */
static void end_replaced(struct engine *e, uint32_t first, uint32_t last)
{
    for (uint32_t turn = first; turn <= last; turn++) {
        struct event done = {.type = EVENT_DONE, .stop = STOP_CANCELLED, .turn = turn};
        engine_emit(e, &done);
    }
}

enum { IDLE_MS = 500 };

/* With e->lock held. While nothing is asked for, weights that are to be copied are; whoever asks a
 * single question does not wait for the measurement before it. */
static void wait_for_news(struct engine *e)
{
    if (!e->weights.copies) {
        pthread_cond_wait(&e->news, &e->lock);
        return;
    }
    const struct timespec until = deadline_in(IDLE_MS);
    if (e->weights.measures && pthread_cond_timedwait(&e->news, &e->lock, &until) != ETIMEDOUT)
        return;
    pthread_mutex_unlock(&e->lock);
    weights_ready_step(&e->weights, e->pool);
    pthread_mutex_lock(&e->lock);
}

/* What is to be kept goes first: before a turn that changes it, and before the end. */
static void serve(struct engine *e)
{
    uint32_t n_served = 0;
    for (;;) {
        struct request r = {0};
        pthread_mutex_lock(&e->lock);
        while (!e->pending.turn && !e->to_keep && !atomic_load(&e->stop))
            wait_for_news(e);
        int64_t to_keep = e->to_keep;
        bool stop = !to_keep && atomic_load(&e->stop);
        if (!to_keep && !stop)
            take_request(e, &r);
        pthread_mutex_unlock(&e->lock);
        if (stop)
            return;
        if (to_keep) {
            keep_context(e, to_keep);
            continue;
        }
        end_replaced(e, n_served + 1, r.turn - 1);
        e->kind->turn(e, &r);
        n_served = r.turn;
        request_free(&r);
    }
}

const struct engine_kind engine_local = {load, turn_run};

void *engine_main(void *arg)
{
    struct engine *e = arg;
    system_thread_start("qins-engine");
    bool ok = e->kind->load(e);
    atomic_store(&e->state, ok ? ENGINE_READY : ENGINE_FAILED);
    struct event event = {.type = ok ? EVENT_READY : EVENT_FAILED};
    if (engine_emit(e, &event) && ok)
        serve(e);
    return NULL;
}
