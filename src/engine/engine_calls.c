/* SPDX-License-Identifier: MIT
 *
 * What the caller's thread does: engine.h's functions.
 */
#include "engine_internal.h"

#include <stdlib.h>
#include <string.h>

#include "places.h"

enum { QUEUE_EVENTS = 256 };

static bool start_engine_thread(struct engine *e)
{
    int error = start_thread(&e->thread, engine_main, e);
    return error == 0 || error_set(&e->error, EX_OSERR, "cannot start the generation thread: %s",
                                   strerror(error));
}

static const struct engine_kind engine_elsewhere = {remote_engine_load, remote_engine_turn};

static bool set_up(struct engine *e, const struct engine_options *o)
{
    e->kind = o->remote.url ? &engine_elsewhere : &engine_local;
    if (!o->remote.url)
        return engine_setup_read(&e->setup, o, &e->error);
    e->remote = remote_engine_new(o, &e->error);
    if (e->remote)
        wake_open(&e->interrupt);
    return e->remote != NULL;
}

/* A remote turn waits for the network. */
static void interrupt(struct engine *e)
{
    if (e->remote)
        wake_signal(&e->interrupt);
}

struct engine *engine_start(const struct engine_options *o)
{
    static const struct sampling greedy = {.top_p = 1, .repeat_penalty = 1};
    struct engine *e = xcalloc(1, sizeof *e);
    e->model_path = xstrdup(o->model);
    e->format = xstrdup(o->format ? o->format : "auto");
    if (o->template_file) {
        e->template_file = xstrdup(o->template_file);
        e->template_name = xstrdup(o->template_name);
    }
    e->raw = o->raw;
    e->prompt_cache_bytes = o->prompt_cache_bytes;
    e->keep_worth_ms = o->keep_worth_ms;
    e->n_threads = o->n_threads;
    e->ctx_len = o->ctx_len;
    e->start_ms = now_ms();
    e->queue = event_queue_new(QUEUE_EVENTS);
    wake_open(&e->wake);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->news, NULL);
    e->sampling = greedy;
    e->has_thread = set_up(e, o) && start_engine_thread(e);
    if (!e->has_thread) {
        struct event failed = {.type = EVENT_FAILED};
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
    interrupt(e);
    if (e->has_thread)
        pthread_join(e->thread, NULL);
    sampler_free(e->sampler);
    prompt_cache_free(e->cache);
    session_free(e->session);
    tokenizer_free(e->tokenizer);
    chat_template_free(&e->template);
    weights_ready_end(&e->weights);
    if (e->model)
        model_close(e->model);
    pool_free(e->pool);
    request_free(&e->pending);
    answer_shape_free(&e->shape);
    comparison_free(&e->comparison);
    for (int i = 0; i < N_ANSWERS; i++) {
        ids_free(&e->answers[i].ids);
        odds_free(&e->answers[i].odds);
    }
    pthread_cond_destroy(&e->news);
    pthread_mutex_destroy(&e->lock);
    wake_close(&e->wake);
    if (e->remote)
        wake_close(&e->interrupt);
    remote_engine_free(e->remote);
    event_queue_free(e->queue);
    buf_free(&e->missing_tokens);
    free(e->template_file);
    free(e->template_name);
    free(e->model_path);
    free(e->format);
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

void request_free(struct request *r)
{
    chat_free(&r->chat);
    grammar_free(r->grammar);
    ids_free(&r->given);
    free(r->against.path);
}

uint32_t engine_submit(struct engine *e, const struct turn_request *r)
{
    struct request request = {.turn = ++e->last_turn,
                              .raw = r->raw,
                              .seed = r->seed,
                              .any_seed = r->any_seed,
                              .thinking = r->thinking,
                              .submitted_ms = now_ms(),
                              .conversation = r->conversation,
                              .grammar = grammar_use(r->grammar),
                              .instead = r->instead};
    chat_copy(&request.chat, r->chat);
    if (r->given)
        ids_append(&request.given, r->given->ids, r->given->n);
    if (r->against) {
        request.against = *r->against;
        request.against.path = xstrdup(r->against->path);
    }
    if (r->stops)
        request.stops = *r->stops;
    engine_cancel(e, request.turn - 1);
    atomic_store(&e->max_tokens, r->max_tokens);
    pthread_mutex_lock(&e->lock);
    struct request replaced = e->pending;
    e->pending = request;
    pthread_cond_signal(&e->news);
    pthread_mutex_unlock(&e->lock);
    request_free(&replaced);
    return request.turn;
}

void engine_cancel(struct engine *e, uint32_t turn)
{
    if (turn > e->last_turn)
        return;
    if (turn > atomic_load(&e->cancelled)) /* this thread alone writes it */
        atomic_store(&e->cancelled, turn);
    interrupt(e);
}

/* A tokenizer is immutable: the engine's thread may use it too. */
void engine_encode(const struct engine *e, const char *text, size_t n, struct ids *out)
{
    const struct text_span span = {text, n, false};
    if (n && engine_info(e) && e->tokenizer)
        tokenizer_encode_more(e->tokenizer, &span, 1, out);
}

uint32_t engine_count_tokens(const struct engine *e, const char *text, size_t n)
{
    struct ids ids = {0};
    engine_encode(e, text, n, &ids);
    uint32_t n_tokens = (uint32_t)ids.n;
    ids_free(&ids);
    return n_tokens;
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
    pthread_mutex_lock(&e->lock);
    e->sampling = *s;
    pthread_mutex_unlock(&e->lock);
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

void engine_turn_odds(struct engine *e, uint32_t turn, struct odds *out)
{
    pthread_mutex_lock(&e->lock);
    const struct answer *a = &e->answers[turn % N_ANSWERS];
    if (a->turn == turn)
        odds_append(out, &a->odds);
    pthread_mutex_unlock(&e->lock);
}

void engine_turn_comparison(struct engine *e, uint32_t turn, struct comparison *out)
{
    pthread_mutex_lock(&e->lock);
    if (e->compared == turn) {
        *out = e->comparison;
        e->comparison = (struct comparison){0};
    }
    pthread_mutex_unlock(&e->lock);
}

void engine_token_text(const struct engine *e, int32_t id, struct buf *out)
{
    if (id >= 0 && engine_info(e) && e->tokenizer && (uint32_t)id < tokenizer_size(e->tokenizer))
        tokenizer_token_bytes(e->tokenizer, id, out);
}

void engine_turn_error(struct engine *e, struct error *out)
{
    pthread_mutex_lock(&e->lock);
    *out = e->turn_error;
    pthread_mutex_unlock(&e->lock);
}
