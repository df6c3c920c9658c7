/* SPDX-License-Identifier: MIT */
#include "template_run.h"

#include <string.h>

#include "template_access.h"
#include "template_filters.h"
#include "template_functions.h"
#include "template_loop.h"
#include "template_map.h"
#include "template_method_names.h"
#include "template_methods.h"
#include "template_operators.h"
#include "template_print.h"
#include "template_scope.h"
#include "template_tests.h"

enum { MAX_ARGUMENTS = 16384 }; /* of all calls that are going on */

/* Evaluation nests deeply: what one kind of node needs on the C stack is no part of the frames of
 * all. */
#define APART __attribute__((noinline))

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

struct macro {
    const struct macro_node *node;
    struct scope *scope;
};

struct runner {
    struct work *w;
    const struct tm *now;
    struct scopes vars;
    struct text *out;
    struct value block;       /* what the filters of a block begin with */
    uint32_t n_macros;        /* running */
    struct value *arguments;  /* [MAX_ARGUMENTS] */
    struct keyword *keywords; /* [MAX_ARGUMENTS] */
    uint32_t n_arguments, n_keywords;
};

static struct value eval(struct runner *r, const struct node *n);
static enum flow run_body(struct runner *r, const struct node *n);

static void at(struct runner *r, const struct node *n)
{
    r->w->line = n->line;
    r->w->column = n->column;
}

/* ---- variables ------------------------------------------------------------------------------ */

static void assign(struct runner *r, const struct node *target, struct value v);

APART static void unpack(struct runner *r, const struct node *target, struct value v)
{
    struct walk walk = walk_start(r->w, v);
    struct value item;
    for (uint32_t i = 0; i < target->n_items; i++) {
        if (!walk_next(r->w, &walk, &item))
            work_fail(r->w, "not enough values to unpack (expected %u, got %u)", target->n_items,
                      i);
        assign(r, target->items[i], item);
    }
    if (walk_next(r->w, &walk, &item))
        work_fail(r->w, "too many values to unpack (expected %u)", target->n_items);
}

APART static void assign(struct runner *r, const struct node *target, struct value v)
{
    if (target->kind == NODE_NAME) {
        scope_bind(&r->vars, target->symbol, v);
    } else if (target->kind == NODE_TUPLE) {
        at(r, target);
        unpack(r, target, v);
    } else {
        struct value space = scope_lookup(&r->vars, target);
        at(r, target);
        if (space.kind != KIND_NAMESPACE)
            work_fail(r->w, "cannot assign attribute on non-namespace object");
        struct value *member = map_get_name(r->w, space.map, target->name, target->len);
        if (member)
            *member = v;
        else
            map_set(r->w, space.map, string_of(r->w, target->name, target->len, true), v);
    }
}

/* ---- calls ---------------------------------------------------------------------------------- */

struct frame {
    struct list positional;
    struct arguments arguments;
    uint32_t n_arguments, n_keywords; /* of the runner, before */
};

static void push_argument(struct runner *r, struct frame *f, struct value v)
{
    if (r->n_arguments == MAX_ARGUMENTS)
        work_fail(r->w, "too many arguments");
    r->arguments[r->n_arguments++] = v;
    f->positional.n++;
}

static void push_keyword(struct runner *r, struct frame *f, const char *name, uint32_t n,
                         struct value v)
{
    if (r->n_keywords == MAX_ARGUMENTS)
        work_fail(r->w, "too many arguments");
    r->keywords[r->n_keywords++] = (struct keyword){name, n, v};
    f->arguments.n_keywords++;
}

static void push_stars(struct runner *r, struct frame *f, const struct call *c)
{
    struct value item;
    if (c->star) {
        struct value items = eval(r, c->star);
        for (struct walk walk = walk_start(r->w, items); walk_next(r->w, &walk, &item);)
            push_argument(r, f, item);
    }
    if (!c->star_star)
        return;
    struct value v = eval(r, c->star_star);
    if (v.kind != KIND_MAP)
        work_fail(r->w, "argument after ** must be a mapping, not %s", value_type(v));
    for (uint32_t i = 0; i < v.map->n; i++) {
        struct value key = v.map->entries[i].key;
        if (key.kind != KIND_STRING)
            work_fail(r->w, "keywords must be strings");
        push_keyword(r, f, string_bytes(key), key.len, v.map->entries[i].value);
    }
}

