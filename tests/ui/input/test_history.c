/* SPDX-License-Identifier: MIT
 *
 * history: what is kept and found again; hostile and damaged files; two programs at once
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "editor.h"
#include "history.h"
#include "keys.h"
#include "test.h"
#include "tiny_model.h"

static char *folder;

static int make(void **state)
{
    (void)state;
    folder = xasprintf("%s/state/qins", temp_folder());
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    folder[strlen(folder) - strlen("/state/qins")] = '\0';
    remove_folder(folder);
    free(folder);
    return 0;
}

static struct history opened(void)
{
    struct history h = {0};
    struct error err;
    if (!history_open(&h, folder, &err))
        fail_msg("%s", err.text);
    return h;
}

static void keep(struct history *h, const char *text)
{
    struct error err;
    if (!history_keep(h, text, &err))
        fail_msg("%s", err.text);
}

/* A file that is too long is read from its end, and stays as it is. */
static void test_the_newest_of_a_long_file(void **state)
{
    (void)state;
    struct history h = opened();
    char *path = xstrdup(h.path);
    history_free(&h);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < 1200000; i++)
        fprintf(f, "line %d\n", i % 5000);
    fputs("the newest\n", f);
    fclose(f);
    struct stat before, after;
    assert_int_equal(stat(path, &before), 0);
    assert_true(before.st_size > HISTORY_MAX_BYTES);
    double start = now_ms();
    h = opened();
    assert_true(now_ms() - start < 5000);
    assert_true(h.n > 100);
    assert_string_equal(h.entries[h.n - 1], "the newest");
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    history_free(&h);
    unlink(path);
    free(path);
}

