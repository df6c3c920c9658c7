/* SPDX-License-Identifier: MIT */
#include "clipboard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* -> whether the program took all of it and ended well. Nothing that it says is shown. */
static bool feed(const char *const argv[], const char *text, size_t n)
{
    int pipe_fds[2], status = -1;
    if (pipe(pipe_fds) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(pipe_fds[0], STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        close(pipe_fds[0]);
        close(pipe_fds[1]);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(pipe_fds[0]);
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    bool ok = pid > 0;
    for (size_t at = 0; ok && at < n;) {
        ssize_t put = write(pipe_fds[1], text + at, n - at);
        ok = put > 0 || errno == EINTR;
        at += put > 0 ? (size_t)put : 0;
    }
    close(pipe_fds[1]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    sigaction(SIGPIPE, &before, NULL);
    return ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool clipboard_tmux(const char *text, size_t n)
{
    const char *const passes_on[] = {"tmux", "load-buffer", "-w", "-", NULL};
    const char *const older[] = {"tmux", "load-buffer", "-", NULL};
    const char *tmux = getenv("TMUX");
    return tmux && *tmux && (feed(passes_on, text, n) || feed(older, text, n));
}

char *clipboard_file(const char *text, size_t n, struct error *err)
{
    const char *folder = getenv("XDG_RUNTIME_DIR");
    if (!folder || folder[0] != '/')
        folder = getenv("TMPDIR");
    char *path = path_join(folder && folder[0] == '/' ? folder : "/tmp", "qins-copy-XXXXXX");
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
