/* SPDX-License-Identifier: MIT
 *
 * guard: buffers that notice. Inputs end where an unreadable page begins; outputs lie between bands
 * of a known byte that are compared too.
 */
#ifndef QINS_TEST_GUARD_H
#define QINS_TEST_GUARD_H

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct input {
    void *p; /* bytes of it, the last one before the unreadable page */
    void *map;
    size_t map_bytes;
};

static inline struct input input_new(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), used = (bytes + page - 1) / page * page;
    struct input in = {.map_bytes = used + page};
    in.map = mmap(NULL, in.map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(in.map != MAP_FAILED);
    int failed = mprotect((uint8_t *)in.map + used, page, PROT_NONE);
    assert(!failed);
    (void)failed;
    in.p = (uint8_t *)in.map + used - bytes;
    return in;
}

static inline void input_free(struct input *in)
{
    munmap(in->map, in->map_bytes);
}

enum { BAND = 64, POISON = 0xa5 }; /* bytes */

struct output {
    void *p;
    uint8_t *all;
    size_t bytes;
};

static inline struct output output_new(size_t bytes)
{
    struct output out = {.bytes = bytes};
    void *all = NULL;
    int failed = posix_memalign(&all, 64, bytes + 2 * BAND);
    assert(!failed);
    (void)failed;
    out.all = all;
    out.p = out.all + BAND;
    return out;
}

static inline void output_poison(struct output *out)
{
    memset(out->all, POISON, out->bytes + 2 * BAND);
}

static inline void output_free(struct output *out)
{
    free(out->all);
}

/* -> 0 when equal with their bands, else 1 + the offset of the first byte that differs, bands
 * included. */
static inline size_t output_differs(const struct output *a, const struct output *b)
{
    for (size_t i = 0; i < a->bytes + 2 * BAND; i++)
        if (a->all[i] != b->all[i])
            return i + 1;
    return 0;
}

#endif
