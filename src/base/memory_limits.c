/* SPDX-License-Identifier: MIT */
#include "memory_limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* One that was never set is nearly as large as the type (v1), or says "max" (v2). */
static const uint64_t no_limit = (uint64_t)1 << 60;

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- control groups ------------------------------------------------------------------- */

static uint64_t read_number(const char *folder, const char *name)
{
    uint64_t n = UINT64_MAX;
    char *path = path_join(folder, name);
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%" SCNu64, &n) != 1)
        n = UINT64_MAX;
    if (f)
        fclose(f);
    free(path);
    return n;
}

/* Of a file of lines "KEY BYTES". */
static uint64_t read_key(const char *folder, const char *name, const char *key)
{
    uint64_t n = 0, value;
    char line[256], word[64];
    char *path = path_join(folder, name);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "%63s %" SCNu64, word, &value) == 2 && strcmp(word, key) == 0)
            n = value;
    if (f)
        fclose(f);
    free(path);
    return n;
}

/* Pages of files count as used, and give way. */
static uint64_t left_in(const char *folder, bool is_v2)
{
    uint64_t limit = read_number(folder, is_v2 ? "memory.max" : "memory.limit_in_bytes"),
             used = read_number(folder, is_v2 ? "memory.current" : "memory.usage_in_bytes"),
             files =
                 read_key(folder, "memory.stat", is_v2 ? "inactive_file" : "total_inactive_file");
    if (limit >= no_limit || used >= no_limit)
        return UINT64_MAX;
    used -= smaller(files, used);
    return limit > used ? limit - used : 0;
}

/* Every group up to the root limits what is below it. */
static uint64_t left_above(const char *mount, const char *group, bool is_v2)
{
    uint64_t left = UINT64_MAX;
    char *path = xasprintf("%s%s", mount, group);
    size_t n_mount = strlen(mount);
    for (;;) {
        left = smaller(left, left_in(path, is_v2));
        char *slash = strrchr(path, '/');
        if (!slash || (size_t)(slash - path) < n_mount)
            break;
        *slash = '\0';
    }
    free(path);
    return left;
}

/* "0::/GROUP" of v2, "7:memory:/GROUP" or "7:cpu,memory:/GROUP" of v1. */
static uint64_t left_by_line(char *line, const char *root)
{
    char *first = strchr(line, ':'), *second = first ? strchr(first + 1, ':') : NULL;
    if (!second)
        return UINT64_MAX;
    *second = '\0';
    char *group = second + 1;
    group[strcspn(group, "\n")] = '\0';
    if (strcmp(group, "/") == 0)
        group[0] = '\0';
    bool is_v2 = first[1] == '\0', is_memory = strstr(first + 1, "memory") != NULL;
    if (!is_v2 && !is_memory)
        return UINT64_MAX;
    char *mount = xasprintf("%s/sys/fs/cgroup%s", root, is_v2 ? "" : "/memory");
    uint64_t left = left_above(mount, group, is_v2);
    free(mount);
    return left;
}

uint64_t memory_cgroup_free(const char *root)
{
    uint64_t left = UINT64_MAX;
    char line[4096];
    char *path = xasprintf("%s/proc/self/cgroup", root);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        left = smaller(left, left_by_line(line, root));
    if (f)
        fclose(f);
    free(path);
    return left;
}

/* ---- the process's own limits --------------------------------------------------------- */

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
    uint64_t system = memory_available(), left = system ? system : UINT64_MAX;
    left = smaller(left, memory_cgroup_free(""));
    left = smaller(left, left_of(RLIMIT_AS, "VmSize:"));
    left = smaller(left, left_of(RLIMIT_DATA, "VmData:"));
    left = smaller(left, left_of(RLIMIT_RSS, "VmRSS:"));
    return left == UINT64_MAX ? 0 : left;
}
