/* SPDX-License-Identifier: MIT
 *
 * template_parser: going through the tokens of a template, for expressions and statements.
 */
#ifndef QINS_TEMPLATE_PARSER_H
#define QINS_TEMPLATE_PARSER_H

#include "template_lexer.h"
#include "template_tree.h"

enum { USES_CALLER = 1, USES_VARARGS = 2, USES_KWARGS = 4, USES_LOOP = 8 };

struct call_site {
    struct call_site *next;
    const struct node *node;
};

struct parser {
    struct work *w;
    const struct token *at;
    struct map *symbols;  /* name -> number, of variables that are read or set */
    struct map *assigned; /* names of variables that the template sets, and of members */
    struct map *asked;    /* names of variables that it asks for by `is defined` */
    struct call_site *calls;
    unsigned uses; /* special names of macros read since it was cleared */
    uint32_t n_loops;
};

_Noreturn void parser_fail(struct parser *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
_Noreturn void parser_unexpected(struct parser *p, const char *wanted);
struct node *parser_node(struct parser *p, enum node_kind kind);
/* Enters a level of nested syntax; leave it with work_leave. */
void parser_enter(struct parser *p);

bool parser_is_operator(const struct parser *p, const char *op);
bool parser_is_name(const struct parser *p, const char *name);
bool token_is_name(const struct token *t, const char *name);
bool token_is_operator(const struct token *t, const char *op);
bool parser_skip_operator(struct parser *p, const char *op);
bool parser_skip_name(struct parser *p, const char *name);
void parser_expect_operator(struct parser *p, const char *op);
void parser_expect_name(struct parser *p, const char *name);
void parser_expect(struct parser *p, enum token_kind kind, const char *what);
/* A name, which is passed over. */
const struct token *parser_take_name(struct parser *p);

uint32_t parser_symbol(struct parser *p, const char *name, size_t n);
void parser_assigned(struct parser *p, const char *name, size_t n);

/* Lists of nodes that grow. */
struct nodes {
    struct node **items;
    uint32_t n, cap;
};
void nodes_push(struct parser *p, struct nodes *l, struct node *n);

#endif
