/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "kernels.h"
#include "nearest.h"
#include "number.h"
#include "options.h"
#include "test.h"

static struct options o;
static struct error err;

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

/* The specification's screen: ranges, steps and defaults of its three sliders. */
static void test_sliders_are_the_specifications(void **state)
{
    (void)state;
    static const struct {
        enum option_id id;
        double low, high, step, initial;
    } expected[] = {
        {OPT_TEMPERATURE, 0.1, 2.0, 0.1, 0.7},
        {OPT_TOP_P, 0.1, 1.0, 0.05, 0.9},
        {OPT_MAX_TOKENS, 50, 2048, 50, 512},
    };
    for (size_t i = 0; i < 3; i++) {
        const struct option_row *row = &option_table[expected[i].id];
        assert_true(row->slider_min == expected[i].low && row->slider_max == expected[i].high);
        assert_true(row->step == expected[i].step);
        assert_true(options_number(&o, expected[i].id) == expected[i].initial);
    }
    assert_string_equal(options_text(&o, OPT_SYSTEM), "You are a helpful AI assistant.");
    assert_int_equal(options_sampling(&o).top_p_rule, TOP_P_SPEC);
}

static void test_steps_stay_on_the_grid(void **state)
{
    (void)state;
    char *text;
    for (int i = 0; i < 100; i++)
        options_step(&o, OPT_TEMPERATURE, -1);
    assert_true(options_number(&o, OPT_TEMPERATURE) == 0.1);
    for (int i = 2; i <= 20; i++) {
        char expected[8];
        options_step(&o, OPT_TEMPERATURE, 1);
        snprintf(expected, sizeof expected, i % 10 ? "%d.%d" : "%d", i / 10, i % 10);
        assert_string_equal(text = options_format(&o, OPT_TEMPERATURE), expected);
        free(text);
    }
    options_step(&o, OPT_TEMPERATURE, 1);
    assert_true(options_number(&o, OPT_TEMPERATURE) == 2);

    options_step(&o, OPT_MAX_TOKENS, 1); /* from 512, which is between 500 and 550 */
    assert_true(options_number(&o, OPT_MAX_TOKENS) == 550);
    options_reset(&o, OPT_MAX_TOKENS);
    options_step(&o, OPT_MAX_TOKENS, -1);
    assert_true(options_number(&o, OPT_MAX_TOKENS) == 500);
    options_step(&o, OPT_MAX_TOKENS, 1000);
    assert_true(options_number(&o, OPT_MAX_TOKENS) == 2048);
    options_step(&o, OPT_MAX_TOKENS, -1);
    assert_true(options_number(&o, OPT_MAX_TOKENS) == 2000);
}

static void test_stronger_sources_win_in_any_order(void **state)
{
    (void)state;
    static const char *const values[N_SOURCES] = {"0.1", "0.2", "0.3", "0.4", "0.5", "0.6"};
    for (int source = N_SOURCES - 1; source >= 0; source--)
        assert_true(
            options_set(&o, OPT_TEMPERATURE, values[source], (enum option_source)source, &err));
    for (int source = N_SOURCES - 1; source >= 0; source--) {
        assert_int_equal(options_source(&o, OPT_TEMPERATURE), source);
        assert_true(fabs(options_number(&o, OPT_TEMPERATURE) - (source + 1) / 10.0) < 1e-9);
        if (source > 0)
            options_unset(&o, OPT_TEMPERATURE, (enum option_source)source);
    }
}

static void test_values_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        enum option_id id;
        const char *text;
    } bad[] = {
        {OPT_TEMPERATURE, "2.01"},
        {OPT_TEMPERATURE, "-0.1"},
        {OPT_TEMPERATURE, "nan"},
        {OPT_TEMPERATURE, "inf"},
        {OPT_TEMPERATURE, "1e999"},
        {OPT_TEMPERATURE, "0x1"},
        {OPT_TEMPERATURE, "0,7"},
        {OPT_TEMPERATURE, "0.7 "},
        {OPT_TEMPERATURE, " 0.7"},
        {OPT_TEMPERATURE, "0.7f"},
        {OPT_TEMPERATURE, ""},
        {OPT_TEMPERATURE, "."},
        {OPT_TEMPERATURE, "1."},
        {OPT_TEMPERATURE, ".5"},
        {OPT_TEMPERATURE, "1e"},
        {OPT_TOP_P, "1.0001"},
        {OPT_TOP_K, "1.5"},
        {OPT_TOP_K, "-1"},
        {OPT_TOP_K, "012"},
        {OPT_MAX_TOKENS, "0"},
        {OPT_MAX_TOKENS, "9999999"},
        {OPT_SEED, "-2"},
        {OPT_SEED, "9007199254740992"},
        {OPT_TOP_P_RULE, "nucl"},
        {OPT_TOP_P_RULE, ""},
        {OPT_TOP_P_RULE, "spec nucleus"},
        {OPT_PRESENCE_PENALTY, "2.1"},
        {OPT_FREQUENCY_PENALTY, "-2.1"},
        {OPT_STOP, "[1]"},
        {OPT_STOP, "[\"\"]"},
        {OPT_STOP, "[\"a\""},
        {OPT_STOP, "\xff"},
        {OPT_CPU, "sse2"},
        {OPT_FORMAT, "qins5"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (options_set(&o, bad[i].id, bad[i].text, SOURCE_USER, &err))
            fail_msg("%s took \"%s\"", option_table[bad[i].id].name, bad[i].text);
        assert_int_equal(err.code, EX_USAGE);
        assert_int_equal(options_source(&o, bad[i].id), SOURCE_DEFAULT);
    }
    assert_false(options_set(&o, OPT_TOP_P, "3", SOURCE_USER, &err));
    assert_string_equal(err.text, "top_p: \"3\" is not a number from 0 to 1");
    assert_false(options_set(&o, OPT_TOP_P_RULE, "x", SOURCE_USER, &err));
    assert_string_equal(err.text, "top_p_rule: \"x\" is not one of spec, nucleus");
}

