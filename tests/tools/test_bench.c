/* SPDX-License-Identifier: MIT
 *
 * qins-bench as people run it: what is on stdout, what on stderr, and the exit code.
 */
#include <math.h>
#include <sys/wait.h>

#include "json.h"
#include "test.h"

struct output {
    struct buf text; /* stdout */
    int code;
};

/* Runs the program; $QS in the arguments is the shared folder. stderr joins where asked. */
static struct output run(const char *arguments, bool with_stderr)
{
    struct output out = {0};
    const char *build = getenv("QINS_BUILD"), *shared = shared_path("");
    char *command = xasprintf("QS='%s'; LC_ALL=de_DE.UTF-8 '%s/tools/qins-bench' %s %s", shared,
                              build ? build : ".", arguments, with_stderr ? "2>&1" : "2>/dev/null");
    FILE *f = popen(command, "r");
    char chunk[4096];
    size_t n;
    assert_non_null(f);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        buf_append(&out.text, chunk, n);
    int status = pclose(f);
    out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    buf_append(&out.text, "", 0);
    free(command);
    return out;
}

static void expect_text(const char *arguments, const char *want)
{
    struct output out = run(arguments, false);
    assert_int_equal(out.code, 0);
    assert_string_equal(out.text.data, want);
    buf_free(&out.text);
}

static json_t *expect_json(const char *arguments)
{
    struct error err;
    struct output out = run(arguments, false);
    assert_int_equal(out.code, 0);
    json_t *j = json_parse(out.text.data, out.text.len, "qins-bench", &err);
    assert_non_null(j);
    buf_free(&out.text);
    return j;
}

/* Ids from shared/vectors/phi-3.5-tokenizer.jsonl and the <s> of Llama's post-processor. */
static void test_tokens(void **state)
{
    (void)state;
    const char *text = "'\\frac{a}{b} + \\sqrt{2}'",
               *ids = "320 1154 29912 29874 1157 29890 29913 718 320 3676 29912 29906 29913";
    char arguments[512], want[256];
    snprintf(arguments, sizeof arguments, "tokens \"$QS/models/phi-3.5-mini-instruct\" %s", text);
    snprintf(want, sizeof want, "%s\n", ids);
    expect_text(arguments, want);
    snprintf(arguments, sizeof arguments,
             "tokens --decode \"$QS/models/phi-3.5-mini-instruct\" '%s'", ids);
    expect_text(arguments, "\\frac{a}{b} + \\sqrt{2}");
    expect_text("tokens \"$QS/models/phi-3.5-mini-instruct\" '<|end|>'", "32007\n");
    expect_text("tokens \"$QS/models/stories260K\" - < /dev/null", "1\n");
}

static void check_case(const char *fixture, const json_t *example)
{
    struct buf arguments = {0};
    const json_t *prompt = json_object_get(example, "prompt"),
                 *greedy = json_object_get(example, "greedy"),
                 *logits = json_object_get(example, "logits");
    buf_printf(&arguments, "logits \"$QS/fixtures/%s\" --json --greedy %zu --ids ", fixture,
               json_array_size(greedy));
    for (size_t i = 0; i < json_array_size(prompt); i++)
        buf_printf(&arguments, "%s%lld", i ? "," : "",
                   (long long)json_integer_value(json_array_get(prompt, i)));
    json_t *j = expect_json(arguments.data);
    assert_true(json_equal(json_object_get(j, "greedy"), greedy));
    const json_t *got = json_object_get(j, "logits");
    assert_int_equal(json_array_size(got), json_array_size(logits));
    for (size_t i = 0; i < json_array_size(logits); i++)
        assert_true(fabs(json_number_value(json_array_get(got, i)) -
                         json_number_value(json_array_get(logits, i))) <= 1e-3);
    json_decref(j);
    buf_free(&arguments);
}

