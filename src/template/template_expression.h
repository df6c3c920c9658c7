/* SPDX-License-Identifier: MIT
 *
 * template_expression: reads expressions, with Jinja's precedence.
 */
#ifndef QINS_TEMPLATE_EXPRESSION_H
#define QINS_TEMPLATE_EXPRESSION_H

#include "template_parser.h"

struct node *expression_read(struct parser *p);
/* One without a conditional at its outermost level: what a for loop goes over. */
struct node *expression_read_or(struct parser *p);
/* a, b, c without parentheses is a tuple. `condition`: whether `x if y` may stand in it. */
struct node *expression_read_tuple(struct parser *p, bool condition);
/* What may stand left of `=`: a name, a tuple of names; with_member: also a namespace's attribute.
 */
struct node *expression_read_target(struct parser *p, bool with_member);
/* name(args)|name... of a filter or set block: NODE_FILTER, the innermost with a NULL. */
struct node *expression_read_filters(struct parser *p, bool first_without_pipe);

#endif
