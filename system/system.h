/* SPDX-License-Identifier: MIT
 *
 * system: what differs between Linux and macOS, and nothing else. system_linux.c and system_macos.c
 * define the same functions in the same order; no other file asks which system it is compiled for.
 * It is the lowest room: it includes nothing of the project. Numbers that a system does not tell
 * are 0 unless said otherwise. Functions that return int return 0, or an errno value.
 */
#ifndef QINS_SYSTEM_H
#define QINS_SYSTEM_H

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

/* Facts that are only looked up. */
struct system_facts {
    const char *name;             /* "Linux", "macOS" */
    const char *cache_variable;   /* environment: where programs cache; NULL: there is none */
    const char *cache_below_home; /* where they do without it */
    const char *copy_program;     /* copies its stdin to the clipboard; NULL: there is none */
    bool moves_pages;             /* system_move_pages works */
    unsigned max_rss_unit;        /* bytes: of ru_maxrss of getrusage and wait4 */
    bool option_types;            /* the key beside the space bar types characters, not Alt */
};
extern const struct system_facts system_facts;

/* ---- clocks --------------------------------------------------------------------------- */

/* Monotonic, in steps of nanoseconds; stands still while the machine sleeps. */
uint64_t system_clock_ns(void);

/* ---- memory of this process and of the machine ---------------------------------------- */

struct system_memory {
    uint64_t rss_bytes;     /* resident: private + mapped */
    uint64_t private_bytes; /* anonymous; what macOS has compressed is not resident */
    uint64_t mapped_bytes;  /* resident pages of files */
};
struct system_memory system_memory_use(void);
/* Resident bytes, shared pages divided by those who share them. Slow: it walks all pages. macOS
 * has no such number. */
uint64_t system_pss_bytes(void);
/* Of the machine. */
uint64_t system_memory_total(void);
/* What programs may still take without swapping, and without passing the limit of a control group
 * (v2, then v1) that this process is in. `root`: the files are read below it, "" for the real ones.
 */
uint64_t system_memory_available(const char *root);

/* ---- CPUs ----------------------------------------------------------------------------- */

/* Physical cores that this process may run on; of two kinds, the fast ones. At least 1. */
unsigned system_cores(void);
/* CPU time that a control group (v2, then v1) allows, in CPUs; 0: no limit. */
double system_cpu_quota(const char *root);
/* CPU time of all processes since the start, in seconds; < 0: the system does not tell. */
double system_busy_seconds(void);
/* The CPU's name, NUL-terminated; "": the system does not tell. */
void system_cpu_name(char *name, size_t size);
/* The last-level cache of the fast cores. */
uint64_t system_cache_bytes(void);
/* Is this program translated from another architecture (Rosetta)? */
bool system_is_translated(void);

/* Registers of x86-64 that exist, but are the system's to give. */
bool system_grants_amx(void);    /* asks for them */
bool system_grants_avx512(void); /* though XCR0 does not show them yet */

enum { SYSTEM_ARM_NEON = 1, SYSTEM_ARM_DOTPROD = 2, SYSTEM_ARM_I8MM = 4 };
unsigned system_arm_features(void); /* 0 on x86-64 */

/* ---- pages ---------------------------------------------------------------------------- */

/* Brings pages of a mapping into memory before it returns. EFAULT, EIO, EHWPOISON: the file cannot
 * be read there (macOS does not tell); EINVAL: the system cannot, it was only asked to begin. */
int system_read_ahead(void *at, size_t n_bytes);
bool system_is_unreadable(int error); /* is it one of those three? */
/* Wishes for pages of 2 MiB. -> false: the system has none. */
bool system_huge_pages(void *at, size_t n_bytes);
/* Takes memory for private pages before they are written: a lack of it is an error then, and no
 * signal. ENOTSUP: the system cannot. */
int system_take_pages(void *at, size_t n_bytes);
/* Moves private pages to addresses where something else is mapped, in the place of that. */
bool system_move_pages(void *from, size_t n_bytes, void *to);
/* Makes huge pages of what lies there already; waits for it. ENOTSUP where there are none. */
int system_collapse_pages(void *at, size_t n_bytes);
/* Pages of a mapping, from a whole page on, that are not in memory. */
size_t system_absent_pages(const void *at, size_t n_pages);

/* ---- files ---------------------------------------------------------------------------- */

/* Sets a file's size and takes room on the disk for all of it, if the file system can. */
int system_reserve(int fd, uint64_t size);
/* Returns when what was written has reached the medium, not only the drive. Milliseconds to tens of
 * them. */
int system_sync(int fd);
struct timespec system_modified(const struct stat *st);
/* fcntl(F_SETLK) that belongs to the open file and not to the process. -1 with errno. */
int system_lock(int fd, const struct flock *lock);
/* A folder that can be made anew stays out of backups. */
void system_exclude_from_backup(const char *folder);
/* Where temporary files go: absolute, may end in a slash (use path_join). */
const char *system_temp_folder(void);

/* The file that this program was started from, links resolved. -> false: it cannot be told. */
bool system_program_path(char *path, size_t size);

/* ---- threads -------------------------------------------------------------------------- */

/* Call first in a thread's function: names it (15 characters at most), and asks for fast cores. */
void system_thread_start(const char *name);
/* Sleeps until a waker has called and the word is not `value`. Whoever wakes changes the word
 * first. */
void system_wait_while(_Atomic uint32_t *word, uint32_t value);
void system_wake_all(_Atomic uint32_t *word);
/* [0] becomes readable when [1] is written 8 bytes; they do not block; may be the same. */
int system_wake_pair(int fds[2]);

/* ---- what may go wrong stays small ------------------------------------------------------ */

enum { SYSTEM_CONFINED_FILES = 1, SYSTEM_CONFINED_NETWORK = 2 };
/* From now on this thread, those that it starts, and programs that they start change files below
 * these folders alone, and open no sockets; what is open stays open. There is no way back. -> which
 * of the two are in effect; macOS, whose only means is deprecated: neither. */
unsigned system_confine(const char *const *folders /* [n] */, size_t n);

/* ---- terminals, signals, arguments ---------------------------------------------------- */

/* A descriptor for poll in place of this one, on the same terminal: poll cannot wait for every
 * device (macOS: /dev/tty). It may be the same; a new one is the caller's to close. */
int system_pollable_terminal(int fd);
/* An entry for poll that wakes when the reader of this pipe has gone. One pipe per program. */
struct pollfd system_watch_reader(int fd);
bool system_reader_is_gone(const struct pollfd *watched); /* after poll */

enum system_sender { SENT_BY_PROCESS, SENT_BY_TERMINAL, SENT_BY_UNKNOWN };
enum system_sender system_signal_sender(const siginfo_t *info); /* may be called in handlers */

/* The last part of argv[0]. */
const char *system_program_name(void);
/* getopt_long begins afresh, and forgets what an earlier call left behind. */
void system_getopt_restart(void);

#endif
