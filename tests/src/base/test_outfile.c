/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "huge_memory.h"
#include "outfile.h"
#include "test.h"

enum { SIZE = 3 * HUGE_PAGE + 4321, PIECE = 70001 };

/* ---- flock, as file systems without locks have it ------------------------------------- */

static int lock_failure; /* of flock; 0: it is the system's */

int flock(int fd, int operation)
{
    struct flock l = {.l_type = operation & LOCK_UN ? F_UNLCK : F_WRLCK, .l_whence = SEEK_SET};
    if (lock_failure) {
        errno = lock_failure;
        return -1;
    }
    return fcntl(fd, F_SETLK, &l);
}

static void test_a_file_system_without_locks_is_no_obstacle(void **state)
{
    static const int failures[] = {ENOLCK, ENOSYS, EOPNOTSUPP};
    (void)state;
    const char *folder = temp_folder();
    char *path = path_join(folder, "out"), *partial = path_join(folder, "out.partial");
    struct outfile o;
    struct error err;
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        lock_failure = failures[i];
        assert_true(outfile_open(&o, path, true, "mark", &err));
        assert_true(outfile_write(&o, 0, "text", 4, &err));
        assert_true(outfile_commit(&o, &err));
        assert_true(is_file(path));
        assert_false(is_file(partial));
    }
    lock_failure = EWOULDBLOCK;
    assert_false(outfile_open(&o, path, true, "mark", &err));
    assert_non_null(strstr(err.text, "another conversion"));
    lock_failure = 0;
    unlink(partial);
    unlink(path);
    remove_folder(folder);
    free(path);
    free(partial);
}

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 2654435761u >> 13);
}

/* Pieces that lie across pages and huge pages, the last ones first, some never written. */
static void write_pieces(struct outfile *o)
{
    uint8_t *piece = xcalloc(PIECE, 1);
    struct error err;
    for (size_t at = (SIZE - 1) / PIECE * PIECE;; at -= PIECE) {
        size_t n = SIZE - at < PIECE ? SIZE - at : PIECE;
        for (size_t i = 0; i < n; i++)
            piece[i] = byte_at(at + i);
        if (at / PIECE % 5 != 3)
            assert_true(outfile_write(o, at, piece, n, &err));
        if (at == 0)
            break;
    }
    free(piece);
}

static void test_what_is_written_in_pieces_is_mapped_in_one(void **state)
{
    (void)state;
    const char *folder = temp_folder();
    char *path = path_join(folder, "out");
    struct outfile o;
    struct mapping m;
    struct error err;
    assert_true(outfile_open(&o, path, false, "mark", &err));
    assert_true(outfile_reserve(&o, SIZE, &err));
    write_pieces(&o);
    assert_true(outfile_commit(&o, &err));
    assert_true(map_file(&m, path, &err));
    assert_int_equal(m.size, SIZE);
    for (size_t i = 0; i < SIZE; i++)
        if (m.data[i] != (i / PIECE % 5 == 3 ? 0 : byte_at(i)))
            fail_msg("byte %zu is %u", i, m.data[i]);
    unmap_file(&m);
    unlink(path);
    remove_folder(folder);
    free(path);
}

/* Only so can a huge page of the file become a huge page of the mapping. */
static void test_a_large_mapping_begins_on_a_huge_page(void **state)
{
    (void)state;
    const char *folder = temp_folder();
    char *path = path_join(folder, "large");
    struct error err;
    struct mapping m[3];
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(ftruncate(fileno(f), SIZE), 0);
    fclose(f);
    for (int i = 0; i < 3; i++) {
        assert_true(map_file(&m[i], path, &err));
#ifdef __linux__
        assert_int_equal((uintptr_t)m[i].data % HUGE_PAGE, 0);
#endif
        assert_int_equal(m[i].data[SIZE - 1], 0);
    }
    for (int i = 0; i < 3; i++)
        unmap_file(&m[i]);
    unlink(path);
    remove_folder(folder);
    free(path);
}

/* In place of the system's. */
static int n_syncs, failure;
static const char *is_missing_at_first; /* a path */

int fsync(int fd)
{
    (void)fd;
    if (n_syncs++ == 0 && is_missing_at_first)
        assert_int_equal(access(is_missing_at_first, F_OK), -1);
    errno = failure;
    return failure ? -1 : 0;
}

/* The file before it gets its name, the name after that; what does not reach the medium is no file.
 */
static void test_a_file_is_on_the_medium_before_it_has_its_name(void **state)
{
    (void)state;
    const char *folder = temp_folder();
    char *path = path_join(folder, "out");
    struct outfile o;
    struct error err;
    is_missing_at_first = path;
    for (failure = EIO; failure >= 0; failure -= EIO) {
        n_syncs = 0;
        assert_true(outfile_open(&o, path, false, "mark", &err));
        assert_true(outfile_write(&o, 0, "text", 4, &err));
        assert_int_equal(outfile_commit(&o, &err), !failure);
        assert_int_equal(access(path, F_OK), failure ? -1 : 0);
        assert_int_equal(n_syncs, failure ? 1 : 2);
    }
    assert_non_null(strstr(err.text, "cannot sync"));
    failure = 0;
    is_missing_at_first = NULL;
    unlink(path);
    remove_folder(folder);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_system_without_locks_is_no_obstacle),
        cmocka_unit_test(test_what_is_written_in_pieces_is_mapped_in_one),
        cmocka_unit_test(test_a_large_mapping_begins_on_a_huge_page),
        cmocka_unit_test(test_a_file_is_on_the_medium_before_it_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