static void test_stop_texts_come_in_lists(void **state)
{
    (void)state;
    char *text;
    struct stops stops;
    assert_string_equal(text = options_format(&o, OPT_STOP), "");
    free(text);
    assert_true(options_set(&o, OPT_STOP, "User:", SOURCE_ENV, &err));
    assert_string_equal(text = options_format(&o, OPT_STOP), "[\"User:\"]");
    free(text);
    assert_true(options_add_stop(&o, OPT_STOP, "\n\n", SOURCE_FLAG, &err));
    assert_true(options_add_stop(&o, OPT_STOP, "[\"x", SOURCE_FLAG, &err));
    assert_string_equal(text = options_format(&o, OPT_STOP), "[\"\\n\\n\", \"[\\\"x\"]");
    free(text);
    stops = options_stops(&o);
    assert_int_equal(stops.n, 2);
    assert_int_equal(stops.len[1], 3);
    assert_memory_equal(stops.text[1], "[\"x", 3);
    for (int i = 2; i < MAX_STOPS; i++)
        assert_true(options_add_stop(&o, OPT_STOP, "y", SOURCE_FLAG, &err));
    assert_false(options_add_stop(&o, OPT_STOP, "y", SOURCE_FLAG, &err));
    assert_int_equal(options_stops(&o).n, MAX_STOPS);
}

static void test_borders_of_ranges_are_inside(void **state)
{
    (void)state;
    for (int id = 0; id < N_OPTIONS; id++) {
        const struct option_row *row = &option_table[id];
        char number[32];
        if (row->type != OPTION_FLOAT && row->type != OPTION_INT)
            continue;
        assert_true(options_set(&o, id, number_format(row->min, number), SOURCE_USER, &err));
        assert_true(options_set(&o, id, number_format(row->max, number), SOURCE_USER, &err));
        assert_true(row->slider_min >= row->min && row->slider_max <= row->max);
        assert_true(row->step > 0 && row->slider_min < row->slider_max);
    }
}

static void test_names_of_others_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int id;
    } names[] = {
        {"temperature", OPT_TEMPERATURE},
        {"temp", OPT_TEMPERATURE},
        {"top-p", OPT_TOP_P},
        {"topp", OPT_TOP_P},
        {"top-k", OPT_TOP_K},
        {"min-p", OPT_MIN_P},
        {"repetition_penalty", OPT_REPEAT_PENALTY},
        {"max_new_tokens", OPT_MAX_TOKENS},
        {"n_predict", OPT_MAX_TOKENS},
        {"num_predict", OPT_MAX_TOKENS},
        {"num_ctx", OPT_CONTEXT},
        {"n_ctx", OPT_CONTEXT},
        {"ctx_size", OPT_CONTEXT},
        {"Temperature", -1},
        {"", -1},
        {"temperatur", -1},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(options_find(names[i].name, NULL), names[i].id);
}

static void test_misspelt_names_get_a_guess(void **state)
{
    (void)state;
    const char *guess;
    assert_int_equal(options_find("temprature", &guess), -1);
    assert_string_equal(guess, "temperature");
    assert_int_equal(options_find("tpo_p", &guess), -1);
    assert_string_equal(guess, "top_p");
    assert_int_equal(options_find("repetition_penality", &guess), -1);
    assert_string_equal(guess, "repeat_penalty"); /* our name for the nearest alias */
    assert_int_equal(options_find("xyzzy", &guess), -1);
    assert_null(guess);
    assert_int_equal(edit_distance("", "abc"), 3);
    assert_int_equal(edit_distance("kitten", "sitting"), 3);
    assert_int_equal(edit_distance("ab", "ba"), 1);
    assert_int_equal(edit_distance("ca", "abc"), 3); /* restricted: no edit inside a swap */
}

