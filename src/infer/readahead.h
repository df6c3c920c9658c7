/* SPDX-License-Identifier: MIT
 *
 * readahead: brings a mapped file into memory, in the order of its bytes.
 */
#ifndef QINS_READAHEAD_H
#define QINS_READAHEAD_H

#include "base.h"
#include "pool.h"

/* Bytes that are in memory; called on the calling thread. false: stop. */
typedef bool readahead_fn(void *arg, uint64_t done, uint64_t total);

/* Several threads keep a disk busier than the one that faults; what is in memory already only gets
 * its page tables. Does nothing for a file that would not fit memory, and if the system cannot.
 * -> false when the file cannot be read to its end; true when stopped. `name`: for messages. */
bool mapping_read(const struct mapping *m, const char *name, struct pool *pool,
                  readahead_fn *progress, void *arg, struct error *err);

#endif
