/* SPDX-License-Identifier: MIT */
#include "template_run.h"

#include "template_map.h"
#include "template_print.h"
#include "template_run_internal.h"

/* ---- loops ---------------------------------------------------------------------------------- */

/* The `if` of a for statement, in a scope of its own. */
static bool passes(struct work *w, struct loop *l, struct value item)
{
    struct runner *r = l->runner;
    const struct node *n = l->statement;
    uint32_t line = w->line, column = w->column;
    struct scope *before = scope_open(&r->vars, l->scope);
    run_assign(r, n->a, item);
    bool yes = value_truth(w, run_value(r, n->c));
    scope_close(&r->vars, before);
    w->line = line;
    w->column = column;
    return yes;
}

static enum flow run_round(struct runner *r, const struct node *n, struct loop *l)
{
    struct scope *before = scope_open(&r->vars, l->scope);
    run_assign(r, n->a, l->current);
    if (n->which & FOR_USES_LOOP)
        scope_bind(&r->vars, n->symbol, (struct value){.kind = KIND_LOOP, .loop = l});
    enum flow flow = run_body(r, n->items[0]);
    scope_close(&r->vars, before);
    return flow;
}

APART static void run_loop(struct runner *r, const struct node *n, struct value of,
                           struct scope *scope, uint32_t depth0)
{
    struct loop own, *l = &own; /* one that its body can keep is no local variable */
    if (n->which & FOR_USES_LOOP)
        l = work_take(r->w, sizeof *l);
    loop_start(l, r->w, of);
    l->passes = n->c ? passes : NULL;
    l->runner = r;
    l->statement = n;
    l->scope = scope;
    l->depth0 = depth0;
    l->recursive = n->which & FOR_RECURSIVE;
    bool whole = false; /* a round went to its end; else the `else` is due, as in Jinja */
    enum flow flow = FLOW_ON;
    while (flow != FLOW_BREAK && loop_next(r->w, l)) {
        flow = run_round(r, n, l);
        whole |= flow == FLOW_ON;
    }
    if (whole || !n->items[1])
        return;
    struct scope *before = scope_open(&r->vars, scope);
    run_body(r, n->items[1]);
    scope_close(&r->vars, before);
}

APART struct value run_loop_again(struct runner *r, struct loop *l, const struct arguments *a)
{
    struct text *out = r->out;
    struct scope *scope = r->vars.now;
    if (!l->recursive)
        work_fail(r->w, "The loop must have the 'recursive' marker to be called recursively.");
    if (a->positional->n != 1 || a->n_keywords)
        work_fail(r->w, "loop() takes one argument");
    if (l->depth0 >= WORK_MAX_DEPTH)
        work_fail(r->w, "loops in loops more than %d levels deep", WORK_MAX_DEPTH);
    r->out = text_new(r->w);
    run_loop(r, l->statement, a->positional->items[0], l->scope, l->depth0 + 1);
    struct value v = text_string(r->out);
    r->out = out;
    r->vars.now = scope;
    return v;
}

/* ---- statements ----------------------------------------------------------------------------- */

APART static enum flow run_if(struct runner *r, const struct node *n)
{
    for (uint32_t i = 0; i < n->n_items; i += 2)
        if (value_truth(r->w, run_value(r, n->items[i])))
            return run_body(r, n->items[i + 1]);
    return n->c ? run_body(r, n->c) : FLOW_ON;
}

/* A body in a scope of its own, as a text. */
APART static struct value body_text(struct runner *r, const struct node *body, enum flow *flow)
{
    struct text *out = r->out;
    struct scope *before = scope_open(&r->vars, r->vars.now);
    r->out = text_new(r->w);
    *flow = run_body(r, body);
    struct value v = text_string(r->out);
    r->out = out;
    scope_close(&r->vars, before);
    return v;
}

APART static struct value filtered(struct runner *r, const struct node *filters, struct value v)
{
    r->block = v;
    return filters ? run_value(r, filters) : v;
}

APART static enum flow run_scope(struct runner *r, const struct node *n)
{
    struct list *values = list_new(r->w, n->n_items / 2);
    for (uint32_t i = 1; i < n->n_items; i += 2)
        list_push(r->w, values, run_value(r, n->items[i]));
    struct scope *before = scope_open(&r->vars, r->vars.now);
    for (uint32_t i = 0; i < values->n; i++)
        run_assign(r, n->items[2 * i], values->items[i]);
    enum flow flow = run_body(r, n->c);
    scope_close(&r->vars, before);
    return flow;
}

APART static void run_output(struct runner *r, const struct node *n)
{
    for (uint32_t i = 0; i < n->n_items; i++) {
        struct value v = run_value(r, n->items[i]);
        print_str(r->w, r->out, v);
    }
}

static enum flow run_statement(struct runner *r, const struct node *n)
{
    enum flow flow = FLOW_ON;
    struct value v;
    switch ((enum node_kind)n->kind) {
    case NODE_OUTPUT: run_output(r, n); return FLOW_ON;
    case NODE_IF: return run_if(r, n);
    case NODE_FOR:
        v = run_value(r, n->b);
        run_at(r, n);
        run_loop(r, n, v, r->vars.now, 0);
        return FLOW_ON;
    case NODE_SET: run_assign(r, n->a, run_value(r, n->b)); return FLOW_ON;
    case NODE_SET_BLOCK:
        v = body_text(r, n->c, &flow);
        if (flow == FLOW_ON)
            run_assign(r, n->a, filtered(r, n->b, v));
        return flow;
    case NODE_FILTER_BLOCK:
        v = body_text(r, n->c, &flow);
        if (flow == FLOW_ON)
            print_str(r->w, r->out, filtered(r, n->b, v));
        return flow;
    case NODE_MACRO: scope_bind(&r->vars, n->symbol, run_make_macro(r, n->macro)); return FLOW_ON;
    case NODE_CALL_BLOCK:
        v = run_make_macro(r, n->macro);
        print_str(r->w, r->out, run_call(r, n->a, v));
        return FLOW_ON;
    case NODE_SCOPE: return run_scope(r, n);
    case NODE_BREAK: return FLOW_BREAK;
    default: return FLOW_CONTINUE;
    }
}

enum flow run_body(struct runner *r, const struct node *n)
{
    enum flow flow = FLOW_ON;
    work_enter(r->w, WORK_MAX_CALLS);
    for (uint32_t i = 0; i < n->n_items && flow == FLOW_ON; i++) {
        work_step(r->w, 1);
        run_at(r, n->items[i]);
        flow = run_statement(r, n->items[i]);
    }
    work_leave(r->w);
    return flow;
}

void run_template(struct work *w, const struct node *body, struct value *globals,
                  const struct tm *now, struct text *out)
{
    struct runner r = {.w = w, .vars = {.w = w, .globals = globals}, .now = now, .out = out};
    r.arguments = work_take_array(w, RUN_MAX_ARGUMENTS, sizeof *r.arguments);
    r.keywords = work_take_array(w, RUN_MAX_ARGUMENTS, sizeof *r.keywords);
    run_body(&r, body);
}
