/* SPDX-License-Identifier: MIT
 *
 * template_tree: a template that was read.
 */
#ifndef QINS_TEMPLATE_TREE_H
#define QINS_TEMPLATE_TREE_H

#include "template_value.h"

enum node_kind {
    /* expressions */
    NODE_CONST,      /* value; also the text between tags */
    NODE_NAME,       /* symbol */
    NODE_LIST,       /* items */
    NODE_TUPLE,      /* items */
    NODE_DICT,       /* items: key, value, key, value ... */
    NODE_ATTRIBUTE,  /* a.name */
    NODE_ITEM,       /* a[b] */
    NODE_SLICE,      /* a[items[0]:items[1]:items[2]], NULL: left out */
    NODE_CALL,       /* a(call) */
    NODE_FILTER,     /* a | which(call); a NULL: a filter block or set block */
    NODE_TEST,       /* a is which(call) */
    NODE_NOT,        /* a */
    NODE_NEGATE,     /* a */
    NODE_POSITIVE,   /* a */
    NODE_ARITHMETIC, /* a which b */
    NODE_CONCAT,     /* items */
    NODE_COMPARE,    /* items[0] operators[0] items[1] operators[1] items[2] ... */
    NODE_AND,        /* a, b */
    NODE_OR,         /* a, b */
    NODE_CONDITION,  /* b if a else c; c may be NULL */
    /* statements */
    NODE_OUTPUT,       /* items */
    NODE_IF,           /* items: condition, body, condition, body ...; c: else, or NULL */
    NODE_FOR,          /* for a in b if c; items: body, else (may be NULL); which: FOR_... */
    NODE_SET,          /* a = b */
    NODE_SET_BLOCK,    /* a = body c, through filters b (may be NULL) */
    NODE_MACRO,        /* macro, symbol */
    NODE_CALL_BLOCK,   /* a: the call, macro: the body as a macro */
    NODE_FILTER_BLOCK, /* body c through filters b */
    NODE_SCOPE,        /* items: target, value, target, value ...; body c */
    NODE_BODY,         /* items */
    NODE_BREAK,
    NODE_CONTINUE,
    /* targets of assignments besides NODE_NAME and NODE_TUPLE */
    NODE_MEMBER, /* symbol.name: an attribute of a namespace */
};

enum { FOR_RECURSIVE = 1, FOR_USES_LOOP = 2 };

struct node;

struct call {
    struct node **positional;
    uint32_t n_positional, n_keywords;
    struct call_keyword {
        const char *name;
        uint32_t n;
        struct node *value;
    } * keywords;
    struct node *star, *star_star; /* *list, **mapping; or NULL */
};

struct parameter {
    const char *name;
    uint32_t n, symbol;
    struct node *otherwise; /* default, or NULL */
};

struct macro_node {
    const char *name;
    uint32_t n_name, n_parameters;
    struct parameter *parameters;
    struct node *body;
    bool takes_caller, takes_varargs, takes_kwargs;
    uint32_t caller, varargs, kwargs; /* symbols */
};

struct node {
    uint8_t kind;
    uint32_t which; /* operator, filter, test, flag */
    uint32_t line, column;
    uint32_t symbol, len; /* len: bytes of the name */
    const char *name;
    struct node *a, *b, *c;
    struct node **items;
    uint8_t *operators;
    uint32_t n_items;
    union {
        struct call *call;
        struct macro_node *macro;
    };
    struct value value;
};

#endif
