/* SPDX-License-Identifier: MIT */
#include "token_mask.h"

#include <stdlib.h>
#include <string.h>

#include "recogniser.h"

enum {
    MAX_KEPT_BYTES = 64 << 20,
    MAX_GROUPS = 16 /* of stacks with the same below; with more the trie is walked once for all */
};

/* What a state with STACK_OPEN allows, and where tokens go on behind it. */
struct kept {
    uint32_t *bits;   /* [n_words] */
    uint32_t *leaves; /* [n_leaves] nodes of the trie */
    size_t n_leaves, cap_leaves;
};

struct token_mask {
    const struct token_trie *trie;
    struct grammar *g;
    struct recogniser r;
    uint32_t state;
    bool skips_space; /* still at the beginning */
    uint32_t *bits;   /* [n_words] */
    size_t n_words;
    struct kept **kept; /* [cap_kept] of each state; NULL: none */
    size_t cap_kept, kept_bytes;
};

struct token_mask *token_mask_new(const struct token_trie *trie, struct grammar *g)
{
    struct token_mask *m = xcalloc(1, sizeof *m);
    m->trie = trie;
    m->g = grammar_use(g);
    m->n_words = ((size_t)trie->n_tokens + 31) / 32;
    m->bits = xcalloc(m->n_words, sizeof *m->bits);
    recogniser_init(&m->r, g);
    token_mask_begin(m, false);
    return m;
}

static void forget_kept(struct token_mask *m)
{
    for (size_t i = 0; i < m->cap_kept; i++) {
        if (!m->kept[i])
            continue;
        free(m->kept[i]->bits);
        free(m->kept[i]->leaves);
        free(m->kept[i]);
    }
    free(m->kept);
    m->kept = NULL;
    m->cap_kept = m->kept_bytes = 0;
}

void token_mask_free(struct token_mask *m)
{
    if (!m)
        return;
    forget_kept(m);
    recogniser_free(&m->r);
    grammar_free(m->g);
    free(m->bits);
    free(m);
}

const struct grammar *token_mask_grammar(const struct token_mask *m)
{
    return m->g;
}

/* ---- what the trie allows ------------------------------------------------------------- */

static void allow(const struct token_mask *m, int32_t token, uint32_t *bits)
{
    for (; token >= 0; token = m->trie->same[token])
        bits[token / 32] |= 1u << token % 32;
}

/* Tokens below the node that a state takes. leaves: where they leave its rule are noted there. */
static void walk(struct token_mask *m, uint32_t node, uint32_t state, uint32_t *bits,
                 struct kept *leaves)
{
    const struct trie_node *nodes = m->trie->nodes;
    uint32_t at[TOKEN_MAX_BYTES + 1], end = nodes[node].end;
    at[nodes[node].depth] = state;
    for (uint32_t i = node + 1; i < end && !m->r.overflow;) {
        uint32_t next = recogniser_step(&m->r, at[nodes[i].depth - 1], nodes[i].byte);
        if (next == STATE_DEAD) {
            i = nodes[i].end;
            continue;
        }
        at[nodes[i].depth] = next;
        allow(m, nodes[i].token, bits);
        if (leaves && m->r.states[next].leaves && nodes[i].end > i + 1) {
            leaves->leaves = xgrow(leaves->leaves, leaves->n_leaves, &leaves->cap_leaves,
                                   sizeof *leaves->leaves);
            leaves->leaves[leaves->n_leaves++] = i;
        }
        i++;
    }
}

static const struct kept *keep(struct token_mask *m, uint32_t open)
{
    if (open >= m->cap_kept) {
        size_t cap = m->r.cap_states;
        m->kept = xrealloc(m->kept, cap, sizeof *m->kept);
        memset(m->kept + m->cap_kept, 0, (cap - m->cap_kept) * sizeof *m->kept);
        m->cap_kept = cap;
    }
    if (m->kept[open])
        return m->kept[open];
    struct kept *k = m->kept[open] = xcalloc(1, sizeof *k);
    k->bits = xcalloc(m->n_words, sizeof *k->bits);
    walk(m, 0, open, k->bits, k);
    m->kept_bytes += m->n_words * sizeof *k->bits + k->cap_leaves * sizeof *k->leaves;
    return k;
}

