/* SPDX-License-Identifier: MIT */
#include "system.h"

#include <errno.h>
#include <getopt.h>
#include <linux/futex.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup_linux.h"

#if defined(__aarch64__)
#include <asm/hwcap.h>

#ifndef HWCAP2_I8MM
#define HWCAP2_I8MM (1 << 13)
#endif
#endif

/* Numbers of the kernel's that older C libraries do not name. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* 5.14 */
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* 5.14 */
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* 6.1 */
#endif
#ifndef EHWPOISON
#define EHWPOISON 133
#endif

const struct system_facts system_facts = {
    .name = "Linux",
    .cache_variable = "XDG_CACHE_HOME",
    .cache_below_home = ".cache",
    .moves_pages = true,
    .max_rss_unit = 1024,
};

/* ---- clocks --------------------------------------------------------------------------- */

uint64_t system_clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- memory --------------------------------------------------------------------------- */

/* -> of the line "NAME: n kB" of a file of /proc, in bytes. */
static uint64_t kib_line(const char *path, const char *name)
{
    FILE *f = fopen(path, "re");
    char line[256];
    const size_t n = strlen(name);
    unsigned long long kib = 0;
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, name, n) == 0 && sscanf(line + n, ": %llu", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib * 1024;
}

struct system_memory system_memory_use(void)
{
    struct system_memory use = {0};
    FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    unsigned long long kib;
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "VmRSS: %llu", &kib) == 1)
            use.rss_bytes = kib * 1024;
        else if (sscanf(line, "RssAnon: %llu", &kib) == 1)
            use.private_bytes = kib * 1024;
        else if (sscanf(line, "RssFile: %llu", &kib) == 1)
            use.mapped_bytes = kib * 1024;
    }
    if (f)
        fclose(f);
    return use;
}

uint64_t system_pss_bytes(void)
{
    return kib_line("/proc/self/smaps_rollup", "Pss");
}

uint64_t system_memory_total(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
}

uint64_t system_memory_available(const char *root)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/proc/meminfo", root) >= (int)sizeof path)
        return 0;
    const uint64_t available = kib_line(path, "MemAvailable");
    const double left = cgroup_memory_left(root);
    return left < (double)available ? (uint64_t)left : available;
}

/* ---- CPUs ----------------------------------------------------------------------------- */

double system_cpu_quota(const char *root)
{
    const double quota = cgroup_cpu_quota(root);
    return isinf(quota) ? 0 : quota;
}

/* The first line of /proc/stat: user nice system idle iowait irq softirq steal, in ticks. */
double system_busy_seconds(void)
{
    unsigned long long t[8];
    double busy = -1;
    FILE *f = fopen("/proc/stat", "re");
    if (f && fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
                    &t[4], &t[5], &t[6], &t[7]) == 8)
        busy = (double)(t[0] + t[1] + t[2] + t[5] + t[6] + t[7]) / (double)sysconf(_SC_CLK_TCK);
    if (f)
        fclose(f);
    return busy;
}

void system_cpu_name(char *name, size_t size)
{
    FILE *f = fopen("/proc/cpuinfo", "re");
    char line[256];
    name[0] = '\0';
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
            snprintf(name, size, "%.*s", (int)strcspn(strchr(line, ':') + 2, "\n"),
                     strchr(line, ':') + 2);
            break;
        }
    if (f)
        fclose(f);
}

/* The largest that the system names for the first CPU: C libraries guess it for some. */
uint64_t system_cache_bytes(void)
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

bool system_is_translated(void)
{
    return false;
}

/* Linux gives the 8 KiB of tile registers only to a process that asked. */
bool system_grants_amx(void)
{
#if defined(__x86_64__)
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
    return false;
#endif
}

bool system_grants_avx512(void)
{
    return false; /* XCR0 tells */
}

unsigned system_arm_features(void)
{
    unsigned features = 0;
#if defined(__aarch64__)
    features |= getauxval(AT_HWCAP) & HWCAP_ASIMD ? SYSTEM_ARM_NEON : 0;
    features |= getauxval(AT_HWCAP) & HWCAP_ASIMDDP ? SYSTEM_ARM_DOTPROD : 0;
    features |= getauxval(AT_HWCAP2) & HWCAP2_I8MM ? SYSTEM_ARM_I8MM : 0;
#endif
    return features;
}

/* ---- pages ---------------------------------------------------------------------------- */

