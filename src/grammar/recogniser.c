/* SPDX-License-Identifier: MIT */
#include "recogniser.h"

#include <stdlib.h>
#include <string.h>

#include "grammar_finish.h"

enum {
    MAX_STACKS = 1 << 20,
    MAX_STATES = 1 << 16,
    MAX_MEMBERS = 1 << 22,
    MAX_NEXT = 1 << 24, /* transitions */
    MAX_WAYS = 1 << 13, /* stacks of one state */
    FIRST_SLOTS = 1 << 10
};

void recogniser_init(struct recogniser *r, const struct grammar *g)
{
    *r = (struct recogniser){.g = g, .n_stack_slots = FIRST_SLOTS, .n_state_slots = FIRST_SLOTS};
    r->stack_slots = xcalloc(FIRST_SLOTS, sizeof *r->stack_slots);
    r->state_slots = xcalloc(FIRST_SLOTS, sizeof *r->state_slots);
    for (int i = 0; i < STACK_FIRST; i++) {
        r->stacks = xgrow(r->stacks, r->n_stacks, &r->cap_stacks, sizeof *r->stacks);
        r->stacks[r->n_stacks++] = (struct stack){0};
    }
    for (int i = 0; i < STATE_FIRST; i++) {
        r->states = xgrow(r->states, r->n_states, &r->cap_states, sizeof *r->states);
        r->states[r->n_states++] = (struct state){0};
    }
    r->cap_next = STATE_FIRST * g->n_classes;
    r->next = xcalloc(r->cap_next, sizeof *r->next);
}

void recogniser_free(struct recogniser *r)
{
    free(r->stacks);
    free(r->states);
    free(r->members);
    free(r->next);
    free(r->stack_slots);
    free(r->state_slots);
    free(r->seen);
    free(r->work);
    free(r->found);
    *r = (struct recogniser){0};
}

static uint32_t mix(uint32_t hash, uint32_t value)
{
    hash = (hash ^ value) * 0x9E3779B1u;
    return hash ^ hash >> 15;
}

/* ---- stacks --------------------------------------------------------------------------- */

static uint32_t *stack_slot(const struct recogniser *r, uint32_t node, uint32_t below)
{
    uint32_t at = mix(mix(0, node), below) & (r->n_stack_slots - 1);
    while (r->stack_slots[at] && (r->stacks[r->stack_slots[at]].node != node ||
                                  r->stacks[r->stack_slots[at]].below != below))
        at = (at + 1) & (r->n_stack_slots - 1);
    return &r->stack_slots[at];
}

static void grow_stack_slots(struct recogniser *r)
{
    free(r->stack_slots);
    r->n_stack_slots *= 2;
    r->stack_slots = xcalloc(r->n_stack_slots, sizeof *r->stack_slots);
    for (uint32_t i = STACK_FIRST; i < r->n_stacks; i++)
        *stack_slot(r, r->stacks[i].node, r->stacks[i].below) = i;
}

/* The stack with the node on top of another one. */
static uint32_t push(struct recogniser *r, uint32_t node, uint32_t below)
{
    uint32_t *slot = stack_slot(r, node, below);
    if (*slot)
        return *slot;
    if (r->n_stacks >= MAX_STACKS) {
        r->overflow = true;
        return below;
    }
    r->stacks = xgrow(r->stacks, r->n_stacks, &r->cap_stacks, sizeof *r->stacks);
    r->stacks[r->n_stacks] = (struct stack){node, below};
    uint32_t id = *slot = (uint32_t)r->n_stacks++;
    if (r->n_stacks * 2 > r->n_stack_slots)
        grow_stack_slots(r);
    return id;
}

/* ---- states --------------------------------------------------------------------------- */

static bool same_state(const struct recogniser *r, uint32_t state, const struct state *s)
{
    const struct state *have = &r->states[state];
    return have->n == s->n && have->may_end == s->may_end && have->leaves == s->leaves &&
           (s->n == 0 || memcmp(r->members + have->first, r->members + s->first,
                                s->n * sizeof *r->members) == 0);
}

static uint32_t *state_slot(const struct recogniser *r, const struct state *s)
{
    uint32_t hash = mix(mix(s->n, s->may_end), s->leaves);
    for (uint32_t i = 0; i < s->n; i++)
        hash = mix(hash, r->members[s->first + i]);
    uint32_t at = hash & (r->n_state_slots - 1);
    while (r->state_slots[at] && !same_state(r, r->state_slots[at], s))
        at = (at + 1) & (r->n_state_slots - 1);
    return &r->state_slots[at];
}

