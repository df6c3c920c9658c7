/* SPDX-License-Identifier: MIT */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paste_filter.h"
#include "system.h"

enum {
    TAKEN_LINES = 8 * HISTORY_MAX, /* of a file */
    LOCK_MS = 250,                 /* that another program may keep us waiting */
    LOCK_STEP_MS = 5,
};

/* ---- entries -------------------------------------------------------------------------- */

void history_add(struct history *h, const char *text)
{
    if (text[strspn(text, " \t\n")] == '\0')
        return;
    char *entry = NULL;
    for (size_t i = h->n; !entry && i-- > 0;) {
        if (strcmp(h->entries[i], text) == 0) {
            entry = h->entries[i];
            memmove(h->entries + i, h->entries + i + 1, (--h->n - i) * sizeof *h->entries);
        }
    }
    if (h->n == HISTORY_MAX) {
        free(h->entries[0]);
        memmove(h->entries, h->entries + 1, --h->n * sizeof *h->entries);
    }
    h->entries = xgrow(h->entries, h->n, &h->cap, sizeof *h->entries);
    h->entries[h->n++] = entry ? entry : xstrdup(text);
}

void history_free(struct history *h)
{
    for (size_t i = 0; i < h->n; i++)
        free(h->entries[i]);
    free(h->entries);
    free(h->path);
    *h = (struct history){0};
}

/* ---- lines ---------------------------------------------------------------------------- */

static void encode(const char *text, struct buf *out)
{
    for (; *text; text++) {
        if (*text == '\n')
            buf_puts(out, "\\n");
        else if (*text == '\\')
            buf_puts(out, "\\\\");
        else
            buf_append(out, text, 1);
    }
    buf_puts(out, "\n");
}

static void take_line(struct history *h, const char *line, size_t n)
{
    struct buf raw = {0}, text = {0};
    for (size_t i = 0; i < n; i++) {
        bool escape = line[i] == '\\' && i + 1 < n;
        i += escape;
        buf_append(&raw, escape && line[i] == 'n' ? "\n" : line + i, 1);
    }
    paste_filter_text(raw.data, raw.len, &text);
    if (text.len)
        history_add(h, text.data);
    buf_free(&raw);
    buf_free(&text);
}

/* Behind the newline before the last so many lines. */
static size_t last_lines(const struct buf *file, size_t n)
{
    size_t at = file->len;
    while (at > 0 && (at == file->len || file->data[at - 1] != '\n' || n-- > 1))
        at--;
    return at;
}

/* *n_lines: what the file holds, repetitions included. Only the newest lines are taken: the others
 * would be pushed out again, one by one. */
static void take_file(struct history *h, const struct buf *file, size_t *n_lines)
{
    size_t first = last_lines(file, TAKEN_LINES);
    for (const char *c = file->data; c && c < file->data + first; c++)
        *n_lines += *c == '\n';
    for (size_t i = first, n; i < file->len; i += n + 1, ++*n_lines) {
        const char *end = memchr(file->data + i, '\n', file->len - i);
        n = end ? (size_t)(end - file->data) - i : file->len - i;
        take_line(h, file->data + i, n);
    }
}

/* ---- the file ------------------------------------------------------------------------- */

static bool fail(struct history *h, int fd, struct error *err, const char *what)
{
    error_set(err, EX_CANTCREAT, "%.300s: %s: messages are not added to the history", h->path,
              what);
    if (fd >= 0)
        close(fd);
    free(h->path);
    h->path = NULL;
    return false;
}

/* -> false with errno: another program keeps it. */
static bool lock(int fd)
{
    for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; waited += LOCK_STEP_MS) {
        if (errno == ENOLCK || errno == ENOTSUP || errno == ENOSYS || errno == EOPNOTSUPP)
            return true; /* a file system without locks */
        if ((errno != EWOULDBLOCK && errno != EINTR) || waited >= LOCK_MS)
            return false;
        poll(NULL, 0, LOCK_STEP_MS);
    }
    return true;
}

/* -> fd, locked; closing it unlocks. Another program may put a shorter file in its place between
 * opening and locking: then that one counts. */
