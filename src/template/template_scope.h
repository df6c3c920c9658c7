/* SPDX-License-Identifier: MIT
 *
 * template_scope: the variables of a running template. Loops, macros and blocks have some of their
 * own, which hide those of the scopes around them and are gone at their end.
 */
#ifndef QINS_TEMPLATE_SCOPE_H
#define QINS_TEMPLATE_SCOPE_H

#include "template_tree.h"

struct scope;

struct scopes {
    struct work *w;
    struct value *globals; /* [symbols] KIND_MISSING for what is not there */
    struct scope *now;     /* NULL: the globals */
    struct scope *spare;
};

/* The value of the variable that a NODE_NAME or NODE_MEMBER names, or undefined. */
struct value scope_lookup(struct scopes *s, const struct node *n);
/* Sets a variable of the scope that is open. */
void scope_bind(struct scopes *s, uint32_t symbol, struct value v);
/* Opens a new scope inside of `parent`. -> the one that was open, for scope_close. */
struct scope *scope_open(struct scopes *s, struct scope *parent);
void scope_close(struct scopes *s, struct scope *before);
/* A macro that is made now may read the open scopes after their end. -> the innermost one. */
struct scope *scope_capture(struct scopes *s);

#endif
