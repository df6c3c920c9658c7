/* SPDX-License-Identifier: MIT */
#include "template_parser.h"

#include <stdarg.h>
#include <string.h>

#include "template_map.h"

void parser_fail(struct parser *p, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    p->w->line = p->at->line;
    p->w->column = p->at->column;
    work_fail(p->w, "%s", text);
}

void parser_unexpected(struct parser *p, const char *wanted)
{
    static const char *const names[] = {[TOKEN_END] = "the end of the template",
                                        [TOKEN_TEXT] = "text",
                                        [TOKEN_VARIABLE_BEGIN] = "{{",
                                        [TOKEN_VARIABLE_END] = "}}",
                                        [TOKEN_BLOCK_BEGIN] = "{%",
                                        [TOKEN_BLOCK_END] = "%}"};
    const struct token *t = p->at;
    if (t->kind < TOKEN_NAME)
        parser_fail(p, "%s expected, not %s", wanted, names[t->kind]);
    parser_fail(p, "%s expected, not '%.*s'", wanted, (int)(t->len < 60 ? t->len : 60), t->bytes);
}

struct node *parser_node(struct parser *p, enum node_kind kind)
{
    struct node *n = work_take(p->w, sizeof *n);
    *n = (struct node){.kind = (uint8_t)kind, .line = p->at->line, .column = p->at->column};
    return n;
}

void parser_enter(struct parser *p)
{
    p->w->line = p->at->line;
    p->w->column = p->at->column;
    work_enter(p->w, WORK_MAX_DEPTH);
}

static bool token_is(const struct token *t, enum token_kind kind, const char *s)
{
    return t->kind == kind && t->len == strlen(s) && memcmp(t->bytes, s, t->len) == 0;
}

bool token_is_name(const struct token *t, const char *name)
{
    return token_is(t, TOKEN_NAME, name);
}

bool token_is_operator(const struct token *t, const char *op)
{
    return token_is(t, TOKEN_OPERATOR, op);
}

bool parser_is_operator(const struct parser *p, const char *op)
{
    return token_is(p->at, TOKEN_OPERATOR, op);
}

bool parser_is_name(const struct parser *p, const char *name)
{
    return token_is(p->at, TOKEN_NAME, name);
}

bool parser_skip_operator(struct parser *p, const char *op)
{
    bool there = parser_is_operator(p, op);
    p->at += there;
    return there;
}

bool parser_skip_name(struct parser *p, const char *name)
{
    bool there = parser_is_name(p, name);
    p->at += there;
    return there;
}

void parser_expect_operator(struct parser *p, const char *op)
{
    char wanted[16];
    snprintf(wanted, sizeof wanted, "'%s'", op);
    if (!parser_skip_operator(p, op))
        parser_unexpected(p, wanted);
}

void parser_expect_name(struct parser *p, const char *name)
{
    char wanted[32];
    snprintf(wanted, sizeof wanted, "'%s'", name);
    if (!parser_skip_name(p, name))
        parser_unexpected(p, wanted);
}

void parser_expect(struct parser *p, enum token_kind kind, const char *what)
{
    if (p->at->kind != kind)
        parser_unexpected(p, what);
    p->at++;
}

const struct token *parser_take_name(struct parser *p)
{
    const struct token *t = p->at;
    parser_expect(p, TOKEN_NAME, "a name");
    return t;
}

uint32_t parser_symbol(struct parser *p, const char *name, size_t n)
{
    struct value key = string_of(p->w, name, n, true), *known = map_get(p->w, p->symbols, key);
    if (known)
        return (uint32_t)known->i;
    map_set(p->w, p->symbols, key, value_int(p->symbols->n));
    return p->symbols->n - 1;
}

void parser_assigned(struct parser *p, const char *name, size_t n)
{
    map_set(p->w, p->assigned, string_of(p->w, name, n, true), value_none());
}

void nodes_push(struct parser *p, struct nodes *l, struct node *n)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 4;
        l->items = work_grow_array(p->w, l->items, l->n, cap, sizeof *l->items);
        l->cap = cap;
    }
    l->items[l->n++] = n;
}
