/* SPDX-License-Identifier: MIT
 *
 * profile: where the time of a forward pass goes, by kind of operation, seen from the calling
 * thread. Whoever evaluates calls profile_lap after each step; the time since the last lap is that
 * step's, less what the pool spent waiting for its workers, which is a kind of its own. Without a
 * profile (NULL) a lap is one test of a pointer.
 */
#ifndef QINS_PROFILE_H
#define QINS_PROFILE_H

#include <stdint.h>

#include "system.h"

enum op {
    OP_EMBED,
    OP_NORM,
    OP_QUANTISE, /* activations to int8, or to the tiles of a matrix unit */
    OP_QKV,
    OP_ROPE, /* and keys and values into the cache; of single tokens mostly a part of OP_ATTEND */
    OP_ATTEND,
    OP_ATTN_OUT,
    OP_ROUTE, /* which experts a token goes through */
    OP_GATE_UP,
    OP_SILU,
    OP_DOWN,
    OP_ADD,
    OP_CONV,
    OP_DELTA,
    OP_HEAD,
    OP_SAMPLE,
    OP_WAIT, /* for workers, after the caller's own share of an operation */
    OP_OTHER,
    N_OPS
};

struct profile {
    uint64_t ns[N_OPS], n[N_OPS];
    uint64_t last_ns, waited_ns; /* time of the last lap; waits since then */
};

const char *op_name(enum op op);

static inline uint64_t profile_clock(void)
{
    return system_clock_ns();
}

/* Zeros the sums; the first lap begins. */
void profile_start(struct profile *p);

static inline void profile_lap(struct profile *p, enum op op)
{
    if (!p)
        return;
    uint64_t now = profile_clock();
    p->ns[op] += now - p->last_ns - p->waited_ns;
    p->n[op]++;
    p->ns[OP_WAIT] += p->waited_ns;
    p->waited_ns = 0;
    p->last_ns = now;
}

#endif
