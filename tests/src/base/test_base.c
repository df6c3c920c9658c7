/* SPDX-License-Identifier: MIT */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf_keeps_nul_behind_its_bytes),
        cmocka_unit_test(test_xgrow_has_room_for_one_more),
        cmocka_unit_test(test_read_file_refuses_what_is_no_file),
        cmocka_unit_test(test_path_join_adds_one_slash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
