/* SPDX-License-Identifier: MIT */
#include "expert_fetch.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "system.h"

enum {
    WATCH = 64, /* passes after one that had to wait for the disk */
};

void expert_fetch_pass(struct expert_fetch *f)
{
    struct rusage usage;
    if (!f->is_mapped || getrusage(RUSAGE_SELF, &usage) != 0)
        return;
    uint64_t faults = (uint64_t)usage.ru_majflt;
    if (faults != f->faults)
        f->n_watched = WATCH;
    else if (f->n_watched > 0)
        f->n_watched--;
    f->faults = faults;
}

void expert_fetch_matrix(struct expert_fetch *f, const struct matrix *w)
{
    const size_t bytes = matrix_data_bytes(w);
    f->needed_bytes += bytes;
    if (f->n_watched == 0 || bytes == 0)
        return;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const uintptr_t data = (uintptr_t)w->data, first = data / page * page;
    const uint8_t *at = (const uint8_t *)w->data - (data - first);
    const size_t n_pages = (data - first + bytes + page - 1) / page;
    size_t missed = system_absent_pages(at, n_pages) * page;
    if (missed == 0)
        return;
    f->missed_bytes += missed < bytes ? missed : bytes;
    f->n_watched = WATCH;
    madvise((void *)(uintptr_t)at, n_pages * page, MADV_WILLNEED);
}
