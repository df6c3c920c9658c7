/* SPDX-License-Identifier: MIT */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "huge_memory.h"
#include "system.h"

enum { MARK_OFFSET = 8, MAX_MARK = 64 };

static bool may_take(const char *path, bool replace, struct error *err)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ||
               error_set(err, EX_CANTCREAT, "%s: cannot create: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_set(err, EX_CANTCREAT, "%s: exists and is not a regular file", path);
    return replace ||
           error_set(err, EX_CANTCREAT, "%s: already exists; use --force to overwrite", path);
}

/* Whether the file just locked is one that we may overwrite: empty, or begun by a writer like us.
 */
static bool is_leftover(const struct outfile *o, const struct stat *st, const char *mark)
{
    char start[MAX_MARK];
    size_t n = strlen(mark);
    return st->st_size == 0 ||
           (n <= sizeof start && pread(o->fd, start, n, MARK_OFFSET) == (ssize_t)n &&
            memcmp(start, mark, n) == 0);
}

static void release(struct outfile *o)
{
    if (o->map)
        munmap(o->map, o->map_size);
    if (o->fd >= 0)
        close(o->fd);
    free(o->path);
    free(o->partial);
    free(o->first);
    *o = (struct outfile){.fd = -1};
}

/* A file system without locks: nobody else is kept out, and nobody can be. */
static bool has_no_locks(int why)
{
    return why == ENOLCK || why == ENOSYS || why == EOPNOTSUPP || why == ENOTSUP || why == EINVAL;
}

bool outfile_lock(int fd)
{
    while (flock(fd, LOCK_EX | LOCK_NB) != 0)
        if (errno != EINTR)
            return has_no_locks(errno);
    return true;
}

/* What cannot be emptied, which is ours now, does not stay. */
static bool empty(const struct outfile *o, struct error *err)
{
    if (truncate_restarted(o->fd, 0) == 0)
        return true;
    error_set(err, EX_CANTCREAT, "%s: cannot truncate: %s", o->partial, strerror(errno));
    unlink(o->partial);
    return false;
}

static bool lock_partial(struct outfile *o, const char *mark, struct error *err)
{
    struct stat st, now;
    o->fd = open_restarted(o->partial, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK);
    if (o->fd < 0) /* the file's own name: who asked for it knows no other */
        return error_set(err, EX_CANTCREAT, "%s: cannot create: %s", o->path,
                         errno == ENOENT ? "its folder does not exist" : strerror(errno));
    if (fstat(o->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink > 1)
        return error_set(err, EX_CANTCREAT, "%s: exists and is not a plain file", o->partial);
    if (!outfile_lock(o->fd))
        return error_set(err, EX_CANTCREAT, "%s: %s", o->partial,
                         errno == EWOULDBLOCK ? "another conversion is writing it"
                                              : strerror(errno));
    /* Between open and lock the other writer may have finished: then this is its result. */
    if (lstat(o->partial, &now) != 0 || now.st_dev != st.st_dev || now.st_ino != st.st_ino)
        return error_set(err, EX_CANTCREAT, "%s: another conversion is writing it", o->partial);
    if (!is_leftover(o, &st, mark))
        return error_set(err, EX_CANTCREAT,
                         "%s: exists and was not left by a conversion; remove it", o->partial);
    return empty(o, err);
}

bool outfile_open(struct outfile *o, const char *path, bool replace, const char *mark,
                  struct error *err)
{
    *o = (struct outfile){.path = xstrdup(path),
                          .partial = xasprintf("%s.partial", path),
                          .fd = -1,
                          .first = xcalloc(OUTFILE_FIRST, 1),
                          .replace = replace};
    if (may_take(path, replace, err) && lock_partial(o, mark, err))
        return true;
    release(o);
    return false;
}

bool outfile_reserve(struct outfile *o, uint64_t size, struct error *err)
{
    const int error = system_reserve(o->fd, size);
    if (error)
        return error_set(err, EX_IOERR, "%s: cannot reserve %llu bytes: %s", o->partial,
                         (unsigned long long)size, strerror(error));
    void *p = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, o->fd, 0);
    if (p != MAP_FAILED && system_huge_pages(p, (size_t)size)) {
        o->map = p;
        o->map_size = (size_t)size;
    } else if (p != MAP_FAILED) {
        munmap(p, (size_t)size);
    }
    return true;
}

/* Small writes leave a file cached in small pages, and whoever maps it then reads it more slowly
 * until it is evicted. A read fault of the mapping puts huge pages into the cache first, where the
 * file system can; where it cannot, nothing happens. */
static void cache_huge_pages(const struct outfile *o, uint64_t at, size_t n)
{
    for (uint64_t block = at - at % HUGE_PAGE; o->map && block < at + n; block += HUGE_PAGE) {
        const uint64_t left = o->map_size - block;
        system_read_ahead((uint8_t *)o->map + block, 1);
        /* out of this process's memory again: it stays in the cache */
        madvise((uint8_t *)o->map + block, left < HUGE_PAGE ? left : HUGE_PAGE, MADV_DONTNEED);
    }
}

bool outfile_write(struct outfile *o, uint64_t at, const void *bytes, size_t n, struct error *err)
{
    const char *rest = bytes;
    if (at < OUTFILE_FIRST) {
        size_t held = OUTFILE_FIRST - at < n ? OUTFILE_FIRST - at : n;
        memcpy(o->first + at, bytes, held);
        o->n_first = o->n_first > at + held ? o->n_first : at + held;
        rest += held;
        at += held;
        n -= held;
    }
    cache_huge_pages(o, at, n);
    if (write_whole(o->fd, rest, n, at) == n)
        return true;
    return error_set(err, EX_IOERR, "%s: cannot write: %s", o->partial,
                     errno ? strerror(errno) : "no progress");
}

/* Makes the rename itself survive a power cut. Some file systems cannot; the file is whole anyway.
 */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        system_sync(fd);
        close(fd);
    }
    free(folder);
}

bool outfile_whole(struct outfile *o, struct error *err)
{
    return write_whole(o->fd, o->first, o->n_first, 0) == o->n_first ||
           error_set(err, EX_IOERR, "%s: cannot write: %s", o->partial, strerror(errno));
}

bool outfile_commit(struct outfile *o, struct error *err)
{
    bool ok = outfile_whole(o, err);
    const int error = ok ? system_sync(o->fd) : 0;
    ok = ok &&
         (!error || error_set(err, EX_IOERR, "%s: cannot sync: %s", o->partial, strerror(error)));
    ok = ok && may_take(o->path, o->replace, err);
    ok = ok && (rename(o->partial, o->path) == 0 ||
                error_set(err, EX_CANTCREAT, "%s: cannot rename: %s", o->partial, strerror(errno)));
    if (ok) {
        sync_folder(o->path);
        release(o);
    } else {
        outfile_abandon(o);
    }
    return ok;
}

void outfile_abandon(struct outfile *o)
{
    if (o->fd >= 0)
        unlink(o->partial);
    release(o);
}
