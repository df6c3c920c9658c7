/* SPDX-License-Identifier: MIT */
#include "chat_turn.h"

#include <stdlib.h>
#include <string.h>

#include "chat_bench.h"
#include "chat_compact.h"
#include "chat_context.h"
#include "chat_files.h"
#include "model_name.h"
#include "model_options.h"
#include "referral.h"
#include "settings_file.h"

/* ---- sending -------------------------------------------------------------------------- */

/* The system prompt comes first; the rendering for base models, which know no roles, leaves it out.
 */
static void add_system(const struct chat_session *s, struct chat *c)
{
    const char *system = options_text(s->options, OPT_SYSTEM);
    if (*system)
        chat_add(c, CHAT_SYSTEM, system, strlen(system));
}

/* A fixed seed gives the first answer always the same, another version another one. */
static uint64_t seed_of_turn(const struct chat_session *s)
{
    int which;
    conversation_versions(&s->conversation, s->writing, &which);
    return options_seed(s->options) + (uint64_t)which - 1;
}

/* What the conversation is held under is saved with it. */
static void note_settings(struct chat_session *s)
{
    struct conversation *c = &s->conversation;
    char **to[] = {&c->system, &c->model, &c->preset};
    const char *from[] = {options_text(s->options, OPT_SYSTEM), s->model_name,
                          options_text(s->options, OPT_PRESET)};
    for (int i = 0; i < 3; i++) {
        free(*to[i]);
        *to[i] = from[i] && *from[i] ? xstrdup(from[i]) : NULL;
    }
}

/* The message that the turn writes: a last one of the model is opened again, and grows. */
static struct message *open_answer(struct chat_session *s)
{
    struct conversation *c = &s->conversation;
    s->writing = conversation_leaf(c);
    if (c->messages[s->writing].role == CHAT_USER)
        s->writing = conversation_add(c, CHAT_ASSISTANT, "", 0);
    struct message *m = &c->messages[s->writing];
    m->open = m->changed = true;
    s->ids_known = m->ids.n || (!m->text.len && !m->thinking.len);
    s->thought.n_before = m->n_thinking;
    s->thought.ms_before = m->thinking_ms;
    if (!m->model && s->model_name)
        m->model = xstrdup(s->model_name);
    return m;
}

static void reset_status(struct chat_session *s)
{
    s->status.state = STATE_READING;
    s->status.done = s->status.total = 0;
    s->status.n_read_before = 0;
    s->status.reading_ms = 0;
    s->status.now_tokens_per_s = 0;
}

/* An answer whose tokens are not known goes on behind its last word: a blank at its end would be a
 * token that no answer has there, and the model brings its own. */
static void trim_answer(struct conversation *c)
{
    int32_t leaf = conversation_leaf(c);
    struct message *m = leaf == NO_MESSAGE ? NULL : &c->messages[leaf];
    if (!m || m->role != CHAT_ASSISTANT || m->ids.n)
        return;
    while (m->text.len && strchr(" \t", m->text.data[m->text.len - 1]))
        m->text.data[--m->text.len] = '\0';
}

/* What the program says in the place of the starter, which is too small to be right; or NULL. */
static const char *referral(const struct chat_session *s)
{
    int32_t leaf = conversation_leaf(&s->conversation);
    const struct message *m = leaf == NO_MESSAGE ? NULL : &s->conversation.messages[leaf];
    if (!m || m->role != CHAT_USER || !model_is_starter(s->model_name))
        return NULL;
    return referral_for(m->text.data);
}

void chat_path_request(struct chat_session *s, struct chat *request)
{
    add_system(s, request);
    conversation_chat(&s->conversation, request);
    chat_leave_out(s, request);
}

/* Continues the path. */
static void submit(struct chat_session *s)
{
    struct chat request = {0};
    const char *instead = referral(s);
    trim_answer(&s->conversation);
    chat_slide(s);
    chat_path_request(s, &request);
    open_answer(s);
    s->face->answers(s->self, s->writing);
    note_settings(s);
    chat_save(s);
    struct stops stops = options_stops(s->options);
    chat_apply_options(s);
    s->turn = engine_submit(s->engine,
                            &(struct turn_request){
                                .chat = &request,
                                .max_tokens = (uint32_t)options_number(s->options, OPT_MAX_TOKENS),
                                .seed = seed_of_turn(s),
                                .any_seed = options_number(s->options, OPT_SEED) < 0,
                                .stops = &stops,
                                .thinking = options_thinking(s->options),
                                .grammar = s->given ? NULL : s->grammar,
                                .given = s->given,
                                .instead = s->given ? NULL : instead,
                                .conversation = s->conversation.id,
                            });
    chat_free(&request);
    s->queued = false;
    s->turn_started = now_ms();
    reset_status(s);
    chat_options_applied(s);
    s->face->changed(s->self);
}

