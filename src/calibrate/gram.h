/* SPDX-License-Identifier: MIT
 *
 * gram: second moments of a matrix's inputs over the tokens of a text: sum x x^T, and how inputs
 * of the original differ, sum (x0 - x) x^T. Sums are made in tiles, each by one thread and in the
 * order of texts, so that they do not depend on the number of threads.
 */
#ifndef QINS_GRAM_H
#define QINS_GRAM_H

#include "pool.h"

#include <stdbool.h>
#include <stddef.h>

struct gram {
    uint32_t cols;
    uint64_t n_tok;
    float *x;     /* [cols][cols] sum x x^T, the upper triangle; NULL: the diagonal alone */
    float *d;     /* [cols][cols] sum (x0 - x) x^T; NULL: not wanted */
    double *diag; /* [cols] sum x^2 */
};

void gram_init(struct gram *g, uint32_t cols, bool is_full, bool has_d);
void gram_free(struct gram *g);
/* `d` may be NULL: nothing is added to g->d. */
void gram_add(struct gram *g, struct pool *p, uint32_t n_tok, const float *x /* [n_tok][cols] */,
              const float *d /* [n_tok][cols] x0 - x */);
/* Means over tokens, and x whole. */
void gram_finish(struct gram *g);

#endif
