/* SPDX-License-Identifier: MIT */
#include "weights_copy.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "huge_memory.h"
#include "memory_limits.h"
#include "system.h"

enum {
    PART = 8 * HUGE_PAGE, /* that becomes private at a time */
    BLOCK = HUGE_PAGE,    /* that a thread copies at a time */
};

static const char *const names[] = {
    [WEIGHTS_AUTO] = "auto", [WEIGHTS_MAP] = "map", [WEIGHTS_COPY] = "copy"};

bool weights_mode_from_name(const char *name, enum weights_mode *mode)
{
    for (int i = WEIGHTS_AUTO; i <= WEIGHTS_COPY; i++)
        if (strcmp(name, names[i]) == 0) {
            *mode = (enum weights_mode)i;
            return true;
        }
    return false;
}

const char *weights_mode_name(enum weights_mode mode)
{
    return names[mode];
}

bool weights_copy_fits(uint64_t bytes)
{
    return bytes < memory_free() / 2;
}

struct part {
    const struct mapping *m;
    size_t from; /* offset in the file */
    uint8_t *to;
    size_t bytes;
    _Atomic bool failed;
};

/* Read, since a page that is only read by the system needs no place in this program's tables. What
 * cannot be had is an error then, and no signal. */
static void copy_block(void *arg, uint32_t chunk, uint32_t worker)
{
    struct part *p = arg;
    const size_t at = (size_t)chunk * BLOCK, left = p->bytes - at;
    const size_t n = left < BLOCK ? left : (size_t)BLOCK;
    (void)worker;
    if (system_take_pages(p->to + at, n) != 0 ||
        read_whole(p->m->fd, p->to + at, n, p->from + at) < n)
        atomic_store(&p->failed, true);
}

bool weights_copy_start(struct weights_copy *c, const struct mapping *m)
{
    *c = (struct weights_copy){.m = m, .memory = huge_memory_new(m->size)};
    return c->memory && system_facts.moves_pages && (uintptr_t)m->data % HUGE_PAGE == 0;
}

bool weights_copy_step(struct weights_copy *c, struct pool *pool)
{
    const size_t left = c->m->size - c->done, n = left < PART ? left : (size_t)PART;
    struct part p = {c->m, c->done, c->memory + c->done, n, false};
    if (n == 0)
        return false;
    /* Pages of the file's cache become huge ones. Few kernels do that. */
    void *to = (void *)(uintptr_t)(c->m->data + c->done);
    c->collapses = c->collapses && system_collapse_pages(to, n) == 0;
    if (c->collapses) {
        munmap(p.to, n);
        c->done += n;
        return c->done < c->m->size;
    }
    pool_run_io(pool, copy_block, &p, (uint32_t)((n + BLOCK - 1) / BLOCK));
    if (atomic_load(&p.failed) || mprotect(p.to, n, PROT_READ) != 0 ||
        !system_move_pages(p.to, n, to))
        return false;
    c->done += n;
    return c->done < c->m->size;
}

void weights_copy_end(struct weights_copy *c)
{
    if (c->memory)
        huge_memory_free(c->memory + c->done, c->m->size - c->done);
    c->memory = NULL;
}
