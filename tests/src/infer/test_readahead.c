/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "huge_memory.h"
#include "readahead.h"
#include "system.h"
#include "test.h"

enum { SIZE = 70 * HUGE_PAGE + 4321 };

struct calls {
    uint32_t n;
    uint64_t most, total;
    bool answer;
};

static bool on_progress(void *arg, uint64_t done, uint64_t total)
{
    struct calls *c = arg;
    c->n++;
    c->most = done > c->most ? done : c->most;
    c->total = total;
    return c->answer;
}

static struct mapping map_sparse(char **path, const char *folder)
{
    struct mapping m;
    struct error err;
    *path = path_join(folder, "sparse");
    FILE *f = fopen(*path, "w");
    assert_non_null(f);
    assert_int_equal(ftruncate(fileno(f), SIZE), 0);
    fclose(f);
    assert_true(map_file(&m, *path, &err));
    return m;
}

static void test_any_number_of_threads_reads_all_of_it(void **state)
{
    (void)state;
    const char *folder = temp_folder();
    char *path;
    struct error err;
    struct mapping m = map_sparse(&path, folder);
    for (unsigned n = 1; n <= 3; n++) {
        struct pool *p = pool_new(n);
        struct calls c = {.answer = true};
        assert_true(mapping_read(&m, path, p, on_progress, &c, &err));
        assert_true(c.most <= SIZE);
        assert_true(c.n == 0 || c.total == SIZE);
        pool_free(p);
    }
    for (size_t i = 0; i < SIZE; i += 4096)
        assert_int_equal(m.data[i], 0);
    unmap_file(&m);
    unlink(path);
    remove_folder(folder);
    free(path);
}

/* The file shrank after it was mapped: touching its end would kill the program. */
static void test_a_file_that_shrank_is_refused_in_one_line(void **state)
{
    (void)state;
    const char *folder = temp_folder();
    char *path;
    struct error err = {0};
    struct calls c = {.answer = true};
    struct mapping m = map_sparse(&path, folder);
    struct pool *p = pool_new(2);
    assert_int_equal(truncate(path, HUGE_PAGE), 0);
    uint8_t *beyond = (uint8_t *)(uintptr_t)m.data + SIZE / HUGE_PAGE * HUGE_PAGE;
    if (!system_is_unreadable(system_read_ahead(beyond, 1))) {
        printf("SKIPPED: a system, or an emulator, that does not tell what cannot be read\n");
        skip();
    }
    assert_false(mapping_read(&m, path, p, on_progress, &c, &err));
    assert_int_equal(err.code, EX_IOERR);
    assert_non_null(strstr(err.text, path));
    assert_null(strchr(err.text, '\n'));
    pool_free(p);
    unmap_file(&m);
    unlink(path);
    remove_folder(folder);
    free(path);
}

static void test_a_stop_is_no_failure(void **state)
{
    (void)state;
    const char *folder = temp_folder();
    char *path;
    struct error err;
    struct calls c = {.answer = false};
    struct mapping m = map_sparse(&path, folder);
    struct pool *p = pool_new(1);
    assert_true(mapping_read(&m, path, p, on_progress, &c, &err));
    assert_true(c.n <= 1);
    pool_free(p);
    unmap_file(&m);
    unlink(path);
    remove_folder(folder);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_number_of_threads_reads_all_of_it),
        cmocka_unit_test(test_a_file_that_shrank_is_refused_in_one_line),
        cmocka_unit_test(test_a_stop_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