static void grow_state_slots(struct recogniser *r)
{
    free(r->state_slots);
    r->n_state_slots *= 2;
    r->state_slots = xcalloc(r->n_state_slots, sizeof *r->state_slots);
    for (uint32_t i = STATE_FIRST; i < r->n_states; i++)
        *state_slot(r, &r->states[i]) = i;
}

static void grow_next(struct recogniser *r)
{
    size_t n = (r->n_states + 1) * r->g->n_classes;
    if (n <= r->cap_next)
        return;
    r->cap_next = 2 * n;
    r->next = xrealloc(r->next, r->cap_next, sizeof *r->next);
}

/* The members of *s are the last ones; they stay only if the state is new. */
static uint32_t add_state(struct recogniser *r, const struct state *s)
{
    const uint32_t n_classes = r->g->n_classes;
    if (s->n == 0 && !s->may_end && !s->leaves)
        return STATE_DEAD;
    uint32_t *slot = state_slot(r, s);
    if (*slot) {
        r->n_members = s->first;
        return *slot;
    }
    if (r->n_states >= MAX_STATES || r->n_members >= MAX_MEMBERS ||
        r->n_states * n_classes >= MAX_NEXT) {
        r->overflow = true;
        r->n_members = s->first;
        return STATE_DEAD;
    }
    grow_next(r);
    r->states = xgrow(r->states, r->n_states, &r->cap_states, sizeof *r->states);
    r->states[r->n_states] = *s;
    for (uint32_t c = 0; c < n_classes; c++)
        r->next[r->n_states * n_classes + c] = STATE_UNKNOWN;
    uint32_t id = *slot = (uint32_t)r->n_states++;
    if (r->n_states * 2 > r->n_state_slots)
        grow_state_slots(r);
    return id;
}

/* ---- closures: all that can be reached without a byte --------------------------------- */

static void begin_closure(struct recogniser *r)
{
    r->closure++;
    r->n_found = 0;
}

static void want_room(uint32_t **list, size_t *cap, size_t n)
{
    if (n < *cap)
        return;
    *cap = 2 * n + 64;
    *list = xrealloc(*list, *cap, sizeof **list);
}

/* -> true: not seen in this closure. */
static bool see(struct recogniser *r, uint32_t stack)
{
    if (stack >= r->cap_seen) {
        size_t cap = r->cap_stacks;
        r->seen = xrealloc(r->seen, cap, sizeof *r->seen);
        memset(r->seen + r->cap_seen, 0, (cap - r->cap_seen) * sizeof *r->seen);
        r->cap_seen = cap;
    }
    bool is_new = r->seen[stack] != r->closure;
    r->seen[stack] = r->closure;
    return is_new;
}

/* Below a call that is the last of its rule nothing is left to do there. */
static uint32_t below_call(struct recogniser *r, const struct node *call, uint32_t below)
{
    return r->g->nodes[call->next].kind == NODE_RETURN ? below : push(r, call->next, below);
}

static void close_over(struct recogniser *r, uint32_t stack, struct state *s)
{
    size_t n_work = 0;
    want_room(&r->work, &r->cap_work, 2);
    r->work[n_work++] = stack;
    while (n_work > 0 && !r->overflow) {
        r->overflow = r->n_found > MAX_WAYS;
        uint32_t top = r->work[--n_work];
        s->may_end |= top == STACK_EMPTY;
        s->leaves |= top == STACK_OPEN;
        if (top < STACK_FIRST || !see(r, top))
            continue;
        struct stack at = r->stacks[top];
        const struct node *node = &r->g->nodes[at.node];
        want_room(&r->work, &r->cap_work, n_work + 2);
        switch (node->kind) {
        case NODE_BYTES:
            r->found = xgrow(r->found, r->n_found, &r->cap_found, sizeof *r->found);
            r->found[r->n_found++] = top;
            break;
        case NODE_SPLIT: r->work[n_work++] = push(r, node->arg, at.below); /* fall through */
        case NODE_NEXT: r->work[n_work++] = push(r, node->next, at.below); break;
        case NODE_CALL:
            r->work[n_work++] =
                push(r, r->g->rules[node->arg].entry, below_call(r, node, at.below));
            break;
        case NODE_RETURN: r->work[n_work++] = at.below; break;
        }
    }
}

struct way {
    uint32_t below, stack;
};

static int compare_ways(const void *a, const void *b)
{
    const struct way *x = a, *y = b;
    if (x->below != y->below)
        return x->below < y->below ? -1 : 1;
    return (x->stack > y->stack) - (x->stack < y->stack);
}

