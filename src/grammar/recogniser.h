/* SPDX-License-Identifier: MIT
 *
 * recogniser: runs a grammar over bytes, all ways at once. A way is a stack: the node that takes
 * the next byte, and the nodes where the rules around it go on. Equal stacks are one stack, equal
 * sets of stacks one state, and what a byte makes of a state is remembered: after a while a byte
 * costs a look into a table.
 */
#ifndef QINS_RECOGNISER_H
#define QINS_RECOGNISER_H

#include "grammar.h"

enum {
    STATE_DEAD,    /* nothing may follow, and nothing may end */
    STATE_UNKNOWN, /* not computed yet */
    STATE_FIRST
};

enum {
    STACK_EMPTY, /* the grammar itself ends here */
    STACK_OPEN,  /* what is around the rule is not looked at: it may end here */
    STACK_FIRST
};

struct stack {
    uint32_t node, below; /* below: a stack */
};

struct state {
    uint32_t first, n; /* its stacks: members[first..first + n), sorted by what is below */
    bool may_end;      /* the grammar may end here */
    bool leaves;       /* the rule above STACK_OPEN may end here */
};

struct recogniser {
    const struct grammar *g;
    struct stack *stacks;
    size_t n_stacks, cap_stacks;
    struct state *states;
    size_t n_states, cap_states;
    uint32_t *members;
    size_t n_members, cap_members;
    uint32_t *next; /* [n_states][n_classes] */
    size_t cap_next;
    uint32_t *stack_slots, *state_slots; /* hash tables; 0: free */
    uint32_t n_stack_slots, n_state_slots;
    uint32_t *seen; /* [cap_seen] by which closure a stack was seen */
    size_t cap_seen;
    uint32_t closure;
    uint32_t *work, *found; /* scratch of a closure: stacks */
    size_t cap_work, n_found, cap_found;
    bool overflow; /* more than the limits: results are wrong */
};

void recogniser_init(struct recogniser *r, const struct grammar *g);
void recogniser_free(struct recogniser *r);

uint32_t recogniser_start(struct recogniser *r); /* -> the state before the first byte */
uint32_t recogniser_step(struct recogniser *r, uint32_t state, uint8_t byte); /* -> state */
/* The state behind a rule: where `stack` goes on. */
uint32_t recogniser_resume(struct recogniser *r, uint32_t stack);
/* n of the state's stacks, members[first..], with STACK_OPEN below their nodes. */
uint32_t recogniser_open(struct recogniser *r, uint32_t first, uint32_t n);

/* Tables are half full: recogniser_compact should be called. */
bool recogniser_is_large(const struct recogniser *r);
/* Forgets all but this state. -> its new number; all others are void */
uint32_t recogniser_compact(struct recogniser *r, uint32_t state);

#endif
