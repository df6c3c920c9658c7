/* SPDX-License-Identifier: MIT */
#include "memory_limits.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "system.h"

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Kilobytes of a line of /proc/self/status, as bytes. */
static uint64_t in_use(const char *key)
{
    char line[256];
    unsigned long long kib = 0;
    size_t n = strlen(key);
    FILE *f = fopen("/proc/self/status", "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, n) == 0)
            kib = strtoull(line + n, NULL, 10);
    if (f)
        fclose(f);
    return (uint64_t)kib * 1024;
}

static uint64_t left_of(int resource, const char *key)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    uint64_t used = in_use(key);
    return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

/* What the limits leave; UINT64_MAX: there are none. */
static uint64_t limits_leave(void)
{
    return smaller(left_of(RLIMIT_AS, "VmSize:"), left_of(RLIMIT_DATA, "VmData:"));
}

uint64_t memory_free(void)
{
    uint64_t system = system_memory_available(""), left = system ? system : UINT64_MAX;
    left = smaller(left, limits_leave());
    left = smaller(left, left_of(RLIMIT_RSS, "VmRSS:"));
    return left == UINT64_MAX ? 0 : left;
}

enum { BUFFER_MIB = 129 };              /* OpenBLAS 0.3.21 on x86-64; other versions take less */
static _Atomic unsigned n_blas_threads; /* that have one */

static uint64_t blas_needs_mib(unsigned n_threads)
{
    unsigned before = atomic_load(&n_blas_threads);
    return n_threads > before ? (uint64_t)(n_threads - before) * BUFFER_MIB : 0;
}

bool memory_fits_blas(unsigned n_threads)
{
    return limits_leave() >> 20 >= blas_needs_mib(n_threads);
}

void memory_for_blas(unsigned n_threads)
{
    uint64_t need = blas_needs_mib(n_threads);
    if (!need)
        return;
    if (!memory_fits_blas(n_threads))
        die(EX_OSERR,
            "out of memory: products of floats need %llu MiB of addresses, %d per thread; "
            "ulimit leaves %llu MiB: raise it, or use fewer threads (-t)",
            (unsigned long long)need, BUFFER_MIB, (unsigned long long)(limits_leave() >> 20));
    atomic_store(&n_blas_threads, n_threads);
}
