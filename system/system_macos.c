/* SPDX-License-Identifier: MIT */
#include "system.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <mach-o/dyld.h>
#include <mach/mach.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/mman.h>
#include <sys/sysctl.h>
#include <unistd.h>

#ifndef F_OFD_SETLK
#define F_OFD_SETLK 90 /* the kernel has known it since 10.11, older headers have not */
#endif

const struct system_facts system_facts = {
    .name = "macOS",
    .cache_below_home = "Library/Caches",
    .copy_program = "/usr/bin/pbcopy",
    .option_types = true,
    .max_rss_unit = 1,
};

/* ---- clocks --------------------------------------------------------------------------- */

/* CLOCK_MONOTONIC steps by microseconds here, and runs on while the lid is closed. */
uint64_t system_clock_ns(void)
{
    return clock_gettime_nsec_np(CLOCK_UPTIME_RAW);
}

/* ---- memory --------------------------------------------------------------------------- */

/* -> zeros if the kernel does not tell. */
static task_vm_info_data_t task_memory(void)
{
    task_vm_info_data_t info;
    mach_msg_type_number_t n = TASK_VM_INFO_COUNT;
    if (task_info(mach_task_self(), TASK_VM_INFO, (task_info_t)&info, &n) != KERN_SUCCESS)
        memset(&info, 0, sizeof info);
    return info;
}

/* What the compressor holds is not resident: the system counts it in phys_footprint alone. */
struct system_memory system_memory_use(void)
{
    const task_vm_info_data_t info = task_memory();
    return (struct system_memory){info.resident_size, info.internal, info.external};
}

uint64_t system_pss_bytes(void)
{
    return 0;
}

/* -> 0: there is no such number. */
static uint64_t number(const char *name)
{
    union {
        uint32_t narrow;
        uint64_t wide;
    } value = {.wide = 0};
    size_t size = sizeof value;
    if (sysctlbyname(name, &value, &size, NULL, 0) != 0)
        return 0;
    return size == sizeof value.narrow ? value.narrow : value.wide;
}

uint64_t system_memory_total(void)
{
    return number("hw.memsize");
}

uint64_t system_memory_available(const char *root)
{
    vm_statistics64_data_t vm;
    mach_msg_type_number_t n = HOST_VM_INFO64_COUNT;
    (void)root;
    if (host_statistics64(mach_host_self(), HOST_VM_INFO64, (host_info64_t)&vm, &n) != KERN_SUCCESS)
        return 0;
    return ((uint64_t)vm.free_count + vm.inactive_count + vm.purgeable_count) * vm_page_size;
}

/* ---- CPUs ----------------------------------------------------------------------------- */

unsigned system_cores(void)
{
    uint64_t n = number("hw.perflevel0.physicalcpu"); /* the fast ones, where there are two kinds */
    if (n == 0)
        n = number("hw.physicalcpu");
    return n > 0 ? (unsigned)n : 1;
}

double system_cpu_quota(const char *root)
{
    (void)root;
    return 0;
}

double system_busy_seconds(void)
{
    host_cpu_load_info_data_t load;
    mach_msg_type_number_t n = HOST_CPU_LOAD_INFO_COUNT;
    if (host_statistics(mach_host_self(), HOST_CPU_LOAD_INFO, (host_info_t)&load, &n) !=
        KERN_SUCCESS)
        return -1;
    const double ticks = (double)load.cpu_ticks[CPU_STATE_USER] +
                         (double)load.cpu_ticks[CPU_STATE_SYSTEM] +
                         (double)load.cpu_ticks[CPU_STATE_NICE];
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

void system_cpu_name(char *name, size_t size)
{
    if (sysctlbyname("machdep.cpu.brand_string", name, &size, NULL, 0) != 0)
        name[0] = '\0';
}

/* Behind it lies the chip's own cache (8 to 96 MB), whose size no call tells. */
uint64_t system_cache_bytes(void)
{
    static const char *const names[] = {"hw.perflevel0.l2cachesize", "hw.l2cachesize",
                                        "hw.l3cachesize"};
    uint64_t most = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const uint64_t bytes = number(names[i]);
        most = bytes > most ? bytes : most;
    }
    return most;
}

bool system_is_translated(void)
{
    return number("sysctl.proc_translated") == 1;
}

