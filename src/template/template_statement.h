/* SPDX-License-Identifier: MIT
 *
 * template_statement: reads a whole template: text, {{ }} and {% %}.
 */
#ifndef QINS_TEMPLATE_STATEMENT_H
#define QINS_TEMPLATE_STATEMENT_H

#include "template_parser.h"

/* -> NODE_BODY. Everything in it is known: what is not, is refused here with its line and column.
 */
struct node *statement_read_all(struct parser *p);

#endif
