/* SPDX-License-Identifier: MIT
 *
 * Every architecture of model/arch.c against its original implementation, in both forms of its
 * config.json, as a whole, in chunks, and token by token, with caches that forget what no window
 * reaches; and in every format on every instruction set.
 */
#include "miniature.h"

struct world {
    struct kernels k;
    struct pool *pool;
};

static struct world world_new(void)
{
    struct world w = {.pool = pool_new(1)};
    kernels_init(&w.k, cpu_flags());
    return w;
}

static struct session *session_of(const struct world *w, const struct model *m,
                                  struct session_options o)
{
    struct error err = {0};
    struct session *s = session_new(m, w->pool, &w->k, &o, &err);
    if (!s)
        fail_msg("%s", err.text);
    return s;
}

static double difference(const struct mini_case *c, const float *logits)
{
    double worst = 0;
    for (uint32_t i = 0; i < MINI_VOCAB; i++) {
        assert_true(isfinite(logits[i]));
        worst = fmax(worst, fabs(logits[i] - c->logits[i]));
    }
    return worst;
}

static void check_prompt(const struct session *s, const struct mini_case *c, const char *name)
{
    double d = difference(c, session_logits(s));
    if (!(d <= c->bound))
        fail_msg("%s: logits after %u tokens differ by %g", name, c->n_prompt, d);
}

static void check_greedy(struct session *s, const struct mini_case *c, const char *name)
{
    for (uint32_t n = c->n_prompt; c->gap > 4e-3 && n < c->n; n++) {
        uint32_t best = mini_best(session_logits(s), MINI_VOCAB);
        if (best != (uint32_t)c->ids[n])
            fail_msg("%s: token %u is %u, not %d", name, n, best, c->ids[n]);
        if (n + 1 < c->n)
            session_sync(s, c->ids, n + 1, NULL, NULL);
    }
}

static void check_case(const struct world *w, const struct model *m, const struct mini_case *c,
                       const char *name)
{
    uint32_t ctx = m->config.max_ctx;
    static const struct {
        uint32_t chunk, spare;
    } ways[] = {{0, 0}, {7, 1}, {16, 24}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct session *s = session_of(
            w, m,
            (struct session_options){
                .ctx_len = ctx, .kv = KV_F32, .chunk = ways[i].chunk, .spare = ways[i].spare});
        session_sync(s, c->ids, c->n_prompt, NULL, NULL);
        check_prompt(s, c, name);
        check_greedy(s, c, name);
        session_free(s);
    }
    struct session *s = session_of(
        w, m, (struct session_options){.ctx_len = ctx, .kv = KV_F32, .chunk = 1, .spare = 1});
    for (uint32_t n = 1; n <= c->n_prompt; n++)
        session_sync(s, c->ids, n, NULL, NULL);
    check_prompt(s, c, name);
    session_free(s);
}

static void check_miniature(const char *name, bool own)
{
    struct world w = world_new();
    struct miniature *mini = mini_new(name, own);
    char *newer = temp_folder();
    mini_newer_form(mini->folder, newer);
    struct model *a = mini_open(mini->folder, FORMAT_F32), *b = mini_open(newer, FORMAT_F32);
    for (uint32_t i = 0; i < mini->n_cases; i++)
        check_case(&w, a, &mini->cases[i], name);
    check_case(&w, b, &mini->cases[mini->n_cases - 1], name);
    assert_int_equal(a->config.n_stop, b->config.n_stop);
    assert_memory_equal(a->config.layers, b->config.layers, sizeof a->config.layers);
    model_close(a);
    model_close(b);
    remove_folder(newer);
    free(mini);
    pool_free(w.pool);
}

static const char *const own[] = {"gemma2", "exaone4", "stablelm"};
enum { N_OWN = 3 };

static void test_own_miniatures(void **state)
{
    (void)state;
    for (int i = 0; i < N_OWN; i++)
        check_miniature(own[i], true);
}

static void test_all_miniatures(void **state)
{
    (void)state;
    for (int i = 0; i < N_MINIATURES; i++)
        check_miniature(all_miniatures[i], false);
}

