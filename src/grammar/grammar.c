/* SPDX-License-Identifier: MIT */
#include "grammar.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

enum { LAST_CODE = 0x10FFFF, SURROGATES = 0xD800, BEHIND_SURROGATES = 0xE000 };

struct grammar *grammar_new(void)
{
    struct grammar *g = xcalloc(1, sizeof *g);
    atomic_init(&g->n_users, 1);
    return g;
}

struct grammar *grammar_use(struct grammar *g)
{
    if (g)
        atomic_fetch_add(&g->n_users, 1);
    return g;
}

void grammar_free(struct grammar *g)
{
    if (!g || atomic_fetch_sub(&g->n_users, 1) > 1)
        return;
    for (size_t i = 0; i < g->n_rules; i++)
        free(g->rules[i].name);
    free(g->rules);
    free(g->nodes);
    free(g->sets);
    free(g->schema);
    free(g);
}

/* ---- nodes ---------------------------------------------------------------------------- */

static uint32_t add_node(struct grammar *g, enum node_kind kind, uint32_t arg, uint32_t next)
{
    if (g->n_nodes >= GRAMMAR_MAX_NODES) {
        g->too_large = true;
        return 0;
    }
    g->nodes = xgrow(g->nodes, g->n_nodes, &g->cap_nodes, sizeof *g->nodes);
    g->nodes[g->n_nodes] = (struct node){kind, arg, next};
    return (uint32_t)g->n_nodes++;
}

static uint32_t add_set(struct grammar *g, const struct byte_set *set)
{
    for (size_t i = 0; i < g->n_sets; i++)
        if (memcmp(&g->sets[i], set, sizeof *set) == 0)
            return (uint32_t)i;
    g->sets = xgrow(g->sets, g->n_sets, &g->cap_sets, sizeof *g->sets);
    g->sets[g->n_sets] = *set;
    return (uint32_t)g->n_sets++;
}

static void add_bytes_to(struct byte_set *set, unsigned first, unsigned last)
{
    for (unsigned b = first; b <= last; b++)
        set->bits[b / 64] |= (uint64_t)1 << b % 64;
}

/* A byte of the set behind what the part has. */
static struct part then_bytes(struct grammar *g, struct part p, const struct byte_set *set)
{
    uint32_t end = add_node(g, NODE_NEXT, 0, 0), at = add_node(g, NODE_BYTES, add_set(g, set), end);
    if (!g->too_large)
        g->nodes[p.out].next = at;
    p.out = end;
    return p;
}

struct part part_empty(struct grammar *g)
{
    uint32_t n = add_node(g, NODE_NEXT, 0, 0);
    return (struct part){n, n, n};
}

struct part part_text(struct grammar *g, const char *s, size_t n)
{
    struct part p = part_empty(g);
    for (size_t i = 0; i < n && !g->too_large; i++) {
        struct byte_set set = {{0}};
        add_bytes_to(&set, (unsigned char)s[i], (unsigned char)s[i]);
        p = then_bytes(g, p, &set);
    }
    return p;
}

struct part part_call(struct grammar *g, uint32_t rule)
{
    struct part p = part_empty(g);
    uint32_t end = add_node(g, NODE_NEXT, 0, 0), call = add_node(g, NODE_CALL, rule, end);
    if (!g->too_large)
        g->nodes[p.out].next = call;
    p.out = end;
    return p;
}

static uint32_t earlier(struct part a, struct part b)
{
    return a.first < b.first ? a.first : b.first;
}

struct part part_then(struct grammar *g, struct part a, struct part b)
{
    if (g->too_large)
        return a;
    g->nodes[a.out].next = b.in;
    return (struct part){earlier(a, b), a.in, b.out};
}

struct part part_or(struct grammar *g, struct part a, struct part b)
{
    uint32_t split = add_node(g, NODE_SPLIT, b.in, a.in), end = add_node(g, NODE_NEXT, 0, 0);
    if (g->too_large)
        return a;
    g->nodes[a.out].next = g->nodes[b.out].next = end;
    return (struct part){earlier(a, b), split, end};
}

/* ---- repetition ----------------------------------------------------------------------- */

/* Another one of the part, whose nodes are the n from its first one on. */
static void copy_part(struct grammar *g, struct part p, uint32_t n)
{
    uint32_t by = (uint32_t)g->n_nodes - p.first;
    for (uint32_t i = p.first; i < p.first + n && !g->too_large; i++) {
        struct node node = g->nodes[i];
        add_node(g, node.kind, node.arg + (node.kind == NODE_SPLIT ? by : 0), node.next + by);
    }
}

/* Once or more often; if may_skip, never too. */
static struct part loop(struct grammar *g, struct part p, bool may_skip)
{
    uint32_t end = add_node(g, NODE_NEXT, 0, 0), split = add_node(g, NODE_SPLIT, end, p.in);
    if (!g->too_large)
        g->nodes[p.out].next = split;
    return (struct part){p.first, may_skip ? split : p.in, end};
}

/* All copies are made while the part is still as it was; then they are joined. */
struct part part_repeat(struct grammar *g, struct part a, int32_t min, int32_t max)
{
    uint32_t n = (uint32_t)g->n_nodes - a.first, copies = (uint32_t)g->n_nodes;
    int32_t n_parts = max != ENDLESS ? max : min > 0 ? min : 1;
    for (int32_t i = 1; i < n_parts && !g->too_large; i++)
        copy_part(g, a, n);
    struct part all = part_empty(g);
    uint32_t end = add_node(g, NODE_NEXT, 0, 0);
    for (int32_t i = 0; i < n_parts && !g->too_large; i++) {
        uint32_t by = i > 0 ? copies - a.first + (uint32_t)(i - 1) * n : 0;
        struct part one = {a.first + by, a.in + by, a.out + by};
        if (max == ENDLESS && i == n_parts - 1)
            one = loop(g, one, min == 0);
        else if (i >= min) /* what is optional skips all that follows */
            one.in = add_node(g, NODE_SPLIT, end, one.in);
        all = part_then(g, all, one);
    }
    if (!g->too_large)
        g->nodes[all.out].next = end;
    return (struct part){a.first, all.in, end};
}

