/* SPDX-License-Identifier: MIT */
#include "ids.h"

#include <stdlib.h>
#include <string.h>

static void reserve(struct ids *v, size_t n)
{
    if (v->n + n <= v->cap)
        return;
    while (v->cap < v->n + n)
        v->cap = v->cap ? v->cap * 2 : 64;
    v->ids = xrealloc(v->ids, v->cap, sizeof *v->ids);
}

void ids_push(struct ids *v, int32_t id)
{
    v->ids = xgrow(v->ids, v->n, &v->cap, sizeof *v->ids);
    v->ids[v->n++] = id;
}

void ids_append(struct ids *v, const int32_t *ids, size_t n)
{
    if (!n)
        return;
    reserve(v, n);
    memcpy(v->ids + v->n, ids, n * sizeof *ids);
    v->n += n;
}

void ids_free(struct ids *v)
{
    free(v->ids);
    *v = (struct ids){0};
}
