/* SPDX-License-Identifier: MIT
 *
 * outfile: a file that appears whole or not at all. It is written as PATH.partial, locked against a
 * second writer, synced and renamed. What a killed writer left behind is recognised and reused; its
 * first bytes are zero, so that nobody takes it for whole.
 */
#ifndef QINS_OUTFILE_H
#define QINS_OUTFILE_H

#include "base.h"

enum { OUTFILE_FIRST = 8 };

struct outfile {
    char *path, *partial;
    int fd;
    bool replace;
    uint8_t *first; /* [OUTFILE_FIRST] the file's first bytes, which stay zero until it is whole */
    size_t n_first; /* of them written */
    void *map;      /* of the reserved file, for its page cache alone; or NULL */
    size_t map_size;
};

/* Locks an open file for this process, without waiting. -> false: another one has it (EWOULDBLOCK),
 * or errno says why. Where a file system has no locks, nobody is kept out. */
bool outfile_lock(int fd);

/* Refuses when PATH exists (unless `replace`, and then when it is no regular file), or when another
 * process is writing it. A leftover PATH.partial is taken over only if it is empty or holds `mark`
 * at offset 8. */
bool outfile_open(struct outfile *o, const char *path, bool replace, const char *mark,
                  struct error *err);
/* Sets the final size, so that a full disk is noticed before the work; bytes not written are zero.
 */
bool outfile_reserve(struct outfile *o, uint64_t size, struct error *err);
/* Any thread may write its own part; the start is one thread's. */
bool outfile_write(struct outfile *o, uint64_t at, const void *bytes, size_t n, struct error *err);
/* All is written: the first bytes too, so that the file can be opened before it has its name. */
bool outfile_whole(struct outfile *o, struct error *err);
/* Syncs, renames, syncs the folder, releases. On failure the temporary file is gone. */
bool outfile_commit(struct outfile *o, struct error *err);
/* Removes the temporary file; PATH is what it was. */
void outfile_abandon(struct outfile *o);

#endif
