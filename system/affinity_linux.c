/* SPDX-License-Identifier: MIT
 *
 * The CPUs that this process may run on, and a start on one of them alone.
 *
 * OpenBLAS starts a thread per CPU before main. Nobody here uses them: its caller's threads divide
 * the work. Each takes 128 MiB of addresses, asks for them without end where a limit (ulimit -v)
 * denies them, and is waited for at the end: no program would come to it. So the library is shown
 * one CPU. What an executable names in .preinit_array runs before any library's constructors, and
 * its own constructors after them. Where that is not so (musl), nothing is changed.
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system.h"

/* Nothing has been started yet: no function of the C library that needs it, no sanitiser. */
#define EARLY __attribute__((no_sanitize("address", "thread", "undefined"), no_stack_protector))

static unsigned long allowed[128]; /* CPUs, a bit each */
static long allowed_bytes;         /* > 0: the process runs on one of them */

EARLY static void run_on_one_cpu(int argc, char **argv, char **env)
{
    (void)argc, (void)argv, (void)env;
    static unsigned long one[sizeof allowed / sizeof *allowed];
    enum { BITS = 8 * sizeof *one };
    unsigned cpu = 0;
    long n = syscall(SYS_sched_getaffinity, 0, sizeof allowed, allowed);
    if (n <= 0 || syscall(SYS_getcpu, &cpu, NULL, NULL) != 0 || cpu >= 8 * sizeof one)
        return;
    one[cpu / BITS] = 1UL << cpu % BITS;
    if (syscall(SYS_sched_setaffinity, 0, n, one) == 0)
        allowed_bytes = n;
}

__attribute__((section(".preinit_array"),
               used)) static void (*const start)(int, char **, char **) = run_on_one_cpu;

__attribute__((constructor)) static void run_on_all_cpus(void)
{
    if (allowed_bytes > 0)
        syscall(SYS_sched_setaffinity, 0, allowed_bytes, allowed);
}

/* Is this CPU the first of its core among those in the mask? */
static bool first_of_core(int cpu, const cpu_set_t *mask)
{
    char path[128], line[256];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
    FILE *f = fopen(path, "re");
    bool known = f && fgets(line, sizeof line, f);
    if (f)
        fclose(f);
    for (const char *at = line; known && *at;) { /* "0,64" or "0-1,4" */
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

unsigned system_cores(void)
{
    cpu_set_t mask;
    unsigned n = 0;
    if (sched_getaffinity(0, sizeof mask, &mask) != 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        return online > 0 ? (unsigned)online : 1;
    }
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        n += CPU_ISSET(cpu, &mask) && first_of_core(cpu, &mask);
    return n > 0 ? n : 1;
}
