/* SPDX-License-Identifier: MIT
 *
 * read_plans: how the kernels ask memory for the matrices of a model (struct read_plan), chosen by
 * a measurement on its own pages: which way is the fastest depends on the CPU and on the size of
 * pages. No result depends on it.
 */
#ifndef QINS_READ_PLANS_H
#define QINS_READ_PLANS_H

#include "model.h"
#include "pool.h"

#define READ_PLANS_MS 30.0 /* that all measurements of a model take at most, more or less */

enum read_plan_origin {
    PLAN_DEFAULT,  /* the model is too small to tell, or its kernels know no plans */
    PLAN_KEPT,     /* of an earlier measurement */
    PLAN_MEASURED, /* now */
};

struct read_choice {
    struct read_plan plan;
    enum read_plan_origin origin;
};

/* Chooses a plan for each format of m, whose pages are in memory, and sets it. `file`: where
 * choices are kept, or NULL. One that cannot be read, or makes no sense, is ignored and rewritten.
 */
void read_plans_choose(struct model *m, const struct kernels *k, struct pool *p, const char *file,
                       struct read_choice choices[N_FORMATS]);

/* How many times as fast as now the kernels would read the weights of m from private memory in huge
 * pages: some are copied and read in turn with as many others. 0: too little to tell. */
double read_plans_gain(struct model *m, const struct kernels *k, struct pool *p);

/* The file in the cache folder, or NULL. Caller frees. */
char *read_plans_file(void);

#endif
