/* SPDX-License-Identifier: MIT */
#include "huge_memory.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "system.h"

void *huge_room(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (bytes > SIZE_MAX - HUGE_PAGE - page) {
        errno = ENOMEM;
        return NULL;
    }
    const size_t used = (bytes + page - 1) / page * page;
    uint8_t *room =
        mmap(NULL, used + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        return NULL;
    const size_t before = -(uintptr_t)room % HUGE_PAGE;
    if (before)
        munmap(room, before);
    munmap(room + before + used, HUGE_PAGE - before);
    return room + before;
}

void *huge_memory_new(size_t bytes)
{
    void *room = huge_room(bytes);
    if (!room)
        return NULL;
    void *p = mmap(room, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0);
    if (p == MAP_FAILED) {
        const int why = errno;
        munmap(room, bytes);
        errno = why;
        return NULL;
    }
    system_huge_pages(p, bytes); /* a wish */
    return p;
}

void huge_memory_free(void *p, size_t bytes)
{
    if (p)
        munmap(p, bytes);
}
