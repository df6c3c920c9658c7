/* SPDX-License-Identifier: MIT
 *
 * The engine's own thread: loads the model, then serves turns.
 */
#include "engine_internal.h"

#include <stdlib.h>
#include <string.h>

#include "converted.h"
#include "model_folder.h"
#include "places.h"
#include "readahead.h"
#include "stated_loss.h"

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
static struct model *open_file(struct engine *e, const char *path)
{
    struct model *m = model_open(path, &e->error);
    if (m && !mapping_read(&m->file.file, m->file.name, e->pool, on_read, e, &e->error)) {
        model_close(m);
        return NULL;
    }
    return m;
}

static struct model *open_model(struct engine *e)
{
    if (!checkpoint_is_source(e->model_path))
        return open_file(e, e->model_path);
    struct convert_options o = {.format = e->setup.folder_format,
                                .n_threads = pool_size(e->pool),
                                .progress = on_convert,
                                .arg = e};
    char *file;
    if (!converted_file(e->model_path, &o, &file, &e->error))
        return NULL;
    struct model *m = file ? open_file(e, file) : model_open_folder(e->model_path, &o, &e->error);
    free(file);
    return m;
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

static void note_loss(struct engine_info *info, const struct model *m)
{
    struct buf text = {0};
    stated_loss_describe(m->loss, &text);
    snprintf(info->loss, sizeof info->loss, "%s", text.data ? text.data : "");
    buf_free(&text);
}

static bool copy_some(struct engine *e)
{
    weights_ready_step(&e->weights, e->pool);
    return on_read(e, e->weights.copy.done, e->model->file.file.size);
}

static bool load(struct engine *e)
{
    kernels_init(&e->kernels, e->setup.cpu_flags);
    e->pool = pool_new(e->n_threads);
    e->model = open_model(e);
    if (!e->model)
        return false;
    const struct model *m = e->model;
    weights_ready(&e->weights, e->model, e->setup.weights, &e->kernels, e->pool);
    while (e->setup.weights == WEIGHTS_COPY && e->weights.copies && copy_some(e))
        ;
    e->tokenizer = model_tokenizer(m, &e->error);
    if (!e->tokenizer)
        return false;
    e->no_thinking.tokenizer = e->template.thinking.tokenizer = e->tokenizer;
    if (!open_template(e))
        return false;
    struct session_options o = {
        .ctx_len = e->ctx_len, .kv = session_default_kv(m), .gemm = e->setup.gemm};
    if (e->setup.has_kv)
        o.kv = e->setup.kv;
    e->session = session_new(m, e->pool, &e->kernels, &o, &e->error);
    if (!e->session)
        return false;
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

/* With e->lock held. While nothing is asked for, weights that are to be copied are. */
static void wait_for_news(struct engine *e)
{
    if (!e->weights.copies) {
        pthread_cond_wait(&e->news, &e->lock);
        return;
    }
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
        turn_run(e, &r);
        n_served = r.turn;
        chat_free(&r.chat);
    }
}

void *engine_main(void *arg)
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
