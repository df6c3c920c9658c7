/* SPDX-License-Identifier: MIT
 *
 * Layers that keep a state: what is undone, edited, drafted and stopped leaves no trace in it. What
 * they compute at all is held against the originals in test_miniatures.c; here every session must
 * have the bits of a fresh one that saw the same text token by token.
 */
#include "miniature.h"

enum { N_IDS = 100 };

/* The first is the project's own. */
static const char *const names[] = {"qwen3.5", "lfm2", "lfm2-moe"};
enum { N_NAMES = sizeof names / sizeof *names };

struct world {
    struct kernels k;
    struct pool *pool;
    struct model *m;
    int32_t ids[N_IDS], other[N_IDS]; /* two texts */
    float want[N_IDS][MINI_VOCAB];    /* after each token of the first */
};

static struct session *session_of(const struct world *w, struct session_options o)
{
    struct error err = {0};
    o.ctx_len = 200;
    o.kv = KV_F32;
    struct session *s = session_new(w->m, w->pool, &w->k, &o, &err);
    if (!s)
        fail_msg("%s", err.text);
    return s;
}

static void assert_wanted(const struct world *w, const struct session *s, uint32_t n)
{
    if (memcmp(session_logits(s), w->want[n - 1], sizeof w->want[0]) != 0)
        fail_msg("other logits after %u tokens", n);
}

static void assert_close(const float *a, const float *b)
{
    for (uint32_t i = 0; i < MINI_VOCAB; i++)
        if (!(fabsf(a[i] - b[i]) <= 1e-4f))
            fail_msg("logit %u is %g, not %g", i, (double)a[i], (double)b[i]);
}

static struct world *world_new(const char *name, bool own, enum format format)
{
    struct world *w = xcalloc(1, sizeof *w);
    char folder[4096];
    mini_path(folder, sizeof folder, name, own);
    kernels_init(&w->k, cpu_flags());
    w->pool = pool_new(2);
    w->m = mini_open(folder, format);
    for (uint32_t i = 0; i < N_IDS; i++) {
        w->ids[i] = (int32_t)(3 + i * 193 % 497);
        w->other[i] = (int32_t)(3 + i * 101 % 491);
    }
    struct session *s = session_of(w, (struct session_options){.chunk = 1});
    for (uint32_t n = 1; n <= N_IDS; n++) {
        session_sync(s, w->ids, n, NULL, NULL);
        memcpy(w->want[n - 1], session_logits(s), sizeof w->want[0]);
    }
    session_free(s);
    return w;
}

static void world_free(struct world *w)
{
    model_close(w->m);
    pool_free(w->pool);
    free(w);
}

typedef void test_fn(struct world *w);

static void with_each(test_fn *test)
{
    for (int i = 0; i < N_NAMES; i++)
        for (enum format f = FORMAT_F32; f <= FORMAT_QINS8;
             f = f == FORMAT_F32 ? FORMAT_QINS8 : N_FORMATS) {
            struct world *w = world_new(names[i], i == 0, f);
            test(w);
            world_free(w);
        }
}

/* ---- undo ------------------------------------------------------------------------------- */

/* A text that goes on differently behind any of its tokens. */
static void rewind_everywhere(struct world *w)
{
    struct session *s = session_of(w, (struct session_options){.chunk = 5, .copy_every = 8});
    for (uint32_t n = 1; n < N_IDS; n += 3) {
        int32_t mixed[N_IDS];
        memcpy(mixed, w->ids, sizeof mixed);
        memcpy(mixed + n, w->other + n, (N_IDS - n) * sizeof *mixed);
        session_sync(s, mixed, N_IDS, NULL, NULL);
        session_truncate(s, n);
        uint32_t kept = session_len(s);
        assert_true(kept <= n && kept + 8 > n);
        for (uint32_t i = kept + 1; i <= n; i++)
            session_sync(s, w->ids, i, NULL, NULL);
        session_truncate(s, n - 1);
        session_sync(s, w->ids, n, NULL, NULL);
        assert_close(session_logits(s), w->want[n - 1]);
        session_sync(s, w->ids, N_IDS, NULL, NULL);
    }
    session_free(s);
}

static void test_any_place_can_be_gone_back_to(void **state)
{
    (void)state;
    with_each(rewind_everywhere);
}

/* Single tokens of the last pass are undone exactly. */
static void undo_last(struct world *w)
{
    for (uint32_t n_last = 1; n_last <= SESSION_MAX_LAST; n_last++) {
        struct session *s = session_of(w, (struct session_options){.chunk = 16});
        for (uint32_t n = 1; n <= 20; n++)
            session_sync(s, w->ids, n, NULL, NULL);
        for (uint32_t n = 20; n + n_last < 60; n++) {
            uint32_t n_right = (n * 7) % n_last; /* drafted tokens that come true */
            int32_t drafted[N_IDS];
            memcpy(drafted, w->other, sizeof drafted);
            memcpy(drafted, w->ids, (n + 1 + n_right) * sizeof *drafted);
            session_sync_last(s, drafted, n + n_last, n_last, NULL, NULL);
            assert_int_equal(session_reused(s), n);
            for (uint32_t i = 0; i <= n_right; i++)
                assert_memory_equal(session_logits_at(s, i), w->want[n + i], sizeof w->want[0]);
            n += n_right;
        }
        session_free(s);
    }
}

