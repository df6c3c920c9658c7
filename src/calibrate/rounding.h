/* SPDX-License-Identifier: MIT
 *
 * rounding: one matrix becomes codes so that its outputs change least, given the second moments of
 * its inputs. In order, each step optional:
 *
 * - correction: W becomes W + W D (H + l I)^-1, the matrix that does to the inputs x of the
 *   quantised model what W does to those of the original (least squares; Qronos, GPTAQ);
 * - search of each block's scale and polarity weighted by E[x^2];
 * - feedback (GPTQ; Frantar et al. 2022): blocks are rounded in the order of importance, and what a
 *   column loses is made good in those that are not yet rounded. A block's scale and polarity are
 *   those of the least loss with feedback inside the block.
 *
 * A weight keeps the sign of the original whatever the update.
 */
#ifndef QINS_ROUNDING_H
#define QINS_ROUNDING_H

#include "gram.h"
#include "kernels.h"

struct rounding {
    enum format format;
    uint32_t rows, cols;
    const float *w;          /* [rows][cols] */
    const struct gram *gram; /* finished */
    bool feedback, correction;
    float damping;            /* of feedback: H + damping diag(H) */
    float correction_damping; /* the same, of the correction */
};

/* `data`, `row`: the planes of a matrix of this shape, zeroed. -> false: H is not finite. */
bool rounding_run(const struct rounding *r, struct pool *p, void *data, float *row);

/* Which of the dampings loses least on inputs that the gram has not seen, on some rows. */
float rounding_best_damping(const struct rounding *r, struct pool *p, const struct gram *held,
                            const float *dampings, uint32_t n);

#endif
