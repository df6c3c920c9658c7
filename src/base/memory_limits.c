/* SPDX-License-Identifier: MIT */
#include "memory_limits.h"

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

uint64_t memory_free(void)
{
    uint64_t system = system_memory_available(""), left = system ? system : UINT64_MAX;
    left = smaller(left, left_of(RLIMIT_AS, "VmSize:"));
    left = smaller(left, left_of(RLIMIT_DATA, "VmData:"));
    left = smaller(left, left_of(RLIMIT_RSS, "VmRSS:"));
    return left == UINT64_MAX ? 0 : left;
}
