/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "named_file.h"
#include "places.h"
#include "preset.h"
#include "test.h"
#include "yaml_reader.h"

/* Every test has a folder of its own as home, so that no real configuration takes part. */
struct fixture {
    struct options o;
    struct error err;
    char folder[256];
};
static struct fixture f;

static int setup(void **state)
{
    (void)state;
    char conf[4096];
    const char *source = getenv("QINS_SOURCE");
    snprintf(f.folder, sizeof f.folder, "%s", temp_folder());
    snprintf(conf, sizeof conf, "%s/conf", source ? source : ".");
    setenv("XDG_CONFIG_HOME", f.folder, 1);
    setenv("QINS_DATA_DIR", conf, 1);
    options_init(&f.o);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    options_free(&f.o);
    remove_folder(f.folder);
    return 0;
}

static bool read_text(const char *yaml, size_t n)
{
    return preset_read(&f.o, yaml, n, "p.yaml", SOURCE_PRESET, &f.err);
}

static void user_file(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/qins", f.folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/qins/presets", f.folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/qins/templates", f.folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/qins/%s", f.folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_reads_a_mapping(void **state)
{
    (void)state;
    const char yaml[] = "# mine\n"
                        "description: short\n"
                        "temp: 0.2\n"
                        "\"top_k\": 40 # alias and quoted key\n"
                        "top_p_rule: 'nucleus'\n"
                        "system: |\n"
                        "  Two lines,\n"
                        "  \tone with a tab.\n";
    if (!read_text(yaml, sizeof yaml - 1))
        fail_msg("%s", f.err.text);
    assert_string_equal(options_text(&f.o, OPT_SYSTEM), "Two lines,\n\tone with a tab.\n");
    assert_true(options_number(&f.o, OPT_TEMPERATURE) == 0.2);
    assert_true(options_number(&f.o, OPT_TOP_K) == 40);
    assert_string_equal(options_text(&f.o, OPT_TOP_P_RULE), "nucleus");
    assert_int_equal(options_source(&f.o, OPT_TOP_K), SOURCE_PRESET);
    assert_int_equal(options_source(&f.o, OPT_TOP_P), SOURCE_DEFAULT);
    const char *const lists[] = {"stop: [\"\\n\\n\", 'b', 3, c d]\n",
                                 "stops:\n- \"\\n\\n\"\n- b\n- 3\n- |-\n  c d\n"};
    for (int i = 0; i < 2; i++) {
        assert_true(read_text(lists[i], strlen(lists[i])));
        assert_string_equal(options_text(&f.o, OPT_STOP), "[\"\\n\\n\", \"b\", \"3\", \"c d\"]");
    }
    assert_true(read_text("stop: '[a'\n", 11)); /* one text, whatever it looks like */
    assert_string_equal(options_text(&f.o, OPT_STOP), "[\"[a\"]");
    assert_true(read_text("stop: []\n", 9));
    assert_string_equal(options_text(&f.o, OPT_STOP), "");
    assert_int_equal(options_source(&f.o, OPT_STOP), SOURCE_PRESET);
    assert_true(read_text("", 0)); /* a file of nothing sets nothing */
    assert_true(read_text("# only this\n", 12));
    assert_true(read_text("{}\n", 3));
}

static void test_faults_are_told_with_their_place(void **state)
{
    (void)state;
#define BAD(yaml, place, words)                                                                    \
    {                                                                                              \
        yaml, sizeof yaml - 1, place, words                                                        \
    }
    static const struct {
        const char *yaml;
        size_t n;
        const char *place, *words;
    } bad[] = {
        BAD("temperature: 3\n", ":1:14:", "not a number from 0 to 2"),
        BAD("temperature: -1\n", ":1:14:", "not a number from 0 to 2"),
        BAD("top_k: 1\ntemperature: 1e999\n", ":2:14:", "not a number"),
        BAD("temperature: .nan\n", ":1:14:", "not a number"),
        BAD("temperature: .inf\n", ":1:14:", "not a number"),
        BAD("temperature: \"0.7\"\n", ":1:14:", "without quotes"),
        BAD("temperature: yes\n", ":1:14:", "not a number"),
        BAD("temperature:\n", ":1:13:", "not a number"),
        BAD("top_k: 012\n", ":1:8:", "not a whole number"),
        BAD("top_k: 0x10\n", ":1:8:", "not a whole number"),
        BAD("top_k: 1_000\n", ":1:8:", "not a whole number"),
        BAD("temperature: 0,7\n", ":1:14:", "not a number"),
        BAD("top_p_rule: on\n", ":1:13:", "one of spec, nucleus"),
        BAD("system: on\n", ":1:9:", "in quotes"),
        BAD("system: ~\n", ":1:9:", "write \"\""),
        BAD("system:\n", ":1:8:", "write \"\""),
        BAD("system: \"a\\0b\"\n", ":1:9:", "NUL"),
        BAD("temprature: 1\n", ":1:1:", "did you mean temperature?"),
        BAD("top_k: 1\nxyzzy: 1\n", ":2:1:", "qins.yaml(5)"),
        BAD("top_k: [a]\n", ":1:8:", "not a list"),
        BAD("stop: [a, [b]]\n", ":1:11:", "not a list"),
        BAD("stop: [a, {b: c}]\n", ":1:11:", "not a list"),
        BAD("stop: [a, *b]\n", ":1:11:", "aliases"),
        BAD("stop: [a, on]\n", ":1:11:", "in quotes"),
        BAD("stop: [a, \"\"]\n", ":1:11:", "16 texts"),
        BAD("stop: [a, \"b\\0c\"]\n", ":1:11:", "NUL"),
        BAD("stop: [a, b\n", ":2:1:", "did not find"),
        BAD("stop: {a: b}\n", ":1:7:", "not a list or a map"),
        BAD("stop:\n", ":1:6:", "write \"\""),
        BAD("stop: [a]\nstops: b\n", ":2:1:", "the same as stop"),
        BAD("stop: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]\n", ":1:47:", "16 texts"),
        BAD("top_k: {a: 1}\n", ":1:8:", "not a list or a map"),
        BAD("top_k: 1\ntop_k: 2\n", ":2:1:", "given twice"),
        BAD("temp: 1\ntemperature: 1\n", ":2:1:", "given twice"),
        BAD("temperature: 1\ntemp: 1\n", ":2:1:", "the same as temperature"),
        BAD("description: a\ndescription: b\n", ":2:1:", "given twice"),
        BAD("top_k: &a 1\n", ":1:8:", "anchors"),
        BAD("top_k: *a\n", ":1:8:", "aliases"),
        BAD("&a top_k: 1\n", ":1:1:", "anchors"),
        BAD("*a : 1\n", ":1:1:", "aliases"),
        BAD("&a [*a]\n", ":1:1:", "anchors"),
        BAD("--- &a\ntop_k: 1\n", ":1:5:", "anchors"),
        BAD("<<: {top_k: 1}\n", ":1:1:", "merge keys"),
        BAD("<<: top_k\n", ":1:1:", "merge keys"),
        BAD("top_k: !!int 1\n", ":1:8:", "tags"),
        BAD("system: !!binary aGk=\n", ":1:9:", "tags"),
        BAD("system: !!python/object:os.system x\n", ":1:9:", "tags"),
        BAD("!x {top_k: 1}\n", ":1:1:", "tags"),
        BAD("[a]: 1\n", ":1:1:", "name of an option"),
        BAD("? {a: 1}\n: 2\n", ":1:3:", "name of an option"),
        BAD("- top_k\n", ":1:1:", "temperature: 0.7"),
        BAD("top_k\n", ":1:1:", "temperature: 0.7"),
        BAD("---\n", ":2:1:", "temperature: 0.7"),
        BAD("top_k: 1\n---\ntop_k: 2\n", ":2:1:", "second document"),
        BAD("%YAML 1.1\n---\ntop_k: 1\n", ":1:1:", "directives"),
        BAD("\ttop_k: 1\n", ":1:1:", "tab"),
        BAD("top_k: 1\n\ttop_p: 1\n", ":2:1:", "tab"),
        BAD("top_k: [1\n", ":1:8:", "not a list"),
        BAD("top_k: 1\nsystem: \"abc\n", ":3:1:", "end of stream"),
        BAD("top_k: 1: 2\n", ":1:9:", "mapping values"),
        BAD("\xEF\xBB\xBFtop_k: 1\n", ":1:1:", "byte order mark"),
        BAD("\xFF\xFEt\0o\0", ":1:1:", "UTF-16"),
        BAD("\xFE\xFF\0t\0o", ":1:1:", "UTF-16"),
        BAD("top_k: 1\nsystem: a\xC3(\n", ":2:10:", "UTF-8"),
        BAD("system: \xED\xA0\x80\n", ":1:9:", "UTF-8"),
        BAD("system: \xC0\x9B\n", ":1:9:", "UTF-8"),
        BAD("system: \xC3\xA9\x1b[2J\n", ":1:10:", "UTF-8"),
        BAD("system: a\0b\n", ":1:10:", "UTF-8"),
    };
#undef BAD
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (read_text(bad[i].yaml, bad[i].n))
            fail_msg("taken: %s", bad[i].yaml);
        if (!strstr(f.err.text, bad[i].place) || !strstr(f.err.text, bad[i].words))
            fail_msg("%s-> %s\nexpected: p.yaml%s %s", bad[i].yaml, f.err.text, bad[i].place,
                     bad[i].words);
        assert_int_equal(strncmp(f.err.text, "p.yaml:", 7), 0);
        assert_int_equal(f.err.code, EX_CONFIG);
        for (int id = 0; id < N_OPTIONS; id++) /* nothing of a bad file is kept */
            assert_int_equal(options_source(&f.o, (enum option_id)id), SOURCE_DEFAULT);
    }
}