void chat_answer(struct chat_session *s)
{
    s->queued = !s->ready;
    if (s->ready)
        submit(s);
    else
        s->face->answers(s->self, NO_MESSAGE);
}

void chat_answer_from(struct chat_session *s, const struct ids *given)
{
    s->given = given;
    submit(s);
    s->given = NULL;
}

void chat_go_on(struct chat_session *s)
{
    submit(s);
    s->face->path_changed(s->self, false);
}

static int32_t add_message(struct chat_session *s, const char *text, size_t n)
{
    struct conversation *c = &s->conversation;
    int32_t number = conversation_add(c, CHAT_USER, text, n);
    if (!c->title) {
        size_t n_typed;
        const char *typed = chat_files_typed(&c->messages[number], &n_typed);
        c->title = conversation_title_of(typed, n_typed);
        c->title_changed = true;
    }
    return number;
}

void chat_send(struct chat_session *s, const char *text, size_t n)
{
    s->face->said(s->self, add_message(s, text, n));
    chat_save(s);
    chat_answer(s);
}

void chat_send_again(struct chat_session *s, int32_t number, const char *text, size_t n)
{
    conversation_cut(&s->conversation, s->conversation.messages[number].parent);
    add_message(s, text, n);
    s->face->path_changed(s->self, false);
    chat_save(s);
    chat_answer(s);
}

/* ---- the end of an answer ------------------------------------------------------------- */

void chat_stop(struct chat_session *s)
{
    if (s->turn)
        engine_cancel(s->engine, s->turn);
    if (s->bench)
        engine_cancel(s->engine, s->bench);
    if (s->compact.turn)
        engine_cancel(s->engine, s->compact.turn);
    if (s->scoring.turn)
        engine_cancel(s->engine, s->scoring.turn);
    if (s->queued) {
        s->queued = false;
        s->face->answered(s->self, "[stopped]");
    }
    s->face->changed(s->self);
}

/* It ended before the first word of its answer. */
static const char *mark_of_thinking(const struct message *m)
{
    switch (m->stop) {
    case STOP_NONE: return "[interrupted while it thought; /continue resumes it]";
    case STOP_CANCELLED: return "[stopped while it thought]";
    case STOP_CUT: return "[cut off while it thought]";
    case STOP_LENGTH: return "[max tokens reached while it thought; /continue resumes it]";
    case STOP_CONTEXT: return "[context full while it thought]";
    default: return "[no answer]";
    }
}

const char *chat_mark_of(const struct message *m)
{
    if (m->open || m->role != CHAT_ASSISTANT)
        return NULL;
    if (!m->text.len && m->thinking.len)
        return mark_of_thinking(m);
    switch (m->stop) {
    case STOP_NONE: return "[interrupted; /continue resumes it]";
    case STOP_CANCELLED: return "[stopped]";
    case STOP_CUT: return "[cut off]";
    case STOP_LENGTH: return "[max tokens reached]";
    case STOP_CONTEXT: return "[context full]";
    default: return m->text.len ? NULL : "[no answer]";
    }
}

/* An answer without a word is nothing that the model should find later; the one before it stays. */
static void drop_empty(struct chat_session *s)
{
    struct conversation *c = &s->conversation;
    conversation_drop_leaf(c);
    int32_t leaf = conversation_leaf(c);
    if (leaf != NO_MESSAGE && c->messages[leaf].last_child != NO_MESSAGE) {
        conversation_choose(c, leaf);
        s->face->path_changed(s->self, true);
    }
}

static void close_answer(struct chat_session *s, enum stop_reason stop)
{
    struct message *m = &s->conversation.messages[s->writing];
    m->open = false;
    m->stop = stop;
    m->changed = true;
    s->face->answered(s->self, chat_mark_of(m));
    if (!m->text.len && !m->thinking.len && !m->ids.n)
        drop_empty(s);
}

/* What was to be known of an answer's tokens. */
static void drop_scoring(struct chat_session *s)
{
    if (s->scoring.turn)
        engine_cancel(s->engine, s->scoring.turn);
    s->scoring.turn = 0;
    free(s->scoring.argument);
    s->scoring.argument = NULL;
}

void chat_leave(struct chat_session *s, enum stop_reason stop)
{
    if (s->turn)
        engine_cancel(s->engine, s->turn);
    if (s->turn)
        close_answer(s, stop);
    s->turn = 0; /* its events are stale from here on */
    chat_compact_drop(s);
    drop_scoring(s);
    s->queued = false;
    chat_save(s);
}

