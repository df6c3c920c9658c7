/* SPDX-License-Identifier: MIT */
#include "engine_internal.h"

#include <string.h>

#include "answer_ends.h"
#include "answer_parts.h"
#include "compare.h"
#include "prompt_lookup.h"

enum { RATE_WINDOW = 16 }; /* tokens that the current speed is measured over */

/* Tokens that may follow, from earlier in the text. The first n are evaluated with the next token.
 */
struct draft {
    int32_t ids[SESSION_MAX_LAST - 1];
    uint32_t n_ids, n, n_match;
};

struct turn {
    struct engine *e;
    const struct request *r;
    struct ids ids; /* prompt and answer */
    struct ids answer;
    struct odds odds; /* of each of these */
    bool continues;   /* the answer goes on with a text: a leading space belongs to it */
    struct prompt_lookup *lookup; /* of all ids; NULL: no drafts */
    struct draft draft;
    struct answer_start start;
    struct answer_parts parts;
    double thinking_from_ms; /* its first token of thinking was there */
    bool was_closed;         /* the budget has closed its thinking */
    bool stop_token;         /* a stop text that is a token ended it */
    struct turn_stats stats;
    double begin_ms, first_ms;  /* evaluation began; first token was there */
    double given_ms;            /* the last of the tokens that it begins with */
    double stamps[RATE_WINDOW]; /* when the last tokens came; token i at i % RATE_WINDOW */
    double progress_ms;         /* last EVENT_PROMPT */
    struct error failure;       /* of STOP_FAILED */
};

/* ---- the prompt ----------------------------------------------------------------------- */

/* Raw: the text as the model's own tokenizer takes it, special tokens and prefix included. */
static bool render_raw(const struct engine *e, const struct chat *c, struct ids *out,
                       struct error *err)
{
    struct text_span span = {.text = "", .special = true};
    if (c->n > 0 && c->messages[c->n - 1].text.len > 0) {
        span.text = c->messages[c->n - 1].text.data;
        span.len = c->messages[c->n - 1].text.len;
    }
    tokenizer_push_prefix(e->tokenizer, out);
    return span.len == 0 || tokenizer_encode(e->tokenizer, &span, 1, out) || tokenizer_gave_up(err);
}

/* -> false: the template refuses these messages, or the tokenizer gives up. */
bool turn_render(const struct engine *e, const struct request *r, struct ids *out,
                 struct answer_start *start, struct error *err)
{
    bool ok = r->raw ? render_raw(e, &r->chat, out, err)
                     : chat_render_turn(&r->chat, &e->template, e->tokenizer, &r->thinking, out,
                                        start, err);
    int32_t bos = e->model->config.bos;
    if (ok && out->n == 0 && bos >= 0) /* nothing at all was said: the model begins */
        ids_push(out, bos);
    return ok;
}

/* A model may have been trained to begin its answers with <think> although its template, which may
 * be of others (chatml, alpaca), says nothing of it: an answer that does so thinks. */
static bool thinks_by_answers(const struct turn *t)
{
    return !t->r->raw && !t->e->template.thinking.kind;
}

/* A text, or an answer that has begun, goes on. */
static bool goes_on(const struct request *r)
{
    const struct chat_message *m = r->chat.n > 0 ? &r->chat.messages[r->chat.n - 1] : NULL;
    return m && (r->raw ? m->text.len > 0
                        : m->role == CHAT_ASSISTANT && (m->text.len > 0 || m->thinking.len > 0));
}

/* Raw text knows no thinking. */
static const struct thinking *thinking_of(const struct turn *t)
{
    return t->r->raw              ? &t->e->no_thinking
           : thinks_by_answers(t) ? &t->e->by_answers
                                  : &t->e->template.thinking;
}

uint32_t turn_pieces(const struct model *m, const struct tokenizer *t)
{
    uint32_t n = tokenizer_size(t), vocab = m->config.vocab;
    return n < vocab ? n : vocab;
}

static uint32_t n_pieces(const struct engine *e)
{
    return turn_pieces(e->model, e->tokenizer);
}

