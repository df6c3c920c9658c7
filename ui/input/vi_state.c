/* SPDX-License-Identifier: MIT */
#include "vi_state.h"

#include <stdlib.h>

void vi_note_key(struct vi *v, int32_t key)
{
    struct vi_keys *k = &v->typed;
    if (v->replaying || k->n == VI_MAX_KEYS)
        return;
    k->keys = xgrow(k->keys, k->n, &k->cap, sizeof *k->keys);
    k->keys[k->n++] = key;
}

void vi_command_over(struct vi *v)
{
    if (v->changes && !v->replaying && v->typed.n < VI_MAX_KEYS) {
        struct vi_keys old = v->last;
        v->last = v->typed;
        v->typed = old;
    }
    v->typed.n = 0;
    v->count = v->outer_count = 0;
    v->op = v->pending = 0;
    v->changes = false;
}

void vi_reset(struct vi *v)
{
    v->changes = false;
    vi_command_over(v);
    v->normal = false;
}

void vi_free(struct vi *v)
{
    free(v->typed.keys);
    free(v->last.keys);
    *v = (struct vi){0};
}
