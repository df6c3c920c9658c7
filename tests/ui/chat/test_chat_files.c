/* SPDX-License-Identifier: MIT
 *
 * @path: what is put into a message, what is refused, and what is told of it. The engine is the
 * fake one: it counts a token for four bytes.
 */
#include "chat_files.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complete.h"
#include "message_parts.h"
#include "test.h"

static char *folder;

static char *write_file(const char *name, const char *bytes, size_t n)
{
    char *path = path_join(folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    folder = xstrdup(temp_folder());
    assert_int_equal(chdir(folder), 0);
    setenv("HOME", folder, 1);
    free(write_file("notes.txt", "one\ntwo\n", 8));
    free(write_file("my notes.txt", "mine", 4));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(chdir("/"), 0);
    remove_folder(folder);
    free(folder);
    return 0;
}

static void expect_message(const char *typed, const char *message)
{
    struct buf out = {0};
    struct error err;
    if (!chat_files_join(typed, typed, strlen(typed), &out, &err))
        fail_msg("%s", err.text);
    assert_string_equal(out.data, message);
    buf_free(&out);
}

static void expect_refused(const char *typed, const char *why)
{
    struct buf out = {0};
    struct error err;
    assert_false(chat_files_join(typed, typed, strlen(typed), &out, &err));
    if (!strstr(err.text, why))
        fail_msg("%s", err.text);
    assert_null(strchr(err.text, '\n'));
    buf_free(&out);
}

#define NOTES "\" bytes=\"8\">\none\ntwo\n\n</file>\n\n"

static void test_files_stand_before_what_was_typed(void **state)
{
    (void)state;
    expect_message("Sum up @notes.txt.", "<file name=\"notes.txt" NOTES "Sum up @notes.txt.");
    expect_message("@~/notes.txt", "<file name=\"~/notes.txt" NOTES "@~/notes.txt");
    expect_message("@notes.txt @\"my notes.txt\" (@notes.txt)",
                   "<file name=\"notes.txt" NOTES
                   "<file name=\"my notes.txt\" bytes=\"4\">\nmine\n</file>\n\n"
                   "@notes.txt @\"my notes.txt\" (@notes.txt)");
}

static void test_what_is_no_file_stays(void **state)
{
    (void)state;
    static const char *const texts[] = {"ana@example.org", "@ana hello", "@none.txt", "@.", "@"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_message(texts[i], texts[i]);
}

/* Only what is typed is looked at: the text of a folded paste is not. */
static void test_pastes_read_nothing(void **state)
{
    (void)state;
    struct buf out = {0};
    struct error err;
    assert_true(chat_files_join("see \x02mark\x03", "see @notes.txt", 14, &out, &err));
    assert_string_equal(out.data, "see @notes.txt");
    buf_free(&out);
}

static void test_folders_are_listed(void **state)
{
    (void)state;
    assert_int_equal(mkdir("d", 0700), 0);
    assert_int_equal(mkdir("d/inner", 0700), 0);
    free(write_file("d/a.txt", "12345", 5));
    free(write_file("d/.hidden", "1", 1));
    free(write_file("d/b\033[2J", "", 0));
    expect_message("@d/", "<file name=\"d/\" bytes=\"36\">\na.txt  5 bytes\nb^[[2J  empty\ninner/\n"
                          "\n</file>\n\n@d/");
    expect_message("@d", "@d");
}

static void test_what_is_no_text_is_refused(void **state)
{
    (void)state;
    char *big = xcalloc(1, CHAT_FILE_BYTES + 1);
    memset(big, 'x', CHAT_FILE_BYTES + 1);
    free(write_file("big.txt", big, CHAT_FILE_BYTES + 1));
    free(write_file("full.txt", big, CHAT_FILE_BYTES));
    free(write_file("nul", "a\0b", 3));
    free(write_file("latin1", "caf\xe9", 4));
    assert_int_equal(mkfifo("fifo", 0600), 0);
    expect_refused("@nul", "nul: byte 0x00 at offset 1 is no text");
    expect_refused("@latin1", "latin1: byte 0xe9 at offset 3");
    expect_refused("@big.txt", "big.txt: 1.05 MB; a file put into a message can have at most "
                               "1048576 bytes");
    expect_refused("@fifo", "fifo: a device, a pipe or a socket");
    expect_refused("@/dev/zero", "/dev/zero: a device");
    struct buf out = {0};
    struct error err;
    assert_true(chat_files_join("@full.txt", "@full.txt", 9, &out, &err));
    buf_free(&out);
    free(big);
}

static void test_there_are_bounds(void **state)
{
    (void)state;
    struct buf typed = {0};
    char name[32];
    for (int i = 0; i <= CHAT_MOST_FILES; i++) {
        snprintf(name, sizeof name, "f%d", i);
        free(write_file(name, "x", 1));
        buf_printf(&typed, "@%s ", name);
    }
    expect_refused(typed.data, "At most 32 files");
    buf_free(&typed);
    char *big = xmalloc(CHAT_FILE_BYTES);
    memset(big, 'x', CHAT_FILE_BYTES);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "f%d", i);
        free(write_file(name, big, CHAT_FILE_BYTES));
    }
    expect_refused("@f0 @f1 @f2 @f3", "A message with its files can have at most 4194304 bytes");
    free(big);
}

