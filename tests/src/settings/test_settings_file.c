/* SPDX-License-Identifier: MIT
 *
 * settings_file: what is saved can be read, everything else in the file stays, and what was used
 * last comes back.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "preset.h"
#include "settings_file.h"
#include "test.h"

static char *home, *config;
static struct options o;
static struct error err;

static int set_up(void **state)
{
    (void)state;
    home = temp_folder();
    config = xasprintf("%s/.config/qins/config.yaml", home);
    setenv("HOME", home, 1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_STATE_HOME");
    unsetenv("XDG_DATA_HOME");
    options_init(&o);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    options_free(&o);
    remove_folder(home);
    free(config);
    return 0;
}

static void write_config(const char *text)
{
    char command[512];
    snprintf(command, sizeof command, "mkdir -p '%s/.config/qins'", home);
    assert_int_equal(system(command), 0);
    FILE *f = fopen(config, "w");
    fputs(text, f);
    fclose(f);
}

static void expect_config(const char *text)
{
    struct buf got = {0};
    assert_true(read_file(&got, config, 65536, &err));
    assert_string_equal(got.data, text);
    buf_free(&got);
}

static void save(enum option_id id, const char *value)
{
    assert_true(options_set(&o, id, value, SOURCE_USER, &err));
    char *path = settings_save(&o, &id, 1, &err);
    if (!path)
        fail_msg("%s", err.text);
    assert_string_equal(path, config);
    free(path);
}

static void test_a_file_that_was_not_there(void **state)
{
    (void)state;
    save(OPT_TEMPERATURE, "0.3");
    expect_config("temperature: 0.3\n");
}

/* It may tell how a key is had. */
static void test_who_may_read_it_stays_as_it_was(void **state)
{
    (void)state;
    static const mode_t modes[] = {0600, 0640, 0644};
    struct stat st;
    unlink(config);
    save(OPT_TEMPERATURE, "0.3");
    assert_int_equal(stat(config, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(config, modes[i]), 0);
        save(OPT_TEMPERATURE, "0.4");
        assert_int_equal(stat(config, &st), 0);
        assert_int_equal(st.st_mode & 0777, modes[i]);
    }
}

static void test_other_lines_stay(void **state)
{
    (void)state;
    write_config("# mine\ntop-p: 0.5\nstop:\n- a\n- b\nsystem: |\n  two\n  lines\n\ntemperature: 1 "
                 "# warm\n");
    save(OPT_TEMPERATURE, "0.3");
    expect_config(
        "# mine\ntop-p: 0.5\nstop:\n- a\n- b\nsystem: |\n  two\n  lines\n\ntemperature: 0.3\n");
    save(OPT_TOP_P, "0.9"); /* by its other spelling */
    save(OPT_STOP, "");
    save(OPT_SYSTEM, "say \"no\"\nand \\");
    expect_config("# mine\n\ntemperature: 0.3\ntop_p: 0.9\nstop: []\n"
                  "system: \"say \\\"no\\\"\\x0aand \\\\\"\n");
    struct options again;
    options_init(&again);
    assert_true(preset_load_defaults(&again, &err));
    assert_string_equal(options_text(&again, OPT_SYSTEM), "say \"no\"\nand \\");
    assert_true(options_number(&again, OPT_TOP_P) == 0.9);
    options_free(&again);
}

static void test_a_file_that_cannot_be_read_is_left_alone(void **state)
{
    (void)state;
    enum option_id id = OPT_TEMPERATURE;
    write_config("nonsense: [\n");
    assert_null(settings_save(&o, &id, 1, &err));
    assert_non_null(strstr(err.text, "config.yaml:1:"));
    expect_config("nonsense: [\n");
}

static void test_a_link_stays_one(void **state)
{
    (void)state;
    char *target = path_join(home, "dotfile");
    write_config("");
    assert_int_equal(rename(config, target), 0);
    assert_int_equal(symlink(target, config), 0);
    enum option_id id = OPT_SEED;
    assert_true(options_set(&o, id, "5", SOURCE_USER, &err));
    char *path = settings_save(&o, &id, 1, &err);
    assert_string_equal(path, target);
    expect_config("seed: 5\n");
    char link[8];
    assert_true(readlink(config, link, sizeof link) > 0);
    free(path);
    free(target);
}

static void recall(const char *model, const char *preset, bool is_gone)
{
    char *gone;
    struct options next;
    options_init(&next);
    assert_true(options_set(&next, OPT_REMEMBER, "true", SOURCE_FLAG, &err));
    settings_recall(&next, &gone);
    assert_string_equal(options_text(&next, OPT_MODEL), model);
    assert_string_equal(options_text(&next, OPT_PRESET), preset);
    assert_int_equal(gone != NULL, is_gone);
    free(gone);
    options_free(&next);
}

static void test_what_was_used_last(void **state)
{
    (void)state;
    char *model = path_join(home, "a \"b\".qins");
    fclose(fopen(model, "w"));
    settings_remember(&o, model);
    recall("", "", false); /* nothing is kept unless that is wanted */
    assert_true(options_set(&o, OPT_REMEMBER, "true", SOURCE_FLAG, &err));
    settings_remember(&o, model);
    recall(model, "", false);
    assert_true(options_set(&o, OPT_PRESET, "code", SOURCE_USER, &err));
    settings_remember(&o, model);
    recall(model, "code", false);
    settings_remember(&o, "org/name");
    recall("org/name", "code", false);
    settings_remember(&o, model);
    unlink(model);
    recall("", "code", true);
    char *gone;
    settings_recall(&o, &gone); /* the preset is given here: it stays */
    assert_string_equal(options_text(&o, OPT_PRESET), "code");
    free(gone);
    free(model);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_file_that_was_not_there), T(test_who_may_read_it_stays_as_it_was),
        T(test_other_lines_stay),          T(test_a_file_that_cannot_be_read_is_left_alone),
        T(test_a_link_stays_one),          T(test_what_was_used_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
