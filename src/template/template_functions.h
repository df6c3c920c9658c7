/* SPDX-License-Identifier: MIT
 *
 * template_functions: the functions that every template can call.
 */
#ifndef QINS_TEMPLATE_FUNCTIONS_H
#define QINS_TEMPLATE_FUNCTIONS_H

#include <time.h>

#include "template_arguments.h"

/* -> which function, or -1. */
int function_find(const char *name, size_t n);
const char *function_name(int function); /* NULL behind the last one */
/* now: local time, for strftime_now; NULL: it fails. */
struct value function_call(struct work *w, int function, const struct arguments *a,
                           const struct tm *now);

#endif