/* What was found becomes a state. */
static uint32_t end_closure(struct recogniser *r, struct state *s)
{
    struct way few[64], *ways = few;
    if (r->overflow)
        return STATE_DEAD;
    if (r->n_found > sizeof few / sizeof *few)
        ways = xcalloc(r->n_found, sizeof *ways);
    for (size_t i = 0; i < r->n_found; i++)
        ways[i] = (struct way){r->stacks[r->found[i]].below, r->found[i]};
    if (r->n_found > 1)
        qsort(ways, r->n_found, sizeof *ways, compare_ways);
    s->first = (uint32_t)r->n_members;
    s->n = (uint32_t)r->n_found;
    for (size_t i = 0; i < r->n_found; i++) {
        r->members = xgrow(r->members, r->n_members, &r->cap_members, sizeof *r->members);
        r->members[r->n_members++] = ways[i].stack;
    }
    if (ways != few)
        free(ways);
    return add_state(r, s);
}

uint32_t recogniser_resume(struct recogniser *r, uint32_t stack)
{
    struct state s = {0};
    begin_closure(r);
    close_over(r, stack, &s);
    return end_closure(r, &s);
}

uint32_t recogniser_start(struct recogniser *r)
{
    return recogniser_resume(r, push(r, r->g->rules[r->g->root].entry, STACK_EMPTY));
}

uint32_t recogniser_open(struct recogniser *r, uint32_t first, uint32_t n)
{
    struct state s = {0};
    begin_closure(r);
    for (uint32_t i = 0; i < n; i++)
        close_over(r, push(r, r->stacks[r->members[first + i]].node, STACK_OPEN), &s);
    return end_closure(r, &s);
}

static uint32_t compute_step(struct recogniser *r, uint32_t state, uint32_t class)
{
    const struct state from = r->states[state];
    struct state s = {0};
    begin_closure(r);
    for (uint32_t i = 0; i < from.n && !r->overflow; i++) {
        struct stack at = r->stacks[r->members[from.first + i]];
        const struct node *node = &r->g->nodes[at.node];
        if (grammar_takes(r->g, node, class))
            close_over(r, push(r, node->next, at.below), &s);
    }
    return end_closure(r, &s);
}

uint32_t recogniser_step(struct recogniser *r, uint32_t state, uint8_t byte)
{
    size_t at = (size_t)state * r->g->n_classes + r->g->class_of[byte];
    if (state < STATE_FIRST)
        return STATE_DEAD;
    if (r->next[at] == STATE_UNKNOWN) {
        uint32_t next = compute_step(r, state, r->g->class_of[byte]);
        r->next[at] = next;
    }
    return r->next[at];
}

/* ---- bounded memory ------------------------------------------------------------------- */

bool recogniser_is_large(const struct recogniser *r)
{
    return r->n_stacks > MAX_STACKS / 2 || r->n_states > MAX_STATES / 2 ||
           r->n_members > MAX_MEMBERS / 2 || r->n_states * r->g->n_classes > MAX_NEXT / 2;
}

/* Stacks of `from` that the state needs, in their order: those below come before. */
static void mark_needed(const struct recogniser *from, const struct state *s, bool *needed)
{
    for (uint32_t i = 0; i < s->n; i++)
        needed[from->members[s->first + i]] = true;
    for (size_t i = from->n_stacks; i-- > STACK_FIRST;)
        if (needed[i])
            needed[from->stacks[i].below] = true;
}

uint32_t recogniser_compact(struct recogniser *r, uint32_t state)
{
    struct recogniser old = *r;
    const struct state s = old.states[state];
    bool *needed = xcalloc(old.n_stacks, sizeof *needed);
    uint32_t *id = xcalloc(old.n_stacks, sizeof *id);
    recogniser_init(r, old.g);
    mark_needed(&old, &s, needed);
    id[STACK_OPEN] = STACK_OPEN;
    for (size_t i = STACK_FIRST; i < old.n_stacks; i++)
        if (needed[i])
            id[i] = push(r, old.stacks[i].node, id[old.stacks[i].below]);
    struct state new = {.may_end = s.may_end, .leaves = s.leaves};
    begin_closure(r);
    for (uint32_t i = 0; i < s.n; i++)
        close_over(r, id[old.members[s.first + i]], &new);
    uint32_t result = end_closure(r, &new);
    recogniser_free(&old);
    free(needed);
    free(id);
    return result;
}
