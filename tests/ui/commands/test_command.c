/* SPDX-License-Identifier: MIT
 *
 * commands, key bindings, numbers of the sidebar
 */
#include <string.h>

#include "command.h"
#include "complete.h"
#include "keymap.h"
#include "keys.h"
#include "sidebar.h"
#include "test.h"
#include "tiny_model.h"
#include "units.h"

static void test_lines_are_commands_or_text(void **state)
{
    (void)state;
    const char *argument;
    assert_int_equal(command_parse("hello /help", &argument), COMMAND_TEXT);
    assert_string_equal(argument, "hello /help");
    assert_int_equal(command_parse("//etc/passwd", &argument), COMMAND_TEXT);
    assert_string_equal(argument, "/etc/passwd");
    assert_int_equal(command_parse(" /quit", &argument), COMMAND_KNOWN);
    assert_string_equal(command_find(" /quit", &argument)->name, "quit");
    assert_int_equal(command_parse("/set top_p  0.5", &argument), COMMAND_KNOWN);
    assert_string_equal(argument, "top_p  0.5");
    assert_string_equal(command_find("/system Be\nbrief.", &argument)->name, "system");
    assert_string_equal(argument, "Be\nbrief.");
    assert_int_equal(command_parse("/usr/bin/env is what?", &argument), COMMAND_TEXT); /* a path */
    assert_int_equal(command_parse("/clear everything", &argument), COMMAND_UNKNOWN);
    assert_int_equal(command_parse("/", &argument), COMMAND_UNKNOWN);
    assert_string_equal(command_nearest("/hlep"), "help");
    assert_string_equal(command_nearest("/q"), "quit");
    assert_null(command_nearest("/xyzzyxyzzy"));
}

/* `words`: what fits, each with a blank behind it; `added`: what Tab inserts. */
static void completes(const char *line, const char *added, const char *words)
{
    struct completion c;
    struct buf all = {0};
    buf_puts(&all, "");
    complete(line, strlen(line), &c);
    for (size_t i = 0; i < c.n; i++)
        buf_printf(&all, "%s ", c.words[i] + c.n_folder);
    assert_string_equal(all.data, words);
    if (c.n) {
        char *out = xasprintf("%.*s%s", (int)(c.n_common - (strlen(line) - c.from)),
                              c.words[0] + (strlen(line) - c.from), c.n == 1 ? c.after : "");
        assert_string_equal(out, added);
        free(out);
    }
    completion_free(&c);
    buf_free(&all);
}

static void test_completion_of_names(void **state)
{
    (void)state;
    setenv("HOME", "/nonexistent", 1); /* no presets but ours */
    unsetenv("XDG_CONFIG_HOME");
    completes("/he", "lp", "help ");
    completes("/syst", "em ", "system ");
    completes("/x", "", "");
    completes("/set tempe", "rature ", "temperature ");
    completes("/set temp", "", "temperature template ");
    completes("/set top_p", "", "top_p top_p_rule ");
    completes("/set keymap ", "", "emacs vi ");
    completes("/set keymap v", "i", "vi ");
    completes("/set mouse t", "rue", "true ");
    completes("/set preset prec", "ise", "precise ");
    completes("/set nonsense x", "", "");
    completes("/preset c", "", "code creative ");
    completes("/preset cr", "eative", "creative ");
    completes("/compare qins4", "", "qins4 qins4-16 ");
    completes("/compare orig", "inal", "original ");
    completes("/compare auto", "", "");
    completes("/system c", "", "");
    completes("text", "", "");
    completes("//he", "", "");
}

static void test_completion_of_paths(void **state)
{
    (void)state;
    char *folder = temp_folder(), line[400];
    write_text(folder, "one.qins", "x");
    write_text(folder, "one two.md", "x");
    write_text(folder, ".hidden", "x");
    write_text(folder, "bad\033name", "x");
    char *inner = path_join(folder, "inner");
    mkdir(inner, 0700);
    setenv("HOME", folder, 1);
    snprintf(line, sizeof line, "/set model %s/o", folder);
    completes(line, "ne", "one two.md one.qins ");
    snprintf(line, sizeof line, "/set model %s/one t", folder);
    completes(line, "wo.md", "one two.md ");
    completes("/set model ~/in", "ner/", "inner/ ");
    completes("/set model ~/.h", "idden", ".hidden ");
    completes("/set model ~/", "", "inner/ one two.md one.qins "); /* no name that could harm */
    completes("/set model /nonsense/", "", "");
    completes("/compare ~/one.q", "ins", "one.qins ");
    completes("/compare qins4 ~/in", "ner/", "inner/ ");
    free(inner);
    remove_folder(folder);
}

