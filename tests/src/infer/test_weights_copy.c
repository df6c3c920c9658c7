/* SPDX-License-Identifier: MIT */
#include "weights_copy.h"

#include <fcntl.h>
#include <unistd.h>

#include "huge_memory.h"
#include "test.h"

enum { SIZE = 70 * HUGE_PAGE + 4321, STEP = 9973 };

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 2654435761u >> 13);
}

/* A sparse file with a byte here and there. */
static struct mapping map_marked(char **path, const char *folder)
{
    struct mapping m;
    struct error err;
    *path = path_join(folder, "weights");
    int fd = open(*path, O_CREAT | O_RDWR, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, SIZE), 0);
    for (size_t i = 0; i < SIZE; i += STEP) {
        uint8_t byte = byte_at(i);
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)i), 1);
    }
    close(fd);
    assert_true(map_file(&m, *path, &err));
    return m;
}

static void check(const struct mapping *m)
{
    for (size_t i = 0; i < SIZE; i += STEP)
        if (m->data[i] != byte_at(i))
            fail_msg("byte %zu is %u", i, m->data[i]);
}

static void remove_all(struct mapping *m, char *path, const char *folder)
{
    unmap_file(m);
    unlink(path);
    remove_folder(folder);
    free(path);
}

/* What the file becomes afterwards does not show. */
static void test_a_copy_has_the_same_bytes_at_the_same_place(void **state)
{
    (void)state;
    for (unsigned n_threads = 1; n_threads <= 3; n_threads += 2) {
        const char *folder = temp_folder();
        char *path;
        struct mapping m = map_marked(&path, folder);
        struct pool *p = pool_new(n_threads);
        struct weights_copy c;
        const uint8_t *data = m.data;
        if (!weights_copy_start(&c, &m)) {
            printf("SKIPPED: weights are not copied on this system\n");
            skip();
        }
        while (weights_copy_step(&c, p))
            check(&m);
        assert_int_equal(c.done, SIZE);
        assert_ptr_equal(m.data, data);
        weights_copy_end(&c);
        weights_copy_end(&c);
        int fd = open(path, O_WRONLY);
        for (size_t i = 0; i < SIZE; i += STEP)
            assert_int_equal(pwrite(fd, "", 1, (off_t)i), 1);
        close(fd);
        check(&m);
        pool_free(p);
        remove_all(&m, path, folder);
    }
}

/* The file shrank: nothing is touched that is gone, and what was there before is kept. */
static void test_what_cannot_be_copied_stays_mapped(void **state)
{
    (void)state;
    skip_if_emulated();
    const char *folder = temp_folder();
    char *path;
    struct mapping m = map_marked(&path, folder);
    struct pool *p = pool_new(2);
    struct weights_copy c;
    if (!weights_copy_start(&c, &m)) {
        printf("SKIPPED: weights are not copied on this system\n");
        skip();
    }
    assert_true(weights_copy_step(&c, p));
    const size_t done = c.done;
    assert_int_equal(truncate(path, (off_t)done), 0);
    assert_false(weights_copy_step(&c, p));
    assert_int_equal(c.done, done);
    weights_copy_end(&c);
    for (size_t i = 0; i < done; i += STEP)
        assert_int_equal(m.data[i], byte_at(i));
    pool_free(p);
    remove_all(&m, path, folder);
}

static void test_names(void **state)
{
    (void)state;
    enum weights_mode mode;
    for (int i = WEIGHTS_AUTO; i <= WEIGHTS_COPY; i++) {
        assert_true(weights_mode_from_name(weights_mode_name((enum weights_mode)i), &mode));
        assert_int_equal(mode, i);
    }
    assert_false(weights_mode_from_name("huge", &mode));
    assert_false(weights_copy_fits(UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_copy_has_the_same_bytes_at_the_same_place),
        cmocka_unit_test(test_what_cannot_be_copied_stays_mapped),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
