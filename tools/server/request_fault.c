/* SPDX-License-Identifier: MIT */
#include "request_fault.h"

#include <stdarg.h>
#include <stdio.h>

bool request_fault_set(struct request_fault *f, const char *param, const char *format, ...)
{
    va_list args;
    *f = (struct request_fault){.status = 400};
    snprintf(f->param, sizeof f->param, "%s", param);
    va_start(args, format);
    vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    return false;
}
