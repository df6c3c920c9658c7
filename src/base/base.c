/* SPDX-License-Identifier: MIT */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "huge_memory.h"
#include "system.h"

/* ---- errors --------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 0))) static void error_format(struct error *err, int code,
                                                               const char *format, va_list args)
{
    if (!err)
        return;
    err->code = code;
    char *text = NULL;
    int n = vasprintf(&text, format, args);
    if (n < 0)
        die(EX_OSERR, "out of memory");
    if ((size_t)n < sizeof err->text) {
        memcpy(err->text, text, (size_t)n + 1);
    } else { /* the reason stands at the end, behind whatever is so long */
        size_t half = sizeof err->text / 2 - 4;
        snprintf(err->text, sizeof err->text, "%.*s ... %s", (int)half, text,
                 text + (size_t)n - half);
    }
    free(text);
}

bool error_set(struct error *err, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error_format(err, code, format, args);
    va_end(args);
    return false;
}

void *error_set_null(struct error *err, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error_format(err, code, format, args);
    va_end(args);
    return NULL;
}

/* ---- allocation ----------------------------------------------------------------------- */

static void (*hook_before_death)(void);

void die_hook(void (*hook)(void))
{
    hook_before_death = hook;
}

void die(int code, const char *format, ...)
{
    static atomic_flag dying = ATOMIC_FLAG_INIT;
    while (atomic_flag_test_and_set(&dying)) /* another thread gives the terminal back and exits */
        pause();
    if (hook_before_death)
        hook_before_death();
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", system_program_name());
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    _exit(code);
}

static void *checked(void *p, size_t size)
{
    if (!p && size)
        die(EX_OSERR, "out of memory (%zu bytes)", size);
    return p;
}

void *xmalloc(size_t size)
{
    return checked(malloc(size ? size : 1), size);
}

void *xcalloc(size_t n, size_t size)
{
    return checked(calloc(n ? n : 1, size ? size : 1), size);
}

void *xrealloc(void *p, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        die(EX_OSERR, "out of memory (%zu x %zu bytes)", n, size);
    return checked(realloc(p, bytes ? bytes : 1), bytes);
}

void *xgrow(void *p, size_t n, size_t *cap, size_t size)
{
    enum { FIRST = 16 };
    if (n < *cap)
        return p;
    if (__builtin_mul_overflow(*cap, (size_t)2, cap))
        die(EX_OSERR, "out of memory (%zu x %zu bytes)", n, size);
    if (!*cap)
        *cap = FIRST;
    return xrealloc(p, *cap, size);
}

static size_t whole_lines(size_t size)
{
    return size ? (size + 63) & ~(size_t)63 : 64;
}

void *xaligned_scratch(size_t size)
{
    void *p = NULL;
    size_t padded = whole_lines(size), huge = (size_t)2 << 20;
    if (posix_memalign(&p, size < huge ? 64 : huge, padded))
        die(EX_OSERR, "out of memory (%zu bytes)", size);
    if (size >= huge) /* a wish: columns of large arrays are written page after page */
        system_huge_pages(p, padded);
    return p;
}

void *xaligned(size_t size)
{
    return memset(xaligned_scratch(size), 0, whole_lines(size));
}

void *xgiven(void *p)
{
    if (!p)
        die(EX_OSERR, "out of memory");
    return p;
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
    char *p = xmalloc(n + 1);
    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *xasprintf(const char *format, ...)
{
    char *p = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&p, format, args);
    va_end(args);
    return n < 0 ? checked(NULL, 1) : p;
}

/* ---- buffers -------------------------------------------------------------------------- */

static void buf_reserve(struct buf *b, size_t more)
{
    size_t need;
    if (__builtin_add_overflow(b->len, more, &need) || need == SIZE_MAX)
        die(EX_OSERR, "out of memory (%zu bytes more)", more);
    need++; /* the NUL */
    if (need <= b->cap)
        return;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    b->data = xrealloc(b->data, cap, 1);
    b->cap = cap;
}