static void test_drafts_that_are_wrong_leave_no_trace(void **state)
{
    (void)state;
    with_each(undo_last);
}

/* ---- copies ----------------------------------------------------------------------------- */

/* Another answer to the same question; another question behind the same answer. */
static void edit(struct world *w)
{
    struct session *s = session_of(w, (struct session_options){0});
    int32_t ids[N_IDS];
    memcpy(ids, w->ids, sizeof ids);
    session_sync(s, ids, 20, NULL, NULL); /* a question */
    for (uint32_t n = 21; n <= 40; n++)   /* its answer */
        session_sync(s, ids, n, NULL, NULL);
    session_sync(s, ids, 60, NULL, NULL); /* a second question */
    for (uint32_t n = 61; n <= 70; n++)
        session_sync(s, ids, n, NULL, NULL);
    ids[50] ^= 1; /* edited */
    session_sync(s, ids, 60, NULL, NULL);
    assert_int_equal(session_reused(s), 40);
    session_sync(s, w->ids, 60, NULL, NULL);
    assert_int_equal(session_reused(s), 40);
    session_sync(s, w->ids, 65, NULL, NULL);
    session_sync(s, w->ids, 60, NULL, NULL); /* the second answer again */
    assert_int_equal(session_reused(s), 59);
    ids[50] ^= 1;
    ids[30] ^= 1; /* the first answer is another one */
    session_sync(s, ids, 60, NULL, NULL);
    assert_int_equal(session_reused(s), 19);
    session_free(s);
}

static void test_answers_and_questions_begin_at_copies(void **state)
{
    (void)state;
    with_each(edit);
}

/* Few copies: they stand the closer the nearer they are to the end, and take no more than that. */
static void bound(struct world *w)
{
    struct session *none = session_of(w, (struct session_options){.copy_every = 1000});
    session_sync(none, w->ids, 1, NULL, NULL);
    uint64_t two_states = session_kv_bytes(none) - kv_bytes(session_kv(none), 1);
    struct session *s = session_of(
        w, (struct session_options){.copy_every = 4, .copy_bytes = 3 * two_states, .chunk = 16});
    for (uint32_t n = 1; n <= N_IDS; n++)
        session_sync(s, w->ids, n, NULL, NULL);
    assert_true(session_kv_bytes(s) - kv_bytes(session_kv(s), N_IDS) <= 4 * two_states);
    uint32_t n_places = 0;
    for (uint32_t n = N_IDS, at; (at = session_reach(s, n)) > 0; n = at - 1, n_places++)
        if (n_places > 2)
            assert_true(N_IDS - at <= 4 * (N_IDS - n) + 8);
    assert_in_range(n_places, 6, 8);
    session_truncate(s, 30);
    for (uint32_t n = session_len(s) + 1; n <= 30; n++)
        session_sync(s, w->ids, n, NULL, NULL);
    assert_wanted(w, s, 30);
    session_free(s);
    session_free(none);
}

static void test_copies_are_few(void **state)
{
    (void)state;
    with_each(bound);
}

/* ---- stopped passes --------------------------------------------------------------------- */

struct stop {
    uint32_t n_calls, at;
};

static bool stop_at(void *arg, uint32_t done, uint32_t total)
{
    struct stop *stop = arg;
    (void)done;
    (void)total;
    return ++stop->n_calls != stop->at;
}

/* Stopped before each layer of each pass, then gone on with, or with another text. */
static void stop_everywhere(struct world *w)
{
    for (uint32_t at = 1; at <= 2 * w->m->config.n_layers; at++)
        for (int goes_on = 0; goes_on < 2; goes_on++) {
            struct stop stop = {.at = at};
            struct session *s =
                session_of(w, (struct session_options){.chunk = 7, .copy_every = 3});
            const int32_t *ids = goes_on ? w->ids : w->other;
            for (uint32_t n = 1; n <= 10; n++)
                session_sync(s, w->ids, n, NULL, NULL);
            assert_int_equal(session_sync(s, ids, 24, stop_at, &stop), SESSION_STOPPED);
            for (uint32_t n = goes_on ? 24 : session_len(s) + 1; n <= 24; n++)
                session_sync(s, w->ids, n, NULL, NULL);
            if (!goes_on) /* the same passes from another place would round otherwise */
                assert_close(session_logits(s), w->want[23]);
            session_truncate(s, 10);
            for (uint32_t n = session_len(s) + 1; n <= 24; n++)
                session_sync(s, w->ids, n, NULL, NULL);
            assert_close(session_logits(s), w->want[23]);
            session_free(s);
        }
}

static void test_stopped_passes_leave_no_trace(void **state)
{
    (void)state;
    with_each(stop_everywhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_place_can_be_gone_back_to),
        cmocka_unit_test(test_drafts_that_are_wrong_leave_no_trace),
        cmocka_unit_test(test_answers_and_questions_begin_at_copies),
        cmocka_unit_test(test_copies_are_few),
        cmocka_unit_test(test_stopped_passes_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
