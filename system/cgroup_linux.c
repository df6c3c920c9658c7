/* SPDX-License-Identifier: MIT */
#include "cgroup_linux.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What a group's folder allows; INFINITY: anything. */
typedef double limit_fn(const char *folder, bool v2);

static bool read_line(const char *folder, const char *name, char *line, int size)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return false;
    FILE *f = fopen(path, "re");
    bool ok = f && fgets(line, size, f);
    if (f)
        fclose(f);
    return ok;
}

/* -> -1: no number there ("max"), or no such file. */
static double read_number(const char *folder, const char *name)
{
    char line[128];
    double x;
    return read_line(folder, name, line, sizeof line) && sscanf(line, "%lf", &x) == 1 ? x : -1;
}

static double cpu_limit(const char *folder, bool v2)
{
    char line[128];
    double quota = -1, period = -1;
    if (v2) {
        if (!read_line(folder, "cpu.max", line, sizeof line) ||
            sscanf(line, "%lf %lf", &quota, &period) != 2)
            return INFINITY;
    } else {
        quota = read_number(folder, "cpu.cfs_quota_us");
        period = read_number(folder, "cpu.cfs_period_us");
    }
    return quota > 0 && period > 0 ? quota / period : INFINITY;
}

static double memory_limit(const char *folder, bool v2)
{
    double limit = read_number(folder, v2 ? "memory.max" : "memory.limit_in_bytes");
    return limit < 0 || limit > 0x1p62 ? INFINITY : limit; /* v1 says "none" by a large number */
}

/* Pages of files, which the group gives up when it needs room. */
static double file_bytes(const char *folder, bool v2)
{
    char path[PATH_MAX], line[128];
    double sum = 0, x;
    if (snprintf(path, sizeof path, "%s/memory.stat", folder) >= (int)sizeof path)
        return 0;
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, v2 ? "inactive_file %lf" : "total_inactive_file %lf", &x) == 1 ||
            sscanf(line, v2 ? "active_file %lf" : "total_active_file %lf", &x) == 1)
            sum += x;
    if (f)
        fclose(f);
    return sum;
}

static double memory_left(const char *folder, bool v2)
{
    double limit = memory_limit(folder, v2);
    double used = read_number(folder, v2 ? "memory.current" : "memory.usage_in_bytes");
    if (isinf(limit) || used < 0)
        return limit;
    used = fmax(used - file_bytes(folder, v2), 0);
    return fmax(limit - used, 0);
}

/* A group and all its parents: the tightest limit holds. Inside a container the group's own path
 * may not be there, but the mount's top then is the group. */
static double chain_limit(const char *mount, const char *group, bool v2, limit_fn *limit_of)
{
    char path[PATH_MAX];
    double limit = INFINITY;
    if (snprintf(path, sizeof path, "%s%s", mount, group) >= (int)sizeof path)
        return INFINITY;
    size_t top = strlen(mount);
    for (;;) {
        size_t n = strlen(path);
        while (n > top && path[n - 1] == '/')
            path[--n] = '\0';
        limit = fmin(limit, limit_of(path, v2));
        if (n <= top)
            return limit;
        while (n > top && path[n - 1] != '/')
            path[--n] = '\0';
    }
}

/* Is this controller one of the comma-separated ones? */
static bool names_controller(const char *list, const char *controller)
{
    const size_t n = strlen(controller);
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, controller, n) == 0 && (at[n] == '\0' || at[n] == ','))
            return true;
    return false;
}

/* The limits of one line of /proc/self/cgroup: "0::/group" (v2) or "3:cpu,cpuacct:/group" (v1). */
static double line_limit(const char *root, char *line, const char *controller, limit_fn *limit_of)
{
    char mount[PATH_MAX];
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group || group[1] != '/')
        return INFINITY;
    *controllers++ = '\0';
    *group++ = '\0';
    bool v2 = strcmp(line, "0") == 0 && !*controllers;
    if (!v2 && !names_controller(controllers, controller))
        return INFINITY;
    int n = snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s%s", root, v2 ? "" : "/",
                     v2 ? "" : controller);
    return n < (int)sizeof mount ? chain_limit(mount, group, v2, limit_of) : INFINITY;
}

static double least(const char *root, const char *controller, limit_fn *limit_of)
{
    char path[PATH_MAX], line[PATH_MAX];
    double limit = INFINITY;
    if (snprintf(path, sizeof path, "%s/proc/self/cgroup", root) >= (int)sizeof path)
        return INFINITY;
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        limit = fmin(limit, line_limit(root, line, controller, limit_of));
    }
    if (f)
        fclose(f);
    return limit;
}

double cgroup_cpu_quota(const char *root)
{
    return least(root, "cpu", cpu_limit);
}

double cgroup_memory_left(const char *root)
{
    return least(root, "memory", memory_left);
}