static int open_locked(struct history *h, struct error *err)
{
    for (;;) {
        struct stat st, now;
        int fd =
            open(h->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        if (fd < 0)
            return fail(h, fd, err, strerror(errno)), -1;
        if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink > 1 ||
            st.st_uid != geteuid())
            return fail(h, fd, err, "not a regular file that you own"), -1;
        if (!lock(fd))
            return fail(h, fd, err,
                        errno == EWOULDBLOCK ? "locked by another program" : strerror(errno)),
                   -1;
        if (lstat(h->path, &now) == 0 && now.st_dev == st.st_dev && now.st_ino == st.st_ino)
            return fd;
        close(fd);
    }
}

/* The end of a file that is too long. *whole: it is all of it. */
static bool read_end(int fd, struct buf *out, bool *whole)
{
    char chunk[65536];
    ssize_t n;
    off_t size = lseek(fd, 0, SEEK_END), from = size - HISTORY_MAX_BYTES;
    *whole = from <= 0;
    if (size < 0 || lseek(fd, *whole ? 0 : from, SEEK_SET) < 0)
        return false;
    while ((n = read(fd, chunk, sizeof chunk)) > 0 && out->len < HISTORY_MAX_BYTES)
        buf_append(out, chunk, (size_t)n);
    const char *line = *whole || !out->len ? NULL : memchr(out->data, '\n', out->len);
    if (line) { /* it begins within a line */
        size_t cut = (size_t)(line - out->data) + 1;
        memmove(out->data, out->data + cut, out->len - cut);
        out->len -= cut;
    }
    return n >= 0;
}

/* A file with each entry once takes the place of one that has grown; the lock on the old is held.
 */
static void rewrite(const struct history *h)
{
    struct buf lines = {0};
    char *name = xasprintf("%s.new", h->path);
    for (size_t i = 0; i < h->n; i++)
        if (strlen(h->entries[i]) <= HISTORY_MAX_ENTRY_BYTES)
            encode(h->entries[i], &lines);
    unlink(name);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        bool ok = write_whole(fd, lines.data, lines.len, 0) == lines.len && system_sync(fd) == 0;
        if (close(fd) != 0 || !ok || rename(name, h->path) != 0)
            unlink(name);
    }
    free(name);
    buf_free(&lines);
}

/* Folders that are missing, each for its owner alone. */
static bool make_folders(const char *path)
{
    char *copy = xstrdup(path);
    bool ok = true;
    for (char *c = copy + 1; ok && *c; c++) {
        if (*c != '/')
            continue;
        *c = '\0';
        ok = mkdir(copy, 0700) == 0 || errno == EEXIST;
        *c = '/';
    }
    ok = ok && (mkdir(copy, 0700) == 0 || errno == EEXIST);
    free(copy);
    return ok;
}

bool history_open(struct history *h, const char *folder, struct error *err)
{
    struct buf file = {0};
    size_t n_lines = 0;
    h->path = path_join(folder, "history");
    if (!make_folders(folder))
        return fail(h, -1, err, strerror(errno));
    int fd = open_locked(h, err);
    if (fd < 0)
        return false;
    bool whole;
    if (!read_end(fd, &file, &whole)) {
        buf_free(&file);
        return fail(h, fd, err, strerror(errno));
    }
    take_file(h, &file, &n_lines);
    if (whole && n_lines > 2 * HISTORY_MAX)
        rewrite(h);
    buf_free(&file);
    close(fd);
    return true;
}

bool history_keep(struct history *h, const char *text, struct error *err)
{
    struct buf line = {0};
    history_add(h, text);
    if (!h->path || text[strspn(text, " \t\n")] == '\0' || strlen(text) > HISTORY_MAX_ENTRY_BYTES)
        return true;
    int fd = open_locked(h, err);
    if (fd < 0)
        return false;
    /* Half a line that a killed program left stays a line of its own. */
    char last = '\n';
    off_t size = lseek(fd, 0, SEEK_END);
    if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n')
        buf_puts(&line, "\n");
    encode(text, &line);
    bool ok = write_whole(fd, line.data, line.len, size > 0 ? (uint64_t)size : 0) == line.len;
    buf_free(&line);
    if (!ok)
        return fail(h, fd, err, strerror(errno));
    close(fd);
    return true;
}