static void test_no_key_means_two_things_in_one_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_keymap; i++)
        for (size_t j = i + 1; j < n_keymap; j++)
            if (keymap[i].key == keymap[j].key)
                assert_int_equal(keymap[i].where & keymap[j].where, 0);
    for (size_t i = 0; i < n_keymap; i++) /* a row without help belongs to the row before */
        if (!keymap[i].help &&
            (keymap[i].action < ACT_EXAMPLE_2 || keymap[i].action > ACT_EXAMPLE_4))
            assert_int_equal(keymap[i].action, keymap[i - 1].action);
}

static void test_help_names_every_bound_key(void **state)
{
    (void)state;
    struct buf help = {0};
    char name[32];
    keymap_help(&help);
    for (size_t i = 0; i < n_keymap; i++)
        assert_non_null(strstr(help.data, key_name(keymap[i].key, name, sizeof name)));
    assert_string_equal(key_name(K_CTRL | 'a', name, sizeof name), "Ctrl-A");
    assert_string_equal(key_name(K_ALT | K_LEFT, name, sizeof name), "Alt-Left");
    assert_string_equal(key_name(K_F1 + 9, name, sizeof name), "F10");
    buf_free(&help);
}

static void test_numbers(void **state)
{
    (void)state;
    char t[32];
    assert_string_equal(format_bytes(0, t, sizeof t), "-");
    assert_string_equal(format_bytes(999, t, sizeof t), "999 B");
    assert_string_equal(format_bytes(2130000000, t, sizeof t), "2.13 GB");
    assert_string_equal(format_bytes(999999, t, sizeof t), "1.00 MB");
    assert_string_equal(format_bytes(15300000000u, t, sizeof t), "15.3 GB");
    assert_string_equal(format_rate(7.25, t, sizeof t), "7.2 tok/s");
    assert_string_equal(format_rate(0, t, sizeof t), "-");
    assert_string_equal(format_rate(1.0 / 0.0, t, sizeof t), "-");
    assert_string_equal(format_ms(-5, t, sizeof t), "-");
    assert_string_equal(format_ms(0.4, t, sizeof t), "0.4 ms");
    assert_string_equal(format_ms(1500, t, sizeof t), "1.5 s");
}

static const struct sidebar_line *find(const struct sidebar_line *l, int n, const char *label)
{
    for (int i = 0; i < n; i++)
        if (strcmp(l[i].label, label) == 0)
            return &l[i];
    return NULL;
}

static void test_sidebar_tells_and_fits(void **state)
{
    (void)state;
    struct options o;
    struct sidebar_line lines[SIDEBAR_MAX_LINES];
    options_init(&o);
    struct status f = {.state = STATE_READING,
                       .done = 64,
                       .total = 128,
                       .n_read_before = 32,
                       .reading_ms = 100,
                       .ctx_len = 4096,
                       .n_ctx_used = 1024,
                       .model_bytes = 2000000000,
                       .f32_bytes = 15000000000,
                       .cpu_level = "avx2",
                       .n_threads = 2};
    int n = sidebar_lines(&f, &o, 0, "", 40, lines);
    assert_string_equal(lines[0].label, "Reading prompt 64/128");
    assert_string_equal(find(lines, n, "Reading")->value, "320 tok/s"); /* 32 tokens in 0.1 s */
    assert_string_equal(find(lines, n, "Context")->value, "1024 / 4096");
    assert_string_equal(find(lines, n, "As FP32")->value, "15.0 GB, 7.5x");
    assert_string_equal(find(lines, n, "CPU")->value, "avx2, 2 threads");
    assert_string_equal(find(lines, n, "Max tokens")->value, "512");
    assert_string_equal(find(lines, n, "Temperature")->value, "0.7");
    n = sidebar_lines(&f, &o, 1, "0.4", 40, lines);
    assert_string_equal(find(lines, n, "Top-p")->value, "0.4_");
    for (int height = 0; height < 40; height++) {
        n = sidebar_lines(&f, &o, 2, "", height, lines);
        assert_true(n <= height);
        if (height >= 2)
            assert_non_null(find(lines, n, "Max tokens")); /* the selected one stays */
        if (height >= 5)
            assert_non_null(find(lines, n, "Temperature"));
    }
    f = (struct status){.state = STATE_LOADING, .done = 5, .total = 0};
    n = sidebar_lines(&f, &o, 0, "", 40, lines);
    assert_string_equal(lines[0].label, "Loading");
    f = (struct status){.state = STATE_COMPARING, .done = 5, .total = 20, .step = "converting"};
    n = sidebar_lines(&f, &o, 0, "", 40, lines);
    assert_string_equal(lines[0].label, "converting 25 %");
    f.step[0] = '\0';
    n = sidebar_lines(&f, &o, 0, "", 40, lines);
    assert_string_equal(lines[0].label, "Comparing 25 %");
    options_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_commands_or_text),
        cmocka_unit_test(test_completion_of_names),
        cmocka_unit_test(test_completion_of_paths),
        cmocka_unit_test(test_no_key_means_two_things_in_one_place),
        cmocka_unit_test(test_help_names_every_bound_key),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_sidebar_tells_and_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
