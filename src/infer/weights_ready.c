/* SPDX-License-Identifier: MIT */
#include "weights_ready.h"

#include <stdlib.h>

#include "system.h"

static bool may_copy(const struct model *m, enum weights_mode mode)
{
    if (mode == WEIGHTS_MAP || m->memory || !m->file.owns_file || !system_facts.moves_pages)
        return false;
    return mode == WEIGHTS_COPY || weights_copy_fits(m->file.file.size);
}

static void start_copy(struct weights_ready *w, bool collapses)
{
    w->copies = weights_copy_start(&w->copy, &w->m->file.file);
    w->copy.collapses = collapses;
}

void weights_ready(struct weights_ready *w, struct model *m, enum weights_mode mode,
                   const struct kernels *k, struct pool *p)
{
    char *file = read_plans_file();
    *w = (struct weights_ready){.m = m, .k = k};
    read_plans_choose(m, k, p, file, w->choices);
    free(file);
    if (!may_copy(m, mode))
        return;
    if (mode == WEIGHTS_COPY)
        start_copy(w, false);
    else
        w->measures = w->copies = true;
}

void weights_ready_step(struct weights_ready *w, struct pool *p)
{
    if (w->measures) {
        w->measures = w->copies = false;
        w->gain = read_plans_gain(w->m, w->k, p);
        if (w->gain >= COPY_GAIN)
            start_copy(w, true);
        return;
    }
    w->copies = w->copies && weights_copy_step(&w->copy, p);
    if (!w->copies)
        weights_copy_end(&w->copy);
}

void weights_ready_end(struct weights_ready *w)
{
    w->measures = w->copies = false;
    weights_copy_end(&w->copy);
}