/* ---- formats and levels ------------------------------------------------------------------- */

static double spread_of(const float *x, uint32_t n)
{
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += x[i];
        squares += x[i] * x[i];
    }
    return sqrt(squares / n - sum / n * (sum / n));
}

static double rms(const float *a, const float *b, uint32_t n)
{
    double squares = 0;
    for (uint32_t i = 0; i < n; i++)
        squares += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(squares / n);
}

/* Token by token; the caches of 8 bits and 16 bits too. */
static void logits_of(const struct world *w, const struct model *m, const struct mini_case *c,
                      enum kv_type kv, float *out)
{
    uint32_t n_tok = c->n_prompt < 30 ? c->n_prompt : 30;
    struct session *s = session_of(
        w, m, (struct session_options){.ctx_len = 100, .kv = kv, .spare = 1, .chunk = 4});
    for (uint32_t n = 1; n <= n_tok; n++)
        session_sync(s, c->ids, n, NULL, NULL);
    memcpy(out, session_logits(s), MINI_VOCAB * sizeof *out);
    session_free(s);
}

/* Random weights lose more than trained ones: the bounds are loose. */
static double loss_allowed(enum format f, enum kv_type kv)
{
    double of_cache = kv == KV_F32 ? 0 : kv == KV_BF16 ? 0.02 : 0.06;
    return of_cache + (f == FORMAT_F32     ? 1e-6
                       : f == FORMAT_BF16  ? 0.02
                       : f <= FORMAT_QINS8 ? 0.25
                       : f < FORMAT_QINS3  ? 0.8
                       : f < FORMAT_QINS2  ? 1.2
                                           : 2);
}

static void check_formats(const char *name, bool is_own)
{
    static const char *const levels[] = {"scalar", "avx2", "avxvnni", "avx512",
                                         "vnni",   "neon", "dotprod"};
    struct world w = world_new();
    struct miniature *mini = mini_new(name, is_own);
    const struct mini_case *c = &mini->cases[mini->n_cases - 1];
    float reference[MINI_VOCAB], first[MINI_VOCAB], x[MINI_VOCAB];
    for (enum format f = 0; f < N_FORMATS; f++) {
        struct model *m = mini_open(mini->folder, f);
        for (enum kv_type kv = KV_F32; kv <= (f == FORMAT_F32 ? KV_INT8 : KV_F32); kv++)
            for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
                unsigned flags;
                if (!cpu_flags_from_name(levels[i], &flags))
                    continue;
                kernels_init(&w.k, flags);
                logits_of(&w, m, c, kv, x);
                if (i == 0)
                    memcpy(first, x, sizeof first);
                if (i == 0 && f == FORMAT_F32 && kv == KV_F32)
                    memcpy(reference, x, sizeof reference);
                double loss = rms(x, reference, MINI_VOCAB) / spread_of(reference, MINI_VOCAB);
                if (!(loss <= loss_allowed(f, kv)))
                    fail_msg("%s, %s, cache %s, %s: %g of the spread", name, format_info(f)->name,
                             kv_type_name(kv), levels[i], loss);
                if (memcmp(first, x, sizeof x) != 0)
                    fail_msg("%s, %s, cache %s: %s has other bits than scalar", name,
                             format_info(f)->name, kv_type_name(kv), levels[i]);
            }
        model_close(m);
    }
    free(mini);
    pool_free(w.pool);
}

static void test_formats_and_levels(void **state)
{
    (void)state;
    for (int i = 0; i < N_OWN; i++)
        check_formats(own[i], true);
}

static void test_formats_and_levels_of_others(void **state)
{
    static const char *const names[] = {"llama-bias-headdim", "starcoder2", "olmo2", "granite",
                                        "phi4-mini"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_formats(names[i], false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_miniatures),
        cmocka_unit_test(test_all_miniatures),
        cmocka_unit_test(test_formats_and_levels),
        cmocka_unit_test(test_formats_and_levels_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
