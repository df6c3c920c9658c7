/* SPDX-License-Identifier: MIT */
#include "profile.h"

#include <assert.h>

static const char *const names[N_OPS] = {
    [OP_EMBED] = "embedding",   [OP_NORM] = "norm",        [OP_QUANTISE] = "quantise",
    [OP_QKV] = "qkv",           [OP_ROPE] = "rope",        [OP_ATTEND] = "attention",
    [OP_ATTN_OUT] = "attn_out", [OP_ROUTE] = "route",      [OP_GATE_UP] = "gate_up",
    [OP_SILU] = "silu",         [OP_DOWN] = "down",        [OP_ADD] = "add",
    [OP_CONV] = "convolution",  [OP_DELTA] = "delta rule", [OP_HEAD] = "head",
    [OP_SAMPLE] = "sampling",   [OP_WAIT] = "waiting",     [OP_OTHER] = "other",
};

const char *op_name(enum op op)
{
    assert((unsigned)op < N_OPS);
    return names[op];
}

void profile_start(struct profile *p)
{
    *p = (struct profile){.last_ns = profile_clock()};
}
