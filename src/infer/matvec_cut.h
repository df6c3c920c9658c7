/* SPDX-License-Identifier: MIT
 *
 * matvec_cut: the product of one matrix with one vector, in chunks for the threads of a pool.
 *
 * A worker has a run of neighbouring chunks. Where the kernel can, a chunk takes a row group from
 * each of several streams that lie a quarter (or half) of the matrix apart: a worker reads each of
 * its streams from end to end. Streams of neighbours would jump after every row group, which costs
 * up to a seventh of the rate when rows are short.
 */
#ifndef QINS_MATVEC_CUT_H
#define QINS_MATVEC_CUT_H

#include "kernels.h"

struct matvec_cut {
    uint32_t groups;   /* row groups of a chunk; of each of its streams, if they are apart */
    uint32_t apart;    /* row groups from one stream to the next; 0: neighbours */
    uint32_t n_chunks; /* all, the last of them for what is left over by streams apart */
};

/* Row groups that a worker takes at a time: a multiple of four, since kernels read as many side by
 * side. */
uint32_t matvec_chunk_groups(const struct matrix *w);
/* By the plan of w (w->read) and the kernels' level; results never depend on it. */
struct matvec_cut matvec_cut(const struct kernels *k, const struct matrix *w);
/* Rows of one chunk. */
void matvec_cut_run(const struct matvec_cut *c, const struct kernels *k, const struct matrix *w,
                    uint32_t chunk, const struct activation *x, float *y /* [rows] */);

#endif
