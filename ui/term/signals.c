/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base.h"
#include "system.h"

static int pipe_fds[2] = {-1, -1};
static volatile sig_atomic_t pending[NSIG];
static void (*restore_terminal)(void);

static const struct {
    int number;
    unsigned bit;
} watched[] = {
    {SIGWINCH, SIGNAL_RESIZED}, {SIGTSTP, SIGNAL_SUSPEND},   {SIGCONT, SIGNAL_CONTINUED},
    {SIGINT, SIGNAL_INTERRUPT}, {SIGTERM, SIGNAL_TERMINATE}, {SIGHUP, SIGNAL_HANGUP},
    {SIGCHLD, SIGNAL_CHILD},
};
enum { N_WATCHED = sizeof watched / sizeof *watched };

static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
enum { N_CRASHES = sizeof crashes / sizeof *crashes };

#define LATE_NS 300000000u /* how late a signal of the editor may be */

/* Until then a signal of an unknown sender may be one of the editor's; system_clock_ns time. */
static _Atomic uint64_t late_until;

/* Ctrl-C or Ctrl-\ typed into the user's editor can arrive when the editor has ended and the
 * terminal is ours again (Linux lets go of the terminal between reading its modes and sending the
 * signal). While the terminal is ours it sends none. */
static bool is_late(const siginfo_t *info)
{
    struct termios now;
    enum system_sender sender = system_signal_sender(info);
    bool may_be_late = sender == SENT_BY_TERMINAL ||
                       (sender == SENT_BY_UNKNOWN && system_clock_ns() < atomic_load(&late_until));
    return may_be_late && tcgetattr(STDIN_FILENO, &now) == 0 && !(now.c_lflag & ISIG);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    (void)context;
    if (number != SIGINT || !is_late(info)) {
        pending[number] = 1;
        ssize_t ignored = write(pipe_fds[1], "", 1); /* full: the reader wakes up anyway */
        (void)ignored;
    }
    errno = saved;
}

static void on_crash(int number, siginfo_t *info, void *context)
{
    (void)context;
    static const char message[] =
        "qins-tui: the model file could not be read any more (was it changed or cut short?)\n";
    restore_terminal();
    if (number == SIGBUS && is_mapped(info->si_addr)) {
        ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);
        (void)ignored;
    }
    raise(number); /* SA_RESETHAND: this time the default action, once the handler returns */
}

static void on_quit(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    (void)context;
    if (!is_late(info)) {
        sigaction(number, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
        on_crash(number, info, context);
    }
    errno = saved;
}

int signals_open(void (*restore)(void))
{
    restore_terminal = restore;
    if (pipe(pipe_fds) != 0)
        die(EX_OSERR, "no pipe: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        fcntl(pipe_fds[i], F_SETFD, FD_CLOEXEC);
        fcntl(pipe_fds[i], F_SETFL, O_NONBLOCK);
    }
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_RESTART | SA_SIGINFO};
    sigfillset(&action.sa_mask);
    for (int i = 0; i < N_WATCHED; i++)
        sigaction(watched[i].number, &action, NULL);
    action.sa_sigaction = on_quit;
    sigaction(SIGQUIT, &action, NULL);
    action.sa_sigaction = on_crash;
    action.sa_flags = (int)(SA_RESETHAND | SA_SIGINFO);
    for (int i = 0; i < N_CRASHES; i++)
        sigaction(crashes[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a write that the limit forbids fails instead */
    return pipe_fds[0];
}

unsigned signals_take(void)
{
    char sink[64];
    unsigned bits = 0;
    while (read(pipe_fds[0], sink, sizeof sink) > 0)
        continue;
    for (int i = 0; i < N_WATCHED; i++) {
        if (pending[watched[i].number]) {
            pending[watched[i].number] = 0;
            bits |= watched[i].bit;
        }
    }
    return bits;
}

void signals_expect_late(void)
{
    atomic_store(&late_until, system_clock_ns() + LATE_NS);
}

void signals_stop_process(void)
{
    struct sigaction before, stop = {.sa_handler = SIG_DFL};
    sigaction(SIGTSTP, &stop, &before);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
    pending[SIGCONT] = 0;
}

void signals_close(void)
{
    for (int i = 0; i < N_WATCHED; i++)
        signal(watched[i].number, SIG_DFL);
    for (int i = 0; i < N_CRASHES; i++)
        signal(crashes[i], SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    for (int i = 0; i < 2; i++)
        close(pipe_fds[i]);
}
