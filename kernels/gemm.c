/* SPDX-License-Identifier: MIT */
#include <cblas.h>

#include "kernels_internal.h"

/* Workers above divide the rows among themselves; threads of the library's own would fight them. */
void gemm_init(void)
{
    openblas_set_num_threads(1);
}

void gemm_f32_openblas(uint32_t n_tok, uint32_t n_rows, uint32_t cols, const float *x,
                       const float *panel, float *out, size_t ld_out)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)n_tok, (blasint)n_rows,
                (blasint)cols, 1.0f, x, (blasint)cols, panel, (blasint)cols, 0.0f, out,
                (blasint)ld_out);
}