/* ---- what is told --------------------------------------------------------------------- */

static void expect_hint(const char *typed, const char *hint)
{
    struct chat_session s = {.ready = true};
    struct buf out = {0};
    chat_files_hint(&s, typed, strlen(typed), &out);
    buf_puts(&out, "");
    assert_string_equal(out.data, hint);
    buf_free(&out);
}

static void test_hints(void **state)
{
    (void)state;
    expect_hint("hello", "");
    expect_hint("see @notes.txt", "Puts in: notes.txt, 8 bytes, 2 tokens");
    expect_hint("@\"my notes.txt\" @ana",
                "Puts in: my notes.txt, 4 bytes, 1 token; @ana is no file, sent as written");
    expect_hint("@ana", "@ana is no file, sent as written");
    assert_int_equal(mkdir("sub", 0700), 0);
    assert_int_equal(mkdir("a b", 0700), 0);
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    expect_hint("in @sub?", "@sub is a folder, sent as written: write @sub/");
    expect_hint("@\"a b\"", "@\"a b\" is a folder, sent as written: write @\"a b/\"");
    expect_hint("@loop", "@loop is a loop of symbolic links, sent as written");
    expect_hint("@pipe @ana", "pipe: a device, a pipe or a socket; only files of text and folders/ "
                              "can be put into a message; @ana is no file, sent as written");
    expect_hint("@ana @notes.txt",
                "Puts in: notes.txt, 8 bytes, 2 tokens; @ana is no file, sent as written");
    char *big = xmalloc(400000);
    memset(big, 'x', 400000);
    free(write_file("big.txt", big, 400000));
    expect_hint("@big.txt", "Puts in: big.txt, 400 kB, about 100,000 tokens");
    free(big);
}

static void test_keys_change_with_the_files(void **state)
{
    (void)state;
    struct chat_session s = {.ready = true};
    struct buf before = {0}, same = {0}, grown = {0};
    chat_files_key(&s, "@notes.txt", 10, &before);
    chat_files_key(&s, "more @notes.txt words", 21, &same);
    free(write_file("notes.txt", "longer than before", 18));
    chat_files_key(&s, "@notes.txt", 10, &grown);
    assert_string_equal(before.data, same.data);
    assert_string_not_equal(before.data, grown.data);
    buf_free(&before);
    buf_free(&same);
    buf_free(&grown);
}

static void test_the_line_of_a_message(void **state)
{
    (void)state;
    struct chat_session s = {.ready = true};
    struct buf message = {0}, files = {0};
    struct error err;
    char line[96];
    size_t n;
    const char *typed = "@notes.txt @\"my notes.txt\" why?";
    assert_true(chat_files_join(typed, typed, strlen(typed), &message, &err));
    int32_t number = conversation_add(&s.conversation, CHAT_USER, message.data, message.len);
    const struct message *m = &s.conversation.messages[number];
    assert_true(chat_files_line(&s, number, line, sizeof line));
    assert_string_equal(line, "notes.txt and 1 more, 12 bytes, 3 tokens");
    assert_string_equal(chat_files_typed(m, &n), typed);
    chat_files_text(m, &files);
    assert_string_equal(files.data, "notes.txt:\none\ntwo\n\nmy notes.txt:\nmine\n");
    number = conversation_add(&s.conversation, CHAT_USER, "no files", 8);
    assert_false(chat_files_line(&s, number, line, sizeof line));
    conversation_free(&s.conversation);
    buf_free(&message);
    buf_free(&files);
}

/* ---- Tab ------------------------------------------------------------------------------ */

static void expect_completion(const char *line, const char *before, const char *common,
                              const char *after)
{
    struct completion c;
    complete(line, strlen(line), &c);
    assert_true(c.n > 0);
    assert_int_equal(c.n_common, strlen(common));
    assert_memory_equal(c.words[0], common, c.n_common);
    assert_string_equal(c.before, before);
    assert_string_equal(c.after, after);
    completion_free(&c);
}

static void test_tab(void **state)
{
    (void)state;
    assert_int_equal(mkdir("my folder", 0700), 0);
    expect_completion("see @no", "", "notes.txt", " ");
    expect_completion("@~/no", "", "~/notes.txt", " ");
    expect_completion("@my", "\"", "my ", "");
    expect_completion("@\"my n", "", "my notes.txt", "\" ");
    expect_completion("@\"my f", "", "my folder/", "");
    expect_completion("@'my n", "", "my notes.txt", "' ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_files_stand_before_what_was_typed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_file_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pastes_read_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folders_are_listed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_text_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_there_are_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hints, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_keys_change_with_the_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_line_of_a_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tab, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
