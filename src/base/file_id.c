/* SPDX-License-Identifier: MIT */
#include "file_id.h"

#include <unistd.h>

#include "system.h"

struct file_id file_id_of(const struct stat *st)
{
    return (struct file_id){st->st_dev, st->st_ino, (uint64_t)st->st_size, system_modified(st)};
}

static bool is_same(const struct file_id *id, const struct stat *st)
{
    const struct file_id now = file_id_of(st);
    return now.device == id->device && now.inode == id->inode && now.bytes == id->bytes &&
           now.modified.tv_sec == id->modified.tv_sec &&
           now.modified.tv_nsec == id->modified.tv_nsec;
}

static bool refuse_changed(const char *path, struct error *err)
{
    return error_set(err, EX_DATAERR, "%s: the file changed while it was being converted", path);
}

bool file_unchanged(const char *path, const struct file_id *id, struct error *err)
{
    struct stat st;
    return (stat(path, &st) == 0 && is_same(id, &st)) || refuse_changed(path, err);
}

int open_unchanged(const char *path, const struct file_id *id, struct error *err)
{
    struct stat st;
    uint64_t size;
    int fd = open_regular(path, &size, err);
    if (fd < 0 || (fstat(fd, &st) == 0 && is_same(id, &st)))
        return fd;
    close(fd);
    refuse_changed(path, err);
    return -1;
}