/* Another program that keeps the lock holds nobody up for long. */
static void test_a_lock_that_is_kept(void **state)
{
    (void)state;
    struct error err;
    struct history h = opened();
    int fd = open(h.path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    double start = now_ms();
    assert_false(history_keep(&h, "text", &err));
    assert_true(now_ms() - start < 2000);
    assert_non_null(strstr(err.text, "locked by another program"));
    close(fd);
    history_free(&h);
}

static void test_what_is_kept_comes_back(void **state)
{
    (void)state;
    struct stat st;
    struct history h = opened();
    keep(&h, "first");
    keep(&h, "two\nlines \\n\\ \xc3\xa9\t!\\");
    keep(&h, "first"); /* moves to the end */
    keep(&h, " \n");
    history_add(&h, "in memory alone");
    history_free(&h);
    h = opened();
    assert_int_equal(h.n, 2);
    assert_string_equal(h.entries[0], "two\nlines \\n\\ \xc3\xa9\t!\\");
    assert_string_equal(h.entries[1], "first");
    assert_int_equal(stat(h.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    history_free(&h);
}

static void test_a_thousand_are_kept(void **state)
{
    (void)state;
    struct history h = opened();
    for (int i = 0; i < 2500; i++) {
        char text[20];
        snprintf(text, sizeof text, "entry %d", i);
        keep(&h, text);
    }
    assert_int_equal(h.n, HISTORY_MAX);
    history_free(&h);
    h = opened(); /* and makes the file short */
    assert_int_equal(h.n, HISTORY_MAX);
    assert_string_equal(h.entries[0], "entry 1500");
    struct buf file = {0};
    struct error err;
    assert_true(read_file(&file, h.path, 1 << 20, &err));
    assert_int_equal(memcmp(file.data, "entry 1500\n", 11), 0);
    keep(&h, "one more");
    buf_free(&file);
    history_free(&h);
    h = opened();
    assert_string_equal(h.entries[h.n - 1], "one more");
    char *large = xmalloc(HISTORY_MAX_ENTRY_BYTES + 2); /* remembered, but not on disk */
    memset(large, 'x', HISTORY_MAX_ENTRY_BYTES + 1);
    large[HISTORY_MAX_ENTRY_BYTES + 1] = '\0';
    keep(&h, large);
    assert_string_equal(h.entries[h.n - 1], large);
    free(large);
    history_free(&h);
    h = opened();
    assert_string_equal(h.entries[h.n - 1], "one more");
    history_free(&h);
}

static void test_damaged_files_are_read_as_far_as_they_go(void **state)
{
    (void)state;
    struct history h = opened();
    history_free(&h);
    static const char bytes[] = "good\n\033[2Jevil\x02\x10\x03\n\n\xff\xfe\n\0\0\0\nhalf \\";
    write_bytes(folder, "history", bytes, sizeof bytes - 1);
    h = opened();
    assert_int_equal(h.n, 4);
    assert_string_equal(h.entries[1], "[2Jevil"); /* neither escapes nor marks of folded_pastes */
    assert_string_equal(h.entries[2], "\xef\xbf\xbd\xef\xbf\xbd");
    assert_string_equal(h.entries[3], "half \\");
    keep(&h, "next"); /* behind the torn line, not in it */
    history_free(&h);
    h = opened();
    assert_string_equal(h.entries[h.n - 1], "next");
    history_free(&h);
}

static void refuses(const char *what)
{
    struct history h = {0};
    struct error err;
    assert_false(history_open(&h, folder, &err));
    if (!strstr(err.text, what))
        fail_msg("%s, not %s", err.text, what);
    assert_null(h.path);
    assert_true(history_keep(&h, "still remembered", &err));
    assert_int_equal(h.n, 1);
    history_free(&h);
}

static void test_files_that_are_none_of_ours(void **state)
{
    (void)state;
    struct history h = opened();
    char *path = xstrdup(h.path);
    history_free(&h);
    unlink(path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    refuses("symbolic link");
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0); /* and does not wait for a reader */
    refuses("not a regular file");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    refuses("directory");
    rmdir(path);
    rmdir(folder);
    *strrchr(folder, '/') = '\0';
    rmdir(folder);
    FILE *f = fopen(folder, "w"); /* a file where a folder should be */
    fclose(f);
    folder[strlen(folder)] = '/';
    refuses("Not a directory");
    free(path);
}

/* Four programs write at once: every line is whole, and none is lost. */
static void test_programs_side_by_side(void **state)
{
    (void)state;
    struct history h = opened();
    history_free(&h);
    for (int child = 0; child < 4; child++) {
        if (fork())
            continue;
        struct error err;
        struct history own = {0};
        bool ok = history_open(&own, folder, &err);
        for (int i = 0; ok && i < 200; i++) {
            char text[64];
            snprintf(text, sizeof text, "child %d\nentry %d", child, i);
            ok = history_keep(&own, text, &err);
        }
        _exit(!ok);
    }
    for (int child = 0, status; child < 4; child++) {
        wait(&status);
        assert_int_equal(status, 0);
    }
    h = opened();
    assert_int_equal(h.n, 800);
    for (size_t i = 0; i < h.n; i++) {
        int child, entry, used = 0;
        assert_int_equal(sscanf(h.entries[i], "child %d\nentry %d%n", &child, &entry, &used), 2);
        assert_int_equal(h.entries[i][used], '\0');
    }
    history_free(&h);
}

/* ---- incremental search, as readline's ------------------------------------------------ */

static struct editor with_history(void)
{
    struct editor e = {0};
    editor_remember(&e, "make all");
    editor_remember(&e, "make test");
    editor_remember(&e, "read the book");
    editor_insert(&e, "draft", 5);
    editor_act(&e, ACT_SEARCH_HISTORY);
    return e;
}

static void search_for(struct editor *e, const char *text)
{
    for (; *text; text++)
        assert_true(editor_search_key(e, *text));
}

static void test_search_finds_older_and_newer(void **state)
{
    (void)state;
    struct editor e = with_history();
    struct buf prompt = {0};
    search_for(&e, "ma");
    assert_string_equal(e.text.data, "make test");
    assert_int_equal(e.caret, 0);
    assert_true(editor_search_key(&e, K_CTRL | 'r'));
    assert_string_equal(e.text.data, "make all");
    assert_true(editor_search_key(&e, K_CTRL | 'r'));
    assert_string_equal(e.text.data, "make all"); /* none is older */
    editor_search_prompt(&e, &prompt);
    assert_string_equal(prompt.data, "(failed reverse-i-search)'ma'");
    assert_true(editor_search_key(&e, K_CTRL | 's'));
    assert_string_equal(e.text.data, "make test");
    assert_true(editor_search_key(&e, K_BACKSPACE));
    assert_true(editor_search_key(&e, K_ESC));
    assert_false(e.search.on);
    assert_string_equal(e.text.data, "make test");
    editor_act(&e, ACT_DOWN); /* on from where the search ended */
    assert_string_equal(e.text.data, "read the book");
    editor_act(&e, ACT_DOWN);
    assert_string_equal(e.text.data, "draft");
    buf_free(&prompt);
    editor_free(&e);
}

static void test_search_ends_as_readlines_does(void **state)
{
    (void)state;
    struct editor e = with_history();
    search_for(&e, "the");
    assert_int_equal(e.caret, 5);
    assert_false(editor_search_key(&e, K_CTRL | 'a')); /* ends it, and moves the caret then */
    assert_false(e.search.on);
    assert_string_equal(e.text.data, "read the book");
    editor_act(&e, ACT_SEARCH_HISTORY); /* again, for the same */
    assert_true(editor_search_key(&e, K_CTRL | 'r'));
    assert_string_equal(e.text.data, "read the book");
    assert_true(editor_search_key(&e, K_CTRL | 'g'));
    editor_free(&e);
    e = with_history();
    search_for(&e, "zzz");
    assert_true(e.search.failed);
    assert_string_equal(e.text.data, "draft");
    assert_false(editor_search_key(&e, K_ENTER)); /* sends what is there */
    editor_free(&e);
    e = with_history();
    search_for(&e, "book");
    assert_true(editor_search_key(&e, K_CTRL | 'g')); /* gives up: as it was */
    assert_string_equal(e.text.data, "draft");
    assert_int_equal(e.caret, 5);
    assert_false(e.search.on);
    editor_free(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_newest_of_a_long_file, make, unmake),
        cmocka_unit_test_setup_teardown(test_a_lock_that_is_kept, make, unmake),
        cmocka_unit_test_setup_teardown(test_what_is_kept_comes_back, make, unmake),
        cmocka_unit_test_setup_teardown(test_a_thousand_are_kept, make, unmake),
        cmocka_unit_test_setup_teardown(test_damaged_files_are_read_as_far_as_they_go, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(test_files_that_are_none_of_ours, make, unmake),
        cmocka_unit_test_setup_teardown(test_programs_side_by_side, make, unmake),
        cmocka_unit_test(test_search_finds_older_and_newer),
        cmocka_unit_test(test_search_ends_as_readlines_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
