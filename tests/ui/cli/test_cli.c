/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <unistd.h>

#include "cli.h"
#include "cli_flags.h"
#include "engine_settings.h"
#include "test.h"

static struct cli c;
static struct error err;
static char folder[256];

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s", temp_folder());
    setenv("XDG_CONFIG_HOME", folder, 1);
    setenv("QINS_DATA_DIR", folder, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

#define PARSE(...) parse((const char *const[]){"qins-tui", __VA_ARGS__, NULL})

static bool parse(const char *const *words)
{
    static char *argv[64];
    int argc = 0;
    for (; words[argc]; argc++)
        argv[argc] = (char *)words[argc];
    argv[argc] = NULL;
    return cli_parse(&c, argc, argv, &err);
}

static double number(enum option_id id)
{
    return options_number(&c.options, id);
}

static const char *text(enum option_id id)
{
    return options_text(&c.options, id);
}

static void write_file(const char *name, const char *content)
{
    char path[512];
    snprintf(path, sizeof path, "%s/qins", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/presets", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(content, f);
    fclose(f);
}

/* The flags of the issue, in every spelling that getopt_long allows. */
static void test_flags_set_options(void **state)
{
    (void)state;
    assert_true(PARSE("-m", "a.qins", "--temperature", "0", "--top-p=0.5", "--top-k", "40",
                      "--min-p", "0.1", "--repeat-penalty", "1.1", "--top-p-rule", "nucleus",
                      "--max-tokens", "200", "--seed", "-1", "--threads", "2", "--cpu", "scalar",
                      "--context", "99", "--system", "", "-f", "f32", "--raw", "-p", ""));
    assert_string_equal(text(OPT_MODEL), "a.qins");
    assert_string_equal(text(OPT_MOUSE), "false");
    assert_true(number(OPT_TEMPERATURE) == 0 && number(OPT_TOP_P) == 0.5);
    assert_true(number(OPT_TOP_K) == 40 && number(OPT_MIN_P) == 0.1);
    assert_true(number(OPT_REPEAT_PENALTY) == 1.1 && number(OPT_MAX_TOKENS) == 200);
    assert_true(number(OPT_SEED) == -1 && number(OPT_THREADS) == 2 && number(OPT_CONTEXT) == 99);
    assert_string_equal(text(OPT_TOP_P_RULE), "nucleus");
    assert_string_equal(text(OPT_CPU), "scalar");
    assert_string_equal(text(OPT_SYSTEM), "");
    assert_string_equal(text(OPT_FORMAT), "f32");
    assert_int_equal(options_source(&c.options, OPT_SYSTEM), SOURCE_FLAG);
    assert_int_equal(options_source(&c.options, OPT_PRESET), SOURCE_DEFAULT);
    assert_true(c.raw && c.plain);
    assert_string_equal(c.prompt, ""); /* empty, but given */
    assert_int_equal(c.action, CLI_RUN);
    cli_free(&c);
    assert_true(PARSE("--mouse", "m.qins"));
    assert_string_equal(text(OPT_MOUSE), "true");
    assert_string_equal(text(OPT_MODEL), "m.qins");
    cli_free(&c);
    assert_true(PARSE("--no-markdown", "--no-mouse", "--no-show-thinking", "--no-remember",
                      "--no-color", "--no-clipboard", "--no-speculate", "--no-think"));
    static const enum option_id off[] = {OPT_MARKDOWN,  OPT_MOUSE, OPT_SHOW_THINKING,
                                         OPT_REMEMBER,  OPT_COLOR, OPT_CLIPBOARD,
                                         OPT_SPECULATE, OPT_THINK};
    for (size_t i = 0; i < sizeof off / sizeof *off; i++)
        assert_string_equal(text(off[i]), i < 4 ? "false" : i == 4 ? "never" : "off");
    cli_free(&c);
    assert_true(PARSE("--no-mouse", "--mouse")); /* the last one counts */
    assert_string_equal(text(OPT_MOUSE), "true");
    cli_free(&c);
    assert_true(PARSE("--mouse=false"));
    assert_string_equal(text(OPT_MOUSE), "false");
    cli_free(&c);
}

static bool is_plain(const char *flag, const char *value)
{
    const char *const words[] = {"qins-tui", flag, value, NULL};
    assert_true(parse(words));
    cli_free(&c);
    return c.plain;
}

static void test_what_makes_plain_mode(void **state)
{
    (void)state;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY), in = dup(STDIN_FILENO);
    int out = dup(STDOUT_FILENO);
    bool plain[6];
    if (terminal < 0 || !isatty(terminal))
        skip();
    fflush(stdout);
    dup2(terminal, STDIN_FILENO);
    plain[0] = is_plain("-t1", NULL); /* stdout is what it was, or a terminal too */
    dup2(terminal, STDOUT_FILENO);
    plain[1] = is_plain("-t1", NULL);
    plain[2] = is_plain("--raw", NULL);
    plain[3] = is_plain("--plain", NULL);
    plain[4] = is_plain("-p", "x");
    int null_fd = open("/dev/null", O_RDONLY);
    dup2(null_fd, STDIN_FILENO);
    plain[5] = is_plain("-t1", NULL);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    close(null_fd);
    close(terminal);
    close(in);
    close(out);
    assert_int_equal(plain[0], !isatty(STDOUT_FILENO));
    assert_false(plain[1]);
    assert_true(plain[2] && plain[3] && plain[4] && plain[5]);
}

static void test_model_without_flag(void **state)
{
    (void)state;
    assert_true(PARSE("models/a", "--seed", "3"));
    assert_string_equal(text(OPT_MODEL), "models/a");
    assert_true(number(OPT_SEED) == 3);
    assert_null(c.prompt);
    cli_free(&c);
    assert_true(PARSE("--num-predict", "7", "-t2", "--", "--seed")); /* alias; -- ends flags */
    assert_string_equal(text(OPT_MODEL), "--seed");
    assert_true(number(OPT_MAX_TOKENS) == 7 && number(OPT_THREADS) == 2);
    cli_free(&c);
    assert_false(PARSE("a", "b"));
    assert_string_equal(err.text, "b: only one MODEL can be given");
    assert_false(PARSE("-m", "a", "b"));
    assert_string_equal(err.text, "b: only one MODEL can be given");
    assert_int_equal(err.code, EX_USAGE);
}

static void test_usage_errors_are_one_clear_line(void **state)
{
    (void)state;
    static const struct {
        const char *argv[4], *message;
    } bad[] = {
        {{"qins-tui", "--temprature", "1"},
         "--temprature: unknown or ambiguous option; did you mean --temperature?"},
        {{"qins-tui", "--tpo-p=1"}, "--tpo-p: unknown or ambiguous option; did you mean --top-p?"},
        {{"qins-tui", "--top", "1"}, "--top: unknown or ambiguous option; did you mean --top-p?"},
        {{"qins-tui", "--xyzzy"}, "--xyzzy: unknown or ambiguous option; --help lists them"},
        {{"qins-tui", "-Z"}, "-Z: unknown or ambiguous option; --help lists them"},
        {{"qins-tui", "a", "-Z"}, "-Z: unknown or ambiguous option; --help lists them"},
        {{"qins-tui", "--raw=1"}, "--raw: takes no value"},
        {{"qins-tui", "--no-mouse=1"}, "--no-mouse: takes no value"},
        {{"qins-tui", "--no-seed"}, "--no-seed: unknown or ambiguous option; --help lists them"},
        {{"qins-tui", "--seed"}, "--seed: a value is missing"},
        {{"qins-tui", "-p"}, "-p: a value is missing"},
        {{"qins-tui", "--top-p", "1.5"},
         "command line: top_p: \"1.5\" is not a number from 0 to 1"},
        {{"qins-tui", "--temperature", "nan"},
         "command line: temperature: \"nan\" is not a number from 0 to 2"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(parse(bad[i].argv));
        assert_string_equal(err.text, bad[i].message);
        assert_int_equal(err.code, EX_USAGE);
    }
}

static void test_flag_over_env_over_preset_over_config(void **state)
{
    (void)state;
    write_file("default.yaml", "temperature: 0.1\ntop_p: 0.1\ntop_k: 1\nmin_p: 0.1\nseed: 1\n");
    write_file("qins/config.yaml", "preset: mine\ntop_p: 0.2\ntop_k: 2\nmin_p: 0.2\nseed: 2\n");
    write_file("presets/mine.yaml", "top_k: 3\nmin_p: 0.3\nseed: 3\n");
    setenv("QINS_MIN_P", "0.4", 1);
    setenv("QINS_SEED", "4", 1);
    assert_true(PARSE("--seed", "5"));
    unsetenv("QINS_MIN_P");
    unsetenv("QINS_SEED");
    assert_true(number(OPT_TEMPERATURE) == 0.1);
    assert_true(number(OPT_TOP_P) == 0.2);
    assert_true(number(OPT_TOP_K) == 3);
    assert_true(number(OPT_MIN_P) == 0.4);
    assert_true(number(OPT_SEED) == 5);
    cli_free(&c);
    assert_false(PARSE("--preset", "mime"));
    assert_string_equal(err.text, "preset \"mime\": not found; did you mean mine? There are: mine");
    assert_int_equal(err.code, EX_CONFIG);
}

static void test_broken_config_is_told_but_not_by_help(void **state)
{
    (void)state;
    write_file("qins/config.yaml", "top_p: 7\n");
    assert_false(PARSE("--seed", "5"));
    assert_non_null(strstr(err.text, "/qins/config.yaml:1:8: top_p: \"7\" is not a number"));
    assert_int_equal(err.code, EX_CONFIG);
    assert_true(PARSE("--help"));
    assert_int_equal(c.action, CLI_HELP);
    cli_free(&c);
    assert_true(PARSE("-V"));
    assert_int_equal(c.action, CLI_VERSION);
    cli_free(&c);
}

/* What cli_answer prints: our stdout is a file for so long. */
static char *answer_of(int *code)
{
    static char out[1 << 16];
    FILE *file = tmpfile();
    int ours = dup(STDOUT_FILENO);
    assert_true(file && ours >= 0);
    fflush(stdout);
    dup2(fileno(file), STDOUT_FILENO);
    *code = cli_answer(&c);
    fflush(stdout);
    dup2(ours, STDOUT_FILENO);
    close(ours);
    rewind(file);
    out[fread(out, 1, sizeof out - 1, file)] = '\0';
    fclose(file);
    return out;
}

static void test_help_names_every_flag(void **state)
{
    (void)state;
    int code;
    assert_true(PARSE("--help-all"));
    char *help = answer_of(&code);
    assert_int_equal(code, 0);
    for (int id = 0; id < N_OPTIONS; id++) {
        char flag[64] = "--";
        for (size_t i = 0; i <= strlen(option_table[id].name); i++)
            flag[i + 2] = option_table[id].name[i] == '_' ? '-' : option_table[id].name[i];
        strcat(flag, " ");
        if (!strstr(help, flag))
            fail_msg("--help lacks %s", flag);
    }
    for (int i = 0; i < N_CLI_FLAGS; i++)
        assert_non_null(strstr(help, cli_flags[i].name));
    cli_free(&c);
}

static void test_help_fits_a_screen(void **state)
{
    (void)state;
    int code, n_lines = 0;
    assert_true(PARSE("-h"));
    char *help = answer_of(&code);
    assert_int_equal(code, 0);
    assert_non_null(strstr(help, "--temperature N"));
    assert_non_null(strstr(help, "--help-all"));
    for (char *line = strtok(help, "\n"); line; line = strtok(NULL, "\n"), n_lines++)
        if (strlen(line) > 80)
            fail_msg("wider than 80 columns: %s", line);
    assert_true(n_lines <= 24);
    cli_free(&c);
}

static void test_dumped_config_reads_back(void **state)
{
    (void)state;
    static const char nasty[] = "a \"quoted\" \\ line\n\twith \033[31m and \xC3\xA9 # no comment";
    int code;
    assert_true(PARSE("--temperature", "0.35", "--system", nasty, "--max-tokens", "77", "--stop",
                      "\n\n", "--stop", "a \"b\"", "--dump-config", "-m", "x: y"));
    char *dump = answer_of(&code);
    assert_int_equal(code, 0);
    assert_null(strchr(dump, '\033'));
    assert_non_null(strstr(dump, "temperature: 0.35 # flag\n"));
    assert_non_null(strstr(dump, "top_p: 0.9 # default\n"));
    write_file("qins/config.yaml", dump);
    cli_free(&c);
    if (!PARSE("-p", "x"))
        fail_msg("%s", err.text);
    assert_true(number(OPT_TEMPERATURE) == 0.35 && number(OPT_MAX_TOKENS) == 77);
    assert_string_equal(text(OPT_SYSTEM), nasty);
    assert_string_equal(text(OPT_STOP), "[\"\\n\\n\", \"a \\\"b\\\"\"]");
    assert_string_equal(text(OPT_MODEL), "x: y");
    cli_free(&c);
}

/* flag > environment > preset > the model's own > default, each with its name. */
static void test_dumped_config_tells_every_source(void **state)
{
    (void)state;
    char model[512];
    int code;
    snprintf(model, sizeof model, "%s/model", folder);
    mkdir(model, 0700);
    write_file("model/generation_config.json",
               "{\"do_sample\": true, \"temperature\": 0.11, \"top_p\": 0.22, \"top_k\": 33,"
               " \"repetition_penalty\": 1.44}");
    write_file("presets/p.yaml", "temp: 0.5\ntopp: 0.6\ntop-k: 7\nnum_predict: 8\n");
    setenv("QINS_TOP_K", "70", 1);
    setenv("QINS_TOP_P", "0.7", 1);
    assert_true(PARSE("--preset", "p", "--topp", "0.8", "-m", model, "--dump-config"));
    char *dump = answer_of(&code);
    unsetenv("QINS_TOP_K");
    unsetenv("QINS_TOP_P");
    assert_int_equal(code, 0);
    const char *const lines[] = {
        "top_p: 0.8 # flag\n",      "top_k: 70 # environment\n",      "temperature: 0.5 # preset\n",
        "max_tokens: 8 # preset\n", "repeat_penalty: 1.44 # model\n", "min_p: 0 # default\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(dump, lines[i]))
            fail_msg("no line %s in\n%s", lines[i], dump);
    cli_free(&c);
}

static void test_versions_are_told(void **state)
{
    (void)state;
    int code;
    assert_true(PARSE("--version"));
    char *version = answer_of(&code);
    assert_int_equal(code, 0);
    assert_int_equal(strncmp(version, "qins-tui ", 9), 0);
    assert_non_null(strstr(version, "jansson 2."));
    assert_non_null(strstr(version, "libyaml 0."));
    assert_non_null(strstr(version, "OpenBLAS"));
    assert_non_null(strstr(version, "OpenSSL"));
    cli_free(&c);
}

static void test_what_the_engine_gets(void **state)
{
    (void)state;
    struct engine_options o;
    assert_true(PARSE("-t", "3", "--cpu", "scalar", "-f", "qins4", "-m", "./x.qins", "-c", "77"));
    assert_true(engine_settings(&c.options, "", &o, &err));
    assert_string_equal(o.model, "./x.qins");
    assert_int_equal(o.n_threads, 3);
    assert_int_equal(o.ctx_len, 77);
    assert_string_equal(o.cpu, "scalar");
    assert_string_equal(o.format, "qins4");
    free(o.model);
    cli_free(&c);

    assert_true(PARSE("-p", "x")); /* no model at all */
    assert_false(engine_settings(&c.options, "", &o, &err));
    assert_int_equal(err.code, EX_NOINPUT);
    assert_non_null(strstr(err.text, "qins-convert"));
    cli_free(&c);

    char path[300];
    snprintf(path, sizeof path, "%s/models", folder);
    mkdir(path, 0700);
    write_file("models/starter.qins", "x");
    assert_true(PARSE("-p", "x"));
    assert_true(engine_settings(&c.options, "", &o, &err));
    assert_non_null(strstr(o.model, "/models/starter.qins"));
    free(o.model);
    cli_free(&c);
}

/* 2 GiB unless somebody says otherwise, or that nothing is to be saved. */
static void test_what_may_be_kept_of_contexts(void **state)
{
    (void)state;
    struct engine_options o;
    const struct {
        const char *flag, *variable;
        uint64_t bytes;
    } ways[] = {{"--chat", "", 2147483648},
                {"--keep-context=0.5", "", 536870912},
                {"--keep-context=0", "", 0},
                {"--no-save", "", 0},
                {"--keep-context=8", "1", 0}};
    for (int i = 0; i < 5; i++) {
        setenv("QINS_NO_HISTORY", ways[i].variable, 1);
        assert_true(PARSE("-m", "./x.qins", ways[i].flag));
        assert_true(engine_settings(&c.options, "", &o, &err));
        assert_true(o.prompt_cache_bytes == ways[i].bytes);
        assert_true(o.keep_worth_ms == 3000);
        free(o.model);
        assert_true(engine_settings(&c.options, "./y.qins", &o, &err)); /* the next model too */
        assert_true(o.prompt_cache_bytes == ways[i].bytes);
        free(o.model);
        cli_free(&c);
    }
    unsetenv("QINS_NO_HISTORY");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_flags_set_options),
        T(test_what_may_be_kept_of_contexts),
        T(test_what_makes_plain_mode),
        T(test_model_without_flag),
        T(test_usage_errors_are_one_clear_line),
        T(test_flag_over_env_over_preset_over_config),
        T(test_broken_config_is_told_but_not_by_help),
        T(test_help_names_every_flag),
        T(test_help_fits_a_screen),
        T(test_dumped_config_reads_back),
        T(test_dumped_config_tells_every_source),
        T(test_versions_are_told),
        T(test_what_the_engine_gets),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
