/* SPDX-License-Identifier: MIT
 *
 * themes: what their files say, and colours for terminals that have fewer
 */
#include <string.h>

#include "named_file.h"
#include "test.h"
#include "theme.h"

static struct error err;

static bool read_text(struct theme *t, const char *yaml)
{
    theme_init(t);
    return theme_read(t, yaml, strlen(yaml), "t.yaml", &err);
}

static void test_roles_get_colours_and_attributes(void **state)
{
    (void)state;
    struct theme t;
    if (!read_text(&t, "description: mine\nuser: bold cyan on 236\nnote: \"reverse  underline\"\n"
                       "text: 255 on default\ndim: plain\nanswer: 0\n"))
        fail_msg("%s", err.text);
    const struct look *user = &t.looks[STYLE_USER], *note = &t.looks[STYLE_NOTE];
    assert_int_equal(user->fg, 6 + 1);
    assert_int_equal(user->bg, 236 + 1);
    assert_int_equal(user->attributes, ATTRIBUTE_BOLD);
    assert_int_equal(note->fg, 0);
    assert_int_equal(note->attributes, ATTRIBUTE_REVERSE | ATTRIBUTE_UNDERLINE);
    assert_int_equal(t.looks[STYLE_TEXT].fg, 255 + 1);
    assert_int_equal(t.looks[STYLE_TEXT].bg, 0);
    assert_int_equal(t.looks[STYLE_DIM].attributes, 0);
    assert_int_equal(t.looks[STYLE_ANSWER].fg, 0 + 1);
    assert_int_equal(t.looks[STYLE_BADGE].attributes, ATTRIBUTE_REVERSE); /* left out: built in */
}

static void test_faults_are_told_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *message;
    } bad[] = {
        {"usr: red\n", "t.yaml:1:1: unknown role \"usr\"; did you mean user?"},
        {"note: red\nuser: blod cyan\n",
         "t.yaml:2:7: user: \"blod\" is not a colour (a name, or 0 to "
         "255) or an attribute; did you mean bold?"},
        {"user: 256\n", "t.yaml:1:7: user: \"256\" is not a colour"},
        {"user: -1\n", "t.yaml:1:7: user: \"-1\" is not a colour"},
        {"user: 1.5\n", "t.yaml:1:7: user: \"1.5\" is not a colour"},
        {"user: red blue\n", "t.yaml:1:7: user: \"blue\" is one colour too many"},
        {"user: red on\n", "t.yaml:1:7: user: a colour is missing after \"on\""},
        {"user: red on blue on green\n", "t.yaml:1:7: user: \"on\" is not a colour"},
        {"user: red\nuser: blue\n", "t.yaml:2:1: user: given twice"},
        {"user: [red]\n", "t.yaml:1:7: user: "},
        {"user: *x\n", "t.yaml:1:7: "},
        {"- user\n", "t.yaml:1:1: "},
        {"user: "
         "0123456789012345678901234567890123456789012345678901234567890\n",
         "t.yaml:1:7: user: \"01234567890123456789012\" is not a colour"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct theme t, before;
        theme_init(&before);
        if (read_text(&t, bad[i].yaml))
            fail_msg("accepted: %s", bad[i].yaml);
        assert_int_equal(err.code, EX_CONFIG);
        if (strncmp(err.text, bad[i].message, strlen(bad[i].message)) != 0)
            fail_msg("%s\nnot %s", err.text, bad[i].message);
        assert_memory_equal(&t, &before, sizeof t);
    }
}

static void test_every_style_has_a_role(void **state)
{
    (void)state;
    for (int i = 0; i < N_STYLES; i++)
        assert_non_null(style_name((enum style)i));
}

/* default.yaml is there to be copied and changed: it says what is built in. */
static void test_installed_themes(void **state)
{
    (void)state;
    char conf[4096];
    const char *source = getenv("QINS_SOURCE");
    struct theme built_in, t;
    size_t n;
    snprintf(conf, sizeof conf, "%s/conf", source ? source : ".");
    setenv("QINS_DATA_DIR", conf, 1);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    theme_init(&built_in);
    char **names = named_files("theme", &n);
    assert_true(n >= 6);
    for (size_t i = 0; i < n; i++) {
        if (!theme_load(&t, names[i], &err))
            fail_msg("%s", err.text);
        assert_int_equal(memcmp(&t, &built_in, sizeof t) == 0, strcmp(names[i], "default") == 0);
        for (int j = 0; strcmp(names[i], "mono") == 0 && j < N_STYLES; j++)
            assert_true(t.looks[j].fg == 0 && t.looks[j].bg == 0);
        free(names[i]);
    }
    free(names);
    assert_false(theme_load(&t, "lihgt", &err));
    assert_string_equal(err.text, "theme \"lihgt\": not found; did you mean light? There are: "
                                  "amber, dark, default, high-contrast, light, mono");
    /* Every role stands in default.yaml, so that it can serve as the list of them. */
    struct buf yaml = {0};
    char path[4200];
    snprintf(path, sizeof path, "%s/themes/default.yaml", conf);
    assert_true(read_file(&yaml, path, 1 << 16, &err));
    for (int i = 0; i < N_STYLES; i++) {
        char line[64];
        snprintf(line, sizeof line, "\n%s: ", style_name((enum style)i));
        if (!strstr(yaml.data, line))
            fail_msg("default.yaml has no %s", line + 1);
    }
    buf_free(&yaml);
}

/* The 16 colours of xterm's palette are their own nearest; pure ones go to pure ones. */
static void test_fewer_colours(void **state)
{
    (void)state;
    for (int c = 0; c < 16; c++)
        assert_int_equal(colour_among(c, 16), c);
    for (int c = 0; c < 256; c++) {
        assert_int_equal(colour_among(c, 256), c);
        assert_in_range(colour_among(c, 8), 0, 7);
        assert_in_range(colour_among(c, 16), 0, 15);
    }
    assert_int_equal(colour_among(16, 16), 0);   /* #000000 */
    assert_int_equal(colour_among(231, 16), 15); /* #ffffff */
    assert_int_equal(colour_among(231, 8), 7);
    assert_int_equal(colour_among(196, 16), 9); /* #ff0000 */
    assert_int_equal(colour_among(196, 8), 1);
    assert_int_equal(colour_among(46, 8), 2);   /* #00ff00 */
    assert_int_equal(colour_among(21, 8), 4);   /* #0000ff */
    assert_int_equal(colour_among(244, 16), 8); /* #808080 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles_get_colours_and_attributes),
        cmocka_unit_test(test_faults_are_told_with_their_place),
        cmocka_unit_test(test_every_style_has_a_role),
        cmocka_unit_test(test_installed_themes),
        cmocka_unit_test(test_fewer_colours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
