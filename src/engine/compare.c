/* SPDX-License-Identifier: MIT */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "memory_limits.h"
#include "model_source.h"
#include "same_pieces.h"

struct compare {
    struct engine *e;
    const struct request *r;
    struct ids ids;      /* the rendered chat, then the answer */
    uint32_t n_prompt;   /* of them */
    struct model *model; /* the other one, and what belongs to it */
    struct tokenizer *tokenizer;
    struct session *sessions[N_COMPARED]; /* [0]: the engine's own */
    uint32_t vocab;                       /* ids that both have a piece for */
    uint32_t done[N_COMPARED];            /* tokens that are evaluated */
    int side;                             /* that evaluates */
    double told_ms;                       /* last EVENT_PROMPT */
    struct comparison result;
};

/* ---- progress ------------------------------------------------------------------------- */

static bool tell(struct compare *c, uint64_t done, uint64_t total, const char *what)
{
    struct event event = {.type = EVENT_PROMPT, .turn = c->r->turn, .done = done, .total = total};
    double now = now_ms();
    if (now - c->told_ms >= PROGRESS_EVERY_MS) {
        event_set_text(&event, what, strlen(what));
        engine_emit_progress(c->e, &event);
        c->told_ms = now;
    }
    return !engine_is_cancelled(c->e, c->r->turn);
}

/* What has gone since it was found is not downloaded. */
static bool on_fetch(void *arg, const struct fetch_progress *p)
{
    (void)arg;
    (void)p;
    return false;
}

static bool on_convert(void *arg, const struct convert_progress *p)
{
    return tell(arg, p->done_bytes, p->total_bytes, "converting");
}

static bool on_read(void *arg, uint64_t done, uint64_t total)
{
    return tell(arg, done, total, "loading");
}

static bool on_evaluate(void *arg, uint32_t done, uint32_t total)
{
    struct compare *c = arg;
    (void)total;
    c->done[c->side] = done;
    return tell(c, c->done[0] + c->done[1], N_COMPARED * (c->ids.n - 1), "");
}

/* -> false, which is told as EXIT_INTERRUPTED. */
static bool stopped(struct error *err)
{
    return error_set(err, EXIT_INTERRUPTED, "interrupted");
}

/* ---- the other model ------------------------------------------------------------------ */

static bool fits(const struct compare *c, const struct fit *f, struct error *err)
{
    return fit_is_fine(f) ||
           error_set(err, EX_UNAVAILABLE,
                     "%s does not fit beside the model in use: it needs %.2f GB, %.2f GB are free",
                     c->r->against.path, (double)(f->weights + f->kv + f->scratch) / 1e9,
                     (double)f->free_bytes / 1e9);
}

/* A source in this format, or a file. */
static bool check_fit(const struct compare *c, enum format format, struct error *err)
{
    const char *path = c->r->against.path;
    const uint32_t n = (uint32_t)c->ids.n;
    struct checkpoint source;
    struct fit f;
    if (!checkpoint_is_source(path))
        return !fit_file(&f, path, n) || fits(c, &f, err);
    if (!checkpoint_open(&source, path, err))
        return false;
    fit_source(&f, &source, format, session_kv(c->e->session)->type, n, memory_free());
    checkpoint_close(&source);
    return fits(c, &f, err);
}

static bool open_model(struct compare *c, struct error *err)
{
    const struct model_source s = {.format = "auto",
                                   .pool = c->e->pool,
                                   .fetching = on_fetch,
                                   .keeping = on_convert,
                                   .converting = on_convert,
                                   .reading = on_read,
                                   .arg = c};
    struct engine_setup setup = {.weights = WEIGHTS_MAP};
    struct weights_ready ignored;
    const char *format = c->r->against.format;
    if (format && !format_from_name(format, &setup.folder_format))
        return error_set(err, EX_USAGE, "there is no number format \"%s\"", format);
    if (!check_fit(c, setup.folder_format, err))
        return false;
    char *path = xstrdup(c->r->against.path);
    c->model = model_source_open(&path, &s, &setup, &ignored, err);
    free(path);
    return c->model != NULL;
}

static bool check_vocabulary(struct compare *c, struct error *err)
{
    c->tokenizer = model_tokenizer(c->model, err);
    if (!c->tokenizer)
        return false;
    c->vocab = turn_pieces(c->model, c->tokenizer);
    return (c->vocab == turn_pieces(c->e->model, c->e->tokenizer) &&
            same_pieces(c->tokenizer, c->e->tokenizer)) ||
           error_set(err, EX_DATAERR,
                     "%s has another vocabulary than the model in use: nothing to compare",
                     c->r->against.path);
}

/* The chat does not end for want of what OpenBLAS takes. */
static bool has_room_for_products(const struct compare *c, enum gemm gemm, struct error *err)
{
    const struct kernels *k = &c->e->kernels;
    enum format format = c->model->format;
    return gemm_uses_unit(gemm, k, format) || gemm_uses_int8(gemm, k, format) ||
           memory_fits_blas(pool_size(c->e->pool)) ||
           error_set(err, EX_UNAVAILABLE,
                     "%s does not fit beside the model in use: ulimit leaves too few addresses for "
                     "products of floats; raise it, or use fewer threads (-t)",
                     c->r->against.path);
}

