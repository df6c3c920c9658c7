/* SPDX-License-Identifier: MIT
 *
 * template_expression_internal: what template_operand.c (values and what follows them) and
 * template_expression.c (operators, targets) share. For them alone.
 */
#ifndef QINS_TEMPLATE_EXPRESSION_INTERNAL_H
#define QINS_TEMPLATE_EXPRESSION_INTERNAL_H

#include "template_parser.h"

/* ---- template_operand.c --------------------------------------------------------------- */
struct node *operand_pair(struct parser *p, enum node_kind kind, struct node *a, struct node *b);
void operand_give_items(struct node *n, const struct nodes *l);
struct node *operand_constant(struct parser *p, struct value v);
struct node *operand_read_name(struct parser *p);
struct node *operand_read_tuple(struct parser *p, struct node *(*item)(struct parser *p),
                                bool parentheses, bool target);
/* A name, a literal, a list, or what stands in parentheses. */
struct node *operand_read_primary(struct parser *p);
/* .name, [item], (arguments) behind a value. */
struct node *operand_read_postfix(struct parser *p, struct node *n);
struct node *operand_read_filter(struct parser *p, struct node *of);
struct node *operand_read_filters_and_tests(struct parser *p, struct node *n);

/* ---- template_expression.c ------------------------------------------------------------ */
/* A sign, a value and what follows it. */
struct node *expression_read_unary(struct parser *p, bool with_filter);

#endif
