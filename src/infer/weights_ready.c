/* SPDX-License-Identifier: MIT */
#include "weights_ready.h"

#include <stdlib.h>

#include "system.h"

static bool wants_copy(struct weights_ready *w, struct model *m, enum weights_mode mode,
                       const struct kernels *k, struct pool *p)
{
    if (mode == WEIGHTS_MAP || m->memory || !m->file.owns_file || !system_facts.moves_pages)
        return false;
    if (mode == WEIGHTS_COPY)
        return true;
    if (!weights_copy_fits(m->file.file.size))
        return false;
    w->gain = read_plans_gain(m, k, p);
    return w->gain >= COPY_GAIN;
}

void weights_ready(struct weights_ready *w, struct model *m, enum weights_mode mode,
                   const struct kernels *k, struct pool *p)
{
    char *file = read_plans_file();
    *w = (struct weights_ready){0};
    read_plans_choose(m, k, p, file, w->choices);
    free(file);
    if (wants_copy(w, m, mode, k, p))
        w->copies = weights_copy_start(&w->copy, &m->file.file);
    w->copy.collapses = mode == WEIGHTS_AUTO;
}

void weights_ready_step(struct weights_ready *w, struct pool *p)
{
    w->copies = w->copies && weights_copy_step(&w->copy, p);
    if (!w->copies)
        weights_copy_end(&w->copy);
}

void weights_ready_end(struct weights_ready *w)
{
    w->copies = false;
    weights_copy_end(&w->copy);
}
