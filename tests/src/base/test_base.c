/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "test.h"

static void test_buf_keeps_nul_behind_its_bytes(void **state)
{
    (void)state;
    struct buf b = {0};
    for (int i = 0; i < 100; i++)
        buf_printf(&b, "%d,", i);
    assert_int_equal(b.len, 10 * 2 + 90 * 3);
    assert_int_equal(b.data[b.len], '\0');
    buf_append(&b, "a\0b", 3);
    assert_int_equal(b.data[b.len - 2], '\0');
    buf_free(&b);
    assert_null(b.data);
}

static void test_xgrow_has_room_for_one_more(void **state)
{
    (void)state;
    uint64_t *list = NULL;
    size_t n = 0, cap = 0, n_moves = 0;
    for (uint64_t i = 0; i < 5000; i++) {
        size_t before = cap;
        list = xgrow(list, n, &cap, sizeof *list);
        assert_true(cap > n);
        n_moves += cap != before;
        list[n++] = i * i;
    }
    for (uint64_t i = 0; i < n; i++)
        assert_true(list[i] == i * i);
    assert_true(n_moves < 14); /* it doubles: 5000 < 2^13 */
    free(list);
}

static void test_read_file_refuses_what_is_no_file(void **state)
{
    (void)state;
    struct error err;
    struct buf b = {0};
    const char *folder = temp_folder();
    char *path = path_join(folder, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(read_file(&b, path, 100, &err)); /* and does not hang */
    assert_int_equal(err.code, EX_DATAERR);
    assert_false(read_file(&b, folder, 100, &err));
    assert_int_equal(err.code, EX_DATAERR);
    unlink(path);
    assert_false(read_file(&b, path, 100, &err));
    assert_int_equal(err.code, EX_NOINPUT);
    remove_folder(folder);
    free(path);
}

static void test_path_join_adds_one_slash(void **state)
{
    (void)state;
    char *a = path_join("x", "y"), *b = path_join("x/", "y");
    assert_string_equal(a, "x/y");
    assert_string_equal(b, "x/y");
    free(a);
    free(b);
}

/* A terminal is given back slowly, while another thread dies, too. */
static void give_back(void)
{
    usleep(100000);
    if (write(STDOUT_FILENO, "restored ", 9) != 9)
        _exit(1);
}

static void *die_too(void *unused)
{
    (void)unused;
    usleep(20000);
    die(70, "the second");
}

static void test_only_the_first_death_exits(void **state)
{
    int out[2], status;
    char text[64] = "";
    (void)state;
    assert_int_equal(pipe(out), 0);
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        dup2(out[1], STDOUT_FILENO);
        dup2(out[1], STDERR_FILENO);
        die_hook(give_back);
        pthread_create(&thread, NULL, die_too, NULL);
        die(71, "the first");
    }
    close(out[1]);
    for (size_t n = 0; n + 1 < sizeof text;) {
        ssize_t got = read(out[0], text + n, sizeof text - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    close(out[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 71);
    assert_string_equal(text, "restored test_base: the first\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf_keeps_nul_behind_its_bytes),
        cmocka_unit_test(test_xgrow_has_room_for_one_more),
        cmocka_unit_test(test_read_file_refuses_what_is_no_file),
        cmocka_unit_test(test_path_join_adds_one_slash),
        cmocka_unit_test(test_only_the_first_death_exits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