bool system_grants_amx(void)
{
    return false;
}

/* The kernel sets the bits of XCR0 with a thread's first instruction of AVX-512. Before macOS 12
 * (Darwin 21) mask registers could be lost in signals. */
bool system_grants_avx512(void)
{
    char release[32] = "";
    size_t size = sizeof release - 1;
    return sysctlbyname("kern.osrelease", release, &size, NULL, 0) == 0 && atoi(release) >= 21 &&
           number("hw.optional.avx512f") && number("hw.optional.avx512bw") &&
           number("hw.optional.avx512dq") && number("hw.optional.avx512vl") &&
           number("hw.optional.avx512vbmi");
}

unsigned system_arm_features(void)
{
    unsigned features = 0;
#if defined(__aarch64__)
    features |= SYSTEM_ARM_NEON; /* part of every arm64 Mac */
    features |= number("hw.optional.arm.FEAT_DotProd") ? SYSTEM_ARM_DOTPROD : 0;
    features |= number("hw.optional.arm.FEAT_I8MM") ? SYSTEM_ARM_I8MM : 0;
#endif
    return features;
}

/* ---- pages ---------------------------------------------------------------------------- */

/* No hint here: it reads before it returns. */
int system_read_ahead(void *at, size_t n_bytes)
{
    return madvise(at, n_bytes, MADV_WILLNEED) == 0 ? 0 : errno;
}

bool system_is_unreadable(int error)
{
    return error == EIO;
}

bool system_huge_pages(void *at, size_t n_bytes)
{
    (void)at, (void)n_bytes;
    return false;
}

int system_take_pages(void *at, size_t n_bytes)
{
    (void)at, (void)n_bytes;
    return ENOTSUP;
}

bool system_move_pages(void *from, size_t n_bytes, void *to)
{
    (void)from, (void)n_bytes, (void)to;
    return false;
}

int system_collapse_pages(void *at, size_t n_bytes)
{
    (void)at, (void)n_bytes;
    return ENOTSUP;
}

size_t system_absent_pages(const void *at, size_t n_pages)
{
    enum { AT_ONCE = 4096 };
    char present[AT_ONCE];
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t absent = 0;
    for (size_t i = 0; i < n_pages; i += AT_ONCE) {
        size_t n = n_pages - i < AT_ONCE ? n_pages - i : AT_ONCE;
        if (mincore((const char *)at + i * page, n * page, present) != 0)
            return 0;
        for (size_t j = 0; j < n; j++)
            absent += !(present[j] & MINCORE_INCORE);
    }
    return absent;
}

/* ---- files ---------------------------------------------------------------------------- */

int system_reserve(int fd, uint64_t size)
{
    fstore_t room = {F_ALLOCATEALL, F_PEOFPOSMODE, 0, (off_t)size, 0};
    int error;
    do
        error = fcntl(fd, F_PREALLOCATE, &room) == 0 ? 0 : errno;
    while (error == EINTR);
    if (error == ENOSPC)
        return error;
    do
        error = ftruncate(fd, (off_t)size) == 0 ? 0 : errno;
    while (error == EINTR);
    return error;
}

/* fsync hands data to the drive, which may keep and reorder it. */
int system_sync(int fd)
{
    int error;
    do
        error = fcntl(fd, F_FULLFSYNC) == 0 || fsync(fd) == 0 ? 0 : errno;
    while (error == EINTR);
    return error;
}

struct timespec system_modified(const struct stat *st)
{
    return st->st_mtimespec;
}

int system_lock(int fd, const struct flock *lock)
{
    return fcntl(fd, F_OFD_SETLK, lock);
}

/* From <sys/xattr.h>, which not every set of headers has. */
int setxattr(const char *path, const char *name, const void *value, size_t n_bytes,
             uint32_t position, int options);

/* What `tmutil addexclusion` writes: a property list of one string. */
void system_exclude_from_backup(const char *folder)
{
    static const char excluded[] = "bplist00_\020\021com.apple.backupd\010" /* the offsets: one */
                                   "\0\0\0\0\0\0\001\001"                   /* sizes of numbers */
                                   "\0\0\0\0\0\0\0\001"                     /* objects */
                                   "\0\0\0\0\0\0\0\0"                       /* the first of them */
                                   "\0\0\0\0\0\0\0\034";                    /* where offsets are */
    setxattr(folder, "com.apple.metadata:com_apple_backup_excludeItem", excluded,
             sizeof excluded - 1, 0, 0);
}

