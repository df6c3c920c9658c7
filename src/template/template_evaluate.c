/* SPDX-License-Identifier: MIT
 *
 * The values of expressions: variables, calls, macros, operators.
 */
#include <string.h>

#include "template_access.h"
#include "template_filters.h"
#include "template_functions.h"
#include "template_map.h"
#include "template_method_names.h"
#include "template_methods.h"
#include "template_operators.h"
#include "template_print.h"
#include "template_run_internal.h"
#include "template_tests.h"

struct macro {
    const struct macro_node *node;
    struct scope *scope;
};

/* ---- variables ------------------------------------------------------------------------------ */

APART static void unpack(struct runner *r, const struct node *target, struct value v)
{
    struct walk walk = walk_start(r->w, v);
    struct value item;
    for (uint32_t i = 0; i < target->n_items; i++) {
        if (!walk_next(r->w, &walk, &item))
            work_fail(r->w, "not enough values to unpack (expected %u, got %u)", target->n_items,
                      i);
        run_assign(r, target->items[i], item);
    }
    if (walk_next(r->w, &walk, &item))
        work_fail(r->w, "too many values to unpack (expected %u)", target->n_items);
}

APART void run_assign(struct runner *r, const struct node *target, struct value v)
{
    if (target->kind == NODE_NAME) {
        scope_bind(&r->vars, target->symbol, v);
    } else if (target->kind == NODE_TUPLE) {
        run_at(r, target);
        unpack(r, target, v);
    } else {
        struct value space = scope_lookup(&r->vars, target);
        run_at(r, target);
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
    if (r->n_arguments == RUN_MAX_ARGUMENTS)
        work_fail(r->w, "too many arguments");
    r->arguments[r->n_arguments++] = v;
    f->positional.n++;
}

static void push_keyword(struct runner *r, struct frame *f, const char *name, uint32_t n,
                         struct value v)
{
    if (r->n_keywords == RUN_MAX_ARGUMENTS)
        work_fail(r->w, "too many arguments");
    r->keywords[r->n_keywords++] = (struct keyword){name, n, v};
    f->arguments.n_keywords++;
}

static void push_stars(struct runner *r, struct frame *f, const struct call *c)
{
    struct value item;
    if (c->star) {
        struct value items = run_value(r, c->star);
        for (struct walk walk = walk_start(r->w, items); walk_next(r->w, &walk, &item);)
            push_argument(r, f, item);
    }
    if (!c->star_star)
        return;
    struct value v = run_value(r, c->star_star);
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
        push_argument(r, f, run_value(r, c->positional[i]));
    for (uint32_t i = 0; i < c->n_keywords; i++)
        push_keyword(r, f, c->keywords[i].name, c->keywords[i].n,
                     run_value(r, c->keywords[i].value));
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

struct value run_make_macro(struct runner *r, const struct macro_node *node)
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
            v = p->otherwise ? run_value(r, p->otherwise)
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

static struct value call_value(struct runner *r, struct value callee, const struct arguments *a)
{
    switch ((enum kind)callee.kind) {
    case KIND_FUNCTION: return function_call(r->w, callee.which, a, r->now);
    case KIND_METHOD: return method_call(r->w, callee, a);
    case KIND_MACRO: return call_macro(r, callee.macro, a);
    case KIND_LOOP: return run_loop_again(r, callee.loop, a);
    default:
        value_use(r->w, callee);
        work_fail(r->w, "'%s' object is not callable", value_type(callee));
    }
}

APART struct value run_call(struct runner *r, const struct node *n, struct value caller)
{
    struct frame f;
    struct bound bound;
    struct value callee = {.kind = KIND_MISSING};
    if (n->a->kind == NODE_ATTRIBUTE) { /* a method: no value is made of it */
        bound.self = run_value(r, n->a->a);
        run_at(r, n->a);
        int method = method_find(bound.self, n->a->name, n->a->len);
        callee =
            method >= 0
                ? (struct value){.kind = KIND_METHOD, .which = (uint16_t)method, .bound = &bound}
                : value_attribute(r->w, bound.self, n->a->name, n->a->len);
    } else {
        callee = run_value(r, n->a);
    }
    open_frame(r, &f, n->call);
    if (caller.kind != KIND_MISSING) {
        push_keyword(r, &f, "caller", 6, caller);
        f.arguments.keywords = r->keywords + f.n_keywords;
    }
    run_at(r, n);
    struct value v = call_value(r, callee, &f.arguments);
    close_frame(r, &f);
    return v;
}

APART static struct value eval_filter(struct runner *r, const struct node *n)
{
    struct frame f;
    struct value v = n->a ? run_value(r, n->a) : r->block;
    open_frame(r, &f, n->call);
    run_at(r, n);
    v = filter_run(r->w, (int)n->which, v, &f.arguments);
    close_frame(r, &f);
    return v;
}

APART static struct value eval_test(struct runner *r, const struct node *n)
{
    struct frame f;
    struct value v = run_value(r, n->a);
    open_frame(r, &f, n->call);
    run_at(r, n);
    bool yes = test_run(r->w, (int)n->which, v, &f.arguments);
    close_frame(r, &f);
    return value_bool(yes);
}

/* ---- expressions ---------------------------------------------------------------------------- */

APART static struct list *eval_items(struct runner *r, const struct node *n)
{
    struct list *l = list_new(r->w, n->n_items);
    for (uint32_t i = 0; i < n->n_items; i++)
        list_push(r->w, l, run_value(r, n->items[i]));
    return l;
}

APART static struct value eval_dict(struct runner *r, const struct node *n)
{
    struct map *m = map_new(r->w);
    for (uint32_t i = 0; i < n->n_items; i += 2) {
        struct value key = run_value(r, n->items[i]), v = run_value(r, n->items[i + 1]);
        run_at(r, n);
        map_set(r->w, m, key, v);
    }
    return value_map(m);
}

APART static struct value eval_slice(struct runner *r, const struct node *n)
{
    struct value of = run_value(r, n->a), parts[3];
    for (int i = 0; i < 3; i++)
        parts[i] = n->items[i] ? run_value(r, n->items[i]) : (struct value){.kind = KIND_MISSING};
    run_at(r, n);
    return value_slice(r->w, of, parts[0], parts[1], parts[2]);
}

APART static struct value eval_item(struct runner *r, const struct node *n)
{
    struct value of = run_value(r, n->a), key = run_value(r, n->b);
    run_at(r, n);
    return value_item(r->w, of, key);
}

APART static struct value eval_concat(struct runner *r, const struct node *n)
{
    struct value all = value_str(r->w, run_value(r, n->items[0]));
    for (uint32_t i = 1; i < n->n_items; i++) {
        struct value v = run_value(r, n->items[i]);
        run_at(r, n);
        all = string_concat(r->w, all, value_str(r->w, v));
    }
    return all;
}

APART static struct value eval_compare(struct runner *r, const struct node *n)
{
    struct value left = run_value(r, n->items[0]);
    for (uint32_t i = 1; i < n->n_items; i++) {
        struct value right = run_value(r, n->items[i]);
        run_at(r, n);
        if (!operator_compare(r->w, n->operators[i - 1], left, right))
            return value_bool(false);
        left = right;
    }
    return value_bool(true);
}

APART static struct value eval_arithmetic(struct runner *r, const struct node *n)
{
    struct value left = run_value(r, n->a), right = run_value(r, n->b);
    run_at(r, n);
    return operator_arithmetic(r->w, n->which, left, right);
}

APART static struct value eval_condition(struct runner *r, const struct node *n)
{
    static const char why[] = "the inline if-expression evaluated to false and no else section was "
                              "defined.";
    if (value_truth(r->w, run_value(r, n->a)))
        return run_value(r, n->b);
    return n->c ? run_value(r, n->c) : value_undefined(UNDEFINED_OTHER, why, sizeof why - 1);
}

APART static struct value eval_positive(struct runner *r, const struct node *n)
{
    struct value v = run_value(r, n->a);
    run_at(r, n);
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
        v = run_value(r, n->a);
        run_at(r, n);
        return value_attribute(r->w, v, n->name, n->len);
    case NODE_ITEM: return eval_item(r, n);
    case NODE_SLICE: return eval_slice(r, n);
    case NODE_CALL: return run_call(r, n, (struct value){.kind = KIND_MISSING});
    case NODE_FILTER: return eval_filter(r, n);
    case NODE_TEST: return eval_test(r, n);
    case NODE_NOT: return value_bool(!value_truth(r->w, run_value(r, n->a)));
    case NODE_NEGATE:
        v = run_value(r, n->a);
        run_at(r, n);
        return operator_negate(r->w, v);
    case NODE_POSITIVE: return eval_positive(r, n);
    case NODE_ARITHMETIC: return eval_arithmetic(r, n);
    case NODE_CONCAT: return eval_concat(r, n);
    case NODE_COMPARE: return eval_compare(r, n);
    case NODE_AND: v = run_value(r, n->a); return value_truth(r->w, v) ? run_value(r, n->b) : v;
    case NODE_OR: v = run_value(r, n->a); return value_truth(r->w, v) ? v : run_value(r, n->b);
    default: return eval_condition(r, n);
    }
}

struct value run_value(struct runner *r, const struct node *n)
{
    work_step(r->w, 1);
    if (n->kind == NODE_CONST)
        return n->value;
    if (n->kind == NODE_NAME)
        return scope_lookup(&r->vars, n);
    run_at(r, n);
    work_enter(r->w, WORK_MAX_CALLS);
    struct value v = eval_kind(r, n);
    work_leave(r->w);
    return v;
}
