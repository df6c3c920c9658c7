/* SPDX-License-Identifier: MIT */
#include "template_work.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 64 << 10 };

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(16) char bytes[];
};

struct block {
    struct block *next, *before;
    size_t size;
    bool counted;
    _Alignas(16) char bytes[];
};

void work_fail(struct work *w, const char *format, ...)
{
    char text[700];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    error_set(w->err, EX_DATAERR, "chat template:%u:%u: %s", w->line, w->column, text);
    longjmp(w->stop, 1);
}

void work_refuse(struct work *w, const char *text, size_t n)
{
    w->refused = true;
    error_set(w->err, EX_DATAERR, "%.*s", (int)(n < 1000 ? n : 1000), text);
    longjmp(w->stop, 1);
}

void work_enter(struct work *w, uint32_t max)
{
    if (++w->depth > max)
        work_fail(w, "nested too deeply");
}

void work_enter_value(struct work *w)
{
    if (++w->value_depth > WORK_MAX_DEPTH)
        work_fail(w, "values in values more than %d levels deep", WORK_MAX_DEPTH);
}

static void count_bytes(struct work *w, size_t more)
{
    if (more > WORK_MAX_BYTES || w->used_bytes + more > WORK_MAX_BYTES)
        work_fail(w, "needs more than %d MiB of memory", WORK_MAX_BYTES >> 20);
    w->used_bytes += more;
}

void *work_take(struct work *w, size_t bytes)
{
    struct chunk *c = w->chunks;
    size_t padded = (bytes + 15) & ~(size_t)15;
    if (bytes > WORK_MAX_BYTES)
        count_bytes(w, bytes); /* fails */
    if (!c || c->size - c->used < padded) {
        size_t size = padded > CHUNK_BYTES / 4 ? padded : CHUNK_BYTES;
        count_bytes(w, size);
        struct chunk *more = xmalloc(sizeof *more + size);
        *more = (struct chunk){.size = size};
        if (size != CHUNK_BYTES && c) { /* one of its own, behind the chunk that has room */
            more->next = c->next;
            c->next = more;
        } else {
            more->next = c;
            w->chunks = more;
        }
        c = more;
    }
    void *p = c->bytes + c->used;
    c->used += padded;
    return p;
}

void *work_take_array(struct work *w, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        bytes = SIZE_MAX;
    return work_take(w, bytes);
}

void *work_grow_array(struct work *w, void *old, size_t n, size_t cap, size_t size)
{
    void *p = work_take_array(w, cap, size);
    if (n)
        memcpy(p, old, n * size);
    return p;
}

void *work_block(struct work *w, struct block **block, size_t bytes, bool counted)
{
    struct block *b = *block;
    size_t before = b ? b->size : 0;
    if (counted && bytes > before)
        count_bytes(w, bytes - before);
    b = xrealloc(b, 1, sizeof *b + bytes);
    if (!before)
        *b = (struct block){.next = w->blocks, .counted = counted};
    b->size = bytes;
    if (b->next)
        b->next->before = b;
    if (b->before)
        b->before->next = b;
    else
        w->blocks = b;
    *block = b;
    return b->bytes;
}

void work_free(struct work *w)
{
    for (struct chunk *c = w->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    for (struct block *b = w->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    w->chunks = NULL;
    w->blocks = NULL;
    w->used_bytes = 0;
}
