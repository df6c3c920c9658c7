/* SPDX-License-Identifier: MIT */
#include "remote_key.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "places.h"

extern char **environ;

enum { MAX_KEY_BYTES = 4096, STEP_MS = 50, PATIENCE_MS = 30000, LINGER_MS = 2000 };

void remote_key_free(char *key)
{
    if (key)
        memset(key, 0, strlen(key));
    free(key);
}

/* ---- what a key looks like ------------------------------------------------------------ */

/* One word of printable ASCII, white space around it left out: what fits into a header line. */
static bool take_key(char *bytes, size_t n, const char *what, char **key, struct error *err)
{
    size_t begin = 0;
    while (n > 0 && strchr(" \t\r\n", bytes[n - 1]))
        n--;
    while (begin < n && strchr(" \t\r\n", bytes[begin]))
        begin++;
    for (size_t i = begin; i < n; i++)
        if (bytes[i] <= ' ' || bytes[i] > '~')
            return error_set(err, EX_CONFIG,
                             "%s: a key is one word of ASCII; this is something "
                             "else",
                             what);
    *key = begin < n ? xstrndup(bytes + begin, n - begin) : NULL;
    return *key || error_set(err, EX_CONFIG, "%s: gives no key", what);
}

/* ---- a file --------------------------------------------------------------------------- */

static bool check_file(int fd, const char *path, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_set(err, EX_NOINPUT, "%s: %s", path, strerror(errno));
    if (st.st_uid != geteuid())
        return error_set(err, EX_CONFIG,
                         "%s: belongs to somebody else; a key is read only from a "
                         "file of yours",
                         path);
    return (st.st_mode & 077) == 0 ||
           error_set(err, EX_CONFIG, "%s: others can read it; chmod 600 %s", path, path);
}

static bool read_key_file(const char *name, char **key, struct error *err)
{
    uint64_t size;
    char bytes[MAX_KEY_BYTES + 1], *path = places_typed(name);
    int fd = open_regular(path, &size, err);
    bool ok = fd >= 0 && check_file(fd, path, err);
    size_t n = ok ? read_whole(fd, bytes, sizeof bytes, 0) : 0;
    if (fd >= 0)
        close(fd);
    if (ok && n > MAX_KEY_BYTES)
        ok = error_set(err, EX_CONFIG, "%s: too long for a key", path);
    ok = ok && take_key(bytes, n, path, key, err);
    memset(bytes, 0, sizeof bytes);
    free(path);
    return ok;
}

/* ---- a command ------------------------------------------------------------------------ */

/* In a group of its own, so that all of it ends with it; not with our signals blocked or ignored.
 * -> 0 or an errno */
static int start_shell(const char *command, int out, pid_t *pid)
{
    char shell[] = "/bin/sh", dash_c[] = "-c", *line = xstrdup(command);
    char *words[] = {shell, dash_c, line, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    static const int ours[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        sigaddset(&defaults, ours[i]);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    int error = posix_spawn(pid, shell, &actions, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(line);
    return error;
}

struct output {
    char bytes[MAX_KEY_BYTES + 1];
    size_t n;
    bool is_late, is_stopped;
};

/* Up to the end of what it writes. */
static void read_output(int fd, double patience_ms, bool (*is_cancelled)(void *), void *arg,
                        struct output *o)
{
    const double until = now_ms() + patience_ms;
    while (o->n < sizeof o->bytes) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        o->is_stopped = is_cancelled && is_cancelled(arg);
        o->is_late = now_ms() > until;
        if (o->is_stopped || o->is_late)
            return;
        if (poll(&p, 1, STEP_MS) <= 0)
            continue;
        ssize_t n = read(fd, o->bytes + o->n, sizeof o->bytes - o->n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        o->n += (size_t)n;
    }
}

/* What has written all that it wants should end soon. -> its exit status; -1: a signal ended it */
static int end_shell(pid_t pid, bool at_once)
{
    int status = 0;
    const double until = now_ms() + (at_once ? 0 : LINGER_MS);
    while (waitpid(pid, &status, WNOHANG) == 0 && now_ms() < until)
        poll(NULL, 0, 1);
    if (kill(-pid, SIGKILL) == 0) /* what is left of its group */
        waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool judge(struct output *o, int status, double patience_ms, char **key, struct error *err)
{
    if (o->is_stopped)
        return error_set(err, EXIT_INTERRUPTED, "key_command: interrupted");
    if (o->is_late)
        return error_set(err, EX_CONFIG, "key_command: gives no key within %.0f s",
                         patience_ms / 1e3);
    if (o->n > MAX_KEY_BYTES)
        return error_set(err, EX_CONFIG, "key_command: writes more than a key");
    if (status != 0)
        return error_set(err, EX_CONFIG,
                         "key_command: failed with status %d; run it by hand to "
                         "see why",
                         status);
    return take_key(o->bytes, o->n, "key_command", key, err);
}

static bool run_command(const char *command, double patience_ms, bool (*is_cancelled)(void *),
                        void *arg, char **key, struct error *err)
{
    int fds[2];
    pid_t pid;
    struct output o = {0};
    if (pipe(fds) != 0)
        return error_set(err, EX_OSERR, "key_command: cannot make a pipe: %s", strerror(errno));
    fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    fcntl(fds[1], F_SETFD, FD_CLOEXEC);
    int error = start_shell(command, fds[1], &pid);
    close(fds[1]);
    if (error) {
        close(fds[0]);
        return error_set(err, EX_OSERR, "key_command: cannot run /bin/sh: %s", strerror(error));
    }
    read_output(fds[0], patience_ms, is_cancelled, arg, &o);
    close(fds[0]);
    int status = end_shell(pid, o.is_late || o.is_stopped || o.n > MAX_KEY_BYTES);
    bool ok = judge(&o, status, patience_ms, key, err);
    memset(o.bytes, 0, sizeof o.bytes);
    return ok;
}

bool remote_key_read(const char *command, const char *file, double patience_ms,
                     bool (*is_cancelled)(void *arg), void *arg, char **key, struct error *err)
{
    bool has_command = command && *command, has_file = file && *file;
    *key = NULL;
    if (has_command && has_file)
        return error_set(err, EX_CONFIG, "key_command and key_file: a key comes from one of them");
    if (has_command)
        return run_command(command, patience_ms > 0 ? patience_ms : PATIENCE_MS, is_cancelled, arg,
                           key, err);
    return !has_file || read_key_file(file, key, err);
}