/* Those of a state's stacks that have the same below. */
static void allow_of_rule(struct token_mask *m, uint32_t first, uint32_t n)
{
    uint32_t below = m->r.stacks[m->r.members[first]].below;
    const struct kept *k = keep(m, recogniser_open(&m->r, first, n));
    for (size_t i = 0; i < m->n_words; i++)
        m->bits[i] |= k->bits[i];
    if (below == STACK_EMPTY || k->n_leaves == 0)
        return;
    uint32_t behind = recogniser_resume(&m->r, below);
    for (size_t i = 0; i < k->n_leaves; i++)
        walk(m, k->leaves[i], behind, m->bits, NULL);
}

static uint32_t end_of_group(const struct recogniser *r, const struct state *s, uint32_t i)
{
    uint32_t below = r->stacks[r->members[i]].below;
    while (i < s->first + s->n && r->stacks[r->members[i]].below == below)
        i++;
    return i;
}

static void allow_of_state(struct token_mask *m)
{
    const struct state s = m->r.states[m->state];
    uint32_t n_groups = 0, last = s.first + s.n;
    memset(m->bits, 0, m->n_words * sizeof *m->bits);
    for (uint32_t i = s.first; i < last; i = end_of_group(&m->r, &s, i))
        n_groups++;
    if (n_groups > MAX_GROUPS) {
        walk(m, 0, m->state, m->bits, NULL);
        return;
    }
    for (uint32_t i = s.first, end; i < last && !m->r.overflow; i = end) {
        end = end_of_group(&m->r, &s, i);
        allow_of_rule(m, i, end - i);
    }
}

/* Tokens with a space in front as if they had none, and none of those as they are. */
static void allow_behind_space(struct token_mask *m)
{
    const struct trie_node *nodes = m->trie->nodes;
    uint32_t space = token_trie_child(m->trie, 0, ' ');
    if (!space)
        return;
    for (uint32_t i = space; i < nodes[space].end; i++)
        for (int32_t token = nodes[i].token; token >= 0; token = m->trie->same[token])
            m->bits[token / 32] &= ~(1u << token % 32);
    walk(m, space, m->state, m->bits, NULL);
}

static void bound_memory(struct token_mask *m)
{
    if (m->kept_bytes <= MAX_KEPT_BYTES && !recogniser_is_large(&m->r))
        return;
    forget_kept(m);
    m->state = recogniser_compact(&m->r, m->state);
}

uint32_t *token_mask_allowed(struct token_mask *m)
{
    bound_memory(m);
    allow_of_state(m);
    if (m->skips_space)
        allow_behind_space(m);
    return m->r.overflow ? NULL : m->bits;
}

/* ---- the text ------------------------------------------------------------------------- */

void token_mask_begin(struct token_mask *m, bool skips_space)
{
    if (m->r.overflow) {
        forget_kept(m);
        recogniser_free(&m->r);
        recogniser_init(&m->r, m->g);
    }
    m->state = recogniser_start(&m->r);
    m->skips_space = skips_space;
}

bool token_mask_text(struct token_mask *m, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        m->state = recogniser_step(&m->r, m->state, (uint8_t)text[i]);
        bound_memory(m);
    }
    if (n > 0)
        m->skips_space = false;
    return m->state != STATE_DEAD;
}

bool token_mask_push(struct token_mask *m, int32_t token)
{
    uint32_t at = m->trie->byte_at[token], end = m->trie->byte_at[token + 1];
    bool drops = m->skips_space && at < end && m->trie->bytes[at] == ' ';
    m->skips_space = false;
    return at < end && token_mask_text(m, m->trie->bytes + at + drops, end - at - drops);
}

bool token_mask_may_end(const struct token_mask *m)
{
    return m->state != STATE_DEAD && m->r.states[m->state].may_end;
}
