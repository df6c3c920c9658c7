/* SPDX-License-Identifier: MIT
 *
 * fail_alloc: preloaded into a program, lets one allocation fail, or all from one on.
 *   TORTURE_AT=N     the N-th, from 0; absent: none
 *   TORTURE_ON=1     and all behind it
 *   TORTURE_COUNT=F  how many there were is written to this file when the program ends
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* glibc's own, under the names that stay when ours stand before them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_long n_so_far;
static long at = -1;
static bool goes_on, is_ready;

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("TORTURE_AT");
    at = text ? atol(text) : -1;
    goes_on = getenv("TORTURE_ON") != NULL;
    is_ready = true;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("TORTURE_COUNT");
    char text[32];
    int n = snprintf(text, sizeof text, "%ld\n", (long)n_so_far);
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    if (fd >= 0 && write(fd, text, (size_t)n) == n)
        close(fd);
}

static bool fails(void)
{
    if (!is_ready)
        return false;
    long i = atomic_fetch_add(&n_so_far, 1);
    if (at < 0 || i < at || (i > at && !goes_on))
        return false;
    errno = ENOMEM;
    return true;
}

EXPORT void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

EXPORT void *realloc(void *p, size_t size)
{
    return fails() ? NULL : __libc_realloc(p, size);
}

EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
    if (fails())
        return ENOMEM;
    *p = __libc_memalign(alignment, size);
    return *p ? 0 : ENOMEM;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}