void buf_append(struct buf *b, const void *bytes, size_t n)
{
    buf_reserve(b, n);
    if (n)
        memcpy(b->data + b->len, bytes, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
    buf_append(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n > 0) {
        buf_reserve(b, (size_t)n);
        vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

/* ---- files ---------------------------------------------------------------------------- */

int open_restarted(const char *path, int flags)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, 0666);
    while (fd < 0 && errno == EINTR);
    return fd;
}

int truncate_restarted(int fd, uint64_t size)
{
    int failed;
    do
        failed = ftruncate(fd, (off_t)size);
    while (failed && errno == EINTR);
    return failed;
}

int open_regular(const char *path, uint64_t *size, struct error *err)
{
    int fd = open_restarted(path, O_RDONLY | O_NONBLOCK);
    struct stat st;
    if (fd < 0) {
        error_set(err, errno == ENOENT ? EX_NOINPUT : EX_IOERR, "%s: cannot open: %s", path,
                  strerror(errno));
        return -1;
    }
    if (fstat(fd, &st) != 0) {
        error_set(err, EX_IOERR, "%s: cannot stat: %s", path, strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        error_set(err, EX_DATAERR, "%s: not a regular file", path);
    } else {
        *size = (uint64_t)st.st_size;
        return fd;
    }
    close(fd);
    return -1;
}

enum { MAX_NOTED = 256 };
static struct {
    _Atomic uintptr_t first, end; /* 0: a free slot */
} noted[MAX_NOTED];
static _Atomic bool is_noted_full;

static void note_mapping(const struct mapping *m)
{
    uintptr_t free_slot;
    for (size_t i = 0; i < MAX_NOTED; i++) {
        free_slot = 0;
        if (atomic_compare_exchange_strong(&noted[i].first, &free_slot, (uintptr_t)m->data)) {
            atomic_store(&noted[i].end, (uintptr_t)m->data + m->size);
            return;
        }
    }
    atomic_store(&is_noted_full, true);
}

static void forget_mapping(const struct mapping *m)
{
    for (size_t i = 0; i < MAX_NOTED; i++)
        if (atomic_load(&noted[i].first) == (uintptr_t)m->data) {
            atomic_store(&noted[i].end, 0);
            atomic_store(&noted[i].first, 0);
            return;
        }
}

bool is_mapped(const void *address)
{
    const uintptr_t at = (uintptr_t)address;
    for (size_t i = 0; i < MAX_NOTED; i++)
        if (at >= atomic_load(&noted[i].first) && at < atomic_load(&noted[i].end))
            return true;
    return atomic_load(&is_noted_full);
}

/* Where address and offset agree in the huge page: what is read from now on is cached in huge pages
 * and mapped as such, if the file system can. */
static void *map_aligned(int fd, size_t size)
{
    if (size < HUGE_PAGE)
        return mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    void *room = huge_room(size);
    if (!room)
        return MAP_FAILED;
    void *p = mmap(room, size, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
    if (p == MAP_FAILED)
        munmap(room, size);
    else
        system_huge_pages(p, size);
    return p;
}

bool map_file(struct mapping *m, const char *path, struct error *err)
{
    uint64_t size;
    *m = (struct mapping){0};
    int fd = open_regular(path, &size, err);
    if (fd < 0)
        return false;
    if (size == 0 || size > SIZE_MAX / 2) {
        close(fd);
        return error_set(err, EX_DATAERR, "%s: %s", path, size ? "too large to map" : "empty file");
    }
    void *p = map_aligned(fd, (size_t)size);
    if (p == MAP_FAILED) {
        error_set(err, EX_OSERR, "%s: cannot map %llu bytes: %s", path, (unsigned long long)size,
                  strerror(errno));
        close(fd);
        return false;
    }
    *m = (struct mapping){p, (size_t)size, fd};
    note_mapping(m);
    return true;
}

void unmap_file(struct mapping *m)
{
    if (m->data) {
        forget_mapping(m);
        munmap((void *)m->data, m->size);
        close(m->fd);
    }
    *m = (struct mapping){0};
}

size_t read_whole(int fd, void *bytes, size_t n, uint64_t at)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(fd, (char *)bytes + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got < 0 ? errno : 0;
            break;
        }
        done += (size_t)got;
    }
    return done;
}

size_t write_whole(int fd, const void *bytes, size_t n, uint64_t at)
{
    size_t done = 0;
    while (done < n) {
        ssize_t put = pwrite(fd, (const char *)bytes + done, n - done, (off_t)(at + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            errno = put < 0 ? errno : 0;
            break;
        }
        done += (size_t)put;
    }
    return done;
}

bool read_file(struct buf *out, const char *path, size_t max, struct error *err)
{
    uint64_t size;
    int fd = open_regular(path, &size, err);
    if (fd < 0)
        return false;
    bool ok = size <= max || error_set(err, EX_DATAERR, "%s: %llu bytes, at most %zu expected",
                                       path, (unsigned long long)size, max);
    size_t start = out->len;
    char chunk[1 << 16];
    while (ok) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            ok = error_set(err, EX_IOERR, "%s: cannot read: %s", path, strerror(errno));
        else if (out->len - start + (size_t)n > max)
            ok = error_set(err, EX_DATAERR, "%s: more than %zu bytes", path, max);
        else
            buf_append(out, chunk, (size_t)n);
    }
    if (ok)
        buf_append(out, "", 0);
    close(fd);
    return ok;
}

char *path_join(const char *folder, const char *name)
{
    size_t n = strlen(folder);
    return xasprintf("%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/", name);
}

DIR *folder_open(const char *path)
{
    DIR *d = opendir(path);
    if (!d && errno == ENOMEM)
        die(EX_OSERR, "out of memory");
    return d;
}

char *real_path(const char *path)
{
    char *real = realpath(path, NULL);
    if (!real && errno == ENOMEM)
        die(EX_OSERR, "out of memory");
    return real;
}

bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* ---- threads -------------------------------------------------------------------------- */

static void block_signals(sigset_t *before)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    sigset_t most;
    sigfillset(&most);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigdelset(&most, crashes[i]);
    pthread_sigmask(SIG_SETMASK, &most, before);
}

int start_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
    sigset_t before;
    block_signals(&before);
    int error = pthread_create(thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* ---- time, memory --------------------------------------------------------------------- */

double now_ms(void)
{
    return (double)system_clock_ns() * 1e-6;
}

double thread_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

struct timespec deadline_in(double ms)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t ns = (uint64_t)t.tv_nsec + (uint64_t)(ms * 1e6);
    t.tv_sec += (time_t)(ns / 1000000000);
    t.tv_nsec = (long)(ns % 1000000000);
    return t;
}
