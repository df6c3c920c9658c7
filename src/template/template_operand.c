/* SPDX-License-Identifier: MIT
 *
 * Reads what operators stand between: names, literals, calls, members, filters and tests.
 */
#include <string.h>

#include "template_expression.h"
#include "template_expression_internal.h"
#include "template_filters.h"
#include "template_map.h"
#include "template_tests.h"

struct node *operand_pair(struct parser *p, enum node_kind kind, struct node *a, struct node *b)
{
    struct node *n = parser_node(p, kind);
    n->line = a->line;
    n->column = a->column;
    n->a = a;
    n->b = b;
    return n;
}

void operand_give_items(struct node *n, const struct nodes *l)
{
    n->items = l->items;
    n->n_items = l->n;
}

/* ---- names and literals --------------------------------------------------------------------- */

struct node *operand_constant(struct parser *p, struct value v)
{
    struct node *n = parser_node(p, NODE_CONST);
    n->value = v;
    p->at++;
    return n;
}

struct node *operand_read_name(struct parser *p)
{
    const struct token *t = p->at;
    if (token_is_name(t, "true") || token_is_name(t, "True"))
        return operand_constant(p, value_bool(true));
    if (token_is_name(t, "false") || token_is_name(t, "False"))
        return operand_constant(p, value_bool(false));
    if (token_is_name(t, "none") || token_is_name(t, "None"))
        return operand_constant(p, value_none());
    struct node *n = parser_node(p, NODE_NAME);
    p->uses |= token_is_name(t, "caller")    ? USES_CALLER
               : token_is_name(t, "varargs") ? USES_VARARGS
               : token_is_name(t, "kwargs")  ? USES_KWARGS
               : token_is_name(t, "loop")    ? USES_LOOP
                                             : 0;
    n->name = t->bytes;
    n->len = t->len;
    n->symbol = parser_symbol(p, t->bytes, t->len);
    p->at++;
    return n;
}

static struct node *read_strings(struct parser *p)
{
    struct node *n = operand_constant(p, p->at->value);
    while (p->at->kind == TOKEN_STRING) {
        n->value = string_freeze(p->w, string_concat(p->w, n->value, p->at->value));
        p->at++;
    }
    return n;
}

static struct node *read_list(struct parser *p)
{
    struct node *n = parser_node(p, NODE_LIST);
    struct nodes items = {0};
    parser_expect_operator(p, "[");
    while (!parser_is_operator(p, "]")) {
        if (items.n)
            parser_expect_operator(p, ",");
        if (parser_is_operator(p, "]"))
            break;
        nodes_push(p, &items, expression_read(p));
    }
    p->at++;
    operand_give_items(n, &items);
    return n;
}

static struct node *read_dict(struct parser *p)
{
    struct node *n = parser_node(p, NODE_DICT);
    struct nodes items = {0};
    parser_expect_operator(p, "{");
    while (!parser_is_operator(p, "}")) {
        if (items.n)
            parser_expect_operator(p, ",");
        if (parser_is_operator(p, "}"))
            break;
        struct node *key = expression_read(p);
        if (key->kind == NODE_CONST && key->value.kind == KIND_STRING)
            parser_assigned(p, string_bytes(key->value), key->value.len);
        nodes_push(p, &items, key);
        parser_expect_operator(p, ":");
        nodes_push(p, &items, expression_read(p));
    }
    p->at++;
    operand_give_items(n, &items);
    return n;
}

static bool is_tuple_end(const struct parser *p, bool target)
{
    return p->at->kind == TOKEN_VARIABLE_END || p->at->kind == TOKEN_BLOCK_END ||
           parser_is_operator(p, ")") || (target && parser_is_name(p, "in"));
}

struct node *operand_read_tuple(struct parser *p, struct node *(*item)(struct parser *p),
                                bool parentheses, bool target)
{
    struct node *n = parser_node(p, NODE_TUPLE);
    struct nodes items = {0};
    bool is_tuple = false;
    for (;;) {
        if (items.n)
            parser_expect_operator(p, ",");
        if (is_tuple_end(p, target))
            break;
        nodes_push(p, &items, item(p));
        if (!parser_is_operator(p, ","))
            break;
        is_tuple = true;
    }
    if (!is_tuple && items.n)
        return items.items[0];
    if (!is_tuple && !parentheses)
        parser_unexpected(p, "an expression");
    operand_give_items(n, &items);
    return n;
}