/* -> false: an answer that goes on does not fit so far. */
static bool begin_shape(struct turn *t, struct error *err)
{
    const struct chat *c = &t->r->chat;
    struct answer_shape *s = &t->e->shape;
    answer_shape_begin(s, t->r->grammar, t->e->tokenizer, n_pieces(t->e), &t->parts);
    if (!s->on)
        return true;
    answer_ends_list(&t->e->model->config, &t->e->template, thinking_of(t), &s->ends);
    const struct buf *text = c->n > 0 ? &c->messages[c->n - 1].text : NULL;
    return t->r->raw || !t->continues || text->len == 0 ||
           answer_shape_text(s, text->data, text->len) ||
           error_set(err, EX_DATAERR,
                     "the answer so far is not as the grammar or the JSON schema wants it: it "
                     "cannot go on");
}

static bool render(struct turn *t, struct error *err)
{
    t->continues = goes_on(t->r);
    if (!turn_render(t->e, t->r, &t->ids, &t->start, err))
        return false;
    t->stats.folding = t->start.folding;
    if (thinks_by_answers(t) && !t->continues)
        t->start.state = THINKING_BEFORE;
    answer_parts_start(&t->parts, thinking_of(t), &t->start, &t->ids, t->continues, &t->r->stops);
    t->stats.n_prompt = (uint32_t)t->ids.n;
    return begin_shape(t, err);
}

/* ---- events --------------------------------------------------------------------------- */

static struct event event_of(const struct turn *t, enum event_type type)
{
    struct event event = {.type = type, .turn = t->r->turn, .stats = t->stats};
    event.stats.kv_bytes = session_kv_bytes(t->e->session);
    return event;
}

static bool on_progress(void *arg, uint32_t done, uint32_t total)
{
    struct turn *t = arg;
    uint32_t reused = session_reused(t->e->session);
    double now = now_ms();
    if (t->stats.n_tokens == 0 && total - reused > 1 &&
        (done == total || now - t->progress_ms >= PROGRESS_EVERY_MS)) {
        struct event event = event_of(t, EVENT_PROMPT);
        event.done = done;
        event.total = total;
        event.stats.n_reused = reused;
        engine_emit_progress(t->e, &event);
        t->progress_ms = now;
    }
    return !engine_is_cancelled(t->e, t->r->turn);
}

static void emit_piece(struct turn *t, enum event_type type, struct buf *text)
{
    const struct event event = event_of(t, type);
    engine_emit_text(t->e, &event, text);
}

static void emit_text(struct turn *t)
{
    emit_piece(t, EVENT_THINKING, &t->parts.thinking);
    emit_piece(t, EVENT_TEXT, &t->parts.text);
}

static float tokens_per_s(uint32_t n_intervals, double ms)
{
    return n_intervals > 0 && ms > 0 ? (float)(n_intervals * 1e3 / ms) : 0;
}

/* Behind `n` tokens; of at most the last RATE_WINDOW. Those that the answer began with came at
 * once: they do not count. */
static float moving_rate(const struct turn *t, uint32_t n, double now)
{
    uint32_t n_given = (uint32_t)t->r->given.n, window = n_given ? n + 1 - n_given : n;
    if (n_given && n <= n_given)
        return 0;
    if (window > RATE_WINDOW)
        window = RATE_WINDOW;
    return tokens_per_s(window, now - t->stamps[(n - window) % RATE_WINDOW]);
}

/* Of the whole turn; one token alone behind those that it began with has none. */
static float turn_rate(const struct turn *t)
{
    uint32_t n = t->stats.n_tokens, n_given = (uint32_t)t->r->given.n;
    if (!n_given)
        return tokens_per_s(n ? n - 1 : 0, t->stats.generate_ms);
    return n < n_given + 2 ? 0
                           : tokens_per_s(n - n_given,
                                          t->first_ms + (double)t->stats.generate_ms - t->given_ms);
}

static void note_thinking(struct turn *t, double now)
{
    uint32_t n = t->parts.splitter.n_tokens;
    if (n > 0 && t->stats.n_thinking == 0)
        t->thinking_from_ms = now;
    if (n > t->stats.n_thinking)
        t->stats.thinking_ms = (float)(now - t->thinking_from_ms);
    t->stats.n_thinking = n;
    t->stats.in_thinking = splitter_thinks(&t->parts.splitter);
}

