/* SPDX-License-Identifier: MIT
 *
 * program: runs one of our programs as people do, and keeps what it said.
 */
#ifndef QINS_TEST_PROGRAM_H
#define QINS_TEST_PROGRAM_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "test.h"

enum { PROGRAM_MAX_ARGS = 48, PROGRAM_LIMIT_MS = 100000 };

struct program {
    pid_t pid;
    int in, out, err; /* our ends; -1: none */
    struct buf said, complained;
};

/* What the program's descriptors 0, 1 and 2 are to be; -1: a pipe to us, FD_CLOSED: closed. */
enum { FD_PIPE = -1, FD_CLOSED = -2 };

static inline void program_pipe(int wish, int fds[2])
{
    fds[0] = fds[1] = -1;
    if (wish == FD_PIPE)
        assert_int_equal(pipe(fds), 0);
}

static inline void program_child_fd(int target, int wish, int pipe_end)
{
    if (wish == FD_CLOSED)
        close(target);
    else
        dup2(wish == FD_PIPE ? pipe_end : wish, target);
}

/* `words`: program, then arguments, NULL. */
static inline struct program program_start(const char *const *words, int in, int out, int err)
{
    int ins[2], outs[2], errs[2];
    program_pipe(in, ins);
    program_pipe(out, outs);
    program_pipe(err, errs);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        program_child_fd(0, in, ins[0]);
        program_child_fd(1, out, outs[1]);
        program_child_fd(2, err, errs[1]);
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        execv(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    if (in == FD_PIPE)
        close(ins[0]);
    if (out == FD_PIPE)
        close(outs[1]);
    if (err == FD_PIPE)
        close(errs[1]);
    return (struct program){.pid = pid, .in = ins[1], .out = outs[0], .err = errs[0]};
}

static inline void program_take(int *fd, short ready, struct buf *to)
{
    char chunk[4096];
    if (!ready)
        return;
    ssize_t n = read(*fd, chunk, sizeof chunk);
    if (n > 0) {
        buf_append(to, chunk, (size_t)n);
    } else if (n == 0 || errno != EINTR) { /* EIO: the other side of a terminal is closed */
        close(*fd);
        *fd = -1;
    }
}

/* Reads until `until` bytes of stdout are there, or both streams end. */
static inline void program_read(struct program *p, size_t until)
{
    double start = now_ms();
    while ((p->out >= 0 || p->err >= 0) && p->said.len < until) {
        struct pollfd fds[] = {{.fd = p->out, .events = POLLIN}, {.fd = p->err, .events = POLLIN}};
        if (now_ms() - start > PROGRAM_LIMIT_MS) {
            kill(p->pid, SIGKILL);
            fail_msg("the program does not end");
        }
        poll(fds, 2, 1000);
        program_take(&p->out, fds[0].revents, &p->said);
        program_take(&p->err, fds[1].revents, &p->complained);
    }
}

static inline void program_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Reads to the end and waits. -> exit code, or -signal. */
static inline int program_end(struct program *p)
{
    int status;
    program_close(&p->in);
    program_read(p, SIZE_MAX);
    while (waitpid(p->pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    buf_append(&p->said, "", 0);
    buf_append(&p->complained, "", 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline void program_free(struct program *p)
{
    program_close(&p->in);
    program_close(&p->out);
    program_close(&p->err);
    buf_free(&p->said);
    buf_free(&p->complained);
}

#endif
