/* SPDX-License-Identifier: MIT
 *
 * matmul: y = x W^T over the pool. Few tokens go through the matvec kernels, many through a prompt
 * kernel if the CPU's level has one for the format, else through panels of dequantised rows and
 * a matrix product; the choice depends on format, tokens and the CPU's level, never on the number
 * of threads. A caller may ask for one way (`enum gemm`); runs of fewer than 8 tokens take the
 * matvec kernels whatever it asks, so that their bits stay those of one token after another.
 */
#ifndef QINS_MATMUL_H
#define QINS_MATMUL_H

#include "base.h"
#include "kernels.h"
#include "pool.h"

enum { PROMPT_MIN_TOKENS = 8 }; /* that go to a matrix unit if there is one */

/* The way for prompts. A format that lacks it is multiplied as GEMM_AUTO would. */
enum gemm {
    GEMM_AUTO,
    GEMM_AMX,     /* the matrix unit */
    GEMM_INT8,    /* matvec_batch, however many tokens */
    GEMM_BLAS,    /* decoded panels and sgemm: activations and weights stay float */
    GEMM_MEASURE, /* the fastest of them here and now: matmul_fastest; never for matmul_new */
};

const char *gemm_name(enum gemm gemm);
/* The way of this name, "auto" and so on. EX_USAGE: no such way, or none at this CPU level. */
bool gemm_from_name(const char *name, unsigned cpu_flags, enum gemm *gemm, struct error *err);
/* A matrix unit multiplies prompts in this format. */
bool gemm_uses_unit(enum gemm gemm, const struct kernels *k, enum format format);
/* They are multiplied as integers, however many tokens. */
bool gemm_uses_int8(enum gemm gemm, const struct kernels *k, enum format format);

/* Multiplies a part of w in every way that this level has for its format, and takes the fastest.
 * Ways round differently, so a model may answer otherwise after another measurement. */
enum gemm matmul_fastest(const struct kernels *k, struct pool *p, const struct matrix *w);

struct matmul; /* scratch: int8 activations, bf16 tiles, one panel a worker */

struct matmul *matmul_new(const struct kernels *k, struct pool *p, enum gemm gemm, uint32_t max_tok,
                          uint32_t max_cols);
void matmul_free(struct matmul *mm);

/* y[t][r] = sum_k W[r][k] x[t][k]; n_tok <= max_tok, w->cols <= max_cols. */
void matmul_run(struct matmul *mm, const struct matrix *w, uint32_t n_tok,
                const float *x /* [n_tok][w->cols] */, float *y /* [n_tok][ld_y], w->rows used */,
                size_t ld_y);
/* The same, each token with the bits that it has alone, however many there are. */
void matmul_run_each(struct matmul *mm, const struct matrix *w, uint32_t n_tok,
                     const float *x /* [n_tok][w->cols] */, float *y /* [n_tok][ld_y] */,
                     size_t ld_y);

/* From now on all products are as matmul_run_each has them, also those of matmul_run_parts; or no
 * longer. */
void matmul_each(struct matmul *mm, bool on);

/* Called with the inputs of every product from now on, before it; NULL: no longer. Products of one
 * input that follow each other have the same `x`. */
typedef void matmul_watch_fn(void *arg, const struct matrix *w, uint32_t n_tok,
                             const float *x /* [n_tok][cols] */);
void matmul_watch(struct matmul *mm, matmul_watch_fn *fn, void *arg);

#endif
