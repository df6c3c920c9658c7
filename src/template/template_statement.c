/* SPDX-License-Identifier: MIT */
#include "template_statement.h"

#include <string.h>

#include "template_expression.h"
#include "template_functions.h"
#include "template_map.h"
#include "template_method_names.h"

/* Names that end a body, each after {% . */
struct ends {
    const char *names[4];
};

static struct node *read_body(struct parser *p, const struct ends *ends);

static void end_block(struct parser *p)
{
    parser_expect(p, TOKEN_BLOCK_END, "'%}'");
}

/* The body up to {% name, where name is one of `ends`; the name is not passed over. */
static struct node *read_block_body(struct parser *p, const struct ends *ends)
{
    end_block(p);
    parser_enter(p);
    struct node *body = read_body(p, ends);
    work_leave(p->w);
    return body;
}

/* The body up to {% name %}, all of it. */
static struct node *read_whole_body(struct parser *p, const char *end)
{
    struct ends ends = {{end}};
    struct node *body = read_block_body(p, &ends);
    p->at++;
    return body;
}

/* ---- control -------------------------------------------------------------------------------- */

static struct node *read_if(struct parser *p)
{
    static const struct ends ends = {{"elif", "else", "endif"}};
    struct node *n = parser_node(p, NODE_IF);
    struct nodes items = {0};
    do {
        p->at++;
        nodes_push(p, &items, expression_read_tuple(p, false));
        nodes_push(p, &items, read_block_body(p, &ends));
    } while (parser_is_name(p, "elif"));
    if (parser_skip_name(p, "else"))
        n->c = read_whole_body(p, "endif");
    else
        p->at++;
    n->items = items.items;
    n->n_items = items.n;
    return n;
}

static struct node *read_for(struct parser *p)
{
    static const struct ends ends = {{"else", "endfor"}};
    struct node *n = parser_node(p, NODE_FOR);
    p->at++;
    n->a = expression_read_target(p, false);
    parser_expect_name(p, "in");
    n->b = expression_read_tuple(p, false);
    if (parser_skip_name(p, "if"))
        n->c = expression_read(p);
    n->which = parser_skip_name(p, "recursive") ? FOR_RECURSIVE : 0;
    n->items = work_take_array(p->w, 2, sizeof *n->items);
    n->n_items = 2;
    unsigned outer = p->uses;
    p->uses &= ~(unsigned)USES_LOOP;
    p->n_loops++;
    n->items[0] = read_block_body(p, &ends);
    p->n_loops--;
    n->which |= p->uses & USES_LOOP ? FOR_USES_LOOP : 0;
    p->uses |= outer;
    n->items[1] = parser_is_name(p, "else") ? (p->at++, read_whole_body(p, "endfor")) : NULL;
    if (!n->items[1])
        p->at++;
    n->symbol = parser_symbol(p, "loop", 4);
    return n;
}

static struct node *read_loop_control(struct parser *p)
{
    bool is_break = parser_is_name(p, "break");
    if (p->n_loops == 0)
        parser_fail(p, "%s outside of a loop", is_break ? "break" : "continue");
    struct node *n = parser_node(p, is_break ? NODE_BREAK : NODE_CONTINUE);
    p->at++;
    return n;
}

/* ---- assignments ---------------------------------------------------------------------------- */

static struct node *read_set(struct parser *p)
{
    struct node *n = parser_node(p, NODE_SET);
    p->at++;
    n->a = expression_read_target(p, true);
    if (parser_skip_operator(p, "=")) {
        n->b = expression_read_tuple(p, true);
        return n;
    }
    n->kind = NODE_SET_BLOCK;
    n->b = expression_read_filters(p, false);
    n->c = read_whole_body(p, "endset");
    return n;
}

static struct node *read_with(struct parser *p)
{
    struct node *n = parser_node(p, NODE_SCOPE);
    struct nodes items = {0};
    p->at++;
    while (p->at->kind != TOKEN_BLOCK_END) {
        if (items.n)
            parser_expect_operator(p, ",");
        nodes_push(p, &items, expression_read_target(p, false));
        parser_expect_operator(p, "=");
        nodes_push(p, &items, expression_read(p));
    }
    n->items = items.items;
    n->n_items = items.n;
    n->c = read_whole_body(p, "endwith");
    return n;
}

