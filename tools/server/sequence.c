/* SPDX-License-Identifier: MIT */
#include "sequence.h"

#include <string.h>

#include "answer_ends.h"
#include "distribution.h"

bool sequence_open(struct sequence *s, const struct served_model *m, struct session *beside,
                   struct error *err)
{
    const struct session_options o = {.ctx_len = m->ctx_len,
                                      .kv = m->setup.has_kv ? m->setup.kv
                                                            : session_default_kv(m->model),
                                      .gemm = m->setup.gemm,
                                      .beside = beside};
    *s = (struct sequence){.model = m};
    s->session = session_new(m->model, m->pool, &m->kernels, &o, err);
    if (!s->session)
        return false;
    s->sampler = sampler_new(m->model->config.vocab);
    return true;
}

void sequence_close(struct sequence *s)
{
    s->shape.trie = NULL; /* the scheduler's */
    answer_shape_free(&s->shape);
    sampler_free(s->sampler);
    ids_free(&s->ids);
    session_free(s->session);
}

uint32_t sequence_common(const struct sequence *s, const struct ids *ids)
{
    const int32_t *held = session_ids(s->session);
    const uint32_t len = session_len(s->session);
    uint32_t n = 0;
    while (n < len && n < ids->n && held[n] == ids->ids[n])
        n++;
    return session_reach(s->session, n);
}

/* ---- the beginning -------------------------------------------------------------------- */

static void begin_shape(struct sequence *s, struct token_trie *trie)
{
    const struct completion_request *r = &s->x->request;
    s->shape.trie = trie;
    answer_shape_begin(&s->shape, r->grammar, s->model->tokenizer, s->model->n_pieces, &s->parts);
    if (!s->shape.on)
        return;
    answer_ends_list(&s->model->model->config, &s->model->template, r->thinking, &s->shape.ends);
    if (r->begun.len > 0 && !answer_shape_text(&s->shape, r->begun.data, r->begun.len)) {
        error_set(&s->failure, EX_DATAERR,
                  "the answer so far is not as the grammar or the JSON schema wants it");
        s->end = EXCHANGE_FAILED;
    }
}

void sequence_begin(struct sequence *s, struct exchange *x, struct token_trie *trie)
{
    const struct completion_request *r = &x->request;
    s->x = x;
    s->state = SEQUENCE_READING;
    s->end = EXCHANGE_OPEN;
    s->has_begun = s->by_text = false;
    s->usage = (struct exchange_usage){.n_prompt = (uint32_t)r->ids.n};
    s->ids.n = 0;
    ids_append(&s->ids, r->ids.ids, r->ids.n);
    answer_parts_start(&s->parts, r->thinking, &r->start, &s->ids, r->continues, &r->stops);
    sampler_seed(s->sampler, r->seed);
    begin_shape(s, trie);
}

void sequence_read(struct sequence *s, uint32_t most)
{
    const uint32_t n = (uint32_t)s->ids.n;
    if (!s->has_begun) {
        session_mark(s->session, s->x->request.n_said);
        s->usage.n_cached = session_begin(s->session, s->ids.ids, n);
        s->has_begun = true;
    }
    if (session_go_on(s->session, s->ids.ids, n, most))
        s->state = SEQUENCE_WRITING;
}

/* ---- tokens --------------------------------------------------------------------------- */

static enum exchange_end limit(const struct sequence *s)
{
    if (atomic_load(&s->x->cancelled))
        return EXCHANGE_CUT;
    if (s->usage.n_tokens >= s->x->request.max_tokens || s->ids.n >= s->model->ctx_len)
        return EXCHANGE_LENGTH;
    return EXCHANGE_OPEN;
}

/* Those that the grammar allows next. */
static enum exchange_end allow_tokens(struct sequence *s)
{
    const uint32_t *allowed;
    const enum shape_result result = answer_shape_allowed(&s->shape, &allowed, &s->failure);
    sampler_allow(s->sampler, allowed);
    return result == SHAPE_ENDED    ? EXCHANGE_STOP
           : result == SHAPE_FAILED ? EXCHANGE_FAILED
                                    : EXCHANGE_OPEN;
}

void sequence_pick(struct sequence *s)
{
    const float *logits = session_logits(s->session);
    if (s->end == EXCHANGE_OPEN)
        s->end = limit(s);
    if (s->end == EXCHANGE_OPEN && !logits_are_numbers(logits, s->model->n_pieces)) {
        error_set(&s->failure, EX_DATAERR,
                  "the model computes values that are no numbers: its weights are damaged, or it "
                  "needs a wider range than this format has");
        s->end = EXCHANGE_FAILED;
    }
    if (s->end == EXCHANGE_OPEN)
        s->end = allow_tokens(s);
    if (s->end != EXCHANGE_OPEN)
        return;
    s->picked = sampler_pick(s->sampler, logits, s->model->n_pieces, &s->x->request.sampling,
                             s->ids.ids, s->ids.n);
    bool is_end = answer_ends_by(&s->model->model->config, &s->model->template, s->picked);
    if (splitter_ends(&s->parts.splitter, s->picked, is_end) ||
        answer_parts_is_stop(&s->parts, s->picked))
        s->end = EXCHANGE_STOP;
}

static void hand_over(struct sequence *s)
{
    s->usage.n_thinking = s->parts.splitter.n_tokens;
    exchange_push(s->x, &s->parts.text, &s->parts.thinking, &s->usage);
}

bool sequence_emit(struct sequence *s)
{
    if (s->end != EXCHANGE_OPEN)
        return false;
    answer_shape_push(&s->shape, s->picked);
    s->usage.n_tokens++;
    ids_push(&s->ids, s->picked);
    if (answer_parts_push(&s->parts, s->picked)) {
        s->end = EXCHANGE_STOP;
        s->by_text = true;
    } else if (!answer_shape_check(&s->shape, &s->failure)) {
        s->end = EXCHANGE_FAILED;
    } else {
        s->end = limit(s);
    }
    hand_over(s);
    return s->end == EXCHANGE_OPEN;
}

void sequence_end(struct sequence *s, enum exchange_end end)
{
    if (!s->by_text && answer_parts_end(&s->parts) && end == EXCHANGE_LENGTH)
        end = EXCHANGE_STOP;
    hand_over(s);
    exchange_finish(s->x, end, end == EXCHANGE_FAILED ? &s->failure : NULL);
    exchange_free(s->x);
    answer_parts_free(&s->parts);
    s->x = NULL;
    s->state = SEQUENCE_IDLE;
    s->last_used_ms = now_ms();
}