/* A token of the answer: remembered, its text and the numbers sent. logits: those that it was
 * chosen by, or NULL. -> true: a stop text is there. */
static bool emit_token(struct turn *t, int32_t id, const float *logits)
{
    double now = now_ms();
    struct token_odds odds = token_odds_of(logits, n_pieces(t->e), id);
    uint32_t n = t->stats.n_tokens++;
    if (n == 0) {
        t->first_ms = now;
        t->stats.first_token_ms = (float)(now - t->r->submitted_ms);
        t->stats.prompt_ms = (float)(now - t->begin_ms);
    }
    if (n < t->r->given.n)
        t->given_ms = now;
    t->stats.tokens_per_s = moving_rate(t, n, now);
    t->stamps[n % RATE_WINDOW] = now;
    t->stats.generate_ms = (float)(now - t->first_ms);
    t->stats.n_ctx_used = (uint32_t)t->ids.n + 1;

    ids_push(&t->ids, id);
    ids_push(&t->answer, id);
    odds_push(&t->odds, &odds);
    if (t->lookup)
        prompt_lookup_push(t->lookup, id, tokenizer_goes_on(t->e->tokenizer, id));
    bool stop = answer_parts_push(&t->parts, id);
    note_thinking(t, now);
    emit_text(t);
    struct event event = event_of(t, EVENT_STATS);
    event.token = id;
    engine_emit(t->e, &event);
    return stop;
}

/* ---- generation ----------------------------------------------------------------------- */

static struct sampling live_sampling(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    struct sampling sampling = e->sampling;
    pthread_mutex_unlock(&e->lock);
    return sampling;
}

static bool ends_answer(struct turn *t, int32_t id)
{
    t->stop_token = answer_parts_is_stop(&t->parts, id);
    bool is_end = answer_ends_by(&t->e->model->config, &t->e->template, id);
    return splitter_ends(&t->parts.splitter, id, is_end) || t->stop_token;
}

/* Why no further token may come, or STOP_NONE. */
static enum stop_reason limit(const struct turn *t)
{
    uint32_t max = atomic_load(&t->e->max_tokens);
    if (engine_is_cancelled(t->e, t->r->turn))
        return STOP_CANCELLED;
    if (max > 0 && t->stats.n_tokens >= max)
        return STOP_LENGTH;
    return t->ids.n >= t->e->info.ctx_len ? STOP_CONTEXT : STOP_NONE;
}

/* ---- drafts: several tokens in one pass ----------------------------------------------- */

/* The table is made when the first answer token is there: the prompt's own pass has no room. */
static void start_lookup(struct turn *t)
{
    if (t->e->setup.speculate == SPECULATE_OFF)
        return;
    t->lookup = prompt_lookup_new(t->e->info.ctx_len);
    for (size_t i = 0; i < t->ids.n; i++)
        prompt_lookup_push(t->lookup, t->ids.ids[i],
                           tokenizer_goes_on(t->e->tokenizer, t->ids.ids[i]));
}

/* Tokens that the answer begins with, and that did not come yet. */
static size_t n_given(const struct turn *t)
{
    return t->r->given.n > t->answer.n ? t->r->given.n - t->answer.n : 0;
}

/* As many of these as go into a pass, but the last, which is picked behind it. */
static void draft_given(struct turn *t)
{
    struct draft *g = &t->draft;
    uint32_t room = session_room(t->e->session, (uint32_t)t->ids.n);
    size_t n = n_given(t) - 1;
    if (session_len(t->e->session) + 1 < t->ids.n) /* the prompt has a pass of its own */
        n = 0;
    g->n = (uint32_t)(n < room ? n : room);
    memcpy(g->ids, t->r->given.ids + t->answer.n, g->n * sizeof *g->ids);
}

