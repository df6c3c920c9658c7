/* SPDX-License-Identifier: MIT */
#include "grammar_finish.h"

#include <stdlib.h>
#include <string.h>

/* ---- making it ready ------------------------------------------------------------------ */

static uint32_t behind_empty(const struct grammar *g, uint32_t node)
{
    while (g->nodes[node].kind == NODE_NEXT && g->nodes[node].next != node)
        node = g->nodes[node].next;
    return node;
}

/* From the last node on: most lead to later ones, which are done then. */
static void skip_empty_nodes(struct grammar *g)
{
    for (size_t i = g->n_nodes; i-- > 0;) {
        struct node *n = &g->nodes[i];
        n->next = behind_empty(g, n->next);
        if (n->kind == NODE_SPLIT)
            n->arg = behind_empty(g, n->arg);
    }
    for (size_t i = 0; i < g->n_rules; i++)
        g->rules[i].entry = behind_empty(g, g->rules[i].entry);
}

static void make_classes(struct grammar *g)
{
    g->n_classes = 1;
    for (size_t s = 0; s < g->n_sets && g->n_classes < 256; s++) {
        int32_t inside[256]; /* the class of those of an old class that are in the set */
        bool outside[256] = {false};
        memset(inside, -1, sizeof inside);
        for (unsigned b = 0; b < 256; b++)
            outside[g->class_of[b]] |= !byte_set_has(&g->sets[s], b);
        for (unsigned b = 0; b < 256; b++) {
            uint8_t old = g->class_of[b];
            if (!byte_set_has(&g->sets[s], b) || !outside[old])
                continue;
            if (inside[old] < 0)
                inside[old] = (int32_t)g->n_classes++;
            g->class_of[b] = (uint8_t)inside[old];
        }
    }
    for (unsigned b = 256; b-- > 0;)
        g->byte_of[g->class_of[b]] = (uint8_t)b;
}

/* ---- which nodes reach the end of their rule ------------------------------------------ */

enum { MAX_EDGES = 2 };

/* For each of n things the nodes that lead to it. */
struct sources {
    uint32_t *first; /* [n + 2] */
    uint32_t *nodes;
};

/* What the node leads to within its rule. -> how many */
static int edges(const struct node *n, bool over_bytes, uint32_t to[MAX_EDGES])
{
    to[0] = n->next;
    to[1] = n->arg;
    switch (n->kind) {
    case NODE_BYTES: return over_bytes;
    case NODE_SPLIT: return 2;
    case NODE_CALL:
    case NODE_NEXT: return 1;
    case NODE_RETURN: return 0;
    }
    return 0;
}

/* calls: to each rule, those who call it; else to each node, those before it. */
static int targets(const struct node *n, bool calls, bool over_bytes, uint32_t to[MAX_EDGES])
{
    if (!calls)
        return edges(n, over_bytes, to);
    to[0] = n->arg;
    return n->kind == NODE_CALL;
}

static struct sources find_sources(const struct grammar *g, bool calls, bool over_bytes)
{
    size_t n = calls ? g->n_rules : g->n_nodes;
    uint32_t to[MAX_EDGES];
    struct sources s = {xcalloc(n + 2, sizeof *s.first),
                        xcalloc(MAX_EDGES * g->n_nodes + 1, sizeof *s.nodes)};
    for (size_t i = 0; i < g->n_nodes; i++)
        for (int e = targets(&g->nodes[i], calls, over_bytes, to); e-- > 0;)
            s.first[to[e] + 2]++;
    for (size_t i = 2; i < n + 2; i++)
        s.first[i] += s.first[i - 1];
    for (size_t i = 0; i < g->n_nodes; i++)
        for (int e = targets(&g->nodes[i], calls, over_bytes, to); e-- > 0;)
            s.nodes[s.first[to[e] + 1]++] = (uint32_t)i;
    return s;
}

static void sources_free(struct sources *s)
{
    free(s->first);
    free(s->nodes);
}

struct ends {
    const struct grammar *g;
    struct sources before, calls;
    int32_t *entry_of; /* [n_nodes] the rule that begins there, or -1 */
    bool *reaches;     /* [n_nodes] */
    uint32_t *work;
    size_t n_work;
};

static void reach(struct ends *x, uint32_t node)
{
    const struct node *n = &x->g->nodes[node];
    bool calls = n->kind == NODE_CALL;
    if (x->reaches[node] ||
        (calls && !(x->reaches[n->next] && x->reaches[x->g->rules[n->arg].entry])))
        return;
    x->reaches[node] = true;
    x->work[x->n_work++] = node;
}

static void reach_all(struct ends *x, const struct sources *s, uint32_t i)
{
    for (uint32_t k = s->first[i]; k < s->first[i + 1]; k++)
        reach(x, s->nodes[k]);
}

