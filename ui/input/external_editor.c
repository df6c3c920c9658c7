/* SPDX-License-Identifier: MIT */
#include "external_editor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "paste_filter.h"
#include "system.h"
#include "utf8.h"

enum { MAX_WORDS = 16 };

extern char **environ;

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && value[strspn(value, " \t")] ? value : NULL;
}

static void forget(struct external_editor *c, bool remove)
{
    if (remove) {
        unlink(c->path);
        rmdir(c->folder);
    }
    free(c->program);
    free(c->folder);
    free(c->path);
    buf_free(&c->before);
    *c = (struct external_editor){.quit = c->quit};
}

static bool write_file(struct external_editor *c, struct error *err)
{
    int fd = open(c->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write_whole(fd, c->before.data, c->before.len, 0) == c->before.len;
    if (fd >= 0 && close(fd) != 0)
        ok = false;
    return ok ||
           error_set(err, EX_CANTCREAT, "%.300s: cannot be written: %s", c->path, strerror(errno));
}

static bool make_file(struct external_editor *c, const char *s, size_t n, struct error *err)
{
    c->folder = path_join(system_temp_folder(), "qins-XXXXXX");
    if (!mkdtemp(c->folder)) /* 0700 */
        return error_set(err, EX_CANTCREAT,
                         "%.300s: cannot create a folder for the editor's file: %s", c->folder,
                         strerror(errno));
    c->path = path_join(c->folder, "message.md");
    buf_append(&c->before, s, n);
    if (n && s[n - 1] != '\n')
        buf_puts(&c->before, "\n");
    return write_file(c, err);
}

static bool spawn(struct external_editor *c, struct error *err)
{
    char *words[MAX_WORDS + 2], *line = xstrdup(c->program), *rest = line;
    size_t n = 0;
    for (char *word; n < MAX_WORDS && (word = strtok_r(rest, " \t", &rest));)
        words[n++] = word;
    words[n] = c->path;
    words[n + 1] = NULL;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGQUIT);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawnp(&c->pid, words[0], NULL, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    if (error) {
        c->pid = 0;
        error_set(err, EX_UNAVAILABLE, "%.100s: %s; set VISUAL or EDITOR to an editor", words[0],
                  strerror(error));
    }
    free(line);
    return !error;
}

void external_editor_prepare(struct external_editor *c)
{
    *c = (struct external_editor){0};
    sigaction(SIGQUIT, &(struct sigaction){.sa_handler = SIG_IGN}, &c->quit);
}

void external_editor_over(struct external_editor *c)
{
    sigaction(SIGQUIT, &c->quit, NULL);
}

bool external_editor_start(struct external_editor *c, const char *s, size_t n, struct error *err)
{
    const char *program = variable("VISUAL");
    if (!program)
        program = variable("EDITOR");
    c->program = xstrdup(program ? program : "vi");
    bool ok = make_file(c, s, n, err) && spawn(c, err);
    if (!ok)
        forget(c, c->path != NULL);
    return ok;
}

bool external_editor_ended(const struct external_editor *c, int *status)
{
    pid_t pid = waitpid(c->pid, status, WNOHANG);
    if (pid < 0)
        *status = 0; /* somebody else has waited for it; the file tells the rest */
    return pid != 0 && (pid == c->pid || errno == ECHILD);
}

static bool is_utf8(const struct buf *b)
{
    for (size_t i = 0; i < b->len;) {
        int32_t cp;
        i += utf8_decode(b->data + i, b->len - i, &cp);
        if (cp < 0)
            return false;
    }
    return true;
}

bool external_editor_end(struct external_editor *c, int status, size_t max, struct buf *out,
                         bool *repaired, struct error *err)
{
    struct buf file = {0};
    struct error reading;
    char name[100];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(c->program, " \t"), c->program);
    bool left = access(c->path, F_OK) == 0, read = left && read_file(&file, c->path, max, &reading);
    bool ended = WIFEXITED(status) && WEXITSTATUS(status) == 0, ok = ended && read;
    bool changed = left && (!read || file.len != c->before.len ||
                            (file.len && memcmp(file.data, c->before.data, file.len) != 0));
    if (ok) {
        paste_filter_text(file.data, file.len, out);
        if (out->len && out->data[out->len - 1] == '\n')
            out->data[--out->len] = '\0';
        *repaired = !is_utf8(&file);
    } else {
        struct buf why = {0};
        if (WIFSIGNALED(status))
            buf_printf(&why, "%s was killed by signal %d", name, WTERMSIG(status));
        else if (!ended)
            buf_printf(&why, "%s exited with %d", name, WEXITSTATUS(status));
        else if (!left)
            buf_printf(&why, "%s left no file", name);
        else
            buf_printf(&why, "%.600s", reading.text);
        error_set(err, EX_DATAERR, "%s; your input is unchanged%s%.300s", why.data,
                  changed ? ", what you wrote is in " : "", changed ? c->path : "");
        buf_free(&why);
    }
    buf_free(&file);
    forget(c, ok || !changed);
    return ok;
}
