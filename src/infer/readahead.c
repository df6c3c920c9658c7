/* SPDX-License-Identifier: MIT */
#include "readahead.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "system.h"

#include "huge_memory.h"

enum { BLOCK = 8 * HUGE_PAGE };
#define PROGRESS_EVERY_MS 50

struct reading {
    const struct mapping *m;
    readahead_fn *progress;
    void *arg;
    _Atomic uint64_t next, done; /* bytes that somebody has taken; that are in memory */
    _Atomic int failure;         /* errno */
    _Atomic bool stop;
    double told_ms; /* of worker 0, which is the caller */
};

static void tell(struct reading *r)
{
    if (now_ms() - r->told_ms < PROGRESS_EVERY_MS)
        return;
    r->told_ms = now_ms();
    if (!r->progress(r->arg, atomic_load(&r->done), r->m->size))
        atomic_store(&r->stop, true);
}

/* Blocks go in the order of the file, whatever chunk asks: disks like it. */
static void read_block(void *arg, uint32_t chunk, uint32_t worker)
{
    struct reading *r = arg;
    (void)chunk;
    if (atomic_load(&r->stop))
        return;
    uint64_t at = atomic_fetch_add(&r->next, BLOCK), left = r->m->size - at;
    size_t n = left < BLOCK ? (size_t)left : BLOCK;
    const int error = system_read_ahead((uint8_t *)(uintptr_t)r->m->data + at, n);
    if (error) {
        atomic_store(&r->failure, error);
        atomic_store(&r->stop, true);
    }
    atomic_fetch_add(&r->done, n);
    if (worker == 0)
        tell(r);
}

static bool fits_memory(uint64_t bytes)
{
    return bytes < system_memory_total() / 10 * 9;
}

bool mapping_read(const struct mapping *m, const char *name, struct pool *pool,
                  readahead_fn *progress, void *arg, struct error *err)
{
    struct reading r = {.m = m, .progress = progress, .arg = arg, .told_ms = now_ms()};
    if (!fits_memory(m->size))
        return true;
    pool_run_io(pool, read_block, &r, (uint32_t)((m->size + BLOCK - 1) / BLOCK));
    if (system_is_unreadable(atomic_load(&r.failure)))
        return error_set(err, EX_IOERR, "%s: cannot be read to its end: %s", name, strerror(EIO));
    return true;
}
