/* SPDX-License-Identifier: MIT */
#include "scheduler.h"

#include <stdlib.h>

#include "batch.h"
#include "sequence.h"
#include "system.h"

struct scheduler {
    struct scheduler_options o;
    pthread_t thread;
    struct sequence *sequences; /* [n_parallel] */
    struct batch *batch;
    struct token_trie *trie; /* once a request has a grammar */
    struct sequence **rows;  /* [n_parallel] scratch of a step */
    struct session **sessions;
    int32_t *ids;
    uint32_t next_reader; /* whose prompt is looked at first */

    pthread_mutex_t lock;
    pthread_cond_t news;
    struct exchange *first, *last; /* under lock, as what follows: the queue */
    struct scheduler_counts counts;
    bool closed, cuts, stop;
};

/* ---- the callers' side ---------------------------------------------------------------- */

bool scheduler_submit(struct scheduler *s, struct exchange *x)
{
    pthread_mutex_lock(&s->lock);
    const struct scheduler_counts *c = &s->counts;
    const bool ok = !s->closed && c->n_running + c->n_waiting < s->o.n_parallel + s->o.max_queue;
    if (ok) {
        *(s->last ? &s->last->next : &s->first) = x;
        s->last = x;
        s->counts.n_waiting++;
        pthread_cond_signal(&s->news);
    } else {
        s->counts.n_refused++;
    }
    pthread_mutex_unlock(&s->lock);
    return ok;
}

void scheduler_close(struct scheduler *s, bool now)
{
    pthread_mutex_lock(&s->lock);
    s->closed = true;
    s->cuts |= now;
    pthread_cond_signal(&s->news);
    pthread_mutex_unlock(&s->lock);
}

bool scheduler_is_open(struct scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    const bool is = !s->closed;
    pthread_mutex_unlock(&s->lock);
    return is;
}

bool scheduler_is_idle(struct scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    const bool is = s->counts.n_running + s->counts.n_waiting == 0;
    pthread_mutex_unlock(&s->lock);
    return is;
}

void scheduler_count(struct scheduler *s, struct scheduler_counts *out)
{
    pthread_mutex_lock(&s->lock);
    *out = s->counts;
    pthread_mutex_unlock(&s->lock);
}

/* ---- places --------------------------------------------------------------------------- */

/* The free one that has most of these tokens; of equals the one that was used longest ago, and an
 * empty one before all. */
static struct sequence *place_for(struct scheduler *s, const struct ids *ids)
{
    struct sequence *best = NULL;
    uint32_t most = 0;
    for (uint32_t i = 0; i < s->o.n_parallel; i++) {
        struct sequence *q = &s->sequences[i];
        if (q->state != SEQUENCE_IDLE)
            continue;
        const uint32_t n = sequence_common(q, ids);
        if (!best || n > most || (n == most && q->last_used_ms < best->last_used_ms)) {
            best = q;
            most = n;
        }
    }
    return best;
}

static struct token_trie *trie_for(struct scheduler *s, const struct exchange *x)
{
    if (x->request.grammar && !s->trie)
        s->trie = token_trie_new(s->o.model->tokenizer, s->o.model->n_pieces);
    return x->request.grammar ? s->trie : NULL;
}

/* With the lock held. */
static struct exchange *take_first(struct scheduler *s)
{
    struct exchange *x = s->first;
    s->first = x->next;
    if (!s->first)
        s->last = NULL;
    x->next = NULL;
    s->counts.n_waiting--;
    return x;
}

/* Requests whose client has gone do not wait for a place to end. */
static void drop_cancelled(struct scheduler *s, bool all)
{
    struct exchange **at = &s->first;
    s->last = NULL;
    while (*at) {
        struct exchange *x = *at;
        if (!all && !atomic_load(&x->cancelled)) {
            s->last = x;
            at = &x->next;
            continue;
        }
        *at = x->next;
        s->counts.n_waiting--;
        s->counts.n_cut++;
        exchange_finish(x, EXCHANGE_CUT, NULL);
        exchange_free(x);
    }
}