static void make_draft(struct turn *t)
{
    struct draft *g = &t->draft;
    uint32_t n = (uint32_t)t->ids.n, max = atomic_load(&t->e->max_tokens);
    g->n_ids = g->n = 0;
    if (n_given(t) > 0) {
        draft_given(t);
        return;
    }
    if (!t->lookup || session_len(t->e->session) < n - 1)
        return;
    uint32_t room = session_room(t->e->session, n);
    if (max > 0 && max - t->stats.n_tokens - 1 < room) /* not behind the last token */
        room = max - t->stats.n_tokens - 1;
    g->n_ids = prompt_lookup_draft(t->lookup, g->ids, room, &g->n_match);
    g->n = speculate_length(&t->e->speculate, g->n_match, g->n_ids);
}

/* ---- contexts from the disk ----------------------------------------------------------- */

static bool on_kept(void *arg, uint32_t done)
{
    struct turn *t = arg;
    struct event event = event_of(t, EVENT_PROMPT);
    event.done = event.stats.n_reused = done;
    event.total = t->ids.n;
    engine_emit_progress(t->e, &event);
    return !engine_is_cancelled(t->e, t->r->turn);
}

/* What the disk has of the prompt, if that is more than the session has. */
static void resume(struct turn *t)
{
    struct engine *e = t->e;
    if (!e->cache || t->ids.n < 2 || t->ids.n > e->info.ctx_len ||
        engine_is_cancelled(e, t->r->turn))
        return;
    t->stats.n_kept = prompt_cache_resume(e->cache, e->session, e->tokenizer, &t->ids, on_kept, t);
    if (t->stats.n_kept > 0)
        engine_own(e, t->r->conversation);
    t->stats.n_prompt = (uint32_t)t->ids.n;
    t->begin_ms = now_ms();
}

/* What a further token of a prompt takes here. */
static void note_speed(struct engine *e, double ms)
{
    uint32_t n = session_len(e->session) - session_reused(e->session);
    if (n >= RATE_WINDOW)
        e->token_ms = ms / n;
}

/* The text and its draft, in one pass. -> false when told to stop. */
static bool evaluate(struct turn *t)
{
    struct engine *e = t->e;
    size_t n = t->ids.n;
    make_draft(t);
    session_mark(e->session, t->stats.n_tokens == 0 ? answer_ends_said(&e->template, &t->ids) : 0);
    for (uint32_t i = 0; i < t->draft.n; i++)
        ids_push(&t->ids, t->draft.ids[i]);
    engine_own(e, t->r->conversation);
    double start = now_ms();
    enum session_result result = session_sync_last(e->session, t->ids.ids, (uint32_t)t->ids.n,
                                                   t->draft.n + 1, on_progress, t);
    t->ids.n = n;
    note_speed(e, now_ms() - start);
    if (result != SESSION_OK)
        return false;
    if (t->stats.n_tokens == 0)
        t->stats.n_reused = session_reused(e->session);
    else if (t->lookup && n_given(t) == 0)
        speculate_time(&e->speculate, t->draft.n + 1, now_ms() - start);
    t->stats.n_passes++;
    t->stats.n_drafted += n_given(t) ? 0 : t->draft.n;
    return true;
}

/* ---- a thinking that is too long ------------------------------------------------------ */

static bool must_close(const struct turn *t)
{
    uint32_t budget = t->r->thinking.budget;
    return budget > 0 && !t->was_closed && n_given(t) == 0 && t->stats.n_thinking >= budget &&
           t->parts.splitter.state == THINKING_INSIDE;
}

/* The marker that ends it, in the model's place. -> why the answer ends there, or STOP_NONE */
static enum stop_reason close_thinking(struct turn *t)
{
    const char *end = thinking_of(t)->kind->end;
    const struct text_span span = {end, strlen(end), true};
    struct ids ids = {0};
    enum stop_reason stop = STOP_NONE;
    tokenizer_encode_more(t->e->tokenizer, &span, 1, &ids);
    for (size_t i = 0; i < ids.n && stop == STOP_NONE; i++)
        if ((stop = limit(t)) == STOP_NONE)
            emit_token(t, ids.ids[i], NULL);
    t->was_closed = stop == STOP_NONE;
    ids_free(&ids);
    return stop;
}

