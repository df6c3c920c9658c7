/* SPDX-License-Identifier: MIT */
#include "cpus.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#endif
#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

#ifdef __linux__

static bool read_line(const char *path, char *line, int size)
{
    FILE *f = fopen(path, "re");
    bool ok = f && fgets(line, size, f);
    if (f)
        fclose(f);
    return ok;
}

static double share(long quota, long period)
{
    return quota > 0 && period > 0 ? (double)quota / (double)period : 0;
}

static double smaller_limit(double a, double b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* The limit of one folder, by either version's files. */
static double folder_quota(const char *folder)
{
    char path[PATH_MAX], line[128];
    long quota = 0, period = 0;
    if (snprintf(path, sizeof path, "%s/cpu.max", folder) >= (int)sizeof path)
        return 0;
    if (read_line(path, line, sizeof line))
        return sscanf(line, "%ld %ld", &quota, &period) == 2 ? share(quota, period) : 0;
    if (snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder) >= (int)sizeof path ||
        !read_line(path, line, sizeof line) || sscanf(line, "%ld", &quota) != 1)
        return 0;
    if (snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder) >= (int)sizeof path ||
        !read_line(path, line, sizeof line) || sscanf(line, "%ld", &period) != 1)
        return 0;
    return share(quota, period);
}

/* A group and all its parents: the tightest limit holds. Inside a container the group's own path
 * may not be there, but the mount's top then is the group. */
static double chain_quota(const char *mount, const char *group)
{
    char path[PATH_MAX];
    double limit = 0;
    if (snprintf(path, sizeof path, "%s%s", mount, group) >= (int)sizeof path)
        return 0;
    size_t top = strlen(mount);
    for (;;) {
        size_t n = strlen(path);
        while (n > top && path[n - 1] == '/')
            path[--n] = '\0';
        limit = smaller_limit(limit, folder_quota(path));
        if (n <= top)
            return limit;
        while (n > top && path[n - 1] != '/')
            path[--n] = '\0';
    }
}

/* Is "cpu" one of the comma-separated controllers? */
static bool names_cpu(const char *controllers)
{
    for (const char *at = controllers; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, "cpu", 3) == 0 && (at[3] == '\0' || at[3] == ','))
            return true;
    return false;
}

double cpus_quota(const char *root)
{
    char path[PATH_MAX], line[PATH_MAX], mount[PATH_MAX];
    double limit = 0;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) { /* "0::/group" (v2) or "3:cpu,cpuacct:/group" (v1) */
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group || group[1] != '/')
            continue;
        *controllers++ = '\0';
        *group++ = '\0';
        bool v2 = strcmp(line, "0") == 0 && !*controllers;
        if (!v2 && !names_cpu(controllers))
            continue;
        snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s", root, v2 ? "" : "/cpu");
        limit = smaller_limit(limit, chain_quota(mount, group));
    }
    if (f)
        fclose(f);
    return limit;
}

/* Is this CPU the first of its core among those in the mask? */
static bool first_of_core(int cpu, const cpu_set_t *mask)
{
    char path[128], line[256];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
    if (!read_line(path, line, sizeof line))
        return true;
    for (const char *at = line; *at;) { /* "0,64" or "0-1,4" */
        int from, to, used = 0;
        if (sscanf(at, "%d%n", &from, &used) != 1)
            break;
        at += used;
        to = from;
        if (sscanf(at, "-%d%n", &to, &used) == 1)
            at += used;
        for (int i = from; i <= to && i < cpu; i++)
            if (i >= 0 && i < CPU_SETSIZE && CPU_ISSET(i, mask))
                return false;
        if (*at != ',')
            break;
        at++;
    }
    return true;
}

static unsigned cores(void)
{
    cpu_set_t mask;
    unsigned n = 0;
    if (sched_getaffinity(0, sizeof mask, &mask) != 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        return online > 0 ? (unsigned)online : 1;
    }
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        n += CPU_ISSET(cpu, &mask) && first_of_core(cpu, &mask);
    return n;
}

#else

double cpus_quota(const char *root)
{
    (void)root;
    return 0;
}

static unsigned cores(void)
{
#ifdef __APPLE__
    int n = 0; /* performance cores, where the machine has two kinds */
    size_t size = sizeof n;
    if (sysctlbyname("hw.perflevel0.physicalcpu", &n, &size, NULL, 0) == 0 && n > 0)
        return (unsigned)n;
    if (sysctlbyname("hw.physicalcpu", &n, &size, NULL, 0) == 0 && n > 0)
        return (unsigned)n;
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

#endif

unsigned cpus_usable(void)
{
    unsigned n = cores();
    double quota = cpus_quota("");
    if (quota != 0 && quota < n)
        n = (unsigned)ceil(quota);
    return n > 0 ? n : 1;
}

void cpus_name(char *name, size_t size)
{
    *name = 0;
#ifdef __APPLE__
    sysctlbyname("machdep.cpu.brand_string", name, &size, NULL, 0);
#else
    FILE *f = fopen("/proc/cpuinfo", "re");
    char line[256];
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
            snprintf(name, size, "%.*s", (int)strcspn(strchr(line, ':') + 2, "\n"),
                     strchr(line, ':') + 2);
            break;
        }
    if (f)
        fclose(f);
#endif
}
