/* SPDX-License-Identifier: MIT */
#include "conditions.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

#include "base.h"
#include "cpus.h"

#define SHORTEST 0.25 /* seconds that the system's ticks can tell anything about */

static double own_seconds(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

/* The first line of /proc/stat: user nice system idle iowait irq softirq steal, in ticks. */
struct load load_now(void)
{
    struct load load = {own_seconds(), -1, now_ms() * 1e-3, 0};
    unsigned long long t[8];
    FILE *f = fopen("/proc/stat", "re");
    if (f && fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
                    &t[4], &t[5], &t[6], &t[7]) == 8)
        load.busy =
            (double)(t[0] + t[1] + t[2] + t[5] + t[6] + t[7]) / (double)sysconf(_SC_CLK_TCK);
    if (f)
        fclose(f);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    load.n_cpus = n > 0 ? (uint32_t)n : 1;
    return load;
}

double load_foreign(const struct load *start, const struct load *end)
{
    double wall = (end->clock - start->clock) * end->n_cpus;
    double foreign = end->busy - start->busy - (end->own - start->own);
    if (start->busy < 0 || end->busy < 0 || end->clock - start->clock < SHORTEST)
        return -1;
    foreign = foreign < 0 ? 0 : foreign; /* ticks are coarse */
    return foreign > wall ? 100 : 100 * foreign / wall;
}

uint64_t pss_bytes(void)
{
    FILE *f = fopen("/proc/self/smaps_rollup", "re");
    char line[256];
    unsigned long long kib = 0;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "Pss: %llu", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib * 1024;
}

/* The largest that the system names for the first CPU: C libraries guess it for some. */
static uint64_t last_cache(void)
{
    unsigned long long most = 0, kib;
    for (int i = 0; i < 8; i++) {
        char path[80];
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/size", i);
        FILE *f = fopen(path, "re");
        if (f && fscanf(f, "%lluK", &kib) == 1 && kib > most)
            most = kib;
        if (f)
            fclose(f);
    }
    return (uint64_t)most << 10;
}

/* What JSON takes without escapes. */
static void plain_ascii(char *s)
{
    for (; *s; s++)
        if (*s < ' ' || *s > '~' || *s == '"' || *s == '\\')
            *s = '?';
}

struct page_use page_use(const void *data, size_t size)
{
    struct page_use use = {0};
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[512];
    bool is_inside = false;
    while (f && fgets(line, sizeof line, f)) {
        unsigned long long begin, end, kib;
        if (sscanf(line, "%llx-%llx ", &begin, &end) == 2)
            is_inside = begin >= (uintptr_t)data && begin < (uintptr_t)data + size;
        else if (!is_inside)
            continue;
        else if (sscanf(line, "Rss: %llu", &kib) == 1)
            use.bytes += kib * 1024;
        else if (sscanf(line, "Anonymous: %llu", &kib) == 1)
            use.private_bytes += kib * 1024;
        else if (sscanf(line, "AnonHugePages: %llu", &kib) == 1 ||
                 sscanf(line, "FilePmdMapped: %llu", &kib) == 1 ||
                 sscanf(line, "ShmemPmdMapped: %llu", &kib) == 1)
            use.huge_bytes += kib * 1024;
    }
    if (f)
        fclose(f);
    return use;
}

struct machine machine_now(void)
{
    struct machine m = {
        .usable_cpus = cpus_usable(), .quota = cpus_quota(""), .cache_bytes = last_cache()};
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    m.memory_bytes = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
    cpus_name(m.cpu, sizeof m.cpu);
    plain_ascii(m.cpu);
    return m;
}