/* Values of a call that are being computed lie on a stack of the runner; arguments inside of them
 * are pushed and gone before the next one is pushed. */
APART static void open_frame(struct runner *r, struct frame *f, const struct call *c)
{
    *f = (struct frame){.n_arguments = r->n_arguments, .n_keywords = r->n_keywords};
    for (uint32_t i = 0; i < c->n_positional; i++)
        push_argument(r, f, eval(r, c->positional[i]));
    for (uint32_t i = 0; i < c->n_keywords; i++)
        push_keyword(r, f, c->keywords[i].name, c->keywords[i].n, eval(r, c->keywords[i].value));
    if (c->star || c->star_star)
        push_stars(r, f, c);
    f->positional.items = r->arguments + f->n_arguments;
    f->arguments.positional = &f->positional;
    f->arguments.keywords = r->keywords + f->n_keywords;
}

static void close_frame(struct runner *r, const struct frame *f)
{
    r->n_arguments = f->n_arguments;
    r->n_keywords = f->n_keywords;
}

/* ---- macros --------------------------------------------------------------------------------- */

static struct value make_macro(struct runner *r, const struct macro_node *node)
{
    struct macro *m = work_take(r->w, sizeof *m);
    *m = (struct macro){node, scope_capture(&r->vars)};
    return (struct value){.kind = KIND_MACRO, .macro = m};
}

/* -> the keyword argument, which is marked as used, or MISSING. */
static struct value take_keyword(const struct arguments *a, const char *name, uint32_t n,
                                 bool *used)
{
    for (uint32_t i = 0; i < a->n_keywords; i++)
        if (!used[i] && a->keywords[i].n == n && memcmp(a->keywords[i].name, name, n) == 0) {
            used[i] = true;
            return a->keywords[i].value;
        }
    return (struct value){.kind = KIND_MISSING};
}

APART static void bind_parameters(struct runner *r, const struct macro_node *m,
                                  const struct arguments *a, bool *used)
{
    for (uint32_t i = 0; i < m->n_parameters; i++) {
        const struct parameter *p = &m->parameters[i];
        struct value v =
            i < a->positional->n ? a->positional->items[i] : take_keyword(a, p->name, p->n, used);
        if (v.kind == KIND_MISSING)
            v = p->otherwise ? eval(r, p->otherwise)
                             : value_undefined(UNDEFINED_PARAMETER, p->name, p->n);
        scope_bind(&r->vars, p->symbol, v);
    }
}

static void bind_rest(struct runner *r, const struct macro_node *m, const struct arguments *a,
                      bool *used)
{
    struct map *kwargs = m->takes_kwargs ? map_new(r->w) : NULL;
    for (uint32_t i = 0; i < a->n_keywords; i++) {
        const struct keyword *k = &a->keywords[i];
        if (used[i])
            continue;
        if (!kwargs)
            work_fail(r->w, "macro '%.*s' takes no keyword argument '%.*s'", (int)m->n_name,
                      m->name, (int)k->n, k->name);
        map_set(r->w, kwargs, string_of(r->w, k->name, k->n, true), k->value);
    }
    if (kwargs)
        scope_bind(&r->vars, m->kwargs, value_map(kwargs));
    if (a->positional->n > m->n_parameters && !m->takes_varargs)
        work_fail(r->w, "macro '%.*s' takes not more than %u argument(s)", (int)m->n_name, m->name,
                  m->n_parameters);
    if (!m->takes_varargs)
        return;
    struct list *varargs = list_new(r->w, 0);
    for (uint32_t i = m->n_parameters; i < a->positional->n; i++)
        list_push(r->w, varargs, a->positional->items[i]);
    scope_bind(&r->vars, m->varargs, value_tuple(varargs));
}