int system_read_ahead(void *at, size_t n_bytes)
{
    if (madvise(at, n_bytes, MADV_POPULATE_READ) == 0)
        return 0;
    int error = errno;
    if (error == EINVAL) /* a kernel before 5.14 */
        madvise(at, n_bytes, MADV_WILLNEED);
    return error;
}

bool system_is_unreadable(int error)
{
    return error == EFAULT || error == EIO || error == EHWPOISON;
}

bool system_huge_pages(void *at, size_t n_bytes)
{
    return madvise(at, n_bytes, MADV_HUGEPAGE) == 0;
}

int system_take_pages(void *at, size_t n_bytes)
{
    return madvise(at, n_bytes, MADV_POPULATE_WRITE) == 0 ? 0 : errno;
}

bool system_move_pages(void *from, size_t n_bytes, void *to)
{
    return mremap(from, n_bytes, n_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) != MAP_FAILED;
}

int system_collapse_pages(void *at, size_t n_bytes)
{
    return madvise(at, n_bytes, MADV_COLLAPSE) == 0 ? 0 : errno;
}

size_t system_absent_pages(const void *at, size_t n_pages)
{
    enum { AT_ONCE = 4096 };
    unsigned char present[AT_ONCE];
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t absent = 0;
    for (size_t i = 0; i < n_pages; i += AT_ONCE) {
        size_t n = n_pages - i < AT_ONCE ? n_pages - i : AT_ONCE;
        if (mincore((char *)(uintptr_t)at + i * page, n * page, present) != 0)
            return 0;
        for (size_t j = 0; j < n; j++)
            absent += !(present[j] & 1);
    }
    return absent;
}

/* ---- files ---------------------------------------------------------------------------- */

int system_reserve(int fd, uint64_t size)
{
    int error;
    do /* of a large file, often */
        error = fallocate(fd, 0, 0, (off_t)size) == 0 ? 0 : errno;
    while (error == EINTR);
    if (error != EOPNOTSUPP && error != ENOSYS)
        return error;
    do
        error = ftruncate(fd, (off_t)size) == 0 ? 0 : errno;
    while (error == EINTR);
    return error;
}

int system_sync(int fd)
{
    int error;
    do
        error = fsync(fd) == 0 ? 0 : errno;
    while (error == EINTR);
    return error;
}

struct timespec system_modified(const struct stat *st)
{
    return st->st_mtim;
}

int system_lock(int fd, const struct flock *lock)
{
    return fcntl(fd, F_OFD_SETLK, lock);
}

void system_exclude_from_backup(const char *folder)
{
    (void)folder;
}

const char *system_temp_folder(void)
{
    const char *chosen = getenv("TMPDIR");
    return chosen && chosen[0] == '/' ? chosen : "/tmp";
}

bool system_program_path(char *path, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", path, size);
    if (n > 0 && (size_t)n < size) {
        path[n] = '\0';
        return true;
    }
    /* A bare root has no /proc: the name that the program was started by. */
    const char *name = (const char *)(uintptr_t)getauxval(AT_EXECFN);
    char *found = name ? realpath(name, NULL) : NULL;
    const bool ok = found && snprintf(path, size, "%s", found) < (int)size;
    free(found);
    return ok;
}

/* ---- threads -------------------------------------------------------------------------- */

void system_thread_start(const char *name)
{
    pthread_setname_np(pthread_self(), name);
}

void system_wait_while(_Atomic uint32_t *word, uint32_t value)
{
    while (atomic_load(word) == value)
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

void system_wake_all(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

int system_wake_pair(int fds[2])
{
    fds[0] = fds[1] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fds[0] >= 0 ? 0 : errno;
}

/* ---- terminals, signals, arguments ---------------------------------------------------- */

int system_pollable_terminal(int fd)
{
    return fd;
}

struct pollfd system_watch_reader(int fd)
{
    return (struct pollfd){.fd = fd}; /* an error is told unasked */
}

bool system_reader_is_gone(const struct pollfd *watched)
{
    return watched->revents & POLLERR;
}

enum system_sender system_signal_sender(const siginfo_t *info)
{
    return info->si_code > 0 ? SENT_BY_TERMINAL : SENT_BY_PROCESS; /* by POSIX */
}

const char *system_program_name(void)
{
    return program_invocation_short_name;
}

void system_getopt_restart(void)
{
    optind = 0;
}
