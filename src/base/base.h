/* SPDX-License-Identifier: MIT
 *
 * base: errors, checked allocation, byte buffers, files, time. Everything in src/ may use it.
 */
#ifndef QINS_BASE_H
#define QINS_BASE_H

#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>

/* ---- errors: a bool or pointer result, `struct error *err` last ----------------------- */

enum { EXIT_INTERRUPTED = 130 };

struct error {
    int code;        /* exit code of the program: a sysexits value */
    char text[1024]; /* one line: file, tensor or line; what is wrong; what would be right. Raw:
                        names in it are not yet fit for a terminal (error_print of sanitise.h) */
};

/* Formats *err and returns false (NULL), so that a failure is one expression. */
bool error_set(struct error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void *error_set_null(struct error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- allocation that never returns NULL ----------------------------------------------- */

/* Out of memory: runs the hook (gives a terminal back), prints one line, exits EX_OSERR. The line
 * begins with the program's name. */
void die_hook(void (*hook)(void));
_Noreturn void die(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size); /* zeroed; overflow of n * size dies too */
void *xrealloc(void *p, size_t n, size_t size);
/* Room for one more than n elements: `list = xgrow(list, n, &cap, sizeof *list)`. *cap doubles, so
 * that n additions cost n copies in all; NULL with *cap 0 is an empty array. */
void *xgrow(void *p, size_t n, size_t *cap, size_t size);
void *xaligned(size_t size);         /* 64-byte aligned, zeroed; release with free */
void *xaligned_scratch(size_t size); /* the same, not zeroed: what is not written takes no memory */
void *xgiven(void *p);               /* what a library allocated */
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- a growing run of bytes; data is always NUL-terminated behind len ----------------- */

struct buf {
    char *data;
    size_t len, cap;
};

void buf_append(struct buf *b, const void *bytes, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_free(struct buf *b); /* and zeroes it for reuse */

/* ---- files ---------------------------------------------------------------------------- */

/* A regular file mapped for reading. Never follows into devices, FIFOs or directories. */
struct mapping {
    const uint8_t *data;
    size_t size;
    int fd; /* for pread, if there is data */
};

/* open and ftruncate, begun again when a signal interrupts them: file systems behind a network, or
 * a program. */
int open_restarted(const char *path, int flags);
int truncate_restarted(int fd, uint64_t size);
/* Opens a regular file for reading, never waiting for a FIFO or a device. -> fd, or -1. */
int open_regular(const char *path, uint64_t *size, struct error *err);
bool map_file(struct mapping *m, const char *path, struct error *err);
void unmap_file(struct mapping *m);

/* Does the address lie in a mapped file? For a crash handler; true too if files beyond the first
 * 256 are mapped. */
bool is_mapped(const void *address);

/* pread and pwrite up to the last of n bytes, the end of the file or a failure. -> bytes done;
 * if they are fewer, errno tells why: 0 for the end. */
size_t read_whole(int fd, void *bytes, size_t n, uint64_t at);
size_t write_whole(int fd, const void *bytes, size_t n, uint64_t at);

/* Reads a regular file of at most max bytes. */
bool read_file(struct buf *out, const char *path, size_t max, struct error *err);

char *path_join(const char *folder, const char *name); /* caller frees */
bool is_folder(const char *path);
/* opendir and realpath, but out of memory is no other reason for NULL: it ends the program. */
DIR *folder_open(const char *path);
char *real_path(const char *path); /* caller frees */
bool is_file(const char *path);

/* ---- threads -------------------------------------------------------------------------- */

/* pthread_create of a thread that gets no signals, since they are for the main thread; but those of
 * a crash: blocked, these would kill without a handler, and leave a terminal as it is. -> 0, or an
 * errno */
int start_thread(pthread_t *thread, void *(*run)(void *), void *arg);

/* ---- time, memory --------------------------------------------------------------------- */

double now_ms(void);    /* monotonic; stands still while the machine sleeps */
double thread_ms(void); /* CPU time of this thread */
/* So many ms from now, as pthread_cond_timedwait takes it. */
struct timespec deadline_in(double ms);

#endif