struct node *operand_read_primary(struct parser *p)
{
    switch (p->at->kind) {
    case TOKEN_NAME: return operand_read_name(p);
    case TOKEN_STRING: return read_strings(p);
    case TOKEN_INT:
    case TOKEN_FLOAT: return operand_constant(p, p->at->value);
    default: break;
    }
    if (parser_skip_operator(p, "(")) {
        struct node *n = operand_read_tuple(p, expression_read, true, false);
        parser_expect_operator(p, ")");
        return n;
    }
    if (parser_is_operator(p, "["))
        return read_list(p);
    if (parser_is_operator(p, "{"))
        return read_dict(p);
    parser_unexpected(p, "an expression");
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void add_keyword(struct parser *p, struct call *c)
{
    const struct token *name = p->at;
    p->at += 2;
    parser_assigned(p, name->bytes, name->len);
    work_step(p->w, c->n_keywords / 4);
    for (uint32_t i = 0; i < c->n_keywords; i++)
        if (c->keywords[i].n == name->len &&
            memcmp(c->keywords[i].name, name->bytes, name->len) == 0)
            parser_fail(p, "keyword argument repeated: %.*s", (int)name->len, name->bytes);
    if ((c->n_keywords & (c->n_keywords + 1)) == 0) /* full at 0, 1, 3, 7 ... */
        c->keywords = work_grow_array(p->w, c->keywords, c->n_keywords, c->n_keywords * 2 + 1,
                                      sizeof *c->keywords);
    c->keywords[c->n_keywords++] =
        (struct call_keyword){name->bytes, name->len, expression_read(p)};
}

static void read_argument(struct parser *p, struct call *c, struct nodes *positional)
{
    bool stars = c->star || c->star_star;
    if (!c->star && !c->star_star && parser_skip_operator(p, "*"))
        c->star = expression_read(p);
    else if (!c->star_star && parser_skip_operator(p, "**"))
        c->star_star = expression_read(p);
    else if (!c->star_star && p->at->kind == TOKEN_NAME && token_is_operator(p->at + 1, "="))
        add_keyword(p, c);
    else if (!stars && c->n_keywords == 0)
        nodes_push(p, positional, expression_read(p));
    else
        parser_fail(p, "invalid syntax for function call expression");
}

static struct call *read_arguments(struct parser *p)
{
    struct call *c = work_take(p->w, sizeof *c);
    struct nodes positional = {0};
    *c = (struct call){0};
    parser_expect_operator(p, "(");
    for (bool first = true; !parser_is_operator(p, ")"); first = false) {
        if (!first)
            parser_expect_operator(p, ",");
        if (parser_is_operator(p, ")"))
            break;
        read_argument(p, c, &positional);
    }
    p->at++;
    c->positional = positional.items;
    c->n_positional = positional.n;
    return c;
}

static struct call *no_arguments(struct parser *p)
{
    struct call *c = work_take(p->w, sizeof *c);
    *c = (struct call){0};
    return c;
}

static struct node *read_call(struct parser *p, struct node *callee)
{
    struct node *n = parser_node(p, NODE_CALL);
    struct call_site *site = work_take(p->w, sizeof *site);
    n->line = callee->line;
    n->column = callee->column;
    n->a = callee;
    n->call = read_arguments(p);
    *site = (struct call_site){p->calls, n};
    p->calls = site;
    return n;
}

/* ---- what follows a value ------------------------------------------------------------------- */

static struct node *read_subscribed(struct parser *p, struct node *of)
{
    struct node *n = parser_node(p, NODE_SLICE);
    struct node **parts = work_take_array(p->w, 3, sizeof *parts);
    memset(parts, 0, 3 * sizeof *parts);
    if (!parser_is_operator(p, ":"))
        parts[0] = expression_read(p);
    n->kind = parser_is_operator(p, ":") ? NODE_SLICE : NODE_ITEM;
    for (int i = 1; i < 3 && parser_skip_operator(p, ":"); i++)
        if (!parser_is_operator(p, ":") && !parser_is_operator(p, "]") &&
            !parser_is_operator(p, ","))
            parts[i] = expression_read(p);
    n->a = of;
    n->b = n->kind == NODE_ITEM ? parts[0] : NULL;
    n->items = parts;
    n->n_items = 3;
    return n;
}

static struct node *read_item(struct parser *p, struct node *of)
{
    struct node *n = read_subscribed(p, of);
    if (!parser_is_operator(p, ",")) {
        parser_expect_operator(p, "]");
        return n;
    }
    struct nodes items = {0};
    if (n->kind == NODE_SLICE)
        parser_fail(p, "a slice in a list of indices is not supported");
    nodes_push(p, &items, n->b);
    while (parser_skip_operator(p, ","))
        nodes_push(p, &items, expression_read(p));
    parser_expect_operator(p, "]");
    n->b = parser_node(p, NODE_TUPLE);
    operand_give_items(n->b, &items);
    return n;
}

static struct node *read_attribute(struct parser *p, struct node *of)
{
    struct node *n = parser_node(p, NODE_ATTRIBUTE);
    n->a = of;
    if (p->at->kind == TOKEN_INT) {
        n->kind = NODE_ITEM;
        n->b = operand_constant(p, p->at->value);
        return n;
    }
    const struct token *name = parser_take_name(p);
    n->name = name->bytes;
    n->len = name->len;
    return n;
}

struct node *operand_read_postfix(struct parser *p, struct node *n)
{
    for (;;) {
        if (parser_skip_operator(p, "."))
            n = read_attribute(p, n);
        else if (parser_skip_operator(p, "["))
            n = read_item(p, n);
        else if (parser_is_operator(p, "("))
            n = read_call(p, n);
        else
            return n;
    }
}

static void check_inner_name(struct parser *p, const struct node *filter)
{
    for (uint32_t i = 0; i < filter->call->n_positional; i++) {
        const struct node *arg = filter->call->positional[i];
        enum filter_names names = filter_names((int)filter->which, i);
        if (names == NAMES_NOTHING || arg->kind != NODE_CONST || arg->value.kind != KIND_STRING)
            continue;
        const char *s = string_bytes(arg->value);
        if ((names == NAMES_FILTER ? filter_find : test_find)(s, arg->value.len) < 0)
            parser_fail(p, "unknown %s '%.*s'", names == NAMES_FILTER ? "filter" : "test",
                        (int)arg->value.len, s);
    }
}

struct node *operand_read_filter(struct parser *p, struct node *of)
{
    struct node *n = parser_node(p, NODE_FILTER);
    const struct token *name = p->at;
    if (p->at->kind == TOKEN_NAME) {
        int filter = filter_find(name->bytes, name->len);
        if (filter < 0)
            parser_fail(p, "unknown filter '%.*s'", (int)name->len, name->bytes);
        n->which = (uint32_t)filter;
    }
    parser_take_name(p);
    n->a = of;
    n->name = name->bytes;
    n->len = name->len;
    n->call = parser_is_operator(p, "(") ? read_arguments(p) : no_arguments(p);
    check_inner_name(p, n);
    return n;
}

/* `is divisibleby 3`: an argument without parentheses. */
static bool starts_argument(const struct parser *p)
{
    if (p->at->kind == TOKEN_NAME)
        return !parser_is_name(p, "else") && !parser_is_name(p, "or") && !parser_is_name(p, "and");
    return p->at->kind == TOKEN_STRING || p->at->kind == TOKEN_INT || p->at->kind == TOKEN_FLOAT ||
           parser_is_operator(p, "[") || parser_is_operator(p, "{");
}

static struct call *read_test_arguments(struct parser *p)
{
    if (parser_is_operator(p, "("))
        return read_arguments(p);
    struct call *c = no_arguments(p);
    if (!starts_argument(p))
        return c;
    if (parser_is_name(p, "is"))
        parser_fail(p, "tests cannot be chained with is");
    c->positional = work_take_array(p->w, 1, sizeof *c->positional);
    c->positional[0] = operand_read_postfix(p, operand_read_primary(p));
    c->n_positional = 1;
    return c;
}

static struct node *read_test(struct parser *p, struct node *of)
{
    struct node *n = parser_node(p, NODE_TEST);
    bool negated = parser_skip_name(p, "not");
    const struct token *name = p->at;
    int test = name->kind == TOKEN_NAME ? test_find(name->bytes, name->len) : 0;
    if (test < 0)
        parser_fail(p, "unknown test '%.*s'", (int)name->len, name->bytes);
    parser_take_name(p);
    n->a = of;
    n->which = (uint32_t)test;
    if (of->kind == NODE_NAME)
        map_set(p->w, p->asked, string_of(p->w, of->name, of->len, true), value_none());
    n->call = read_test_arguments(p);
    return negated ? operand_pair(p, NODE_NOT, n, NULL) : n;
}

struct node *operand_read_filters_and_tests(struct parser *p, struct node *n)
{
    for (;;) {
        if (parser_skip_operator(p, "|"))
            n = operand_read_filter(p, n);
        else if (parser_skip_name(p, "is"))
            n = read_test(p, n);
        else if (parser_is_operator(p, "("))
            n = read_call(p, n);
        else
            return n;
    }
}