/* ---- tokens --------------------------------------------------------------------------- */

/* Where the start of this text becomes no numbers: 0: in the embedding, 1 + i: in layer i, 1 +
 * n_layers: behind the layers. */
static uint32_t broken_layer(struct turn *t)
{
    enum { ENOUGH = 16 };
    struct session *s = t->e->session;
    const struct model_config *c = &t->e->model->config;
    uint32_t n = t->ids.n < ENOUGH ? (uint32_t)t->ids.n : ENOUGH, layer = 0;
    float *x = xcalloc((size_t)n * c->dim, sizeof *x);
    session_embed(s, t->ids.ids, n, x);
    for (; layer < c->n_layers && logits_are_numbers(x, n * c->dim); layer++)
        session_layer(s, layer, t->ids.ids, n, x);
    bool head = layer == c->n_layers && logits_are_numbers(x, n * c->dim);
    free(x);
    return head ? 1 + c->n_layers : layer;
}

static enum stop_reason fail_numbers(struct turn *t)
{
    uint32_t layer = broken_layer(t);
    char where[40] = "in the output head or late in the text";
    if (layer == 0)
        snprintf(where, sizeof where, "in the embedding");
    else if (layer <= t->e->model->config.n_layers)
        snprintf(where, sizeof where, "from layer %u on", layer - 1);
    session_truncate(t->e->session, 0);
    error_set(&t->failure, EX_DATAERR,
              "the model computes values that are no numbers (%s): its weights are damaged, or it "
              "needs a wider range than this format has",
              where);
    return STOP_FAILED;
}

/* Those that the grammar allows next. -> why the answer ends here, or STOP_NONE */
static enum stop_reason allow_tokens(struct turn *t)
{
    const uint32_t *allowed;
    enum shape_result result = answer_shape_allowed(&t->e->shape, &allowed, &t->failure);
    sampler_allow(t->e->sampler, allowed);
    return result == SHAPE_ENDED ? STOP_END : result == SHAPE_FAILED ? STOP_FAILED : STOP_NONE;
}

/* Tokens as they would come one by one: each is picked from its own logits by what stands before
 * it, and the draft counts as long as it is the same. A seed therefore gives the same text. */
static enum stop_reason pick_tokens(struct turn *t)
{
    struct engine *e = t->e;
    const struct draft g = t->draft;
    uint32_t n_accepted = 0;
    enum stop_reason stop = STOP_NONE;
    bool same = true, is_wrong = false;
    int32_t id;
    for (uint32_t i = 0; i <= g.n && same; i++) {
        if (i > 0 && (stop = limit(t)) != STOP_NONE)
            break;
        struct sampling sampling = live_sampling(e);
        if (!logits_are_numbers(session_logits_at(e->session, i), n_pieces(e)))
            return fail_numbers(t);
        if ((stop = allow_tokens(t)) != STOP_NONE)
            return stop;
        if (n_given(t) > 0) { /* as drafted */
            id = t->r->given.ids[t->answer.n];
            same = i < g.n;
            if (ends_answer(t, id))
                return STOP_END;
            if (emit_token(t, id, session_logits_at(e->session, i)))
                return STOP_TEXT;
            continue;
        }
        id = sampler_pick(e->sampler, session_logits_at(e->session, i), n_pieces(e), &sampling,
                          t->ids.ids, t->ids.n);
        same = i < g.n_ids && id == g.ids[i];
        is_wrong = i < g.n_ids && !same;
        n_accepted += same;
        t->stats.n_accepted += same && i < g.n;
        if (ends_answer(t, id))
            return STOP_END;
        answer_shape_push(&e->shape, id);
        if (emit_token(t, id, session_logits_at(e->session, i)))
            return STOP_TEXT;
        if (!answer_shape_check(&e->shape, &t->failure))
            return STOP_FAILED;
        if (must_close(t))
            break;
    }
    if (g.n_ids > 0)
        speculate_learn(&e->speculate, g.n_match, n_accepted, is_wrong);
    return stop;
}

