/* SPDX-License-Identifier: MIT
 *
 * keys.yaml: names of keys and actions, what a file changes, what it is told
 */
#include <string.h>

#include "keyfile.h"
#include "keymap.h"
#include "keys.h"
#include "test.h"

static int reset(void **state)
{
    (void)state;
    keymap_reset();
    return 0;
}

static void test_every_action_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < N_ACTIONS; i++) {
        if (!action_name((enum action)i))
            fail_msg("action %d has no name in keymap.c", i);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(action_name((enum action)i), action_name((enum action)j));
    }
}

static void test_words_of_keys_are_read_as_written(void **state)
{
    (void)state;
    char word[40];
    for (size_t i = 0; i < n_keymap; i++) {
        key_word(keymap[i].key, word, sizeof word);
        if (key_parse(word) != keymap[i].key)
            fail_msg("%s", word);
    }
    assert_string_equal(key_word(K_ALT | 'B', word, sizeof word), "alt-shift-b");
    assert_int_equal(key_parse("alt-shift-b"), K_ALT | 'B');
    assert_int_equal(key_parse("Ctrl-X CTRL-E"), K_CTRL_X | K_CTRL | 'e');
    assert_int_equal(key_parse("ctrl-m"), K_ENTER);
    assert_int_equal(key_parse("G"), 'G');
    assert_int_equal(key_parse("space"), ' ');
    assert_int_equal(key_parse("-"), '-');
    assert_int_equal(key_parse("ctrl--"), K_CTRL | '-');
    assert_int_equal(key_parse("\xc3\xa9"), 0xe9);
    assert_int_equal(key_parse("F12"), K_F1 + 11);
    static const char *const none[] = {"",     "ctrl-",  "ctrl-ctrl-a",         "f13",
                                       "f0",   "xyz",    "ctrl-shift-a",        "\x01",
                                       "\xff", "meta-x", "ctrl-x ctrl-x ctrl-e"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (key_parse(none[i]) != K_NONE)
            fail_msg("\"%s\" is a key", none[i]);
}

/* A Mac's keyboard types characters with Alt unless it is told not to, over SSH too. */
static void test_ctrl_x_does_what_alt_does(void **state)
{
    (void)state;
    int n = 0;
    for (size_t i = 0; i < n_keymap; i++) {
        const struct binding *b = &keymap[i];
        for (int focus = 0; b->key & K_ALT && focus < N_FOCUS; focus++) {
            if (!(b->where & (1u << focus)))
                continue;
            char word[40];
            if (keymap_find((enum focus)focus, (b->key & ~K_ALT) | K_CTRL_X) != b->action)
                fail_msg("%s", key_word(b->key, word, sizeof word));
            n++;
        }
    }
    assert_true(n > 20);
    assert_int_equal(keymap_find(FOCUS_INPUT, K_CTRL_X | K_CTRL | 'u'), ACT_UNDO); /* its own */
    assert_int_equal(keymap_find(FOCUS_INPUT, K_CTRL_X | 'z'), ACT_NONE);
}

static bool take(const char *yaml, struct error *err)
{
    return keyfile_read(yaml, strlen(yaml), "keys.yaml", err);
}

static void test_a_file_changes_what_it_names(void **state)
{
    (void)state;
    struct error err;
    struct buf help = {0}, dump = {0};
    assert_true(take("# mine\n"
                     "input:\n"
                     "  ctrl-g: newline\n"
                     "  ctrl-x ctrl-s: send\n"
                     "  ctrl-v: undo\n"
                     "  alt-1: none\n"
                     "everywhere:\n"
                     "  f10: quit\n"
                     "chat:\n"
                     "  x: page-down\n",
                     &err));
    assert_int_equal(keymap_find(FOCUS_INPUT, K_CTRL | 'g'), ACT_NEWLINE);
    assert_int_equal(keymap_find(FOCUS_INPUT, K_CTRL | 'j'), ACT_NEWLINE);
    assert_int_equal(keymap_find(FOCUS_INPUT, K_CTRL_X | K_CTRL | 's'), ACT_SEND);
    assert_int_equal(keymap_find(FOCUS_INPUT, K_CTRL | 'v'), ACT_UNDO);
    assert_int_equal(keymap_find(FOCUS_CHAT, K_CTRL | 'v'),
                     ACT_PAGE_DOWN); /* as before, elsewhere */
    assert_int_equal(keymap_find(FOCUS_INPUT, K_ALT | '1'), ACT_NONE);
    assert_int_equal(keymap_find(FOCUS_SIDEBAR, K_F1 + 9), ACT_QUIT);
    assert_int_equal(keymap_find(FOCUS_CHAT, 'x'), ACT_PAGE_DOWN);
    keymap_help(&help);
    assert_non_null(strstr(help.data, "Ctrl-X Ctrl-S"));
    assert_non_null(strstr(help.data, "Shift-Enter, Ctrl-G"));
    assert_null(strstr(help.data, "Alt-1"));
    keyfile_dump(&dump); /* which is a file that says the same */
    enum action before[200][N_FOCUS];
    size_t n;
    int32_t keys[200];
    const struct binding *rows = keymap_bindings(&n);
    assert_in_range(n, 50, 200);
    for (size_t i = 0; i < n; i++) {
        keys[i] = rows[i].key;
        for (int f = 0; f < N_FOCUS; f++)
            before[i][f] = keymap_find((enum focus)f, keys[i]);
    }
    keymap_reset();
    assert_true(take(dump.data, &err));
    for (size_t i = 0; i < n; i++)
        for (int f = 0; f < N_FOCUS; f++)
            assert_int_equal(keymap_find((enum focus)f, keys[i]), before[i][f]);
    buf_free(&help);
    buf_free(&dump);
}

static void test_faults_are_told_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *told;
    } bad[] = {
        {"input:\n  ctrl-g: edit-in-editr\n",
         "keys.yaml:2:11: unknown action \"edit-in-editr\"; did you mean edit-in-editor?"},
        {"input:\n  ctlr-g: undo\n",
         "keys.yaml:2:3: \"ctlr-g\" is not a key; did you mean ctrl-g?"},
        {"inptu:\n  ctrl-g: undo\n", "keys.yaml:1:1: unknown place \"inptu\"; did you mean input?"},
        {"input: undo\n", "keys.yaml:1:8: input: lines of the form"},
        {"ctrl-g: undo\n", "keys.yaml:1:1: unknown place"},
        {"input:\n  k: undo\n", "keys.yaml:2:3: \"k\" types a character"},
        {"everywhere:\n  space: undo\n", "keys.yaml:2:3: \"space\" types a character"},
        {"input:\n  ctrl-g: undo\n  CTRL-G: redo\n",
         "keys.yaml:3:3: ctrl-g is already bound to undo in line 2"},
        {"input:\n  enter: undo\n  ctrl-m: redo\n",
         "keys.yaml:3:3: enter is already bound to undo in line 2"},
        {"everywhere:\n  f2: help\nchat:\n  f2: quit\n",
         "keys.yaml:4:3: f2 is already bound to help in line 2"},
        {"input:\n  ctrl-g: [undo]\n", "keys.yaml:2:11: ctrl-g: one value"},
        {"input:\n  ctrl-g: *a\n", "keys.yaml:2:11: aliases"},
        {"input:\n  <<: {ctrl-g: undo}\n", "keys.yaml:2:3: merge keys"},
        {"- a\n", "keys.yaml:1:1: lines of the form \"input:\""},
        {"input:\n\tctrl-g: undo\n", "a tab in the indentation"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};
        assert_false(take(bad[i].yaml, &err));
        if (!strstr(err.text, bad[i].told))
            fail_msg("%s\n-> %s\nexpected %s", bad[i].yaml, err.text, bad[i].told);
        assert_int_equal(err.code, EX_CONFIG);
        assert_int_equal(keymap_find(FOCUS_INPUT, K_CTRL | 'g'),
                         ACT_EDIT_IN_EDITOR); /* untouched */
    }
    struct error err;
    assert_true(take("# nothing but a comment\n", &err));
}

