/* SPDX-License-Identifier: MIT
 *
 * Batches: every sequence has the bits that it has alone, whoever else is in the pass, in each
 * format, with states, experts, sinks and windows. What a sequence has alone is held against the
 * original implementations in test_miniatures.c.
 */
#include "batch.h"

#include "miniature.h"

enum { N_SEQUENCES = 11, N_IDS = 48, CTX = 64 };

struct world {
    struct kernels k;
    struct pool *pool;
    struct model *m;
    enum kv_type kv;
    int32_t ids[N_SEQUENCES][N_IDS];
    float want[N_SEQUENCES][N_IDS][MINI_VOCAB]; /* after each token */
};

/* Prompts of 1, 4, 7 ... tokens. */
static uint32_t n_prompt(uint32_t i)
{
    return 1 + 3 * i;
}

static struct session *session_of(const struct world *w, struct session *beside)
{
    struct error err = {0};
    const struct session_options o = {.ctx_len = CTX,
                                      .kv = w->kv,
                                      .gemm = GEMM_INT8,
                                      .chunk = 16,
                                      .copy_every = 2,
                                      .beside = beside};
    struct session *s = session_new(w->m, w->pool, &w->k, &o, &err);
    if (!s)
        fail_msg("%s", err.text);
    return s;
}

static struct world *world_new(const char *name, bool own, enum format format)
{
    struct world *w = xcalloc(1, sizeof *w);
    char folder[4096];
    mini_path(folder, sizeof folder, name, own);
    kernels_init(&w->k, cpu_flags());
    w->pool = pool_new(2);
    w->m = mini_open(folder, format);
    w->kv = session_default_kv(w->m);
    for (uint32_t i = 0; i < N_SEQUENCES; i++) {
        struct session *s = session_of(w, NULL);
        for (uint32_t n = 0; n < N_IDS; n++)
            w->ids[i][n] = (int32_t)(3 + (i * 71 + n * 193) % 497);
        for (uint32_t n = n_prompt(i); n <= N_IDS; n++) {
            session_sync(s, w->ids[i], n, NULL, NULL);
            memcpy(w->want[i][n - 1], session_logits(s), sizeof w->want[0][0]);
        }
        session_free(s);
    }
    return w;
}

static void world_free(struct world *w)
{
    model_close(w->m);
    pool_free(w->pool);
    free(w);
}

static void assert_wanted(const struct world *w, const struct session *s, uint32_t i)
{
    const uint32_t n = session_len(s);
    if (memcmp(session_logits(s), w->want[i][n - 1], sizeof w->want[0][0]) != 0)
        fail_msg("sequence %u has other logits after %u tokens", i, n);
}

/* In passes of `most` tokens. */
static void read_prompt(const struct world *w, struct session *s, uint32_t i, uint32_t n,
                        uint32_t most)
{
    session_begin(s, w->ids[i], n);
    while (!session_go_on(s, w->ids[i], n, most))
        ;
    assert_wanted(w, s, i);
}

/* The next token of those sequences whose bit is set, if they have one. */
static void step(const struct world *w, struct batch *b, struct session *const *all, uint32_t set)
{
    struct session *s[N_SEQUENCES];
    int32_t ids[N_SEQUENCES];
    uint32_t n = 0;
    for (uint32_t i = 0; i < N_SEQUENCES; i++) {
        uint32_t len = session_len(all[i]);
        if (!(set >> i & 1) || len == N_IDS)
            continue;
        assert_true(batch_takes(all[i]));
        s[n] = all[i];
        ids[n++] = w->ids[i][len];
    }
    if (n > 0)
        batch_step(b, s, ids, n);
    for (uint32_t i = 0; i < N_SEQUENCES; i++)
        assert_wanted(w, all[i], i);
}

/* A token has the same bits however many the pass over its prompt takes. */
static bool passes_are_alike(const struct world *w)
{
    return format_info(w->m->format)->is_int8 && !w->k.attend_prompt;
}

static void all_together(const struct world *w)
{
    struct session *s[N_SEQUENCES];
    for (uint32_t i = 0; i < N_SEQUENCES; i++)
        s[i] = session_of(w, i ? s[0] : NULL);
    struct batch *b = batch_new(s[0]);
    assert_true(batch_max(b) >= N_SEQUENCES);
    const bool any_pass = passes_are_alike(w);
    /* some of its matrices stay float: their products round by the number of tokens */
    const bool has_states = w->m->config.arch->mixer.kind != MIXER_ATTENTION;
    for (uint32_t i = 0; i < N_SEQUENCES; i++)
        read_prompt(w, s[i], i, n_prompt(i), any_pass && !has_states && i % 2 ? 5 : 16);
    for (uint32_t turn = 0; turn < 20; turn++)
        step(w, b, s, turn % 3 == 0 ? ~0u : 0x5b5u >> turn % 4);
    for (uint32_t i = 0; any_pass && i < N_SEQUENCES; i += 2) { /* another question */
        session_truncate(s[i], session_len(s[i]) - 2);
        read_prompt(w, s[i], i, n_prompt(i) + 6, 16);
    }
    for (uint32_t turn = 0; turn < N_IDS; turn++)
        step(w, b, s, ~0u);
    batch_free(b);
    for (uint32_t i = N_SEQUENCES; i-- > 0;)
        session_free(s[i]);
}

static void with_formats(const char *name, bool own)
{
    const enum format formats[] = {FORMAT_F32, FORMAT_QINS8, FORMAT_QINS4};
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        struct world *w = world_new(name, own, formats[f]);
        all_together(w);
        world_free(w);
    }
}

static void test_states(void **state)
{
    (void)state;
    with_formats("qwen3.5", true);
}

static void test_experts_sinks_and_windows(void **state)
{
    (void)state;
    with_formats("gpt-oss", true);
}

static void test_per_layer_inputs_and_shared_keys(void **state)
{
    (void)state;
    skip_if_emulated();
    with_formats("gemma4-wide", true);
}

static void test_capped_scores(void **state)
{
    (void)state;
    skip_if_emulated();
    with_formats("gemma2", true);
}

static void test_other_states_and_experts(void **state)
{
    (void)state;
    skip_if_emulated();
    shared_path("fixtures/hf/lfm2-moe/expected.json"); /* skips */
    with_formats("lfm2-moe", false);
    with_formats("qwen3.5-moe", false);
    with_formats("gemma4-moe", false);
    with_formats("phi3-mini-4k", false);
    with_formats("olmo2", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_experts_sinks_and_windows),
        cmocka_unit_test(test_per_layer_inputs_and_shared_keys),
        cmocka_unit_test(test_capped_scores),
        cmocka_unit_test(test_other_states_and_experts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
