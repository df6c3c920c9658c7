/* SPDX-License-Identifier: MIT */
#include "clipboard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system.h"

extern char **environ;

void base64(const void *bytes, size_t n, struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *b = bytes;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)b[i] << 16 | (i + 1 < n ? (uint32_t)b[i + 1] << 8 : 0) |
                     (i + 2 < n ? b[i + 2] : 0);
        char four[4] = {digits[v >> 18], digits[v >> 12 & 63],
                        i + 1 < n ? digits[v >> 6 & 63] : '=', i + 2 < n ? digits[v & 63] : '='};
        buf_append(out, four, sizeof four);
    }
}

void clipboard_sequence(enum clipboard how, const char *text, size_t n, struct buf *out)
{
    buf_puts(out, how == CLIPBOARD_TMUX ? "\033Ptmux;\033\033]52;c;" : "\033]52;c;");
    base64(text, n, out);
    buf_puts(out, how == CLIPBOARD_TMUX ? "\a\033\\" : "\a");
}

char *clipboard_file(const char *text, size_t n, struct error *err)
{
    const char *folder = getenv("XDG_RUNTIME_DIR");
    if (!folder || folder[0] != '/')
        folder = system_temp_folder();
    char *path = path_join(folder, "qins-copy-XXXXXX");
    int fd = mkstemp(path); /* 0600 */
    bool ok = fd >= 0 && write_whole(fd, text, n, 0) == n;
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok)
        return path;
    if (fd >= 0)
        unlink(path);
    error_set(err, EX_CANTCREAT, "%s: %s", path, strerror(why));
    free(path);
    return NULL;
}

const char *clipboard_program(bool automatic)
{
    const char *program = system_facts.copy_program, *far = getenv("SSH_CONNECTION");
    if (automatic)
        return far && *far ? NULL : program;
    return program ? program : "pbcopy";
}

/* The child reads what is written to *input, and its own words go nowhere. -> 0, or an errno. */
static int start_copying(const char *const argv[], int fds[2], pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[0], STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int error = posix_spawnp(pid, argv[0], &actions, &attributes, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

static bool write_all(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, text, n);
        if (put < 0 && errno != EINTR)
            return false;
        text += put > 0 ? put : 0;
        n -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

static bool feed(const char *const argv[], const char *text, size_t n, struct error *err)
{
    int fds[2], status = 0;
    pid_t pid;
    if (pipe(fds) != 0)
        return error_set(err, EX_OSERR, "%s: %s", argv[0], strerror(errno));
    fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    fcntl(fds[1], F_SETFD, FD_CLOEXEC);
    int error = start_copying(argv, fds, &pid);
    close(fds[0]);
    bool ok = !error && write_all(fds[1], text, n);
    close(fds[1]);
    if (error)
        return error_set(err, EX_UNAVAILABLE, "%s: %s", argv[0], strerror(error));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return (ok && status == 0) ||
           error_set(err, EX_UNAVAILABLE, "%s: it did not take the text", argv[0]);
}

bool clipboard_run(const char *program, const char *text, size_t n, struct error *err)
{
    return feed((const char *const[]){program, NULL}, text, n, err);
}

bool clipboard_tmux(const char *text, size_t n)
{
    const char *const passes_on[] = {"tmux", "load-buffer", "-w", "-", NULL};
    const char *const older[] = {"tmux", "load-buffer", "-", NULL};
    const char *tmux = getenv("TMUX");
    struct error unused;
    return tmux && *tmux && (feed(passes_on, text, n, &unused) || feed(older, text, n, &unused));
}