static void test_environment(void **state)
{
    (void)state;
    setenv("QINS_TOP_P_RULE", "nucleus", 1);
    setenv("QINS_TOP_K", "", 1);
    setenv("QINS_SEED", "7", 1);
    assert_true(options_read_env(&o, &err));
    assert_int_equal(options_source(&o, OPT_TOP_P_RULE), SOURCE_ENV);
    assert_int_equal(options_sampling(&o).top_p_rule, TOP_P_NUCLEUS);
    assert_int_equal(options_source(&o, OPT_TOP_K), SOURCE_DEFAULT);
    assert_int_equal(options_seed(&o), 7);
    setenv("QINS_TOP_K", "many", 1);
    assert_false(options_read_env(&o, &err));
    assert_int_equal(err.code, EX_CONFIG);
    assert_non_null(strstr(err.text, "QINS_TOP_K: top_k: \"many\""));
    unsetenv("QINS_TOP_P_RULE");
    unsetenv("QINS_TOP_K");
    unsetenv("QINS_SEED");
}

static void test_seed_is_drawn_anew(void **state)
{
    (void)state;
    uint64_t a = options_seed(&o), b = options_seed(&o);
    assert_true(a != b); /* fails once in 2^53 runs */
    assert_true(a < UINT64_C(1) << 53 && b < UINT64_C(1) << 53);
}

static void test_choices_are_known_to_the_kernels(void **state)
{
    (void)state;
    char *list = xstrdup(option_table[OPT_FORMAT].choices);
    size_t n = 0;
    for (char *c = strtok(list, " "); c; c = strtok(NULL, " ")) {
        enum format format;
        assert_true(strcmp(c, "auto") == 0 || format_from_name(c, &format));
        n++;
    }
    free(list);
    assert_int_equal(n, N_FORMATS + 1);

    list = xstrdup(cpu_level_names());
    for (char *c = strtok(list, " "); c; c = strtok(NULL, " "))
        assert_true(options_set(&o, OPT_CPU, c, SOURCE_USER, &err));
    free(list);
}

/* Flags of rows: what /set refuses, and what generation_config.json may say. */
static void test_flags_of_rows(void **state)
{
    (void)state;
    static const char fixed[] =
        " context threads cpu format speculate kv gemm weights keep_context server server_model "
        "key_command key_file server_timeout ";
    static const char from_model[] = " temperature top_p top_k min_p repeat_penalty ";
    for (int id = 0; id < N_OPTIONS; id++) {
        const struct option_row *row = &option_table[id];
        char name[64];
        snprintf(name, sizeof name, " %s ", row->name);
        if (row->is_fixed != (strstr(fixed, name) != NULL) ||
            row->from_model != (strstr(from_model, name) != NULL))
            fail_msg("a flag of %s is wrong", row->name);
    }
}

static void test_each_sampling_value_has_its_option(void **state)
{
    (void)state;
    static const struct {
        enum option_id id;
        const char *text;
    } values[] = {
        {OPT_TEMPERATURE, "0.5"},
        {OPT_TOP_P, "0.25"},
        {OPT_MIN_P, "0.125"},
        {OPT_REPEAT_PENALTY, "1.5"},
        {OPT_PRESENCE_PENALTY, "-1"},
        {OPT_FREQUENCY_PENALTY, "2"},
        {OPT_TOP_K, "7"},
        {OPT_REPEAT_LAST_N, "9"},
        {OPT_TOP_P_RULE, "nucleus"},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_true(options_set(&o, values[i].id, values[i].text, SOURCE_USER, &err));
    struct sampling s = options_sampling(&o);
    assert_true(s.temperature == 0.5f && s.top_p == 0.25f && s.min_p == 0.125f);
    assert_true(s.repeat_penalty == 1.5f && s.presence_penalty == -1 && s.frequency_penalty == 2);
    assert_true(s.top_k == 7 && s.repeat_last_n == 9 && s.top_p_rule == TOP_P_NUCLEUS);
}

static void test_help_texts_are_whole(void **state)
{
    (void)state;
    for (int id = 0; id < N_OPTIONS; id++) {
        const struct option_row *row = &option_table[id];
        assert_true(row->help && row->help[0] && row->help[strlen(row->help) - 1] != '.');
        assert_true(row->manual && row->manual[strlen(row->manual) - 1] == '.');
        assert_true(row->type == OPTION_BOOL ? !row->meta : row->meta && row->meta[0]);
        for (int other = 0; other < id; other++)
            assert_false(row->short_flag && option_table[other].short_flag == row->short_flag);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sliders_are_the_specifications, setup, teardown),
        cmocka_unit_test_setup_teardown(test_steps_stay_on_the_grid, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stronger_sources_win_in_any_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values_out_of_range_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop_texts_come_in_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(test_borders_of_ranges_are_inside, setup, teardown),
        cmocka_unit_test(test_names_of_others_are_understood),
        cmocka_unit_test(test_misspelt_names_get_a_guess),
        cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_seed_is_drawn_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_choices_are_known_to_the_kernels, setup, teardown),
        cmocka_unit_test(test_flags_of_rows),
        cmocka_unit_test_setup_teardown(test_each_sampling_value_has_its_option, setup, teardown),
        cmocka_unit_test(test_help_texts_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