/* ---- events --------------------------------------------------------------------------- */

static void drop_oldest(struct chat_session *s, bool yes)
{
    if (!yes)
        return;
    unsigned n = s->context.n_to_drop;
    const bool had_summary = !s->context.no_summary;
    s->context.n_to_drop = 0;
    if (n)
        chat_drop_oldest(s, n);
    if (s->context.unanswered)
        chat_answer(s);
    else if (n == 1)
        chat_notice(s, "From your next message on, the model no longer sees the %s",
                    had_summary && s->context.no_summary ? "summary" : "oldest exchange");
    else if (n)
        chat_notice(
            s, "From your next message on, the model no longer sees the %u oldest exchanges", n);
}

/* Those whose time is known: an answer may have begun with tokens that came at once. */
static uint32_t n_timed(const struct turn_stats *t)
{
    uint32_t n = t->n_tokens ? t->n_tokens - 1 : 0;
    double timed = (double)t->tokens_per_s * (double)t->generate_ms / 1000 + 0.5;
    return t->generate_ms > 0 && timed < n ? (uint32_t)timed : n;
}

static void note_done(struct status *f, const struct event *e)
{
    f->state = STATE_READY;
    f->last = e->stats;
    f->stop = e->stop;
    f->n_ctx_used = e->stats.n_ctx_used;
    f->kv_bytes = e->stats.kv_bytes;
    f->now_tokens_per_s = 0;
    f->thinking = false;
    f->all.n_tokens += n_timed(&e->stats);
    f->all.ms += n_timed(&e->stats) ? (double)e->stats.generate_ms : 0;
    spark_add(&f->speed, (double)e->stats.tokens_per_s);
}

void chat_tell_folding(struct chat_session *s, enum chat_folding folding)
{
    if (folding == CHAT_UNFOLDED || s->folding_told & 1u << folding)
        return;
    s->folding_told |= 1u << folding;
    chat_notice(s, folding == CHAT_SYSTEM_FOLDED
                       ? "This model's template takes no system prompt: it stands in front of "
                         "your first message"
                       : "This model's template wants you and the model to take turns: messages "
                         "in a row are joined");
}

void chat_tell_failure(struct chat_session *s)
{
    struct error err;
    engine_turn_error(s->engine, &err);
    chat_notice(s, "%s", err.text);
}

/* Of all turns that wrote this answer. */
static void note_thinking(struct chat_session *s, const struct turn_stats *now)
{
    struct message *m = &s->conversation.messages[s->writing];
    m->n_thinking = s->thought.n_before + now->n_thinking;
    m->thinking_ms = s->thought.ms_before + now->thinking_ms;
}

/* Numbers belong to ids one by one, or are not kept. */
static void note_tokens(struct chat_session *s, uint32_t turn, struct message *m)
{
    bool all = m->odds.n == m->ids.n;
    engine_turn_ids(s->engine, turn, &m->ids);
    if (all)
        engine_turn_odds(s->engine, turn, &m->odds);
    if (m->odds.n != m->ids.n)
        odds_free(&m->odds);
}

static void on_done(struct chat_session *s, const struct event *e)
{
    struct message *m = &s->conversation.messages[s->writing];
    /* Ids say all of a text or nothing: those of a text that was saved are not known. */
    if (s->ids_known)
        note_tokens(s, e->turn, m);
    else
        odds_free(&m->odds);
    m->stats = e->stats;
    note_thinking(s, &e->stats);
    close_answer(s, e->stop);
    chat_save(s);
    s->turn = 0;
    note_done(&s->status, e);
    chat_sample(s);
    chat_tell_folding(s, e->stats.folding);
    if (e->stop == STOP_FAILED || e->stop == STOP_CUT)
        chat_tell_failure(s);
    else if (e->stop == STOP_CONTEXT)
        chat_context_full(s, e->stats.n_tokens == 0, drop_oldest);
    else
        chat_watch_context(s);
}

static void note_place(struct status *f, const struct engine_remote_info *r)
{
    snprintf(f->remote.host, sizeof f->remote.host, "%s", r->host ? r->host : "");
    snprintf(f->remote.model, sizeof f->remote.model, "%s", r->host ? r->model : "");
    f->remote.is_open = r->is_open;
    f->remote.is_here = r->is_here;
}

static void note_model(struct status *f, const struct engine_info *info)
{
    note_place(f, &info->remote);
    f->state = STATE_READY;
    f->done = f->total = 0;
    f->model_bytes = info->file_bytes;
    f->compressed_bytes = info->compressed_bytes;
    f->f32_bytes = info->f32_bytes;
    snprintf(f->loss, sizeof f->loss, "%s", info->loss);
    f->cpu_level = info->cpu_level;
    f->template = info->template;
    f->can_think = info->thinking;
    f->n_threads = info->n_threads;
    f->ctx_len = info->ctx_len;
}

