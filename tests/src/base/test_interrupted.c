/* SPDX-License-Identifier: MIT
 *
 * Calls that a signal interrupts before anything is done (EINTR), as file systems behind a network
 * and FUSE let them: they are made again. Each fails some times here, then works.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "outfile.h"
#include "system.h"
#include "test.h"

enum { TIMES = 3 };
static int n_left, n_made; /* interruptions to come; calls that worked */

static bool is_interrupted(void)
{
    errno = EINTR;
    n_made += n_left == 0;
    return n_left > 0 && n_left-- > 0;
}

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

int fsync(int fd)
{
    return is_interrupted() ? -1 : REAL(fsync)(fd);
}

int ftruncate(int fd, off_t size)
{
    return is_interrupted() ? -1 : REAL(ftruncate)(fd, size);
}

int flock(int fd, int operation)
{
    return is_interrupted() ? -1 : REAL(flock)(fd, operation);
}

#ifdef __linux__
int fallocate(int fd, int mode, off_t from, off_t n)
{
    return is_interrupted() ? -1 : REAL(fallocate)(fd, mode, from, n);
}
#endif

/* A file with a name in a new folder. */
struct place {
    char *folder, *path, *partial;
};

static struct place new_place(void)
{
    struct place p = {.folder = temp_folder()};
    p.path = path_join(p.folder, "out");
    p.partial = path_join(p.folder, "out.partial");
    return p;
}

static void drop(struct place *p)
{
    unlink(p->path);
    unlink(p->partial);
    remove_folder(p->folder);
    free(p->path);
    free(p->partial);
}

static void expect_calls(int at_least)
{
    assert_int_equal(n_left, 0);
    assert_true(n_made >= at_least);
    n_made = 0;
}

static void test_a_file_is_written_in_spite_of_signals(void **state)
{
    struct place p = new_place();
    struct outfile o;
    struct error err;
    (void)state;
    n_left = TIMES; /* flock, then ftruncate */
    assert_true(outfile_open(&o, p.path, true, "mark", &err));
    expect_calls(2);
    n_left = TIMES;
    assert_true(outfile_reserve(&o, 4096, &err));
    expect_calls(1);
    assert_true(outfile_write(&o, 0, "text", 4, &err));
    n_left = TIMES;
    assert_true(outfile_commit(&o, &err));
    expect_calls(1);
    assert_true(is_file(p.path));
    drop(&p);
}

static void test_each_call_by_itself(void **state)
{
    struct place p = new_place();
    (void)state;
    int fd = open_restarted(p.path, O_RDWR | O_CREAT);
    assert_true(fd >= 0);
    n_left = TIMES;
    assert_true(outfile_lock(fd));
    expect_calls(1);
    n_left = TIMES;
    assert_int_equal(system_reserve(fd, 8192), 0);
    expect_calls(1);
    n_left = TIMES;
    assert_int_equal(system_sync(fd), 0);
    expect_calls(1);
    close(fd);
    drop(&p);
}

/* ---- open ----------------------------------------------------------------------------- */

static atomic_int n_signals; /* two threads see it */

static void on_alarm(int signal)
{
    (void)signal;
    n_signals++;
}

/* The other end of the pipe, later: some signals have come by then. */
static void *open_late(void *path)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (int i = 0; i < 1000 && n_signals < TIMES; i++)
        usleep(5000);
    int fd = open(path, O_WRONLY);
    return (void *)(intptr_t)fd;
}

static void test_open_waits_on(void **state)
{
    struct place p = new_place();
    struct sigaction action = {.sa_handler = on_alarm}, before; /* without SA_RESTART */
    struct itimerval every = {{0, 10000}, {0, 10000}}, never = {{0}};
    pthread_t other;
    void *other_fd;
    (void)state;
    assert_int_equal(mkfifo(p.path, 0600), 0);
    assert_int_equal(pthread_create(&other, NULL, open_late, p.path), 0);
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &every, NULL);
    int fd = open_restarted(p.path, O_RDONLY);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    pthread_join(other, &other_fd);
    assert_true(fd >= 0 && n_signals >= TIMES);
    close(fd);
    close((int)(intptr_t)other_fd);
    drop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_written_in_spite_of_signals),
        cmocka_unit_test(test_each_call_by_itself),
        cmocka_unit_test(test_open_waits_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