static void test_bombs_end_at_once(void **state)
{
    (void)state;
    static const char *const pieces[] = {"[",   "{",   "{a: ", "- ", "? ",
                                         "&a ", "!x ", "a: ",  "\"", "'"};
    struct buf yaml = {0};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        buf_free(&yaml);
        while (yaml.len + strlen(pieces[i]) <= YAML_MAX_BYTES)
            buf_puts(&yaml, pieces[i]);
        double start = now_ms();
        assert_false(read_text(yaml.data, yaml.len));
        assert_true(now_ms() - start < 8000); /* generous: sanitisers, qemu */
    }
    buf_free(&yaml);
    buf_puts(&yaml, "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n");
    assert_false(read_text(yaml.data, yaml.len));
    while (yaml.len <= YAML_MAX_BYTES)
        buf_puts(&yaml, "# much\n");
    assert_false(read_text(yaml.data, yaml.len));
    assert_non_null(strstr(f.err.text, "at most 65536"));
    buf_free(&yaml);
}

static void test_installed_presets_are_good(void **state)
{
    (void)state;
    static const char *const expected[] = {"balanced", "code", "creative", "precise", "story"};
    size_t n;
    char **names = preset_names(&n);
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(names[i], expected[i]);
        for (int id = 0; id < N_OPTIONS; id++)
            options_unset(&f.o, (enum option_id)id, SOURCE_PRESET);
        if (!preset_load(&f.o, names[i], &f.err))
            fail_msg("%s", f.err.text);
        /* Each says all that another may have changed. */
        for (int id = OPT_TEMPERATURE; id <= OPT_MAX_TOKENS; id++)
            if (id != OPT_REPEAT_LAST_N)
                assert_int_equal(options_source(&f.o, (enum option_id)id), SOURCE_PRESET);
        free(names[i]);
    }
    free(names);
    struct buf list = {0};
    assert_true(preset_list(&list));
    assert_string_equal(list.data, "balanced, code, creative, precise, story");
    buf_free(&list);
}