static void test_logits(void **state)
{
    (void)state;
    const char *const fixtures[] = {"phi3", "phi3-cross", "phi4", "llama"};
    for (size_t f = 0; f < sizeof fixtures / sizeof *fixtures; f++) {
        struct error err;
        struct buf text = {0};
        char name[64];
        snprintf(name, sizeof name, "fixtures/%s/expected.json", fixtures[f]);
        assert_true(read_file(&text, shared_path(name), 1 << 24, &err));
        json_t *expected = json_parse(text.data, text.len, name, &err);
        const json_t *cases = json_object_get(expected, "cases");
        for (size_t i = 0; i < json_array_size(cases); i++)
            check_case(fixtures[f], json_array_get(cases, i));
        json_decref(expected);
        buf_free(&text);
    }
}

static void test_speed_without_generation_divides_nothing_by_zero(void **state)
{
    (void)state;
    const char *const keys[] = {"prompt_tokens_per_s", "load_ms",     "first_token_ms",
                                "rss_bytes",           "model_bytes", "read_gb_per_s"};
    const char *const runs[] = {"-n 0", "-p 1 -n 3", "-t 1 -p 20 -n 2 -f qins4 --cpu scalar"};
    for (size_t r = 0; r < sizeof runs / sizeof *runs; r++) {
        char arguments[256];
        snprintf(arguments, sizeof arguments, "speed \"$QS/models/stories260K\" --json -p 10 %s",
                 runs[r]);
        json_t *j = expect_json(arguments);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            assert_true(json_number_value(json_object_get(j, keys[k])) > 0);
        double rate = json_number_value(json_object_get(j, "generate_tokens_per_s"));
        assert_true(json_is_number(json_object_get(j, "generate_tokens_per_s")));
        assert_true(r == 0 ? rate == 0 : rate > 0);
        json_decref(j);
    }
}

static void test_refusals_are_one_line_and_a_code(void **state)
{
    (void)state;
    const struct {
        const char *arguments;
        int code;
        const char *says;
    } cases[] = {
        {"", 64, "command"},
        {"dance x", 64, "dance"},
        {"speed", 64, "MODEL"},
        {"speed x -t 10000", 64, "10000"},
        {"speed x -n -1", 64, "-1"},
        {"speed x -p 0", 64, "-p 0"},
        {"speed x --cpu z80", 64, "z80"},
        {"speed x --format q4", 64, "q4"},
        {"speed x y", 64, "y"},
        {"speed x --frob", 64, "flag"},
        {"speed /nowhere/x.qins", 66, "/nowhere/x.qins"},
        {"speed /dev/null", 65, "/dev/null"},
        {"speed \"$(printf 'a\\033[2Jb')\"", 66, "^["},
        {"logits x", 64, "--ids"},
        {"logits \"$QS/fixtures/phi3\" --ids 1,512", 64, "512"},
        {"logits \"$QS/fixtures/phi3\" --ids 1,x", 64, "x"},
        {"logits \"$QS/fixtures/phi3\" --ids ,", 64, "--ids"},
        {"logits \"$QS/fixtures/phi3-cross\" --ids 1 --greedy 256", 64, "256"},
        {"tokens --decode \"$QS/models/stories260K\" '1 9999999999999999999999'", 64, "999"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct output out = run(cases[i].arguments, true);
        if (out.code != cases[i].code || !strstr(out.text.data, cases[i].says) ||
            strchr(out.text.data, '\n') != out.text.data + out.text.len - 1 ||
            strchr(out.text.data, '\033'))
            fail_msg("qins-bench %s: code %d, said %s", cases[i].arguments, out.code,
                     out.text.data);
        buf_free(&out.text);
    }
}

static void test_help_and_version(void **state)
{
    (void)state;
    struct output out = run("-h", false);
    assert_int_equal(out.code, 0);
    assert_non_null(strstr(out.text.data, "usage: qins-bench"));
    buf_free(&out.text);
    out = run("--version", false);
    assert_int_equal(out.code, 0);
    assert_non_null(strstr(out.text.data, "qins-bench "));
    buf_free(&out.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_logits),
        cmocka_unit_test(test_speed_without_generation_divides_nothing_by_zero),
        cmocka_unit_test(test_refusals_are_one_line_and_a_code),
        cmocka_unit_test(test_help_and_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
