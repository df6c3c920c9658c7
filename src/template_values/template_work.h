/* SPDX-License-Identifier: MIT
 *
 * template_work: what reading and running a chat template share: bounded memory, counted steps and
 * depth, and the way out. A failure anywhere jumps to the place that started the work (work_fail
 * does not return), so that the interpreter is written without a check behind every call; all
 * memory belongs to the work, and nothing is lost by the jump.
 */
#ifndef QINS_TEMPLATE_WORK_H
#define QINS_TEMPLATE_WORK_H

#include <setjmp.h>

#include "base.h"

enum {
    WORK_MAX_STEPS = 10 * 1000 * 1000,
    WORK_MAX_BYTES = 64 << 20, /* of values, and once more of output */
    WORK_MAX_DEPTH = 200,      /* of nested syntax, of values in values, of macros in macros */
    WORK_MAX_CALLS = 1000,     /* nested evaluations: what a C stack of 512 KiB can hold */
};

struct chunk;
struct block;

struct work {
    jmp_buf stop;
    struct error *err;
    uint32_t line, column; /* in the template, from 1: what is being read or evaluated */
    uint64_t steps;
    uint32_t depth, value_depth;
    size_t used_bytes;
    struct chunk *chunks;
    struct block *blocks;
    bool refused; /* raise_exception was called */
};

/* Sets *w->err to "chat template:LINE:COLUMN: ..." and jumps to w->stop. */
_Noreturn void work_fail(struct work *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with the template's own words alone. */
_Noreturn void work_refuse(struct work *w, const char *text, size_t n);

/* n steps done; fails beyond WORK_MAX_STEPS. */
static inline void work_step(struct work *w, uint64_t n)
{
    w->steps += n;
    if (w->steps > WORK_MAX_STEPS)
        work_fail(w, "needs more than %d steps", WORK_MAX_STEPS);
}
/* What walks over n bytes costs steps, too. */
static inline void work_bytes(struct work *w, uint64_t n)
{
    work_step(w, 1 + n / 16);
}
/* Enters (and leaves) syntax in syntax, or evaluations in evaluations. */
void work_enter(struct work *w, uint32_t max);
static inline void work_leave(struct work *w)
{
    w->depth--;
}
/* The same for values in values, up to WORK_MAX_DEPTH. */
void work_enter_value(struct work *w);
static inline void work_leave_value(struct work *w)
{
    w->value_depth--;
}

/* Memory until work_free; aligned to 16 bytes, not zeroed; fails beyond WORK_MAX_BYTES. */
void *work_take(struct work *w, size_t bytes);
void *work_take_array(struct work *w, size_t n, size_t size);
/* A larger array in place of the old one, whose n elements are copied. */
void *work_grow_array(struct work *w, void *old, size_t n, size_t cap, size_t size);
/* A large buffer that grows without leaving the old one behind. *block NULL: a new one. `counted`:
 * against WORK_MAX_BYTES. -> its bytes. */
void *work_block(struct work *w, struct block **block, size_t bytes, bool counted);
void work_free(struct work *w);

#endif