/* With the lock held, from the queue to free places. */
static void admit(struct scheduler *s)
{
    drop_cancelled(s, s->closed);
    while (s->first && s->counts.n_running < s->o.n_parallel) {
        struct exchange *x = take_first(s);
        struct sequence *q = place_for(s, &x->request.ids);
        s->counts.n_running++;
        sequence_begin(q, x, trie_for(s, x));
    }
}

static void end(struct scheduler *s, struct sequence *q, enum exchange_end how)
{
    pthread_mutex_lock(&s->lock);
    struct scheduler_counts *c = &s->counts;
    c->n_running--;
    c->n_prompt += q->usage.n_prompt;
    c->n_cached += q->usage.n_cached;
    c->n_answers++;
    c->n_cut += how == EXCHANGE_CUT;
    c->n_failed += how == EXCHANGE_FAILED;
    pthread_mutex_unlock(&s->lock);
    sequence_end(q, how);
}

/* ---- rounds --------------------------------------------------------------------------- */

static uint32_t list(struct scheduler *s, enum sequence_state state)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->o.n_parallel; i++)
        if (s->sequences[i].state == state)
            s->rows[n++] = &s->sequences[i];
    return n;
}

/* A piece of one prompt. */
static void read_some(struct scheduler *s)
{
    const bool others_write = list(s, SEQUENCE_WRITING) > 0;
    struct sequence *q = NULL;
    for (uint32_t i = 0; i < s->o.n_parallel && !q; i++) {
        struct sequence *each = &s->sequences[(s->next_reader + i) % s->o.n_parallel];
        if (each->state == SEQUENCE_READING) {
            q = each;
            s->next_reader = (s->next_reader + i + 1) % s->o.n_parallel;
        }
    }
    if (!q)
        return;
    if (q->end != EXCHANGE_OPEN || atomic_load(&q->x->cancelled)) {
        end(s, q, q->end != EXCHANGE_OPEN ? q->end : EXCHANGE_CUT);
        return;
    }
    const double start = now_ms();
    sequence_read(q, others_write ? s->o.piece : 0);
    pthread_mutex_lock(&s->lock);
    s->counts.prompt_ms += now_ms() - start;
    pthread_mutex_unlock(&s->lock);
}

static void pick(void *arg, uint32_t i, uint32_t worker)
{
    const struct scheduler *s = arg;
    (void)worker;
    sequence_pick(s->rows[i]);
}

/* Tokens are picked and handed over. -> how many of s->rows go on */
static uint32_t pick_all(struct scheduler *s, uint32_t n)
{
    uint32_t n_left = 0, n_new = 0;
    if (n > 1)
        pool_run(s->o.model->pool, pick, s, n);
    else
        pick(s, 0, 0);
    for (uint32_t i = 0; i < n; i++) {
        struct sequence *q = s->rows[i];
        const uint32_t before = q->usage.n_tokens;
        const bool goes_on = sequence_emit(q);
        n_new += q->usage.n_tokens - before;
        if (goes_on)
            s->rows[n_left++] = q;
        else
            end(s, q, q->end);
    }
    pthread_mutex_lock(&s->lock);
    s->counts.n_generated += n_new;
    pthread_mutex_unlock(&s->lock);
    return n_left;
}

/* Those that cannot come with others, and one that is alone. */
static void evaluate_alone(struct sequence *q)
{
    session_sync(q->session, q->ids.ids, (uint32_t)q->ids.n, NULL, NULL);
}

