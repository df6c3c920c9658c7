/* SPDX-License-Identifier: MIT
 *
 * template_arguments: what a call, a filter or a test is given, and its sorting by the names of a
 * signature.
 */
#ifndef QINS_TEMPLATE_ARGUMENTS_H
#define QINS_TEMPLATE_ARGUMENTS_H

#include "template_value.h"

struct keyword {
    const char *name;
    uint32_t n; /* bytes of the name */
    struct value value;
};

struct arguments {
    struct list *positional;
    struct keyword *keywords;
    uint32_t n_keywords;
};

enum { MAX_PARAMETERS = 6 };

/* "old,new,count": names in order; the first n_required must be given. In front of '/' stand names
 * that cannot be given as keywords. */
struct signature {
    const char *names;
    uint32_t n_required;
};

/* out[MAX_PARAMETERS]: KIND_MISSING for what was not given. `what`: the called thing, for messages.
 */
void arguments_bind(struct work *w, const struct arguments *a, const char *what,
                    struct signature signature, struct value *out);
/* -> the keyword's value, or NULL. */
struct value *arguments_keyword(const struct arguments *a, const char *name);

/* Typed ones; a missing one (or none, if it may be) is `missing`. */
int64_t argument_int(struct work *w, struct value v, int64_t missing);
bool argument_bool(struct work *w, struct value v, bool missing);
bool argument_given(struct value v); /* neither missing nor none */

#endif
