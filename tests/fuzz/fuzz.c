/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "utf8.h"

void fuzz_found(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

/* ---- memory that runs out ------------------------------------------------------------- */

jmp_buf fuzz_way_out;

#ifdef QINS_FUZZING
void __lsan_disable(void);
int __wrap_pause(void);

static void give_up(void)
{
    static bool is_told;
    if (!is_told)
        fprintf(stderr,
                "fuzz: an input ended in \"out of memory\"; leaks are not looked for now\n");
    is_told = true;
    __lsan_disable();
    longjmp(fuzz_way_out, 1);
}

/* die() waits here from its second call on. */
int __wrap_pause(void)
{
    give_up();
    return -1;
}

void fuzz_arm(void)
{
    die_hook(give_up);
}
#else
void fuzz_arm(void) {}
#endif

/* ---- input ---------------------------------------------------------------------------- */

static uint32_t hash_of(const uint8_t *bytes, size_t n)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ bytes[i]) * 16777619u;
    return h;
}

struct feed fuzz_feed(const uint8_t *data, size_t n, uint8_t *choices, size_t n_choices)
{
    if (n_choices)
        memset(choices, 0, n_choices);
    size_t n_text = n > n_choices ? n - n_choices : 0;
    if (n - n_text)
        memcpy(choices, data + n_text, n - n_text);
    char *text = xmalloc(n_text);
    if (n_text)
        memcpy(text, data, n_text);
    return (struct feed){.text = text, .n = n_text, .random = hash_of(choices, n_choices)};
}

void fuzz_feed_free(struct feed *f)
{
    free((char *)f->text);
}

uint32_t fuzz_below(struct feed *f, uint32_t end)
{
    f->random = f->random * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)f->random * end >> 32);
}

size_t fuzz_piece(struct feed *f, size_t left)
{
    size_t most = fuzz_below(f, 2) ? 4 : 64;
    size_t n = 1 + fuzz_below(f, (uint32_t)most);
    return n < left ? n : left;
}

/* ---- files ---------------------------------------------------------------------------- */

static char folder[256], file[300];

static void remove_folder(void)
{
    unlink(file);
    rmdir(folder);
}

const char *fuzz_folder(void)
{
    if (folder[0])
        return folder;
    snprintf(folder, sizeof folder, "%s/qins-fuzz-XXXXXX",
             is_folder("/dev/shm") ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(EX_OSERR);
    }
    snprintf(file, sizeof file, "%s/input", folder);
    atexit(remove_folder);
    return folder;
}

int fuzz_file(const void *bytes, size_t n, const char **path)
{
    fuzz_folder();
    int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write_whole(fd, bytes, n, 0) != n) {
        perror(file);
        exit(EX_OSERR);
    }
    *path = file;
    return fd;
}

/* ---- texts ---------------------------------------------------------------------------- */

bool fuzz_is_fit_to_print(const char *s, size_t n)
{
    for (size_t at = 0; at < n;) {
        int32_t cp;
        at += utf8_decode(s + at, n - at, &cp);
        if (cp < 0 || (cp < 32 && cp != '\n' && cp != '\t') || (cp >= 127 && cp < 160))
            return false;
    }
    return true;
}
