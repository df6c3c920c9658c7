/* SPDX-License-Identifier: MIT
 *
 * weights_ready: how the weights of an opened model are read from now on: the kernels' plans, and
 * whether they stay in the mapped file or become private memory in huge pages.
 */
#ifndef QINS_WEIGHTS_READY_H
#define QINS_WEIGHTS_READY_H

#include "read_plans.h"
#include "weights_copy.h"

#define COPY_GAIN 1.1 /* from which on "auto" copies */

struct weights_ready {
    struct read_choice choices[N_FORMATS];
    double gain; /* that a copy would read so many times as fast; 0: not measured */
    bool copies; /* `copy` has steps left */
    struct weights_copy copy;
};

/* m's pages are in memory. `auto` measures what a copy would gain if there is memory for it. The
 * copy itself is made by weights_copy_step. */
void weights_ready(struct weights_ready *w, struct model *m, enum weights_mode mode,
                   const struct kernels *k, struct pool *p);
/* The next step of the copy; a few ms. */
void weights_ready_step(struct weights_ready *w, struct pool *p);
void weights_ready_end(struct weights_ready *w); /* before model_close */

#endif
