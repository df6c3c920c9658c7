/* SPDX-License-Identifier: MIT
 *
 * weights_ready: how the weights of an opened model are read from now on: the kernels' plans, and
 * whether they stay in the mapped file or become private memory in huge pages.
 */
#ifndef QINS_WEIGHTS_READY_H
#define QINS_WEIGHTS_READY_H

#include "read_plans.h"
#include "readahead.h"
#include "weights_copy.h"

#define COPY_GAIN 1.1 /* from which on "auto" copies */

struct weights_ready {
    struct read_choice choices[N_FORMATS];
    double gain;   /* that a copy would read so many times as fast; 0: not measured */
    bool measures; /* the next step tells whether a copy gains */
    bool copies;   /* there are steps left */
    struct weights_copy copy;
    struct model *m;
    const struct kernels *k;
};

/* Brings the file of m into memory, with `copy` into private memory. -> false when it cannot be
 * read to its end; true when stopped. *w is new. */
bool weights_load(struct weights_ready *w, struct model *m, enum weights_mode mode, struct pool *p,
                  readahead_fn *progress, void *arg, struct error *err);
/* After it, or with *w zeroed for a model that is no file. Plans are chosen now; with `auto` the
 * measurement of what a copy would gain if there is memory for it, and the copy, are left to
 * weights_ready_step: no answer waits for them. m and k must stay. */
void weights_ready(struct weights_ready *w, struct model *m, enum weights_mode mode,
                   const struct kernels *k, struct pool *p);
/* The next step: some ms, the measurement up to 0.2 s. */
void weights_ready_step(struct weights_ready *w, struct pool *p);
void weights_ready_end(struct weights_ready *w); /* before model_close */

#endif