/* {% generation %}: marks what a model wrote, for training; here only its body counts. */
static struct node *read_generation(struct parser *p)
{
    struct node *n = parser_node(p, NODE_SCOPE);
    p->at++;
    n->c = read_whole_body(p, "endgeneration");
    return n;
}

/* ---- macros --------------------------------------------------------------------------------- */

static void add_parameter(struct parser *p, struct macro_node *m)
{
    const struct token *name = parser_take_name(p);
    bool had_default = m->n_parameters && m->parameters[m->n_parameters - 1].otherwise;
    struct parameter *next = &m->parameters[m->n_parameters++];
    *next =
        (struct parameter){name->bytes, name->len, parser_symbol(p, name->bytes, name->len), NULL};
    parser_assigned(p, name->bytes, name->len);
    if (parser_skip_operator(p, "="))
        next->otherwise = expression_read(p);
    else if (had_default)
        parser_fail(p, "non-default argument follows default argument");
}

static void read_signature(struct parser *p, struct macro_node *m)
{
    uint32_t cap = 0;
    parser_expect_operator(p, "(");
    while (!parser_is_operator(p, ")")) {
        if (m->n_parameters)
            parser_expect_operator(p, ",");
        if (m->n_parameters == cap) {
            cap = cap * 2 + 4;
            m->parameters =
                work_grow_array(p->w, m->parameters, m->n_parameters, cap, sizeof *m->parameters);
        }
        add_parameter(p, m);
    }
    p->at++;
}

static bool has_parameter(const struct macro_node *m, const char *name)
{
    for (uint32_t i = 0; i < m->n_parameters; i++)
        if (m->parameters[i].n == strlen(name) &&
            memcmp(m->parameters[i].name, name, m->parameters[i].n) == 0)
            return true;
    return false;
}

static void read_macro_body(struct parser *p, struct macro_node *m, const char *end)
{
    unsigned outer = p->uses;
    uint32_t n_loops = p->n_loops;
    p->uses = 0;
    p->n_loops = 0;
    m->body = read_whole_body(p, end);
    m->takes_caller = (p->uses & USES_CALLER) && !has_parameter(m, "caller");
    m->takes_varargs = (p->uses & USES_VARARGS) && !has_parameter(m, "varargs");
    m->takes_kwargs = (p->uses & USES_KWARGS) && !has_parameter(m, "kwargs");
    m->caller = parser_symbol(p, "caller", 6);
    m->varargs = parser_symbol(p, "varargs", 7);
    m->kwargs = parser_symbol(p, "kwargs", 6);
    p->uses |= outer;
    p->n_loops = n_loops;
}

static struct macro_node *new_macro(struct parser *p, const char *name, uint32_t n)
{
    struct macro_node *m = work_take(p->w, sizeof *m);
    *m = (struct macro_node){.name = name, .n_name = n};
    return m;
}

static struct node *read_macro(struct parser *p)
{
    struct node *n = parser_node(p, NODE_MACRO);
    p->at++;
    const struct token *name = parser_take_name(p);
    n->symbol = parser_symbol(p, name->bytes, name->len);
    parser_assigned(p, name->bytes, name->len);
    n->macro = new_macro(p, name->bytes, name->len);
    read_signature(p, n->macro);
    read_macro_body(p, n->macro, "endmacro");
    return n;
}

static struct node *read_call_block(struct parser *p)
{
    struct node *n = parser_node(p, NODE_CALL_BLOCK);
    p->at++;
    n->macro = new_macro(p, "caller", 6);
    if (parser_is_operator(p, "("))
        read_signature(p, n->macro);
    n->a = expression_read(p);
    if (n->a->kind != NODE_CALL)
        parser_fail(p, "a call expected in {%% call %%}");
    read_macro_body(p, n->macro, "endcall");
    return n;
}

static struct node *read_filter_block(struct parser *p)
{
    struct node *n = parser_node(p, NODE_FILTER_BLOCK);
    p->at++;
    n->b = expression_read_filters(p, true);
    n->c = read_whole_body(p, "endfilter");
    return n;
}

/* ---- bodies --------------------------------------------------------------------------------- */

static struct node *read_print(struct parser *p)
{
    struct node *n = parser_node(p, NODE_OUTPUT);
    struct nodes items = {0};
    p->at++;
    while (p->at->kind != TOKEN_BLOCK_END) {
        if (items.n)
            parser_expect_operator(p, ",");
        nodes_push(p, &items, expression_read(p));
    }
    n->items = items.items;
    n->n_items = items.n;
    return n;
}