static void test_default_file_says_what_the_table_says(void **state)
{
    (void)state;
    struct options table;
    options_init(&table);
    if (!preset_load_defaults(&f.o, &f.err))
        fail_msg("%s", f.err.text);
    for (int id = 0; id < N_OPTIONS; id++) {
        char *a = options_format(&f.o, (enum option_id)id);
        char *b = options_format(&table, (enum option_id)id);
        assert_string_equal(a, b);
        assert_int_equal(options_source(&f.o, (enum option_id)id), SOURCE_DEFAULT);
        free(a);
        free(b);
    }
    options_free(&table);
}

static void test_user_files_come_first(void **state)
{
    (void)state;
    size_t n;
    user_file("presets/precise.yaml", "temperature: 0.05\n");
    user_file("presets/mine.yaml", "temperature: 1.5\n");
    user_file("presets/.hidden.yaml", "temperature: 1.5\n");
    user_file("config.yaml", "preset: mine\ntop_k: 7\ntemperature: 0.4\n");
    assert_true(preset_load_defaults(&f.o, &f.err));
    assert_string_equal(options_text(&f.o, OPT_PRESET), "mine");
    assert_true(preset_load(&f.o, "mine", &f.err));
    assert_true(options_number(&f.o, OPT_TEMPERATURE) == 1.5); /* the preset, not config.yaml */
    assert_true(options_number(&f.o, OPT_TOP_K) == 7);
    assert_true(preset_load(&f.o, "precise", &f.err));
    assert_true(options_number(&f.o, OPT_TEMPERATURE) == 0.05);
    char **names = preset_names(&n);
    assert_int_equal(n, 6);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

static void test_choosing_a_preset_while_running(void **state)
{
    (void)state;
    user_file("config.yaml", "top_k: 7\nmin_p: 0.1\n");
    user_file("presets/a.yaml", "temperature: 0.1\ntop_p: 0.3\n");
    user_file("presets/b.yaml", "temperature: 0.2\nmin_p: 0.2\n");
    user_file("presets/bad.yaml", "temperature: 0.2\nmin_q: 0.2\n");
    assert_true(preset_load_defaults(&f.o, &f.err));
    assert_true(options_set(&f.o, OPT_TEMPERATURE, "1.1", SOURCE_FLAG, &f.err));
    assert_true(options_set(&f.o, OPT_TEMPERATURE, "1.2", SOURCE_USER, &f.err));
    assert_true(options_set(&f.o, OPT_SEED, "9", SOURCE_USER, &f.err));
    assert_true(preset_choose(&f.o, "a", &f.err));
    assert_true(options_number(&f.o, OPT_TEMPERATURE) == 0.1);
    assert_true(options_number(&f.o, OPT_TOP_P) == 0.3);
    assert_true(options_number(&f.o, OPT_SEED) == 9); /* no preset spoke of it */
    assert_false(preset_choose(&f.o, "bad", &f.err));
    assert_non_null(strstr(f.err.text, "bad.yaml:2:1: unknown key \"min_q\"; did you mean min_p?"));
    assert_true(options_number(&f.o, OPT_TEMPERATURE) == 0.1);
    assert_true(preset_choose(&f.o, "b", &f.err));
    assert_true(options_number(&f.o, OPT_TEMPERATURE) == 0.2);
    assert_true(options_number(&f.o, OPT_TOP_P) == 0.9); /* a is gone */
    assert_true(options_number(&f.o, OPT_TOP_K) == 7);   /* config.yaml is not */
    assert_true(options_number(&f.o, OPT_MIN_P) == 0.2);
    assert_string_equal(options_text(&f.o, OPT_PRESET), "b");
}

/* The user's own come first; a file is a path. */
static void test_chat_templates_by_name(void **state)
{
    (void)state;
    char *path = named_file("template", "chatml", &f.err);
    assert_non_null(path);
    assert_non_null(strstr(path, "/templates/chatml.jinja"));
    char *installed = path;
    user_file("templates/chatml.jinja", "x");
    user_file("templates/own.jinja", "x");
    user_file("templates/no-template.yaml", "x");
    path = named_file("template", "chatml", &f.err);
    assert_string_not_equal(path, installed);
    free(installed);
    free(path);
    path = named_file("template", "my.jinja", &f.err);
    assert_string_equal(path, "my.jinja");
    free(path);
    path = named_file("template", "~/my.jinja", &f.err);
    assert_non_null(path);
    assert_memory_equal(path, getenv("HOME"), strlen(getenv("HOME")));
    assert_string_equal(path + strlen(getenv("HOME")), "/my.jinja");
    free(path);
    assert_null(named_file("template", "nothing", &f.err));
    assert_int_equal(f.err.code, EX_CONFIG);
    assert_non_null(strstr(f.err.text, "there are: alpaca, chatml, gemma, llama3, mistral, own, "
                                       "phi3, vicuna"));
}

static void test_names_cannot_leave_the_folder(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ".", "..", ".mine", "-x", "a\nb", "a\033[2J", "nothere"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_null(named_file("preset", bad[i], &f.err));
        assert_int_equal(f.err.code, EX_CONFIG);
    }
    assert_null(named_file("preset", "precice", &f.err));
    assert_string_equal(f.err.text,
                        "preset \"precice\": not found; did you mean precise? There are: "
                        "balanced, code, creative, precise, story");
    assert_null(named_file("preset", "zzzzzz", &f.err));
    assert_non_null(strstr(f.err.text, "there are: balanced, code, creative, precise, story"));
    assert_false(preset_load(&f.o, "./no-such.yaml", &f.err));
    assert_int_equal(f.err.code, EX_CONFIG);
    user_file("presets/loop.yaml", "preset: loop\n");
    assert_false(preset_load(&f.o, "loop", &f.err));
    assert_non_null(strstr(f.err.text, "loop.yaml:1:1: preset: a preset cannot name another"));
}