static void bind_caller(struct runner *r, const struct macro_node *m, const struct arguments *a,
                        bool *used)
{
    if (!m->takes_caller)
        return;
    struct value v = take_keyword(a, "caller", 6, used);
    if (v.kind == KIND_MISSING || v.kind == KIND_NONE)
        v = value_undefined(UNDEFINED_OTHER, "No caller defined", 17);
    scope_bind(&r->vars, m->caller, v);
}

APART static struct value call_macro(struct runner *r, const struct macro *m,
                                     const struct arguments *a)
{
    struct text *out = r->out;
    struct scope *before = scope_open(&r->vars, m->scope);
    bool *used = a->n_keywords ? work_take(r->w, a->n_keywords) : NULL;
    if (used)
        memset(used, 0, a->n_keywords);
    if (++r->n_macros > WORK_MAX_DEPTH)
        work_fail(r->w, "macros call each other more than %d levels deep", WORK_MAX_DEPTH);
    r->out = text_new(r->w);
    bind_parameters(r, m->node, a, used);
    bind_caller(r, m->node, a, used);
    bind_rest(r, m->node, a, used);
    run_body(r, m->node->body);
    struct value v = text_string(r->out);
    r->out = out;
    r->n_macros--;
    scope_close(&r->vars, before);
    return v;
}

static struct value call_loop(struct runner *r, struct loop *l, const struct arguments *a);

static struct value call_value(struct runner *r, struct value callee, const struct arguments *a)
{
    switch ((enum kind)callee.kind) {
    case KIND_FUNCTION: return function_call(r->w, callee.which, a, r->now);
    case KIND_METHOD: return method_call(r->w, callee, a);
    case KIND_MACRO: return call_macro(r, callee.macro, a);
    case KIND_LOOP: return call_loop(r, callee.loop, a);
    default:
        value_use(r->w, callee);
        work_fail(r->w, "'%s' object is not callable", value_type(callee));
    }
}

/* caller: what a call block adds, or MISSING. */
APART static struct value eval_call(struct runner *r, const struct node *n, struct value caller)
{
    struct frame f;
    struct bound bound;
    struct value callee = {.kind = KIND_MISSING};
    if (n->a->kind == NODE_ATTRIBUTE) { /* a method: no value is made of it */
        bound.self = eval(r, n->a->a);
        at(r, n->a);
        int method = method_find(bound.self, n->a->name, n->a->len);
        callee =
            method >= 0
                ? (struct value){.kind = KIND_METHOD, .which = (uint16_t)method, .bound = &bound}
                : value_attribute(r->w, bound.self, n->a->name, n->a->len);
    } else {
        callee = eval(r, n->a);
    }
    open_frame(r, &f, n->call);
    if (caller.kind != KIND_MISSING) {
        push_keyword(r, &f, "caller", 6, caller);
        f.arguments.keywords = r->keywords + f.n_keywords;
    }
    at(r, n);
    struct value v = call_value(r, callee, &f.arguments);
    close_frame(r, &f);
    return v;
}

APART static struct value eval_filter(struct runner *r, const struct node *n)
{
    struct frame f;
    struct value v = n->a ? eval(r, n->a) : r->block;
    open_frame(r, &f, n->call);
    at(r, n);
    v = filter_run(r->w, (int)n->which, v, &f.arguments);
    close_frame(r, &f);
    return v;
}

APART static struct value eval_test(struct runner *r, const struct node *n)
{
    struct frame f;
    struct value v = eval(r, n->a);
    open_frame(r, &f, n->call);
    at(r, n);
    bool yes = test_run(r->w, (int)n->which, v, &f.arguments);
    close_frame(r, &f);
    return value_bool(yes);
}

/* ---- expressions ---------------------------------------------------------------------------- */

APART static struct list *eval_items(struct runner *r, const struct node *n)
{
    struct list *l = list_new(r->w, n->n_items);
    for (uint32_t i = 0; i < n->n_items; i++)
        list_push(r->w, l, eval(r, n->items[i]));
    return l;
}

APART static struct value eval_dict(struct runner *r, const struct node *n)
{
    struct map *m = map_new(r->w);
    for (uint32_t i = 0; i < n->n_items; i += 2) {
        struct value key = eval(r, n->items[i]), v = eval(r, n->items[i + 1]);
        at(r, n);
        map_set(r->w, m, key, v);
    }
    return value_map(m);
}

