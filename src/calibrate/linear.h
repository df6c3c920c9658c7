/* SPDX-License-Identifier: MIT
 *
 * linear: what calibration needs of LAPACK. On the calling thread alone, so that results do not
 * depend on the number of threads.
 */
#ifndef QINS_LINEAR_H
#define QINS_LINEAR_H

#include <stdbool.h>
#include <stdint.h>

/* Damping shrinks what columns have in common: a is taken as a + damping diag(a), so that it does
 * not depend on the size of single columns. */

/* u: upper triangle with inverse(a + damping diag(a)) = u^T u, rows of it contiguous; below
 * the diagonal nothing is defined. order[i]: row of `a` that is row i here. -> false: not
 * positive. */
bool linear_inverse_factor(uint32_t n, const float *a /* [n][n] */, float damping,
                           const uint32_t *order /* [n] */, float *u /* [n][n] */);

/* out = d inverse(a + damping diag(a)). */
bool linear_right_divide(uint32_t n, const float *a /* [n][n] symmetric */, float damping,
                         const float *d /* [n][n] */, float *out /* [n][n] */);

#endif