void chat_end_step(struct chat_session *s)
{
    if (s->status.step[0] && s->face->full_screen)
        s->face->notice(s->self, "");
    s->status.step[0] = '\0';
}

static void on_ready(struct chat_session *s)
{
    const struct engine_info *info = engine_info(s->engine);
    s->ready = true;
    chat_end_step(s);
    chat_note_remote(s);
    note_model(&s->status, info);
    options_from_generation(s->options, info->generation_json);
    chat_apply_options(s);
    chat_options_applied(s);
    chat_sample(s);
    if (!s->saving.off)
        settings_remember(s->options, s->model_path);
    if (info->fit[0])
        chat_notice(s, "This model %s", info->fit);
    if (info->missing_tokens)
        chat_notice(s, "The template %s does not suit this model, which lacks the tokens %s",
                    info->template, info->missing_tokens);
    if (s->queued)
        submit(s);
}

static void on_progress(struct chat_session *s, const struct event *e, enum state state)
{
    const bool had_step = s->status.step[0] != '\0';
    s->status.state = state;
    s->status.done = e->done;
    s->status.total = e->total;
    snprintf(s->status.step, sizeof s->status.step, "%.*s", (int)e->n_text, e->text);
    if ((e->n_text || had_step) && state == STATE_LOADING && s->face->full_screen)
        s->face->notice(s->self, s->status.step);
    if (state == STATE_READING && e->n_text) /* an engine elsewhere is asked again */
        chat_notice(s, "%s", s->status.step);
    if (state == STATE_READING) {
        s->status.n_read_before = e->stats.n_reused;
        s->status.reading_ms = now_ms() - s->turn_started;
    }
}

static void on_text(struct chat_session *s, const struct event *e)
{
    struct message *m = &s->conversation.messages[s->writing];
    buf_append(&m->text, e->text, e->n_text);
    m->changed = true;
    saving_later(&s->saving);
    s->face->text(s->self, e->text, e->n_text);
}

static void on_thinking(struct chat_session *s, const struct event *e)
{
    struct message *m = &s->conversation.messages[s->writing];
    buf_append(&m->thinking, e->text, e->n_text);
    m->changed = true;
    saving_later(&s->saving);
    if (s->face->thinking)
        s->face->thinking(s->self, e->text, e->n_text);
}

static void on_stats(struct chat_session *s, const struct turn_stats *now)
{
    struct turn_stats *last = &s->status.last;
    s->status.state = STATE_ANSWERING;
    s->status.now_tokens_per_s = now->tokens_per_s;
    s->status.n_ctx_used = now->n_ctx_used;
    s->status.kv_bytes = now->kv_bytes;
    s->status.thinking = now->in_thinking;
    note_thinking(s, now);
    last->first_token_ms = now->first_token_ms;
    last->prompt_ms = now->prompt_ms;
    last->n_tokens = now->n_tokens;
    last->n_prompt = now->n_prompt;
    last->n_reused = now->n_reused;
    last->n_kept = now->n_kept;
    last->is_estimate = now->is_estimate;
    if (!s->status.remote.host[0]) /* an engine elsewhere has those that it was asked with */
        chat_options_applied(s);
    chat_watch_context(s);
}

void chat_event(struct chat_session *s, const struct event *e)
{
    bool of_a_turn = e->type >= EVENT_PROMPT;
    if (of_a_turn && e->turn == s->bench)
        chat_bench_event(s, e);
    if (of_a_turn && s->compact.turn && e->turn == s->compact.turn)
        chat_compact_event(s, e);
    if (of_a_turn && s->scoring.turn && e->turn == s->scoring.turn)
        s->scoring.event(s, e);
    if (of_a_turn && (e->turn != s->turn || !s->turn))
        return; /* of a turn that is no more */
    if (e->type > EVENT_PROMPT)
        chat_end_step(s); /* what was tried again has gone well, or has failed for good */
    switch (e->type) {
    case EVENT_LOADING: on_progress(s, e, STATE_LOADING); break;
    case EVENT_READY: on_ready(s); break;
    case EVENT_FAILED: s->face->quit(s->self); break;
    case EVENT_PROMPT: on_progress(s, e, STATE_READING); break;
    case EVENT_THINKING: on_thinking(s, e); break;
    case EVENT_TEXT: on_text(s, e); break;
    case EVENT_STATS: on_stats(s, &e->stats); break;
    case EVENT_DONE: on_done(s, e); break;
    }
    s->face->changed(s->self);
}
