/* SPDX-License-Identifier: MIT */
#ifndef QINS_BENCH_KERNELS_H
#define QINS_BENCH_KERNELS_H

#include "kernels.h"

/* Prints the speed of one level's kernels: matvecs over `bytes` of weights as GB/s beside a plain
 * read of the same bytes, decoding, attention. `filter`, or NULL: only formats that contain it. */
void bench_kernels(const struct kernels *k, size_t bytes, const char *filter);

#endif
