/* SPDX-License-Identifier: MIT
 *
 * memory_limits: how much memory this process may still take: the least of what the system has
 * free, what the control groups above it (v2 and v1, containers) leave, and its own limits
 * (ulimit -v, -d).
 */
#ifndef QINS_MEMORY_LIMITS_H
#define QINS_MEMORY_LIMITS_H

#include "base.h"

/* 0: the system does not tell. */
uint64_t memory_free(void);

/* Call before so many threads multiply with OpenBLAS. It takes a buffer of addresses for each and
 * keeps it, and tries for ever to get one that the limits deny. Without room for them the program
 * ends here, as it does if memory is out. */
void memory_for_blas(unsigned n_threads);
/* Whether there is room for them. */
bool memory_fits_blas(unsigned n_threads);

#endif