const char *system_temp_folder(void)
{
    static char own[1024];
    const char *chosen = getenv("TMPDIR");
    if (chosen && chosen[0] == '/')
        return chosen;
    const size_t n = confstr(_CS_DARWIN_USER_TEMP_DIR, own, sizeof own);
    return n > 0 && n <= sizeof own ? own : "/tmp";
}

bool system_program_path(char *path, size_t size)
{
    char given[PATH_MAX];
    uint32_t n = sizeof given;
    char *resolved = _NSGetExecutablePath(given, &n) == 0 ? realpath(given, NULL) : NULL;
    const bool ok = resolved && snprintf(path, size, "%s", resolved) < (int)size;
    free(resolved);
    return ok;
}

/* ---- threads -------------------------------------------------------------------------- */

/* Without a class, long work is moved to the slow cores, and each matrix then waits for the slowest
 * worker. */
void system_thread_start(const char *name)
{
    pthread_setname_np(name);
    pthread_set_qos_class_self_np(QOS_CLASS_USER_INITIATED, 0);
}

enum { N_BEDS = 16, LINE = 128 };

/* Where threads sleep on a word: which one, its address tells. Words on neighbouring cache lines
 * have different ones. Two that share one only wake each other for nothing. */
static struct bed {
    pthread_mutex_t lock;
    pthread_cond_t changed;
} beds[N_BEDS] = {[0 ... N_BEDS - 1] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER}};

static struct bed *bed_of(const _Atomic uint32_t *word)
{
    return &beds[(uintptr_t)word / LINE % N_BEDS];
}

void system_wait_while(_Atomic uint32_t *word, uint32_t value)
{
    struct bed *b = bed_of(word);
    pthread_mutex_lock(&b->lock);
    while (atomic_load(word) == value)
        pthread_cond_wait(&b->changed, &b->lock);
    pthread_mutex_unlock(&b->lock);
}

void system_wake_all(_Atomic uint32_t *word)
{
    struct bed *b = bed_of(word);
    pthread_mutex_lock(&b->lock);
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

int system_wake_pair(int fds[2])
{
    if (pipe(fds) != 0)
        return errno;
    for (int i = 0; i < 2; i++) {
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
        fcntl(fds[i], F_SETFD, FD_CLOEXEC);
    }
    return 0;
}

/* ---- terminals, signals, arguments ---------------------------------------------------- */

static bool can_poll(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) >= 0 && !(p.revents & POLLNVAL);
}

int system_pollable_terminal(int fd)
{
    if (can_poll(fd))
        return fd;
    const char *name = ttyname(STDOUT_FILENO);
    int same = name ? open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC) : -1;
    if (same < 0 || can_poll(same))
        return same < 0 ? fd : same;
    close(same);
    return fd;
}

/* poll never looks at an entry that asks for nothing. A queue is readable when the pipe has
 * something to tell: room, each time anew, or its end. */
struct pollfd system_watch_reader(int fd)
{
    static int queue = -1;
    if (queue < 0 && (queue = kqueue()) >= 0) {
        struct kevent watch;
        EV_SET(&watch, fd, EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0, NULL);
        kevent(queue, &watch, 1, NULL, 0, NULL);
        fcntl(queue, F_SETFD, FD_CLOEXEC);
    }
    return (struct pollfd){.fd = queue, .events = POLLIN};
}

bool system_reader_is_gone(const struct pollfd *watched)
{
    struct kevent event;
    const struct timespec at_once = {0};
    return watched->revents & POLLIN && kevent(watched->fd, NULL, 0, &event, 1, &at_once) == 1 &&
           event.flags & EV_EOF;
}

unsigned system_confine(const char *const *folders, size_t n)
{
    (void)folders;
    (void)n;
    return 0;
}

/* The kernel tells it of SIGCHLD alone. */
enum system_sender system_signal_sender(const siginfo_t *info)
{
    (void)info;
    return SENT_BY_UNKNOWN;
}

const char *system_program_name(void)
{
    return getprogname();
}

void system_getopt_restart(void)
{
    optind = 1;
    optreset = 1;
}
