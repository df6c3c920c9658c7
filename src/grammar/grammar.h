/* SPDX-License-Identifier: MIT
 *
 * grammar: a context-free grammar over bytes, which says what shape an answer may have. It is built
 * from parts: a part is made, then joined with others, then a rule is defined by it. Once it is
 * finished (grammar_finish.h) it is immutable, and any number of threads may use it.
 *
 * Inside, each rule is a graph of nodes (Thompson's construction): a node takes a byte of a set,
 * parts the ways, calls a rule, or returns from its own.
 */
#ifndef QINS_GRAMMAR_H
#define QINS_GRAMMAR_H

#include "base.h"

enum { GRAMMAR_MAX_NODES = 1 << 17, GRAMMAR_MAX_RULES = 1 << 12, ENDLESS = -1 };

struct byte_set {
    uint64_t bits[4];
};

enum node_kind {
    NODE_BYTES,  /* a byte of set `arg`, then `next` */
    NODE_SPLIT,  /* `next` or `arg` */
    NODE_CALL,   /* rule `arg`, then `next` */
    NODE_NEXT,   /* `next` */
    NODE_RETURN, /* the rule ends */
};

struct node {
    enum node_kind kind;
    uint32_t arg, next;
};

struct rule {
    char *name;     /* for messages */
    uint32_t entry; /* node */
    bool defined;
};

struct grammar {
    struct node *nodes;
    size_t n_nodes, cap_nodes;
    struct byte_set *sets;
    size_t n_sets, cap_sets;
    struct rule *rules;
    size_t n_rules, cap_rules;
    bool too_large;        /* nothing more is added */
    uint32_t root;         /* rule */
    uint8_t class_of[256]; /* bytes that every set treats the same have one class */
    uint8_t byte_of[256];  /* [n_classes] a byte of each */
    uint32_t n_classes;
    char *schema; /* the JSON schema that it is made of; NULL: of none */
    _Atomic uint32_t n_users;
};

struct grammar *grammar_new(void);
struct grammar *grammar_use(struct grammar *g); /* one more user; NULL stays NULL. -> g */
void grammar_free(struct grammar *g);           /* one user less; the last one frees */

/* ---- parts ---------------------------------------------------------------------------- */

/* Some of the nodes from `first` on; begins at `in`, ends at `out`. A part is used once. */
struct part {
    uint32_t first, in, out;
};

struct code_range {
    uint32_t first, last; /* code points, both included */
};

struct part part_empty(struct grammar *g);
struct part part_text(struct grammar *g, const char *s, size_t n); /* these bytes */
/* One character of these, as UTF-8; surrogates are left out. The ranges are sorted and joined. */
struct part part_characters(struct grammar *g, struct code_range *ranges, size_t n);
/* One that is in none of them. *n_left: how many code points that are */
struct part part_other_characters(struct grammar *g, struct code_range *ranges, size_t n,
                                  uint32_t *n_left);
struct part part_call(struct grammar *g, uint32_t rule);
struct part part_then(struct grammar *g, struct part a, struct part b);
struct part part_or(struct grammar *g, struct part a, struct part b);
/* max: ENDLESS, or at least min. All nodes from the first one of the part on are copied. */
struct part part_repeat(struct grammar *g, struct part a, int32_t min, int32_t max);

/* ---- rules ---------------------------------------------------------------------------- */

uint32_t grammar_rule(struct grammar *g, const char *name, size_t n); /* -> its number */
void grammar_define(struct grammar *g, uint32_t rule, struct part part);

bool byte_set_has(const struct byte_set *set, unsigned b);

#endif
