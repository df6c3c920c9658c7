/* SPDX-License-Identifier: MIT */
#include "template_scope.h"

struct binding {
    uint32_t symbol;
    struct value value;
};

struct scope {
    struct scope *parent; /* NULL: the globals */
    struct binding *bindings;
    uint32_t n, cap;
    bool captured;
};

static struct binding *find(struct work *w, const struct scope *s, uint32_t symbol)
{
    work_step(w, s->n / 8);
    for (uint32_t i = 0; i < s->n; i++)
        if (s->bindings[i].symbol == symbol)
            return &s->bindings[i];
    return NULL;
}

struct value scope_lookup(struct scopes *s, const struct node *n)
{
    for (const struct scope *at = s->now; at; at = at->parent) {
        const struct binding *b = find(s->w, at, n->symbol);
        if (b)
            return b->value;
    }
    if (s->globals[n->symbol].kind != KIND_MISSING)
        return s->globals[n->symbol];
    return value_undefined(UNDEFINED_NAME, n->name, n->len);
}

void scope_bind(struct scopes *s, uint32_t symbol, struct value v)
{
    struct scope *now = s->now;
    struct binding *b = now ? find(s->w, now, symbol) : NULL;
    if (!now) {
        s->globals[symbol] = v;
    } else if (b) {
        b->value = v;
    } else {
        if (now->n == now->cap) {
            uint32_t cap = now->cap ? now->cap * 2 : 4;
            now->bindings =
                work_grow_array(s->w, now->bindings, now->n, cap, sizeof *now->bindings);
            now->cap = cap;
        }
        now->bindings[now->n++] = (struct binding){symbol, v};
    }
}

struct scope *scope_open(struct scopes *s, struct scope *parent)
{
    struct scope *fresh = s->spare, *before = s->now;
    if (fresh) {
        s->spare = fresh->parent;
        fresh->n = 0;
    } else {
        fresh = work_take(s->w, sizeof *fresh);
        *fresh = (struct scope){0};
    }
    fresh->parent = parent;
    s->now = fresh;
    return before;
}

void scope_close(struct scopes *s, struct scope *before)
{
    struct scope *closed = s->now;
    s->now = before;
    if (closed->captured)
        return;
    closed->parent = s->spare;
    s->spare = closed;
}

struct scope *scope_capture(struct scopes *s)
{
    for (struct scope *at = s->now; at && !at->captured; at = at->parent)
        at->captured = true;
    return s->now;
}
