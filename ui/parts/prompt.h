/* SPDX-License-Identifier: MIT
 *
 * prompt: the line below the chat that speaks to the user: a notice until the next key, or a
 * question until it is answered.
 */
#ifndef QINS_PROMPT_H
#define QINS_PROMPT_H

#include <stdarg.h>

#include "base.h"

struct app;

struct prompt {
    struct buf notice;                       /* sanitised */
    void (*answer)(struct app *a, bool yes); /* of the question in `notice`; NULL: none is asked */
};

void prompt_free(struct prompt *p);
void prompt_notice(struct prompt *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void prompt_vnotice(struct prompt *p, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* A key was pressed: a notice goes, a question stays. */
void prompt_forget(struct prompt *p);

#endif