/* Evaluates what was picked for n of s->rows. */
static void evaluate(struct scheduler *s, uint32_t n)
{
    uint32_t n_together = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct sequence *q = s->rows[i];
        if (n == 1 || !batch_takes(q->session)) {
            evaluate_alone(q);
            continue;
        }
        s->sessions[n_together] = q->session;
        s->ids[n_together++] = q->picked;
    }
    for (uint32_t i = 0, m; i < n_together; i += m) {
        m = n_together - i < batch_max(s->batch) ? n_together - i : batch_max(s->batch);
        batch_step(s->batch, s->sessions + i, s->ids + i, m);
    }
}

/* The next token of every answer. */
static void write_all(struct scheduler *s)
{
    uint32_t n = list(s, SEQUENCE_WRITING);
    if (n == 0)
        return;
    const double start = now_ms();
    const uint32_t n_left = pick_all(s, n);
    if (n_left > 0)
        evaluate(s, n_left);
    pthread_mutex_lock(&s->lock);
    s->counts.n_rows += n_left;
    s->counts.n_steps += n_left > 0;
    s->counts.step_ms += n_left > 0 ? now_ms() - start : 0;
    pthread_mutex_unlock(&s->lock);
}

static void count_memory(struct scheduler *s)
{
    uint64_t tokens = 0, bytes = 0;
    for (uint32_t i = 0; i < s->o.n_parallel; i++) {
        tokens += session_len(s->sequences[i].session);
        bytes += session_kv_bytes(s->sequences[i].session);
    }
    s->counts.kv_tokens = tokens;
    s->counts.kv_bytes = bytes;
}

static void cut_all(struct scheduler *s)
{
    for (uint32_t i = 0; i < s->o.n_parallel; i++)
        if (s->sequences[i].state != SEQUENCE_IDLE)
            end(s, &s->sequences[i], EXCHANGE_CUT);
}

/* -> false: stop */
static bool wait_for_work(struct scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    admit(s);
    while (s->counts.n_running == 0 && !s->stop) {
        pthread_cond_wait(&s->news, &s->lock);
        admit(s);
    }
    count_memory(s);
    const bool cuts = s->cuts, stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    if (cuts || stop)
        cut_all(s);
    return !stop;
}

static void *run(void *arg)
{
    struct scheduler *s = arg;
    system_thread_start("qins-scheduler");
    while (wait_for_work(s)) {
        read_some(s);
        write_all(s);
    }
    return NULL;
}

/* ---- start and end -------------------------------------------------------------------- */

static void free_all(struct scheduler *s, uint32_t n_open)
{
    batch_free(s->batch);
    while (n_open-- > 0) /* the first one, whose scratch the others use, comes last */
        sequence_close(&s->sequences[n_open]);
    token_trie_free(s->trie);
    free(s->sequences);
    free(s->rows);
    free(s->sessions);
    free(s->ids);
    pthread_cond_destroy(&s->news);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

struct scheduler *scheduler_start(const struct scheduler_options *o, struct error *err)
{
    struct scheduler *s = xcalloc(1, sizeof *s);
    s->o = *o;
    s->sequences = xcalloc(o->n_parallel, sizeof *s->sequences);
    s->rows = xcalloc(o->n_parallel, sizeof *s->rows);
    s->sessions = xcalloc(o->n_parallel, sizeof *s->sessions);
    s->ids = xcalloc(o->n_parallel, sizeof *s->ids);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->news, NULL);
    for (uint32_t i = 0; i < o->n_parallel; i++)
        if (!sequence_open(&s->sequences[i], o->model, i ? s->sequences[0].session : NULL, err)) {
            free_all(s, i);
            return NULL;
        }
    s->batch = batch_new(s->sequences[0].session);
    const int failed = start_thread(&s->thread, run, s);
    if (failed) {
        free_all(s, o->n_parallel);
        return error_set_null(err, EX_OSERR, "cannot start a thread (errno %d)", failed);
    }
    return s;
}

void scheduler_stop(struct scheduler *s)
{
    scheduler_close(s, true);
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->news);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    free_all(s, s->o.n_parallel);
}
