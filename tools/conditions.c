/* SPDX-License-Identifier: MIT */
#include "conditions.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base.h"
#include "cpus.h"
#include "system.h"

#define SHORTEST 0.25 /* seconds that the system's ticks can tell anything about */

static double own_seconds(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

struct load load_now(void)
{
    struct load load = {own_seconds(), system_busy_seconds(), now_ms() * 1e-3, 0};
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
    return system_pss_bytes();
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
    struct machine m = {.usable_cpus = cpus_usable(),
                        .quota = system_cpu_quota(""),
                        .cache_bytes = system_cache_bytes(),
                        .memory_bytes = system_memory_total()};
    system_cpu_name(m.cpu, sizeof m.cpu);
    plain_ascii(m.cpu);
    return m;
}
