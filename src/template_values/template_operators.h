/* SPDX-License-Identifier: MIT
 *
 * template_operators: what + - * / ** % < == `in` and their like do, as in Python.
 */
#ifndef QINS_TEMPLATE_OPERATORS_H
#define QINS_TEMPLATE_OPERATORS_H

#include "template_value.h"

enum operator_kind {
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_FLOORDIV,
    OP_MOD,
    OP_POW,
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_IN,
    OP_NOT_IN,
};

const char *operator_name(enum operator_kind op);
struct value operator_arithmetic(struct work *w, enum operator_kind op, struct value a,
                                 struct value b); /* OP_ADD to OP_POW */
bool operator_compare(struct work *w, enum operator_kind op, struct value a, struct value b);
struct value operator_negate(struct work *w, struct value v);
bool value_contains(struct work *w, struct value in, struct value v);

#endif
