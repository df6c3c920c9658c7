/* SPDX-License-Identifier: MIT */
#include "engine_setup.h"
#include "test.h"

static void test_without_names_all_is_auto(void **state)
{
    (void)state;
    char model[] = "./x.qins";
    struct engine_options o = {.model = model};
    struct engine_setup s;
    struct error err;
    assert_true(engine_setup_read(&s, &o, &err));
    assert_int_equal(s.cpu_flags, cpu_flags());
    assert_false(s.has_kv);
    assert_int_equal(s.speculate, SPECULATE_AUTO);
    assert_int_equal(s.gemm, GEMM_AUTO);
}

static void test_names_become_levels_formats_and_ways(void **state)
{
    (void)state;
    char model[] = "./x.qins";
    struct engine_options o = {.model = model,
                               .cpu = "scalar",
                               .format = "qins4",
                               .speculate = "off",
                               .kv = "bf16",
                               .gemm = "blas"};
    struct engine_setup s;
    struct error err;
    assert_true(engine_setup_read(&s, &o, &err));
    assert_int_equal(s.cpu_flags, 0);
    assert_int_equal(s.folder_format, FORMAT_QINS4);
    assert_int_equal(s.speculate, SPECULATE_OFF);
    assert_true(s.has_kv);
    assert_int_equal(s.kv, KV_BF16);
    assert_int_equal(s.gemm, GEMM_BLAS);
}

static void test_unknown_names_are_told(void **state)
{
    (void)state;
    char model[] = "./x.qins";
    const struct {
        struct engine_options o;
        const char *message;
    } cases[] = {
        {{.cpu = "mmx"}, "cpu: this machine has no \"mmx\"; it has auto scalar"},
        {{.format = "q4"}, "format: \"q4\" is not built in"},
        {{.speculate = "maybe"}, "speculate: there is no mode \"maybe\""},
        {{.kv = "f16"}, "kv: there is no type \"f16\""},
        {{.gemm = "mkl"}, "gemm: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct engine_options o = cases[i].o;
        struct error err;
        o.model = model;
        assert_false(engine_options_check(&o, &err));
        if (strncmp(err.text, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s: %s", cases[i].message, err.text);
    }
}

static void test_rounded_and_larger_sources_do_not(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf", "fixtures/gguf/types.gguf"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct engine_options o = {.model = shared_path(paths[i])};
        struct engine_setup s;
        struct error err;
        if (!engine_setup_read(&s, &o, &err))
            fail_msg("%s", err.text);
        assert_int_equal(s.folder_format, FORMAT_QINS8);
    }
}

static void test_small_folders_stay_float(void **state)
{
    (void)state;
    static const char *const folders[] = {"models/stories260K", "fixtures/llama"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        struct engine_options o = {.model = shared_path(folders[i])};
        struct engine_setup s;
        struct error err;
        if (!engine_setup_read(&s, &o, &err))
            fail_msg("%s", err.text);
        assert_int_equal(s.folder_format, FORMAT_F32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_names_all_is_auto),
        cmocka_unit_test(test_names_become_levels_formats_and_ways),
        cmocka_unit_test(test_unknown_names_are_told),
        cmocka_unit_test(test_small_folders_stay_float),
        cmocka_unit_test(test_rounded_and_larger_sources_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