static enum stop_reason generate(struct turn *t)
{
    for (;;) {
        enum stop_reason stop = limit(t);
        if (stop == STOP_NONE && must_close(t))
            stop = close_thinking(t);
        if (stop == STOP_NONE)
            stop = limit(t);
        if (stop != STOP_NONE)
            return stop;
        if (!evaluate(t))
            return STOP_CANCELLED;
        stop = pick_tokens(t);
        if (stop != STOP_NONE)
            return stop;
        if (!t->lookup)
            start_lookup(t);
    }
}

/* What was drafted wrong, or evaluated ahead of a text that ended: the next turn finds the cache as
 * if tokens had come one by one. */
static void rewind_cache(const struct turn *t, enum stop_reason stop)
{
    uint32_t n = (uint32_t)t->ids.n;
    if (t->stats.n_tokens > 0)
        session_truncate(t->e->session, stop == STOP_END ? n : n - 1);
}

void turn_fail(struct engine *e, const struct event *done, const struct error *err)
{
    struct event failed = *done;
    failed.stop = STOP_FAILED;
    pthread_mutex_lock(&e->lock);
    e->turn_error = *err;
    pthread_mutex_unlock(&e->lock);
    engine_emit(e, &failed);
}

/* Since so many bytes were needed and missed. */
static float miss_rate(const struct session *s, uint64_t needed, uint64_t missed)
{
    uint64_t needed_now, missed_now;
    session_expert_reads(s, &needed_now, &missed_now);
    return needed_now > needed ? (float)(missed_now - missed) / (float)(needed_now - needed) : 0;
}

/* Somebody else's words; the session stays as it is. */
static void say(struct turn *t, const char *words)
{
    struct buf text = {0};
    buf_puts(&text, words);
    emit_piece(t, EVENT_TEXT, &text);
    buf_free(&text);
    struct event done = event_of(t, EVENT_DONE);
    done.stop = STOP_END;
    engine_emit(t->e, &done);
}

void turn_run(struct engine *e, const struct request *r)
{
    struct turn t = {.e = e, .r = r, .begin_ms = now_ms()};
    struct error err;
    if (r->against.path) {
        compare_run(e, r);
        return;
    }
    if (r->instead) {
        say(&t, r->instead);
        return;
    }
    if (!render(&t, &err)) {
        struct event done = event_of(&t, EVENT_DONE);
        turn_fail(e, &done, &err);
        ids_free(&t.ids);
        return;
    }
    uint64_t needed, missed;
    session_expert_reads(e->session, &needed, &missed);
    sampler_seed(e->sampler, r->seed);
    speculate_begin(&e->speculate);
    resume(&t);
    enum stop_reason stop = t.ids.n > 0 ? generate(&t) : STOP_END;
    rewind_cache(&t, stop);
    if (stop != STOP_TEXT) {
        if (answer_parts_end(&t.parts) && stop != STOP_FAILED)
            stop = STOP_TEXT;
        emit_text(&t);
    }
    if (stop == STOP_TEXT)
        t.answer.n = answer_parts_n_ids(&t.parts);
    else if (t.stop_token)
        stop = STOP_TEXT;
    if (t.stats.n_tokens == 0)
        t.stats.prompt_ms = (float)(now_ms() - t.begin_ms);
    t.stats.tokens_per_s = turn_rate(&t);
    t.stats.n_ctx_used = session_len(e->session);
    t.stats.miss_rate = miss_rate(e->session, needed, missed);
    if (e->token_ms == 0 && t.stats.n_tokens > 1) /* no prompt was long enough to tell */
        e->token_ms = (double)t.stats.generate_ms / (t.stats.n_tokens - 1);
    t.odds.n = t.answer.n;
    engine_keep_answer(e, r->turn, &t.answer,
                       &t.odds); /* before EVENT_DONE: the caller may ask then */
    struct event done = event_of(&t, EVENT_DONE);
    done.stop = stop;
    if (stop == STOP_FAILED)
        turn_fail(e, &done, &t.failure);
    else
        engine_emit(e, &done);
    prompt_lookup_free(t.lookup);
    ids_free(&t.ids);
    answer_parts_free(&t.parts);
}
