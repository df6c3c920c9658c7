/* SPDX-License-Identifier: MIT */
#include "layers.h"

#include <string.h>

void layers_init(struct layers *l, const struct screen_layer *table)
{
    *l = (struct layers){.table = table, .open = {LAYER_BASE}, .n = 1};
}

static size_t place_of(const struct layers *l, enum layer_id id)
{
    size_t i = 0;
    while (i < l->n && l->open[i] != id)
        i++;
    return i;
}

bool layers_has(const struct layers *l, enum layer_id id)
{
    return place_of(l, id) < l->n;
}

const struct screen_layer *layers_top(const struct layers *l)
{
    return &l->table[l->open[l->n - 1]];
}

void layers_close(struct layers *l, enum layer_id id)
{
    size_t at = place_of(l, id);
    if (at == l->n)
        return;
    l->n--;
    memmove(l->open + at, l->open + at + 1, (l->n - at) * sizeof *l->open);
}

void layers_push(struct layers *l, enum layer_id id)
{
    layers_close(l, id);
    l->open[l->n++] = id;
}

/* Acts on what a layer says about itself. */
static unsigned settle(struct layers *l, enum layer_id id, unsigned reaction)
{
    if (reaction & REACT_CLOSE)
        layers_close(l, id);
    return (reaction & ~(unsigned)REACT_CLOSE) | (reaction ? REACT_TAKEN : 0);
}

unsigned layers_key(struct layers *l, struct app *a, int32_t key)
{
    unsigned reaction = REACT_PASS;
    for (size_t i = l->n; i-- > 0 && !reaction;) {
        enum layer_id id = l->open[i];
        reaction = settle(l, id, l->table[id].key(a, key));
    }
    return reaction;
}

unsigned layers_input(struct layers *l, struct app *a, const struct input *in)
{
    unsigned reaction = REACT_PASS;
    for (size_t i = l->n; i-- > 0 && !reaction;) {
        enum layer_id id = l->open[i];
        if (l->table[id].input)
            reaction = settle(l, id, l->table[id].input(a, in));
    }
    return reaction;
}

void layers_draw(const struct layers *l, const struct app *a, const struct frame *f)
{
    size_t lowest = l->n - 1, hints = l->n - 1;
    while (lowest > 0 && !l->table[l->open[lowest]].covers)
        lowest--;
    for (size_t i = lowest; i < l->n; i++)
        if (l->table[l->open[i]].draw)
            l->table[l->open[i]].draw(a, f);
    while (hints > 0 && !l->table[l->open[hints]].hints)
        hints--;
    l->table[l->open[hints]].hints(a, f);
}
