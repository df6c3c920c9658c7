/* SPDX-License-Identifier: MIT
 *
 * fit: the memory that Phi-3.5-mini takes, by the formula of README.md ("Which models work"): cache
 * in int8: 2 x layers x KV heads x (head size + 4) bytes per token.
 */
#include "config.h"
#include "fit.h"
#include "huge_memory.h"
#include "kernels.h"
#include "test.h"

/* Phi-3.5-mini's shape as a llama. */
static const char config_json[] =
    "{\"model_type\":\"llama\",\"architectures\":[\"LlamaForCausalLM\"],\"hidden_size\":3072,"
    "\"intermediate_size\":8192,\"num_hidden_layers\":32,\"num_attention_heads\":32,"
    "\"num_key_value_heads\":32,\"vocab_size\":32064,\"max_position_embeddings\":131072,"
    "\"rms_norm_eps\":1e-5,\"rope_theta\":10000.0,\"hidden_act\":\"silu\","
    "\"tie_word_embeddings\":false,\"bos_token_id\":1,\"eos_token_id\":2}";
#define PER_TOKEN (2ull * 32 * 32 * (96 + 4))
#define WEIGHTS 2130000000ull

static struct model_config c;

static int set_up(void **state)
{
    struct error err;
    (void)state;
    if (!config_parse(&c, config_json, strlen(config_json), "config", NULL, 0, NULL, &err))
        fail_msg("%s", err.text);
    return 0;
}

static void test_the_cache_is_what_the_formula_says_and_what_is_reserved(void **state)
{
    struct kv kv;
    struct kernels k;
    struct error err;
    (void)state;
    kernels_init(&k, 0);
    uint64_t planned = kv_plan_bytes(&c, KV_INT8, 4096, 1024);
    assert_true(planned >= PER_TOKEN * 4096 && planned < PER_TOKEN * 4096 + 1024);
    assert_true(kv_reserve(&kv, &c, &k, KV_INT8, 4096, 1024, &err));
    assert_true(kv.bytes == planned + HUGE_PAGE); /* which lets it begin on one */
    kv_release(&kv);
    assert_true(kv_plan_bytes(&c, KV_BF16, 4096, 1024) / 4096 == 2ull * 32 * 32 * 96 * 2);
}

static void test_what_fits(void **state)
{
    struct fit f;
    (void)state;
    fit_config(&f, &c, WEIGHTS, KV_INT8, 4096, 16000000000ull);
    assert_true(fit_is_fine(&f) && f.ctx_fits == 4096);
    char *text = fit_text(&f);
    assert_string_equal(text, "needs 3.0 GB (weights 2.1 GB, context of 4096 tokens 0.8 GB), "
                              "16.0 GB are free");
    free(text);
}

/* What a file declares is neither taken nor told as needed: 2^20 tokens at most. */
static void test_a_declared_context_is_bounded(void **state)
{
    struct fit f;
    struct model_config vast = c;
    (void)state;
    vast.orig_ctx = vast.max_ctx = 1u << 30;
    fit_config(&f, &vast, WEIGHTS, KV_INT8, 0, 16000000000ull);
    assert_int_equal(f.ctx, 1u << 20);
    assert_true(f.kv <= PER_TOKEN * ((1u << 20) + 2048));
}

/* The largest context that is offered fits, and one step more would not. */
static void test_the_largest_context_is_offered(void **state)
{
    struct fit f, offered, more;
    (void)state;
    fit_config(&f, &c, WEIGHTS, KV_INT8, 0, 8000000000ull);
    assert_int_equal(f.ctx, 131072);
    assert_false(fit_is_fine(&f));
    fit_config(&offered, &c, WEIGHTS, KV_INT8, f.ctx_fits, 8000000000ull);
    fit_config(&more, &c, WEIGHTS, KV_INT8, f.ctx_fits + 256, 8000000000ull);
    assert_true(fit_is_fine(&offered) && !fit_is_fine(&more));
    char *text = fit_text(&f), want[64];
    snprintf(want, sizeof want, "8.0 GB are free; --context %u fits", f.ctx_fits);
    assert_non_null(strstr(text, want));
    free(text);
}

static void test_nothing_fits_or_nothing_is_known(void **state)
{
    struct fit f;
    (void)state;
    fit_config(&f, &c, WEIGHTS, KV_INT8, 4096, 2000000000ull);
    assert_true(!fit_is_fine(&f) && f.ctx_fits == 0);
    char *text = fit_text(&f);
    assert_non_null(strstr(text, "a smaller format"));
    free(text);
    fit_config(&f, &c, WEIGHTS, KV_INT8, 4096, 0);
    assert_true(fit_is_fine(&f));
}

static void test_bits(void **state)
{
    (void)state;
    assert_true(fit_bits(FORMAT_F32) == 32 && fit_bits(FORMAT_BF16) == 16);
    assert_true(fit_bits(FORMAT_QINS9) == 9 && fit_bits(FORMAT_QINS8) == 8);
    assert_true(fit_bits(FORMAT_QINS4) == 4.25 && fit_bits(FORMAT_QINS2) == 2.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_cache_is_what_the_formula_says_and_what_is_reserved),
        cmocka_unit_test(test_what_fits),
        cmocka_unit_test(test_a_declared_context_is_bounded),
        cmocka_unit_test(test_the_largest_context_is_offered),
        cmocka_unit_test(test_nothing_fits_or_nothing_is_known),
        cmocka_unit_test(test_bits),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