/* ---- characters ----------------------------------------------------------------------- */

static int compare_ranges(const void *a, const void *b)
{
    const struct code_range *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* -> how many are left */
static size_t join_ranges(struct code_range *r, size_t n)
{
    size_t k = 0;
    if (n > 1)
        qsort(r, n, sizeof *r, compare_ranges);
    for (size_t i = 0; i < n; i++) {
        if (k > 0 && r[i].first <= r[k - 1].last + 1)
            r[k - 1].last = r[i].last > r[k - 1].last ? r[i].last : r[k - 1].last;
        else
            r[k++] = r[i];
    }
    return k;
}

struct characters {
    struct grammar *g;
    struct byte_set single; /* characters of one byte */
    struct part part;       /* the longer ones */
    bool has_part;
};

static void or_part(struct characters *c, struct part p)
{
    c->part = c->has_part ? part_or(c->g, c->part, p) : p;
    c->has_part = true;
}

/* Code points whose encodings differ in the last bytes only, and there by whole ranges. */
static void add_sequence(struct characters *c, uint32_t first, uint32_t last)
{
    char a[4], b[4];
    size_t n = utf8_encode((int32_t)first, a);
    utf8_encode((int32_t)last, b);
    if (n == 1) {
        add_bytes_to(&c->single, first, last);
        return;
    }
    struct part p = part_empty(c->g);
    for (size_t i = 0; i < n; i++) {
        struct byte_set set = {{0}};
        add_bytes_to(&set, (unsigned char)a[i], (unsigned char)b[i]);
        p = then_bytes(c->g, p, &set);
    }
    or_part(c, p);
}

/* Cuts a range until every byte of its encodings is a range by itself: at the lengths of encodings,
 * around the surrogates, then at multiples of 64, 4096 and 262144. */
static void add_range(struct characters *c, uint32_t first, uint32_t last)
{
    static const uint32_t cuts[] = {0x80, 0x800, SURROGATES, BEHIND_SURROGATES, 0x10000};
    if (first > last || (first >= SURROGATES && last < BEHIND_SURROGATES))
        return;
    uint32_t cut = 0;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts && !cut; i++)
        if (first < cuts[i] && cuts[i] <= last)
            cut = cuts[i];
    for (int bits = 6; bits <= 18 && !cut && last >= 0x80; bits += 6) {
        uint32_t mask = (1u << bits) - 1;
        if ((first & ~mask) == (last & ~mask))
            break;
        if (first & mask)
            cut = (first | mask) + 1;
        else if ((last & mask) != mask)
            cut = last & ~mask;
    }
    if (!cut) {
        add_sequence(c, first, last);
        return;
    }
    add_range(c, first, cut - 1);
    add_range(c, cut, last);
}

static struct part of_ranges(struct grammar *g, const struct code_range *ranges, size_t n)
{
    static const struct byte_set none = {{0}};
    struct characters c = {.g = g};
    for (size_t i = 0; i < n; i++)
        add_range(&c, ranges[i].first, ranges[i].last < LAST_CODE ? ranges[i].last : LAST_CODE);
    if (!c.has_part || memcmp(&c.single, &none, sizeof none) != 0)
        or_part(&c, then_bytes(g, part_empty(g), &c.single));
    return c.part;
}

struct part part_characters(struct grammar *g, struct code_range *ranges, size_t n)
{
    return of_ranges(g, ranges, join_ranges(ranges, n));
}

struct part part_other_characters(struct grammar *g, struct code_range *ranges, size_t n,
                                  uint32_t *n_left)
{
    struct code_range *others = xcalloc(n + 1, sizeof *others);
    size_t k = 0;
    uint32_t from = 0;
    n = join_ranges(ranges, n);
    *n_left = 0;
    for (size_t i = 0; i <= n; i++) {
        uint32_t end = i < n ? ranges[i].first : LAST_CODE + 1;
        if (from < end)
            others[k++] = (struct code_range){from, end - 1};
        *n_left += from < end ? end - from : 0;
        from = i < n ? ranges[i].last + 1 : from;
    }
    struct part p = of_ranges(g, others, k);
    free(others);
    return p;
}

/* ---- rules ---------------------------------------------------------------------------- */

uint32_t grammar_rule(struct grammar *g, const char *name, size_t n)
{
    if (g->n_rules >= GRAMMAR_MAX_RULES) {
        g->too_large = true;
        return 0;
    }
    g->rules = xgrow(g->rules, g->n_rules, &g->cap_rules, sizeof *g->rules);
    g->rules[g->n_rules] = (struct rule){.name = xstrndup(name, n)};
    return (uint32_t)g->n_rules++;
}

void grammar_define(struct grammar *g, uint32_t rule, struct part part)
{
    uint32_t end = add_node(g, NODE_RETURN, 0, 0);
    if (g->too_large)
        return;
    g->nodes[part.out].next = end;
    g->rules[rule].entry = part.in;
    g->rules[rule].defined = true;
}

bool byte_set_has(const struct byte_set *set, unsigned b)
{
    return set->bits[b / 64] >> b % 64 & 1;
}
