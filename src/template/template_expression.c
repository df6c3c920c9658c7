/* SPDX-License-Identifier: MIT */
#include "template_expression.h"

#include "template_expression_internal.h"
#include "template_operators.h"

/* ---- operators, from the tightest on -------------------------------------------------------- */

struct node *expression_read_unary(struct parser *p, bool with_filter)
{
    struct node *n;
    parser_enter(p);
    if (parser_is_operator(p, "-") || parser_is_operator(p, "+")) {
        n = parser_node(p, parser_is_operator(p, "-") ? NODE_NEGATE : NODE_POSITIVE);
        p->at++;
        n->a = expression_read_unary(p, false);
    } else {
        n = operand_read_primary(p);
    }
    n = operand_read_postfix(p, n);
    if (with_filter)
        n = operand_read_filters_and_tests(p, n);
    work_leave(p->w);
    return n;
}

struct binary {
    const char *text;
    enum operator_kind op;
};

static const struct binary powers[] = {{"**", OP_POW}, {0}};
static const struct binary products[] = {
    {"*", OP_MUL}, {"/", OP_DIV}, {"//", OP_FLOORDIV}, {"%", OP_MOD}, {0}};
static const struct binary sums[] = {{"+", OP_ADD}, {"-", OP_SUB}, {0}};
static const struct binary comparisons[] = {
    {"==", OP_EQ}, {"!=", OP_NE}, {"<", OP_LT}, {"<=", OP_LE}, {">", OP_GT}, {">=", OP_GE}, {0}};

static const struct binary *at_operator(const struct parser *p, const struct binary *table)
{
    for (; table->text; table++)
        if (parser_is_operator(p, table->text))
            return table;
    return NULL;
}

static struct node *read_left(struct parser *p, const struct binary *table,
                              struct node *(*operand)(struct parser *p))
{
    struct node *left = operand(p);
    const struct binary *b;
    while ((b = at_operator(p, table))) {
        struct node *n = parser_node(p, NODE_ARITHMETIC);
        p->at++;
        n->a = left;
        n->b = operand(p);
        n->which = b->op;
        left = n;
    }
    return left;
}

static struct node *read_operand(struct parser *p)
{
    return expression_read_unary(p, true);
}

static struct node *read_power(struct parser *p)
{
    return read_left(p, powers, read_operand);
}

static struct node *read_product(struct parser *p)
{
    return read_left(p, products, read_power);
}

static struct node *read_concat(struct parser *p)
{
    struct nodes items = {0};
    struct node *first = read_product(p);
    if (!parser_is_operator(p, "~"))
        return first;
    nodes_push(p, &items, first);
    while (parser_skip_operator(p, "~"))
        nodes_push(p, &items, read_product(p));
    struct node *n = operand_pair(p, NODE_CONCAT, first, NULL);
    operand_give_items(n, &items);
    return n;
}

static struct node *read_sum(struct parser *p)
{
    return read_left(p, sums, read_concat);
}

/* -> whether a comparison stands here, which is passed over. */
static bool skip_comparison(struct parser *p, uint8_t *op)
{
    const struct binary *b = at_operator(p, comparisons);
    if (b)
        *op = b->op;
    else if (parser_is_name(p, "in"))
        *op = OP_IN;
    else if (parser_is_name(p, "not") && token_is_name(p->at + 1, "in"))
        *op = OP_NOT_IN;
    else
        return false;
    p->at += *op == OP_NOT_IN ? 2 : 1;
    return true;
}

static struct node *read_comparison(struct parser *p)
{
    struct nodes items = {0};
    struct node *first = read_sum(p);
    uint8_t op, *operators = NULL;
    uint32_t n_operators = 0;
    nodes_push(p, &items, first);
    while (skip_comparison(p, &op)) {
        operators = work_grow_array(p->w, operators, n_operators, n_operators + 1, 1);
        operators[n_operators++] = op;
        nodes_push(p, &items, read_sum(p));
    }
    if (items.n == 1)
        return first;
    struct node *n = operand_pair(p, NODE_COMPARE, first, NULL);
    operand_give_items(n, &items);
    n->operators = operators;
    return n;
}

static struct node *read_not(struct parser *p)
{
    if (!parser_is_name(p, "not"))
        return read_comparison(p);
    struct node *n = parser_node(p, NODE_NOT);
    p->at++;
    parser_enter(p);
    n->a = read_not(p);
    work_leave(p->w);
    return n;
}

static struct node *read_and(struct parser *p)
{
    struct node *left = read_not(p);
    while (parser_skip_name(p, "and"))
        left = operand_pair(p, NODE_AND, left, read_not(p));
    return left;
}

struct node *expression_read_or(struct parser *p)
{
    struct node *left = read_and(p);
    while (parser_skip_name(p, "or"))
        left = operand_pair(p, NODE_OR, left, read_and(p));
    return left;
}

struct node *expression_read(struct parser *p)
{
    parser_enter(p);
    struct node *n = expression_read_or(p);
    while (parser_skip_name(p, "if")) {
        struct node *condition = operand_pair(p, NODE_CONDITION, expression_read_or(p), n);
        condition->c = parser_skip_name(p, "else") ? expression_read(p) : NULL;
        n = condition;
    }
    work_leave(p->w);
    return n;
}

struct node *expression_read_tuple(struct parser *p, bool condition)
{
    return operand_read_tuple(p, condition ? expression_read : expression_read_or, false, false);
}

/* ---- targets -------------------------------------------------------------------------------- */

static struct node *read_target(struct parser *p)
{
    if (parser_skip_operator(p, "(")) {
        parser_enter(p);
        struct node *n = operand_read_tuple(p, read_target, true, true);
        work_leave(p->w);
        parser_expect_operator(p, ")");
        return n;
    }
    if (p->at->kind != TOKEN_NAME)
        parser_unexpected(p, "a name to assign to");
    const struct token *name = p->at;
    struct node *n = operand_read_name(p);
    if (n->kind != NODE_NAME)
        parser_fail(p, "can't assign to '%.*s'", (int)name->len, name->bytes);
    parser_assigned(p, n->name, n->len);
    return n;
}

static struct node *read_target_or_member(struct parser *p)
{
    if (p->at->kind != TOKEN_NAME || !token_is_operator(p->at + 1, "."))
        return read_target(p);
    struct node *n = operand_read_name(p);
    p->at++;
    const struct token *member = parser_take_name(p);
    if (n->kind != NODE_NAME)
        parser_fail(p, "can't assign to a member of a constant");
    n->kind = NODE_MEMBER;
    n->name = member->bytes;
    n->len = member->len;
    parser_assigned(p, member->bytes, member->len);
    return n;
}

struct node *expression_read_target(struct parser *p, bool with_member)
{
    return operand_read_tuple(p, with_member ? read_target_or_member : read_target, false, true);
}

struct node *expression_read_filters(struct parser *p, bool first_without_pipe)
{
    struct node *n = first_without_pipe ? operand_read_filter(p, NULL) : NULL;
    while (parser_skip_operator(p, "|"))
        n = operand_read_filter(p, n);
    return n;
}
