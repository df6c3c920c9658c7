/* SPDX-License-Identifier: MIT
 *
 * file_lock: a lock on a file, as Hugging Face's programs take it (flock), that cannot hang: the
 * call itself runs in a thread of its own, since some network file systems never answer it.
 */
#ifndef QINS_FILE_LOCK_H
#define QINS_FILE_LOCK_H

#include "base.h"

enum file_lock_result {
    FILE_LOCK_TAKEN,
    FILE_LOCK_BUSY, /* another process holds it */
    FILE_LOCK_NONE, /* this file system has no locks, or does not answer in time */
};

/* Tries once, for at most wait_ms; creates the file. *fd: to close, which unlocks; -1 unless taken.
 */
enum file_lock_result file_lock_try(const char *path, double wait_ms, int *fd);

#endif
