/* SPDX-License-Identifier: MIT
 *
 * fail_io: preloaded into a program, lets one call of one function fail on files below a folder.
 *   TORTURE_CALL=NAME  "read", "pwrite", "rename" ...
 *   TORTURE_IN=FOLDER  files whose paths hold this text
 *   TORTURE_AT=N       the N-th such call, from 0; absent: none
 *   TORTURE_ON=1       and all behind it
 *   TORTURE_ERROR=E    an errno; 0: half of what was asked is done
 *   TORTURE_COUNT=F    how many there were is written to this file when the program ends
 */
#undef _FILE_OFFSET_BITS /* it would give two functions here one name */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_long n_so_far;
static long at = -1;
static int error;
static bool goes_on;
static const char *call, *folder;

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("TORTURE_AT"), *number = getenv("TORTURE_ERROR");
    at = text ? atol(text) : -1;
    error = number ? atoi(number) : EIO;
    goes_on = getenv("TORTURE_ON") != NULL;
    folder = getenv("TORTURE_IN");
    call = getenv("TORTURE_CALL");
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("TORTURE_COUNT");
    FILE *f = path ? fopen(path, "w") : NULL;
    if (f && fprintf(f, "%ld\n", (long)n_so_far) > 0)
        fclose(f);
}

static bool is_below(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0)
        return false;
    path[n] = '\0';
    return strstr(path, folder) != NULL;
}

static bool counts(const char *name)
{
    if (!call || !folder || strcmp(name, call) != 0)
        return false;
    long i = atomic_fetch_add(&n_so_far, 1);
    return at >= 0 && (i == at || (i > at && goes_on));
}

static bool fails(const char *name, int fd)
{
    if (!call || strcmp(name, call) != 0 || !folder || !is_below(fd) || !counts(name))
        return false;
    errno = error;
    return true;
}

static bool path_fails(const char *name, const char *path)
{
    if (!folder || !strstr(path, folder) || !counts(name))
        return false;
    errno = error;
    return true;
}

static size_t half(size_t n)
{
    return n > 1 ? n / 2 : n;
}

EXPORT ssize_t read(int fd, void *bytes, size_t n)
{
    if (fails("read", fd) && (error || !(n = half(n))))
        return -1;
    return REAL(read)(fd, bytes, n);
}

EXPORT ssize_t pread64(int fd, void *bytes, size_t n, off_t from)
{
    if (fails("pread", fd) && (error || !(n = half(n))))
        return -1;
    return REAL(pread)(fd, bytes, n, from);
}

EXPORT ssize_t pread(int fd, void *bytes, size_t n, off_t from)
{
    return pread64(fd, bytes, n, from);
}

EXPORT ssize_t write(int fd, const void *bytes, size_t n)
{
    if (fails("write", fd) && (error || !(n = half(n))))
        return -1;
    return REAL(write)(fd, bytes, n);
}

EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t to)
{
    if (fails("pwrite", fd) && (error || !(n = half(n))))
        return -1;
    return REAL(pwrite)(fd, bytes, n, to);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t n, off_t to)
{
    return pwrite64(fd, bytes, n, to);
}

EXPORT int fsync(int fd)
{
    return fails("fsync", fd) ? -1 : REAL(fsync)(fd);
}

EXPORT int fdatasync(int fd)
{
    return fails("fsync", fd) ? -1 : REAL(fdatasync)(fd);
}

EXPORT int ftruncate64(int fd, off_t size)
{
    return fails("ftruncate", fd) ? -1 : REAL(ftruncate)(fd, size);
}

EXPORT int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

EXPORT int fallocate64(int fd, int mode, off_t from, off_t n)
{
    return fails("fallocate", fd) ? -1 : REAL(fallocate)(fd, mode, from, n);
}

EXPORT int fallocate(int fd, int mode, off_t from, off_t n)
{
    return fallocate64(fd, mode, from, n);
}

EXPORT int flock(int fd, int operation)
{
    return fails("flock", fd) ? -1 : REAL(flock)(fd, operation);
}

EXPORT int close(int fd)
{
    bool failed = fails("close", fd);
    int result = REAL(close)(fd);
    if (failed)
        errno = error;
    return failed ? -1 : result;
}

EXPORT int rename(const char *from, const char *to)
{
    return path_fails("rename", to) ? -1 : REAL(rename)(from, to);
}

EXPORT int unlink(const char *path)
{
    return path_fails("unlink", path) ? -1 : REAL(unlink)(path);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
    return path_fails("mkdir", path) ? -1 : REAL(mkdir)(path, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return path_fails("open", path) ? -1 : REAL(open)(path, flags, mode);
}

EXPORT int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open64(path, flags, mode);
}

EXPORT void *mmap64(void *where, size_t n, int protection, int flags, int fd, off_t from)
{
    if (fd >= 0 && fails("mmap", fd))
        return MAP_FAILED;
    return REAL(mmap)(where, n, protection, flags, fd, from);
}

EXPORT void *mmap(void *where, size_t n, int protection, int flags, int fd, off_t from)
{
    return mmap64(where, n, protection, flags, fd, from);
}
