/* SPDX-License-Identifier: MIT
 *
 * weights_copy: a mapped file, moved into private memory in pages of 2 MiB at the same addresses:
 * whoever holds pointers into the mapping keeps them, and may read meanwhile. Gains where the
 * system caches files in small pages; costs as much memory as the file has, in each program.
 */
#ifndef QINS_WEIGHTS_COPY_H
#define QINS_WEIGHTS_COPY_H

#include "base.h"
#include "pool.h"

enum weights_mode {
    WEIGHTS_AUTO, /* a copy if it gains and there is memory for it */
    WEIGHTS_MAP,
    WEIGHTS_COPY,
};

bool weights_mode_from_name(const char *name, enum weights_mode *mode);
const char *weights_mode_name(enum weights_mode mode);

struct weights_copy {
    const struct mapping *m;
    uint8_t *memory; /* huge_memory of m->size bytes; what was moved is gone from it */
    size_t done;     /* bytes that are in huge pages now */
    bool collapses;  /* asks the system first to make huge pages of the file's own, which are shared
                      */
};

/* Takes addresses for it. -> false: not on this system, or no room; everything stays mapped. */
bool weights_copy_start(struct weights_copy *c, const struct mapping *m);
/* The next bytes, by all threads; a few ms. -> false: it is done, or memory ran out: the rest stays
 * mapped. */
bool weights_copy_step(struct weights_copy *c, struct pool *pool);
void weights_copy_end(struct weights_copy *c); /* keeps what is done; may be called twice */

/* Memory is left for a copy of so many bytes, and as much again for everything else. */
bool weights_copy_fits(uint64_t bytes);

#endif
