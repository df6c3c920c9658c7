/* SPDX-License-Identifier: MIT
 *
 * failing_disk: stands between SQLite and the system, and lets calls fail as a broken, full or
 * read-only disk does.
 */
#ifndef QINS_FAILING_DISK_H
#define QINS_FAILING_DISK_H

#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <unistd.h>

typedef ssize_t disk_write(int fd, const void *bytes, size_t n, off_t at);
typedef ssize_t disk_read(int fd, void *bytes, size_t n, off_t at);
typedef int disk_cut(int fd, off_t size);

static struct {
    int calls_left; /* until it fails, for good; negative: it does not */
    int error;      /* errno then */
    bool failed;
    disk_write *pwrite, *pwrite64; /* the system's */
    disk_read *pread, *pread64;
    disk_cut *ftruncate;
} disk = {.calls_left = -1};

/* After so many more calls each one fails. */
static inline void disk_will_fail(int after, int error)
{
    disk.calls_left = after;
    disk.error = error;
    disk.failed = false;
}

/* No call fails any more. -> has one failed? */
static inline bool disk_is_well(void)
{
    disk.calls_left = -1;
    return disk.failed;
}

static inline bool disk_fails(void)
{
    if (disk.calls_left < 0 || disk.calls_left-- > 0)
        return false;
    disk.calls_left = 0;
    disk.failed = true;
    errno = disk.error;
    return true;
}

static inline ssize_t disk_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    return disk_fails() ? -1 : disk.pwrite(fd, bytes, n, at);
}

static inline ssize_t disk_pwrite64(int fd, const void *bytes, size_t n, off_t at)
{
    return disk_fails() ? -1 : disk.pwrite64(fd, bytes, n, at);
}

static inline ssize_t disk_pread(int fd, void *bytes, size_t n, off_t at)
{
    return disk_fails() ? -1 : disk.pread(fd, bytes, n, at);
}

static inline ssize_t disk_pread64(int fd, void *bytes, size_t n, off_t at)
{
    return disk_fails() ? -1 : disk.pread64(fd, bytes, n, at);
}

static inline int disk_ftruncate(int fd, off_t size)
{
    return disk_fails() ? -1 : disk.ftruncate(fd, size);
}

#ifdef __linux__ /* SQLite has no hook for it; its library finds this one before libc's */
__attribute__((visibility("default"))) int fdatasync(int fd);
int fdatasync(int fd)
{
    return disk_fails() ? -1 : fsync(fd);
}
#endif

/* -> the system's call, which ours stands before; NULL: SQLite does not use it. */
static inline sqlite3_syscall_ptr disk_replace(const char *name, sqlite3_syscall_ptr ours)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    sqlite3_syscall_ptr theirs = vfs->xGetSystemCall(vfs, name);
    if (theirs)
        vfs->xSetSystemCall(vfs, name, ours);
    return theirs;
}

/* Before the first database is opened. */
static inline void disk_stand_before(void)
{
    disk.pwrite = (disk_write *)disk_replace("pwrite", (sqlite3_syscall_ptr)disk_pwrite);
    disk.pwrite64 = (disk_write *)disk_replace("pwrite64", (sqlite3_syscall_ptr)disk_pwrite64);
    disk.pread = (disk_read *)disk_replace("pread", (sqlite3_syscall_ptr)disk_pread);
    disk.pread64 = (disk_read *)disk_replace("pread64", (sqlite3_syscall_ptr)disk_pread64);
    disk.ftruncate = (disk_cut *)disk_replace("ftruncate", (sqlite3_syscall_ptr)disk_ftruncate);
}

#endif
