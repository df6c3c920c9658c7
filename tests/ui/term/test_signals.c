/* SPDX-License-Identifier: MIT
 *
 * Signals of a terminal of our own: which of them are for the program.
 */
#include "signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "test.h"

enum { RAN = 50, WRONG_BITS = 51 };

static void give_back(void)
{
    if (write(STDOUT_FILENO, "restored", 8) != 8)
        _exit(WRONG_BITS + 1);
}

static void terminal_signals(bool on)
{
    struct termios t;
    tcgetattr(STDIN_FILENO, &t);
    if (on)
        t.c_lflag |= ISIG;
    else
        t.c_lflag &= ~(tcflag_t)ISIG;
    tcsetattr(STDIN_FILENO, TCSANOW, &t);
}

/* Ctrl-C and Ctrl-\ are typed into the terminal of the editor, and arrive when it is ours again. */
static void late_signals(int master)
{
    sigset_t both, waiting;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGQUIT);
    signals_open(give_back);
    sigprocmask(SIG_BLOCK, &both, NULL);
    terminal_signals(true);
    if (write(master, "\003\034", 2) != 2)
        _exit(WRONG_BITS);
    do
        sigpending(&waiting);
    while (!sigismember(&waiting, SIGINT) || !sigismember(&waiting, SIGQUIT));
    terminal_signals(false);
    sigprocmask(SIG_UNBLOCK, &both, NULL);
    if (signals_take() != 0)
        _exit(WRONG_BITS);
    kill(getpid(), SIGINT);
    _exit(signals_take() == SIGNAL_INTERRUPT ? RAN : WRONG_BITS);
}

static void quit_by_terminal(int master)
{
    signals_open(give_back);
    terminal_signals(true);
    if (write(master, "\034", 1) == 1)
        sleep(60);
    _exit(RAN);
}

static void quit_by_a_process(int master)
{
    (void)master;
    signals_open(give_back);
    terminal_signals(false);
    kill(getpid(), SIGQUIT);
    _exit(RAN);
}

/* Runs it as the leader of a session with a new terminal. -> wait status; *out: what it printed. */
static int run(void (*program)(int master), char *out, size_t size)
{
    int fds[2], status;
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        int master = posix_openpt(O_RDWR | O_NOCTTY);
        if (grantpt(master) != 0 || unlockpt(master) != 0)
            _exit(WRONG_BITS);
        int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
        ioctl(slave, TIOCSCTTY, 0);
        dup2(slave, STDIN_FILENO);
        dup2(fds[1], STDOUT_FILENO);
        close(fds[1]);
        program(master);
    }
    close(fds[1]);
    ssize_t n = read(fds[0], out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void test_what_was_typed_into_the_editor_is_not_for_us(void **state)
{
    (void)state;
    char out[32];
    int status = run(late_signals, out, sizeof out);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), RAN);
    assert_string_equal(out, "");
}

static void test_quit_gives_the_terminal_back_and_kills(void **state)
{
    (void)state;
    void (*const ways[])(int) = {quit_by_terminal, quit_by_a_process};
    for (int i = 0; i < 2; i++) {
        char out[32];
        int status = run(ways[i], out, sizeof out);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGQUIT);
        assert_string_equal(out, "restored");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_typed_into_the_editor_is_not_for_us),
        cmocka_unit_test(test_quit_gives_the_terminal_back_and_kills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
