/* SPDX-License-Identifier: MIT
 *
 * matmul: y = x W^T over the pool. Few tokens go through the matvec kernels, many through a prompt
 * kernel where the CPU's level has one for the format, else through panels of dequantised rows and
 * a matrix product; the choice depends on format, tokens and the CPU's level, never on the number
 * of threads.
 */
#ifndef QINS_MATMUL_H
#define QINS_MATMUL_H

#include "kernels.h"
#include "pool.h"

enum { PROMPT_MIN_TOKENS = 8 }; /* that go to a matrix unit where there is one */

struct matmul; /* scratch: int8 activations, bf16 tiles, one panel a worker */

struct matmul *matmul_new(const struct kernels *k, struct pool *p, uint32_t max_tok,
                          uint32_t max_cols);
void matmul_free(struct matmul *mm);

/* y[t][r] = sum_k W[r][k] x[t][k]; n_tok <= max_tok, w->cols <= max_cols. */
void matmul_run(struct matmul *mm, const struct matrix *w, uint32_t n_tok,
                const float *x /* [n_tok][w->cols] */, float *y /* [n_tok][ld_y], w->rows used */,
                size_t ld_y);

#endif
