/* SPDX-License-Identifier: MIT
 *
 * file_id: which file it was, and in which state, when its conversion began; what it has become
 * since then is refused.
 */
#ifndef QINS_FILE_ID_H
#define QINS_FILE_ID_H

#include <sys/stat.h>

#include "base.h"

struct file_id {
    dev_t device;
    ino_t inode;
    uint64_t bytes;
    struct timespec modified;
};

struct file_id file_id_of(const struct stat *st);
/* Whether the file at `path` is still this one. */
bool file_unchanged(const char *path, const struct file_id *id, struct error *err);
/* -> fd for reading; -1: it cannot be opened, or is not this one any more. */
int open_unchanged(const char *path, const struct file_id *id, struct error *err);

#endif
