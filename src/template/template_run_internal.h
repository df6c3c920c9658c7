/* SPDX-License-Identifier: MIT
 *
 * template_run_internal: what template_run.c (statements, loops) and template_evaluate.c
 * (expressions, calls, macros) share. For them alone.
 */
#ifndef QINS_TEMPLATE_RUN_INTERNAL_H
#define QINS_TEMPLATE_RUN_INTERNAL_H

#include <time.h>

#include "template_arguments.h"
#include "template_loop.h"
#include "template_scope.h"
#include "template_tree.h"

/* Evaluation nests deeply: what one kind of node needs on the C stack is no part of the frames of
 * all. */
#define APART __attribute__((noinline))

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

struct runner {
    struct work *w;
    const struct tm *now;
    struct scopes vars;
    struct text *out;
    struct value block;       /* what the filters of a block begin with */
    uint32_t n_macros;        /* running */
    struct value *arguments;  /* [RUN_MAX_ARGUMENTS] */
    struct keyword *keywords; /* [RUN_MAX_ARGUMENTS] */
    uint32_t n_arguments, n_keywords;
};

enum { RUN_MAX_ARGUMENTS = 16384 }; /* of all calls that are going on */

/* Where errors are from here on. */
static inline void run_at(struct runner *r, const struct node *n)
{
    r->w->line = n->line;
    r->w->column = n->column;
}

/* ---- template_evaluate.c -------------------------------------------------------------- */
struct value run_value(struct runner *r, const struct node *n);
void run_assign(struct runner *r, const struct node *target, struct value v);
/* caller: what a call block adds, or MISSING. */
struct value run_call(struct runner *r, const struct node *n, struct value caller);
struct value run_make_macro(struct runner *r, const struct macro_node *node);

/* ---- template_run.c ------------------------------------------------------------------- */
enum flow run_body(struct runner *r, const struct node *n);
/* loop(children): the same statement over other values, as a text. */
struct value run_loop_again(struct runner *r, struct loop *l, const struct arguments *a);

#endif