APART static struct value eval_slice(struct runner *r, const struct node *n)
{
    struct value of = eval(r, n->a), parts[3];
    for (int i = 0; i < 3; i++)
        parts[i] = n->items[i] ? eval(r, n->items[i]) : (struct value){.kind = KIND_MISSING};
    at(r, n);
    return value_slice(r->w, of, parts[0], parts[1], parts[2]);
}

APART static struct value eval_item(struct runner *r, const struct node *n)
{
    struct value of = eval(r, n->a), key = eval(r, n->b);
    at(r, n);
    return value_item(r->w, of, key);
}

APART static struct value eval_concat(struct runner *r, const struct node *n)
{
    struct value all = value_str(r->w, eval(r, n->items[0]));
    for (uint32_t i = 1; i < n->n_items; i++) {
        struct value v = eval(r, n->items[i]);
        at(r, n);
        all = string_concat(r->w, all, value_str(r->w, v));
    }
    return all;
}

APART static struct value eval_compare(struct runner *r, const struct node *n)
{
    struct value left = eval(r, n->items[0]);
    for (uint32_t i = 1; i < n->n_items; i++) {
        struct value right = eval(r, n->items[i]);
        at(r, n);
        if (!operator_compare(r->w, n->operators[i - 1], left, right))
            return value_bool(false);
        left = right;
    }
    return value_bool(true);
}

APART static struct value eval_arithmetic(struct runner *r, const struct node *n)
{
    struct value left = eval(r, n->a), right = eval(r, n->b);
    at(r, n);
    return operator_arithmetic(r->w, n->which, left, right);
}

APART static struct value eval_condition(struct runner *r, const struct node *n)
{
    static const char why[] = "the inline if-expression evaluated to false and no else section was "
                              "defined.";
    if (value_truth(r->w, eval(r, n->a)))
        return eval(r, n->b);
    return n->c ? eval(r, n->c) : value_undefined(UNDEFINED_OTHER, why, sizeof why - 1);
}

APART static struct value eval_positive(struct runner *r, const struct node *n)
{
    struct value v = eval(r, n->a);
    at(r, n);
    if (!value_is_number(v)) {
        value_use(r->w, v);
        work_fail(r->w, "bad operand type for unary +: '%s'", value_type(v));
    }
    return v.kind == KIND_BOOL ? value_int(v.yes) : v;
}

static struct value eval_kind(struct runner *r, const struct node *n)
{
    struct value v;
    switch ((enum node_kind)n->kind) {
    case NODE_LIST: return value_list(eval_items(r, n));
    case NODE_TUPLE: return value_tuple(eval_items(r, n));
    case NODE_DICT: return eval_dict(r, n);
    case NODE_ATTRIBUTE:
        v = eval(r, n->a);
        at(r, n);
        return value_attribute(r->w, v, n->name, n->len);
    case NODE_ITEM: return eval_item(r, n);
    case NODE_SLICE: return eval_slice(r, n);
    case NODE_CALL: return eval_call(r, n, (struct value){.kind = KIND_MISSING});
    case NODE_FILTER: return eval_filter(r, n);
    case NODE_TEST: return eval_test(r, n);
    case NODE_NOT: return value_bool(!value_truth(r->w, eval(r, n->a)));
    case NODE_NEGATE:
        v = eval(r, n->a);
        at(r, n);
        return operator_negate(r->w, v);
    case NODE_POSITIVE: return eval_positive(r, n);
    case NODE_ARITHMETIC: return eval_arithmetic(r, n);
    case NODE_CONCAT: return eval_concat(r, n);
    case NODE_COMPARE: return eval_compare(r, n);
    case NODE_AND: v = eval(r, n->a); return value_truth(r->w, v) ? eval(r, n->b) : v;
    case NODE_OR: v = eval(r, n->a); return value_truth(r->w, v) ? v : eval(r, n->b);
    default: return eval_condition(r, n);
    }
}

