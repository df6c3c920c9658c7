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

static void copy_all(struct weights_copy *c, struct pool *p, readahead_fn *progress, void *arg)
{
    while (weights_copy_step(c, p) && progress(arg, c->done, c->m->size))
        ;
}

bool weights_load(struct weights_ready *w, struct model *m, enum weights_mode mode, struct pool *p,
                  readahead_fn *progress, void *arg, struct error *err)
{
    const struct mapping *file = &m->file.file;
    *w = (struct weights_ready){.m = m};
    if (mode == WEIGHTS_COPY && may_copy(m, mode) && weights_copy_start(&w->copy, file))
        copy_all(&w->copy, p, progress, arg);
    weights_copy_end(&w->copy);
    return w->copy.done == file->size || mapping_read(file, m->file.name, p, progress, arg, err);
}

void weights_ready(struct weights_ready *w, struct model *m, enum weights_mode mode,
                   const struct kernels *k, struct pool *p)
{
    char *file = read_plans_file();
    w->m = m;
    w->k = k;
    read_plans_choose(m, k, p, file, w->choices);
    free(file);
    w->measures = w->copies =
        mode == WEIGHTS_AUTO && may_copy(m, mode) && w->copy.done < m->file.file.size;
}

void weights_ready_step(struct weights_ready *w, struct pool *p)
{
    if (w->measures) {
        w->measures = w->copies = false;
        w->gain = read_plans_gain(w->m, w->k, p);
        if (w->gain >= COPY_GAIN)
            w->copies = weights_copy_start(&w->copy, &w->m->file.file);
        w->copy.collapses = w->copies;
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