static bool open_session(struct compare *c, struct error *err)
{
    const struct session_options o = {.ctx_len = (uint32_t)c->ids.n,
                                      .kv = session_kv(c->e->session)->type,
                                      .gemm = session_gemm(c->e->session)};
    if (c->ids.n > c->model->config.max_ctx)
        return error_set(err, EX_DATAERR, "%s takes %u tokens at most; these are %zu",
                         c->r->against.path, c->model->config.max_ctx, c->ids.n);
    if (!has_room_for_products(c, o.gemm, err))
        return false;
    c->sessions[0] = c->e->session;
    c->sessions[1] = session_new(c->model, c->e->pool, &c->e->kernels, &o, err);
    return c->sessions[1] != NULL;
}

static bool open_other(struct compare *c, struct error *err)
{
    return open_model(c, err) && check_vocabulary(c, err) && open_session(c, err);
}

static void close_all(struct compare *c)
{
    session_free(c->sessions[1]);
    tokenizer_free(c->tokenizer);
    if (c->model)
        model_close(c->model);
    ids_free(&c->ids);
    comparison_free(&c->result);
}

/* ---- both models ---------------------------------------------------------------------- */

static bool render(struct compare *c, struct error *err)
{
    struct answer_start ignored;
    const struct ids *answer = &c->r->given;
    if (!turn_render(c->e, c->r, &c->ids, &ignored, err))
        return false;
    c->n_prompt = (uint32_t)c->ids.n;
    ids_append(&c->ids, answer->ids, answer->n);
    return c->ids.n <= c->e->info.ctx_len ||
           error_set(err, EX_DATAERR,
                     "the conversation with this answer has %zu tokens, the context %u", c->ids.n,
                     c->e->info.ctx_len);
}

/* How many tokens that follow the first n are predicted in one pass: the first behind the prompt
 * alone, as when the answer was written, then as many as leave the bits what they were. */
static uint32_t n_predicted(const struct compare *c, uint32_t n)
{
    uint32_t left = (uint32_t)c->ids.n - n;
    for (int side = 0; side < N_COMPARED; side++) {
        uint32_t room = n == c->n_prompt ? 1 : 1 + session_room(c->sessions[side], n);
        left = left < room ? left : room;
    }
    return left;
}

static bool evaluate(struct compare *c, uint32_t n, uint32_t n_last, struct error *err)
{
    for (c->side = 0; c->side < N_COMPARED; c->side++)
        if (session_sync_last(c->sessions[c->side], c->ids.ids, n, n_last, on_evaluate, c) !=
            SESSION_OK)
            return stopped(err);
    return true;
}

static bool compare_token(struct compare *c, uint32_t i, int32_t id, struct error *err)
{
    const float *logits[N_COMPARED];
    for (int side = 0; side < N_COMPARED; side++) {
        logits[side] = session_logits_at(c->sessions[side], i);
        if (!logits_are_numbers(logits[side], c->vocab))
            return error_set(err, EX_DATAERR, "%s computes values that are no numbers",
                             side ? c->r->against.path : "the model in use");
    }
    struct compared_token t = compared_token_of(logits[0], logits[1], c->vocab, id);
    comparison_push(&c->result, &t);
    return true;
}

static bool compare_answer(struct compare *c, struct error *err)
{
    engine_own(c->e, c->r->conversation);
    for (uint32_t n = c->n_prompt, n_last; n < c->ids.n; n += n_last) {
        n_last = n_predicted(c, n);
        if (!evaluate(c, n + n_last - 1, n_last, err))
            return false;
        for (uint32_t i = 0; i < n_last; i++)
            if (!compare_token(c, i, c->ids.ids[n + i], err))
                return false;
    }
    const char *const sources[] = {c->e->model->source, c->model->source};
    c->result.is_same_model = sources[0] && sources[1] && strcmp(sources[0], sources[1]) == 0;
    c->result.format[0] = format_info(c->e->model->format)->name;
    c->result.format[1] = format_info(c->model->format)->name;
    c->result.kv = kv_type_name(session_kv(c->e->session)->type);
    return true;
}

void compare_run(struct engine *e, const struct request *r)
{
    struct compare c = {.e = e, .r = r};
    struct error err = {0};
    struct event done = {.type = EVENT_DONE, .turn = r->turn, .stop = STOP_END};
    bool ok = render(&c, &err) && open_other(&c, &err) && compare_answer(&c, &err);
    if (engine_is_cancelled(e, r->turn)) {
        done.stop = STOP_CANCELLED;
        engine_emit(e, &done);
    } else if (ok) {
        engine_keep_comparison(e, r->turn, &c.result);
        engine_emit(e, &done);
    } else {
        turn_fail(e, &done, &err);
    }
    close_all(&c);
}