/* The example that is installed changes nothing, and says nothing that is not so. */
static void test_the_example_is_good(void **state)
{
    (void)state;
    struct buf yaml = {0}, lines = {0}, before = {0}, after = {0};
    struct error err;
    const char *source = getenv("QINS_SOURCE");
    char *path = path_join(source ? source : ".", "conf/keys.yaml");
    assert_true(read_file(&yaml, path, 1 << 16, &err));
    keyfile_dump(&before);
    assert_true(keyfile_read(yaml.data, yaml.len, path, &err));
    keyfile_dump(&after);
    assert_string_equal(before.data, after.data);
    for (size_t i = 0; i < yaml.len; i++) { /* its commented lines are good too */
        bool start = i == 0 || yaml.data[i - 1] == '\n';
        bool prose = yaml.data[i] == '#' && yaml.data[i + 1] == ' ' && yaml.data[i + 2] != ' ';
        if (!start || yaml.data[i] != '#' || prose)
            buf_append(&lines, yaml.data + i, 1);
    }
    if (!keyfile_read(lines.data, lines.len, path, &err))
        fail_msg("%s", err.text);
    free(path);
    buf_free(&yaml);
    buf_free(&lines);
    buf_free(&before);
    buf_free(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_action_has_a_name_of_its_own),
        cmocka_unit_test(test_words_of_keys_are_read_as_written),
        cmocka_unit_test(test_ctrl_x_does_what_alt_does),
        cmocka_unit_test_teardown(test_a_file_changes_what_it_names, reset),
        cmocka_unit_test_teardown(test_faults_are_told_with_their_place, reset),
        cmocka_unit_test_teardown(test_the_example_is_good, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
