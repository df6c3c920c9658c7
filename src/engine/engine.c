/* SPDX-License-Identifier: MIT */
#include "engine_internal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "model_folder.h"
#include "places.h"
#include "readahead.h"

enum { QUEUE_EVENTS = 256 };

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

bool engine_is_cancelled(const struct engine *e, uint32_t turn)
{
    return atomic_load(&e->stop) || atomic_load(&e->cancelled) >= turn;
}

void engine_keep_answer(struct engine *e, uint32_t turn, struct ids *ids)
{
    pthread_mutex_lock(&e->lock);
    struct answer *a = &e->answers[turn % N_ANSWERS];
    ids_free(&a->ids);
    *a = (struct answer){turn, *ids};
    pthread_mutex_unlock(&e->lock);
    *ids = (struct ids){0};
}

/* ---- contexts on the disk ------------------------------------------------------------- */

static void open_keep(struct engine *e, enum kv_type kv)
{
    char *folder = e->options.prompt_cache_bytes > 0 ? places_cache_folder() : NULL;
    if (folder)
        e->keep = prompt_cache_new(folder, e->options.prompt_cache_bytes, e->model, &e->kernels,
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
    bool written =
        e->keep && e->token_ms > 0 && owns(e, conversation) &&
        prompt_cache_missing(e->keep, e->session) * e->token_ms > e->options.keep_worth_ms &&
        prompt_cache_write(e->keep, e->session, conversation);
    pthread_mutex_lock(&e->lock);
    if (written && e->to_keep == conversation)
        prompt_cache_commit(e->keep);
    else if (written)
        prompt_cache_abandon(e->keep);
    e->to_keep = 0;
    pthread_mutex_unlock(&e->lock);
}

/* ---- loading -------------------------------------------------------------------------- */

static bool on_convert(void *arg, const struct convert_progress *p)
{
    struct engine *e = arg;
    struct event event = {.type = EVENT_LOADING, .done = p->done_bytes, .total = p->total_bytes};
    engine_emit_progress(e, &event);
    return !atomic_load(&e->stop);
}

static bool on_read(void *arg, uint64_t done, uint64_t total)
{
    struct engine *e = arg;
    struct event event = {.type = EVENT_LOADING, .done = done, .total = total};
    engine_emit_progress(e, &event);
    return !atomic_load(&e->stop);
}

/* The first token needs every weight: reading them before is as fast, and shows how far it is. */
static struct model *open_file(struct engine *e)
{
    struct model *m = model_open(e->options.model, &e->error);
    if (m && !mapping_read(&m->file.file, m->file.name, e->pool, on_read, e, &e->error)) {
        model_close(m);
        return NULL;
    }
    return m;
}

static struct model *open_model(struct engine *e)
{
    if (!is_folder(e->options.model))
        return open_file(e);
    struct convert_options o = {.format = e->options.folder_format,
                                .n_threads = pool_size(e->pool),
                                .progress = on_convert,
                                .arg = e};
    return model_open_folder(e->options.model, &o, &e->error);
}

static bool load(struct engine *e)
{
    kernels_init(&e->kernels, e->options.cpu_flags);
    e->pool = pool_new(e->options.n_threads);
    e->model = open_model(e);
    if (!e->model)
        return false;
    const struct model *m = e->model;
    e->tokenizer = tokenizer_new(m->tokenizer_json, m->tokenizer_bytes, "tokenizer.json",
                                 m->config.vocab, &e->error);
    if (!e->tokenizer)
        return false;
    if (!e->options.raw &&
        !chat_template_detect(e->tokenizer, m->tokenizer_config_json, &e->info.template, &e->error))
        return false;
    struct session_options o = {
        .ctx_len = e->options.ctx_len, .kv = session_default_kv(m), .gemm = e->options.gemm};
    if (e->options.has_kv)
        o.kv = e->options.kv;
    e->session = session_new(m, e->pool, &e->kernels, &o, &e->error);
    if (!e->session)
        return false;
    open_keep(e, o.kv);
    e->sampler = sampler_new(m->config.vocab);
    speculate_init(&e->speculate, e->options.speculate);
    e->info.model = m;
    e->info.tokenizer = e->tokenizer;
    e->info.cpu_level = e->kernels.level;
    e->info.n_threads = pool_size(e->pool);
    e->info.ctx_len = session_ctx(e->session);
    e->info.load_ms = now_ms() - e->start_ms;
    e->info.f32_bytes = m->n_params * sizeof(float);
    e->info.kv_token_bytes = session_kv_token_bytes(e->session);
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

/* What is to be kept goes first: before a turn that changes it, and before the end. */
static void serve(struct engine *e)
{
    uint32_t n_served = 0;
    for (;;) {
        struct request r = {0};
        pthread_mutex_lock(&e->lock);
        while (!e->pending.turn && !e->to_keep && !atomic_load(&e->stop))
            pthread_cond_wait(&e->news, &e->lock);
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
        turn_run(e, &r);
        n_served = r.turn;
        chat_free(&r.chat);
    }
}

static void *engine_main(void *arg)
{
    struct engine *e = arg;
#ifdef __APPLE__
    pthread_setname_np("qins-engine");
#elif defined(__linux__)
    pthread_setname_np(pthread_self(), "qins-engine");
#endif
    bool ok = load(e);
    atomic_store(&e->state, ok ? ENGINE_READY : ENGINE_FAILED);
    struct event event = {.type = ok ? EVENT_READY : EVENT_FAILED};
    if (engine_emit(e, &event) && ok)
        serve(e);
    return NULL;
}

/* ---- the caller's side ---------------------------------------------------------------- */

static void store_sampling(struct engine *e, const struct sampling *s)
{
    atomic_store_explicit(&e->temperature, s->temperature, memory_order_relaxed);
    atomic_store_explicit(&e->top_p, s->top_p, memory_order_relaxed);
    atomic_store_explicit(&e->min_p, s->min_p, memory_order_relaxed);
    atomic_store_explicit(&e->repeat_penalty, s->repeat_penalty, memory_order_relaxed);
    atomic_store_explicit(&e->presence_penalty, s->presence_penalty, memory_order_relaxed);
    atomic_store_explicit(&e->frequency_penalty, s->frequency_penalty, memory_order_relaxed);
    atomic_store_explicit(&e->top_k, s->top_k, memory_order_relaxed);
    atomic_store_explicit(&e->repeat_last_n, s->repeat_last_n, memory_order_relaxed);
    atomic_store_explicit(&e->top_p_rule, (int)s->top_p_rule, memory_order_relaxed);
}

/* A thread with all signals blocked: they are for the program's main thread. */
static int start_thread(struct engine *e)
{
    sigset_t before;
    block_signals(&before);
    int error = pthread_create(&e->thread, NULL, engine_main, e);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

struct engine *engine_start(const struct engine_options *o)
{
    static const struct sampling greedy = {.top_p = 1, .repeat_penalty = 1};
    struct engine *e = xcalloc(1, sizeof *e);
    e->options = *o;
    e->options.model = xstrdup(o->model);
    e->start_ms = now_ms();
    e->queue = event_queue_new(QUEUE_EVENTS);
    wake_open(&e->wake);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->news, NULL);
    store_sampling(e, &greedy);
    int error = start_thread(e);
    e->has_thread = error == 0;
    if (error) {
        struct event failed = {.type = EVENT_FAILED};
        error_set(&e->error, EX_OSERR, "cannot start the generation thread: %s", strerror(error));
        atomic_store(&e->state, ENGINE_FAILED);
        engine_emit_progress(e, &failed);
    }
    return e;
}

void engine_stop(struct engine *e)
{
    if (!e)
        return;
    pthread_mutex_lock(&e->lock);
    atomic_store(&e->stop, true);
    pthread_cond_signal(&e->news);
    pthread_mutex_unlock(&e->lock);
    if (e->has_thread)
        pthread_join(e->thread, NULL);
    sampler_free(e->sampler);
    prompt_cache_free(e->keep);
    session_free(e->session);
    tokenizer_free(e->tokenizer);
    if (e->model)
        model_close(e->model);
    pool_free(e->pool);
    chat_free(&e->pending.chat);
    for (int i = 0; i < N_ANSWERS; i++)
        ids_free(&e->answers[i].ids);
    pthread_cond_destroy(&e->news);
    pthread_mutex_destroy(&e->lock);
    wake_close(&e->wake);
    event_queue_free(e->queue);
    free(e->options.model);
    free(e);
}

int engine_fd(const struct engine *e)
{
    return e->wake.read_fd;
}

bool engine_next(struct engine *e, struct event *out)
{
    bool got = event_queue_pop(e->queue, out);
    if (!got) {
        wake_clear(&e->wake);
        got = event_queue_pop(e->queue, out); /* pushed before the clear */
        if (got)
            wake_signal(&e->wake);
    }
    if (got && atomic_exchange(&e->wants_room, false)) {
        pthread_mutex_lock(&e->lock);
        pthread_cond_signal(&e->news);
        pthread_mutex_unlock(&e->lock);
    }
    return got;
}

const struct engine_info *engine_info(const struct engine *e)
{
    return atomic_load(&e->state) == ENGINE_READY ? &e->info : NULL;
}

const struct error *engine_error(const struct engine *e)
{
    return atomic_load(&e->state) == ENGINE_FAILED ? &e->error : NULL;
}

uint32_t engine_submit(struct engine *e, const struct turn_request *r)
{
    struct request request = {.turn = ++e->last_turn,
                              .raw = r->raw,
                              .seed = r->seed,
                              .submitted_ms = now_ms(),
                              .conversation = r->conversation};
    chat_copy(&request.chat, r->chat);
    if (r->stops)
        request.stops = *r->stops;
    engine_cancel(e, request.turn - 1);
    atomic_store(&e->max_tokens, r->max_tokens);
    pthread_mutex_lock(&e->lock);
    struct chat replaced = e->pending.chat;
    e->pending = request;
    pthread_cond_signal(&e->news);
    pthread_mutex_unlock(&e->lock);
    chat_free(&replaced);
    return request.turn;
}

void engine_cancel(struct engine *e, uint32_t turn)
{
    if (turn > e->last_turn)
        return;
    if (turn > atomic_load(&e->cancelled)) /* this thread alone writes it */
        atomic_store(&e->cancelled, turn);
}

void engine_keep(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->to_keep = e->owner;
    pthread_cond_signal(&e->news);
    pthread_mutex_unlock(&e->lock);
}

bool engine_is_keeping(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    bool is = e->to_keep != 0;
    pthread_mutex_unlock(&e->lock);
    return is;
}

void engine_forget(struct engine *e, int64_t conversation)
{
    char *folder = places_cache_folder();
    pthread_mutex_lock(&e->lock);
    if (e->owner == conversation)
        e->owner = 0;
    if (e->to_keep == conversation)
        e->to_keep = 0;
    if (folder)
        prompt_cache_forget(folder, conversation);
    pthread_mutex_unlock(&e->lock);
    free(folder);
}

void engine_set_sampling(struct engine *e, const struct sampling *s)
{
    store_sampling(e, s);
}

void engine_set_max_tokens(struct engine *e, uint32_t max_tokens)
{
    atomic_store(&e->max_tokens, max_tokens);
}

void engine_turn_ids(struct engine *e, uint32_t turn, struct ids *out)
{
    pthread_mutex_lock(&e->lock);
    const struct answer *a = &e->answers[turn % N_ANSWERS];
    for (size_t i = 0; a->turn == turn && i < a->ids.n; i++)
        ids_push(out, a->ids.ids[i]);
    pthread_mutex_unlock(&e->lock);
}