static struct value eval(struct runner *r, const struct node *n)
{
    work_step(r->w, 1);
    if (n->kind == NODE_CONST)
        return n->value;
    if (n->kind == NODE_NAME)
        return scope_lookup(&r->vars, n);
    at(r, n);
    work_enter(r->w, WORK_MAX_CALLS);
    struct value v = eval_kind(r, n);
    work_leave(r->w);
    return v;
}

/* ---- loops ---------------------------------------------------------------------------------- */

/* The `if` of a for statement, in a scope of its own. */
static bool passes(struct work *w, struct loop *l, struct value item)
{
    struct runner *r = l->runner;
    const struct node *n = l->statement;
    uint32_t line = w->line, column = w->column;
    struct scope *before = scope_open(&r->vars, l->scope);
    assign(r, n->a, item);
    bool yes = value_truth(w, eval(r, n->c));
    scope_close(&r->vars, before);
    w->line = line;
    w->column = column;
    return yes;
}

static enum flow run_round(struct runner *r, const struct node *n, struct loop *l)
{
    struct scope *before = scope_open(&r->vars, l->scope);
    assign(r, n->a, l->current);
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

/* loop(children): the same statement over other values, as a text. */
APART static struct value call_loop(struct runner *r, struct loop *l, const struct arguments *a)
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
        if (value_truth(r->w, eval(r, n->items[i])))
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
    return filters ? eval(r, filters) : v;
}

APART static enum flow run_scope(struct runner *r, const struct node *n)
{
    struct list *values = list_new(r->w, n->n_items / 2);
    for (uint32_t i = 1; i < n->n_items; i += 2)
        list_push(r->w, values, eval(r, n->items[i]));
    struct scope *before = scope_open(&r->vars, r->vars.now);
    for (uint32_t i = 0; i < values->n; i++)
        assign(r, n->items[2 * i], values->items[i]);
    enum flow flow = run_body(r, n->c);
    scope_close(&r->vars, before);
    return flow;
}

APART static void run_output(struct runner *r, const struct node *n)
{
    for (uint32_t i = 0; i < n->n_items; i++) {
        struct value v = eval(r, n->items[i]);
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
        v = eval(r, n->b);
        at(r, n);
        run_loop(r, n, v, r->vars.now, 0);
        return FLOW_ON;
    case NODE_SET: assign(r, n->a, eval(r, n->b)); return FLOW_ON;
    case NODE_SET_BLOCK:
        v = body_text(r, n->c, &flow);
        if (flow == FLOW_ON)
            assign(r, n->a, filtered(r, n->b, v));
        return flow;
    case NODE_FILTER_BLOCK:
        v = body_text(r, n->c, &flow);
        if (flow == FLOW_ON)
            print_str(r->w, r->out, filtered(r, n->b, v));
        return flow;
    case NODE_MACRO: scope_bind(&r->vars, n->symbol, make_macro(r, n->macro)); return FLOW_ON;
    case NODE_CALL_BLOCK:
        v = make_macro(r, n->macro);
        print_str(r->w, r->out, eval_call(r, n->a, v));
        return FLOW_ON;
    case NODE_SCOPE: return run_scope(r, n);
    case NODE_BREAK: return FLOW_BREAK;
    default: return FLOW_CONTINUE;
    }
}

static enum flow run_body(struct runner *r, const struct node *n)
{
    enum flow flow = FLOW_ON;
    work_enter(r->w, WORK_MAX_CALLS);
    for (uint32_t i = 0; i < n->n_items && flow == FLOW_ON; i++) {
        work_step(r->w, 1);
        at(r, n->items[i]);
        flow = run_statement(r, n->items[i]);
    }
    work_leave(r->w);
    return flow;
}

void run_template(struct work *w, const struct node *body, struct value *globals,
                  const struct tm *now, struct text *out)
{
    struct runner r = {.w = w, .vars = {.w = w, .globals = globals}, .now = now, .out = out};
    r.arguments = work_take_array(w, MAX_ARGUMENTS, sizeof *r.arguments);
    r.keywords = work_take_array(w, MAX_ARGUMENTS, sizeof *r.keywords);
    run_body(&r, body);
}
