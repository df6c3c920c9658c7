/* SPDX-License-Identifier: MIT */
#include "prompt.h"

#include <stdlib.h>

#include "sanitise.h"

void prompt_free(struct prompt *p)
{
    buf_free(&p->notice);
}

void prompt_vnotice(struct prompt *p, const char *format, va_list args)
{
    char *text = NULL;
    int n = vasprintf(&text, format, args);
    struct buf line = {0};
    if (n >= 0) {
        char *clean = sanitise_text(text, (size_t)n, true);
        buf_puts(&line, clean);
        free(clean);
        free(text);
    }
    buf_free(&p->notice); /* only now: it may be an argument */
    p->notice = line;
}

void prompt_notice(struct prompt *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    prompt_vnotice(p, format, args);
    va_end(args);
}

void prompt_forget(struct prompt *p)
{
    if (!p->answer)
        p->notice.len = 0;
}