static struct node *read_statement(struct parser *p)
{
    static const struct {
        const char *name;
        struct node *(*read)(struct parser *p);
    } statements[] = {
        {"if", read_if},
        {"for", read_for},
        {"set", read_set},
        {"macro", read_macro},
        {"call", read_call_block},
        {"filter", read_filter_block},
        {"with", read_with},
        {"generation", read_generation},
        {"print", read_print},
        {"break", read_loop_control},
        {"continue", read_loop_control},
    };
    if (p->at->kind != TOKEN_NAME)
        parser_unexpected(p, "the name of a statement");
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (parser_is_name(p, statements[i].name))
            return statements[i].read(p);
    if (p->at->len > 3 && memcmp(p->at->bytes, "end", 3) == 0)
        parser_fail(p, "'%.*s' without its beginning", (int)(p->at->len < 60 ? p->at->len : 60),
                    p->at->bytes);
    parser_fail(p, "unknown statement '%.*s'", (int)(p->at->len < 60 ? p->at->len : 60),
                p->at->bytes);
}

static struct node *read_output(struct parser *p)
{
    struct node *n;
    if (p->at->kind == TOKEN_TEXT) {
        n = parser_node(p, NODE_CONST);
        n->value = string_freeze(p->w, string_of(p->w, p->at->bytes, p->at->len, true));
        p->at++;
        return n;
    }
    parser_expect(p, TOKEN_VARIABLE_BEGIN, "'{{'");
    n = expression_read_tuple(p, true);
    parser_expect(p, TOKEN_VARIABLE_END, "'}}'");
    return n;
}

static bool is_end(const struct parser *p, const struct ends *ends)
{
    for (int i = 0; ends && i < 4 && ends->names[i]; i++)
        if (parser_is_name(p, ends->names[i]))
            return true;
    return false;
}

static struct node *read_body(struct parser *p, const struct ends *ends)
{
    struct node *body = parser_node(p, NODE_BODY);
    struct nodes items = {0};
    while (p->at->kind != TOKEN_END) {
        if (p->at->kind != TOKEN_BLOCK_BEGIN) {
            struct node *output = parser_node(p, NODE_OUTPUT);
            output->items = work_take_array(p->w, 1, sizeof *output->items);
            output->items[0] = read_output(p);
            output->n_items = 1;
            nodes_push(p, &items, output);
            continue;
        }
        p->at++;
        if (is_end(p, ends))
            break;
        nodes_push(p, &items, read_statement(p));
        end_block(p);
    }
    if (p->at->kind == TOKEN_END && ends)
        parser_fail(p, "the template ends without '%s'",
                    ends->names[2]   ? ends->names[2]
                    : ends->names[1] ? ends->names[1]
                                     : ends->names[0]);
    body->items = items.items;
    body->n_items = items.n;
    return body;
}

/* A call of what no value can ever be: found now, not in the middle of a chat. */
static void check_call(struct parser *p, const struct node *call)
{
    const struct node *callee = call->a;
    struct value name = {.kind = KIND_MISSING};
    bool known = true;
    if (callee->kind == NODE_NAME || callee->kind == NODE_ATTRIBUTE)
        name = string_of(p->w, callee->name, callee->len, true);
    if (callee->kind == NODE_NAME)
        known = function_find(callee->name, callee->len) >= 0 || map_get(p->w, p->asked, name) ||
                callee->symbol == parser_symbol(p, "loop", 4) ||
                callee->symbol == parser_symbol(p, "caller", 6);
    else if (callee->kind == NODE_ATTRIBUTE)
        known = method_exists(callee->name, callee->len);
    if (known || map_get(p->w, p->assigned, name))
        return;
    p->w->line = callee->line;
    p->w->column = callee->column;
    work_fail(p->w, "unknown %s '%.*s'", callee->kind == NODE_NAME ? "function" : "method",
              (int)(callee->len < 100 ? callee->len : 100), callee->name);
}

struct node *statement_read_all(struct parser *p)
{
    struct node *body = read_body(p, NULL);
    for (const struct call_site *site = p->calls; site; site = site->next)
        check_call(p, site->node);
    return body;
}
