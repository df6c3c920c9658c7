/* SPDX-License-Identifier: MIT
 *
 * fail_alloc: preloaded into a program, tells the places that allocate, or lets one of them fail. A
 * place is the inner part of a call stack: its hash is of offsets in the files of code, the same in
 * every run.
 *   TORTURE_PLACES=F  a file of zeros, which becomes the table of places: struct place
 *   TORTURE_AT=HASH   in hexadecimal: an allocation of this place fails,
 *   TORTURE_DEPTH=D   where the stack has this depth (so most others cost little),
 *   TORTURE_NTH=N     the N-th, from 0
 *   TORTURE_ON=1      and all behind it, of all places
 *   TORTURE_STACK=F   the call stack of what fails is written to this file
 */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unwind.h>

#define EXPORT __attribute__((visibility("default")))

/* glibc's own, under the names that stay when ours stand before them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

struct place {
    _Atomic uint64_t hash;  /* 0: a free slot */
    _Atomic uint64_t n;     /* how often it allocates */
    _Atomic uint64_t depth; /* of the stack, the first time */
    _Atomic uint64_t n_at_depth;
};

static struct place *places; /* [n_slots], or NULL; open addressing */
static size_t n_slots;
static uint64_t fails_at, depth_there;
static long nth;
static bool goes_on;
static int stack_fd = -1; /* from the beginning: a sandbox opens no files */
static atomic_bool is_watching, all_fail;
static _Thread_local bool is_inside;

/* ---- call stacks ---------------------------------------------------------------------- */

enum { MAX_FILES = 128, MAX_FRAMES = 12 };
static struct code {
    uintptr_t begin, end, base;
} files[MAX_FILES];
static size_t n_files;

static int note_file(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && part->p_flags & PF_X && n_files < MAX_FILES) {
            uintptr_t begin = info->dlpi_addr + part->p_vaddr;
            files[n_files++] = (struct code){begin, begin + part->p_memsz, info->dlpi_addr};
        }
    }
    return 0;
}

/* Of code that was loaded later: the same for all of it. */
static uintptr_t offset_of(uintptr_t address)
{
    for (size_t i = 0; i < n_files; i++)
        if (address - files[i].begin < files[i].end - files[i].begin)
            return address - files[i].base;
    return 0;
}

struct walk {
    uint64_t hash;
    uintptr_t last;
    int depth;
};

/* A function that calls itself counts once. */
static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *state)
{
    struct walk *w = state;
    uintptr_t at = _Unwind_GetIP(context);
    if (at != w->last)
        w->hash = (w->hash ^ offset_of(at)) * 0x100000001b3u; /* FNV-1a */
    w->last = at;
    return ++w->depth < MAX_FRAMES ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* Bytes of the stack from the thread's beginning: the same in every run. */
static uint64_t stack_depth(void)
{
    extern void *__libc_stack_end;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t in_main = (uintptr_t)__libc_stack_end - here;
    uintptr_t in_thread = (uintptr_t)pthread_self() - here;
    return in_main < in_thread ? in_main : in_thread;
}

static __attribute__((noinline)) uint64_t place_here(void)
{
    struct walk w = {.hash = 0xcbf29ce484222325u};
    _Unwind_Backtrace(step, &w);
    return w.hash ? w.hash : 1;
}

/* ---- the table ------------------------------------------------------------------------ */

static void count(uint64_t hash, uint64_t depth)
{
    for (size_t i = hash % n_slots;; i = (i + 1) % n_slots) {
        uint64_t there = 0;
        if (atomic_compare_exchange_strong(&places[i].hash, &there, hash) || there == hash) {
            uint64_t first = 0;
            atomic_fetch_add(&places[i].n, 1);
            if (atomic_compare_exchange_strong(&places[i].depth, &first, depth) || first == depth)
                atomic_fetch_add(&places[i].n_at_depth, 1);
            return;
        }
    }
}

static void open_places(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return;
    void *map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return;
    places = map;
    n_slots = (size_t)st.st_size / sizeof *places;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("TORTURE_PLACES"), *at = getenv("TORTURE_AT"),
               *number = getenv("TORTURE_NTH"), *depth = getenv("TORTURE_DEPTH"),
               *stack_path = getenv("TORTURE_STACK");
    dl_iterate_phdr(note_file, NULL);
    if (path)
        open_places(path);
    fails_at = at ? strtoull(at, NULL, 16) : 0;
    depth_there = depth ? strtoull(depth, NULL, 10) : 0;
    nth = number ? atol(number) : 0;
    goes_on = getenv("TORTURE_ON") != NULL;
    if (stack_path)
        stack_fd = open(stack_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    is_watching = places || at;
}

/* ---- allocations ---------------------------------------------------------------------- */

static void tell_stack(void)
{
    enum { MAX_TOLD = 64 };
    void *frames[MAX_TOLD];
    backtrace_symbols_fd(frames, backtrace(frames, MAX_TOLD), stack_fd);
}

static __attribute__((noinline)) bool is_the_one(void)
{
    static atomic_long n_so_far;
    uint64_t depth = stack_depth();
    if (!places && depth != depth_there)
        return false;
    uint64_t hash = place_here();
    if (places)
        count(hash, depth);
    if (hash != fails_at || atomic_fetch_add(&n_so_far, 1) != nth)
        return false;
    if (stack_fd >= 0)
        tell_stack();
    all_fail = goes_on;
    is_watching = places;
    return true;
}

static __attribute__((noinline)) bool fails(void)
{
    if (is_inside || (!is_watching && !all_fail))
        return false;
    is_inside = true;
    bool it_does = all_fail || is_the_one();
    is_inside = false;
    if (it_does)
        errno = ENOMEM;
    return it_does;
}

EXPORT void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

EXPORT void *realloc(void *p, size_t size)
{
    return fails() ? NULL : __libc_realloc(p, size);
}

EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
    if (fails())
        return ENOMEM;
    *p = __libc_memalign(alignment, size);
    return *p ? 0 : ENOMEM;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}
