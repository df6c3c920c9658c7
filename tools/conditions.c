/* SPDX-License-Identifier: MIT */
#include "conditions.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base.h"

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
        load.busy = (double)(t[0] + t[1] + t[2] + t[5] + t[6] + t[7]) / (double)sysconf(_SC_CLK_TCK);
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
