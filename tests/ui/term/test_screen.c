/* SPDX-License-Identifier: MIT
 *
 * The end of the program, which another thread may bring, on a terminal of our own.
 */
#include "screen.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "test.h"

static int open_terminal(int *master)
{
    *master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(*master >= 0);
    assert_int_equal(grantpt(*master), 0);
    assert_int_equal(unlockpt(*master), 0);
    int slave = open(ptsname(*master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    return slave;
}

static _Noreturn void end_then_open(int slave, int ready)
{
    struct keys k = {0};
    struct error err;
    setenv("TERM", "xterm-256color", 1);
    dup2(slave, STDIN_FILENO);
    screen_restore();
    if (write(ready, "", 1) == 1)
        screen_open(STDIN_FILENO, slave, &k, &err);
    _exit(1);
}

/* A thread died for want of memory while this one was about to open the screen. */
static void test_at_the_end_the_terminal_is_not_taken(void **state)
{
    (void)state;
    struct termios before, after;
    int master, slave = open_terminal(&master), ready[2], status;
    char byte;
    assert_int_equal(tcgetattr(slave, &before), 0);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0)
        end_then_open(slave, ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    usleep(300000);
    assert_int_equal(waitpid(child, &status, WNOHANG), 0); /* it waits for its end */
    assert_int_equal(tcgetattr(slave, &after), 0);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(after.c_lflag, before.c_lflag);
    assert_int_equal(after.c_iflag, before.c_iflag);
    close(ready[0]);
    close(ready[1]);
    close(slave);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_the_end_the_terminal_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
