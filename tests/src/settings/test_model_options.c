/* SPDX-License-Identifier: MIT */
#include "model_options.h"
#include "test.h"

static struct options o;

static int setup(void **state)
{
    (void)state;
    options_init(&o);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    options_free(&o);
    return 0;
}

static void expect_untouched(const char *json)
{
    options_from_generation(&o, json);
    for (int id = 0; id < N_OPTIONS; id++)
        assert_int_equal(options_source(&o, (enum option_id)id), SOURCE_DEFAULT);
}

static void test_advice_is_taken(void **state)
{
    (void)state;
    struct error err;
    assert_true(options_set(&o, OPT_TOP_K, "3", SOURCE_PRESET, &err));
    options_from_generation(&o,
                            "{\"do_sample\": true, \"temperature\": 0.6, \"top_p\": 1,"
                            "\"top_k\": 50, \"repetition_penalty\": 1.05, \"eos_token_id\": 7}");
    assert_true(options_number(&o, OPT_TEMPERATURE) == 0.6);
    assert_int_equal(options_source(&o, OPT_TEMPERATURE), SOURCE_MODEL);
    assert_true(options_number(&o, OPT_TOP_P) == 1);
    assert_true(options_number(&o, OPT_REPEAT_PENALTY) == 1.05);
    assert_true(options_number(&o, OPT_TOP_K) == 3); /* the preset is stronger */
    assert_int_equal(options_source(&o, OPT_MIN_P), SOURCE_DEFAULT);
}

static void test_what_is_no_advice_is_left_out(void **state)
{
    (void)state;
    expect_untouched(NULL);
    expect_untouched("{}");
    expect_untouched("[true]");
    expect_untouched("not JSON");
    expect_untouched("{\"temperature\": 0.6}"); /* without do_sample it is not used by its makers */
    expect_untouched("{\"do_sample\": false, \"temperature\": 0.6}");
    expect_untouched("{\"do_sample\": true, \"temperature\": 9, \"top_p\": \"0.5\", \"top_k\": 1.5,"
                     "\"min_p\": null, \"repetition_penalty\": -1, \"max_new_tokens\": 9}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_advice_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_advice_is_left_out, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