/* [n_nodes] Whether the rule can end from here: without any byte, or over bytes. */
static bool *find_ends(const struct grammar *g, bool over_bytes)
{
    struct ends x = {.g = g,
                     .before = find_sources(g, false, over_bytes),
                     .calls = find_sources(g, true, over_bytes),
                     .entry_of = xcalloc(g->n_nodes, sizeof *x.entry_of),
                     .reaches = xcalloc(g->n_nodes, sizeof *x.reaches),
                     .work = xcalloc(g->n_nodes, sizeof *x.work)};
    memset(x.entry_of, -1, g->n_nodes * sizeof *x.entry_of);
    for (size_t i = 0; i < g->n_rules; i++)
        x.entry_of[g->rules[i].entry] = (int32_t)i;
    for (uint32_t i = 0; i < g->n_nodes; i++)
        if (g->nodes[i].kind == NODE_RETURN)
            reach(&x, i);
    while (x.n_work > 0) {
        uint32_t node = x.work[--x.n_work];
        reach_all(&x, &x.before, node);
        if (x.entry_of[node] >= 0)
            reach_all(&x, &x.calls, (uint32_t)x.entry_of[node]);
    }
    sources_free(&x.before);
    sources_free(&x.calls);
    free(x.entry_of);
    free(x.work);
    return x.reaches;
}

static bool check_ends(const struct grammar *g, const char *name, struct error *err)
{
    bool *reaches = find_ends(g, true), ok = true;
    for (size_t i = 0; i < g->n_rules && ok; i++)
        if (!reaches[g->rules[i].entry])
            ok = error_set(err, EX_DATAERR,
                           "%s: \"%.80s\" has no text that ends: every way through it comes back "
                           "to itself",
                           name, g->rules[i].name);
    free(reaches);
    return ok;
}

/* ---- rules that begin with themselves ------------------------------------------------- */

/* Which rules a rule calls before it has taken a byte. */
struct begins {
    const struct grammar *g;
    const bool *may_be_empty; /* [n_nodes] */
    bool *seen;               /* [n_nodes] */
    uint32_t *work;           /* [2 * n_nodes] */
    uint32_t *first, *called; /* [n_rules + 1]; [n_nodes] */
};

static uint32_t add_called(struct begins *x, uint32_t rule, uint32_t n)
{
    size_t n_work = 0;
    uint32_t to[MAX_EDGES];
    x->work[n_work++] = x->g->rules[rule].entry;
    while (n_work > 0) {
        uint32_t at = x->work[--n_work];
        const struct node *node = &x->g->nodes[at];
        if (x->seen[at])
            continue;
        x->seen[at] = true;
        int n_edges = edges(node, false, to);
        if (node->kind == NODE_CALL) {
            x->called[n++] = node->arg;
            n_edges = x->may_be_empty[x->g->rules[node->arg].entry] ? n_edges : 0;
        }
        while (n_edges-- > 0)
            x->work[n_work++] = to[n_edges];
    }
    return n;
}

/* Rules that begin with none of those that are left go, until nothing changes: each round is as
 * long as what is left. -> one that begins with itself, or n_rules */
static uint32_t find_circle(const struct begins *x, bool *gone /* [n_rules] */)
{
    const uint32_t n = (uint32_t)x->g->n_rules;
    uint32_t left = n, from = 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = n; i-- > 0;) {
            uint32_t k = x->first[i];
            while (!gone[i] && k < x->first[i + 1] && gone[x->called[k]])
                k++;
            if (!gone[i] && k == x->first[i + 1]) {
                gone[i] = changed = true;
                left--;
            }
        }
    }
    if (left == 0)
        return n;
    while (gone[from])
        from++;
    for (uint32_t step = 0; step < n; step++) { /* at last within the circle */
        uint32_t k = x->first[from];
        while (gone[x->called[k]])
            k++;
        from = x->called[k];
    }
    return from;
}

static bool check_begins(const struct grammar *g, const char *name, struct error *err)
{
    bool *may_be_empty = find_ends(g, false), *gone = xcalloc(g->n_rules, sizeof *gone);
    struct begins x = {g,
                       may_be_empty,
                       xcalloc(g->n_nodes, sizeof *x.seen),
                       xcalloc(MAX_EDGES * g->n_nodes + 1, sizeof *x.work),
                       xcalloc(g->n_rules + 1, sizeof *x.first),
                       xcalloc(g->n_nodes, sizeof *x.called)};
    for (uint32_t i = 0; i < g->n_rules; i++)
        x.first[i + 1] = add_called(&x, i, x.first[i]);
    uint32_t circle = find_circle(&x, gone);
    free(may_be_empty);
    free(gone);
    free(x.seen);
    free(x.work);
    free(x.first);
    free(x.called);
    return circle == g->n_rules ||
           error_set(err, EX_DATAERR,
                     "%s: \"%.80s\" can begin with itself, which never comes to an end; a list is "
                     "written with the repetition first: item (\",\" item)*",
                     name, g->rules[circle].name);
}

bool grammar_finish(struct grammar *g, uint32_t root, const char *name, struct error *err)
{
    if (g->too_large)
        return error_set(err, EX_DATAERR,
                         "%s: too large: with all repetitions written out it has more than %d "
                         "nodes, or more than %d rules",
                         name, GRAMMAR_MAX_NODES, GRAMMAR_MAX_RULES);
    g->root = root;
    skip_empty_nodes(g);
    make_classes(g);
    return check_ends(g, name, err) && check_begins(g, name, err);
}

bool grammar_takes(const struct grammar *g, const struct node *bytes, uint32_t class)
{
    return byte_set_has(&g->sets[bytes->arg], g->byte_of[class]);
}