static void test_files_that_are_none(void **state)
{
    (void)state;
    char path[512];
    user_file("presets/a.yaml", "");
    snprintf(path, sizeof path, "%s/qins/presets/pipe.yaml", f.folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(preset_load(&f.o, path, &f.err)); /* and does not hang */
    assert_int_equal(f.err.code, EX_CONFIG);
    assert_false(preset_load(&f.o, "/dev/zero", &f.err));
    assert_false(preset_load(&f.o, "/", &f.err));
}

static void test_where_the_users_folder_is(void **state)
{
    (void)state;
    char *home = xstrdup(getenv("HOME") ? getenv("HOME") : "/"), *path;
    setenv("HOME", "/home/me", 1);
    setenv("XDG_CONFIG_HOME", "/x", 1);
    assert_string_equal(path = places_user_folder(), "/x/qins");
    free(path);
    setenv("XDG_CONFIG_HOME", "relative", 1); /* the XDG specification: ignore */
    assert_string_equal(path = places_user_folder(), "/home/me/.config/qins");
    free(path);
    setenv("XDG_CONFIG_HOME", "", 1);
    setenv("HOME", "/", 1);
    assert_string_equal(path = places_user_folder(), "/.config/qins");
    free(path);
    unsetenv("HOME");
    unsetenv("XDG_CONFIG_HOME");
    assert_null(places_user_folder());
    assert_true(preset_load_defaults(&f.o, &f.err));
    size_t n;
    char **names = preset_names(&n);
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    setenv("HOME", home, 1);
    free(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reads_a_mapping, setup, teardown),
        cmocka_unit_test_setup_teardown(test_faults_are_told_with_their_place, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bombs_end_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_installed_presets_are_good, setup, teardown),
        cmocka_unit_test_setup_teardown(test_default_file_says_what_the_table_says, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_user_files_come_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_choosing_a_preset_while_running, setup, teardown),
        cmocka_unit_test_setup_teardown(test_chat_templates_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_cannot_leave_the_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_that_are_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_where_the_users_folder_is, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
