/* SPDX-License-Identifier: MIT
 *
 * expert_fetch: the weights of experts that tokens are about to go through, where the model's file
 * is not all in memory: asked for together as soon as they are known, instead of page after page
 * when they are read, and counted. While nothing has to be read from the disk, this costs a system
 * call per pass.
 */
#ifndef QINS_EXPERT_FETCH_H
#define QINS_EXPERT_FETCH_H

#include "kernels.h"

struct expert_fetch {
    uint64_t needed_bytes, missed_bytes; /* of chosen experts; of them, not in memory */
    uint64_t faults;                     /* of this process, when they were last looked at */
    uint32_t n_watched;                  /* passes in which what is chosen is looked at */
    bool is_mapped;                      /* the model is a file */
};

/* The first layer of a pass is next. */
void expert_fetch_pass(struct expert_fetch *f);
/* A chosen expert's matrix. */
void expert_fetch_matrix(struct expert_fetch *f, const struct matrix *w);

#endif
