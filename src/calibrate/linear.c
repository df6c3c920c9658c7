/* SPDX-License-Identifier: MIT */
#include "linear.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

/* OpenBLAS carries LAPACK; matrices are column-major there. Its integers are as wide as those of
 * cblas.h: 64 bits in some builds. */
void dpotrf_(const char *uplo, const blasint *n, double *a, const blasint *lda, blasint *info);
void dpotri_(const char *uplo, const blasint *n, double *a, const blasint *lda, blasint *info);
void spotrf_(const char *uplo, const blasint *n, float *a, const blasint *lda, blasint *info);
void spotrs_(const char *uplo, const blasint *n, const blasint *n_rhs, const float *a,
             const blasint *lda, float *b, const blasint *ldb, blasint *info);

/* Of the mean diagonal, added for columns that no token has used. */
#define LEAST 1e-6

static double mean_diagonal(uint32_t n, const float *a)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i * n + i];
    return sum / n;
}

bool linear_inverse_factor(uint32_t n, const float *a, float damping, const uint32_t *order,
                           float *u)
{
    const blasint size = (blasint)n;
    const double least = LEAST * mean_diagonal(n, a);
    double *m = xmalloc((size_t)n * n * sizeof *m);
    blasint info;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            m[i * n + j] = (double)a[(size_t)order[i] * n + order[j]];
    for (size_t i = 0; i < n; i++)
        m[i * n + i] += (double)damping * m[i * n + i] + least;
    dpotrf_("L", &size, m, &size, &info);
    if (info == 0)
        dpotri_("L", &size, m, &size, &info);
    if (info == 0)
        dpotrf_("L", &size, m, &size, &info);
    for (size_t i = 0; info == 0 && i < n; i++) /* columns of the lower one are rows of u */
        for (size_t j = i; j < n; j++)
            u[i * n + j] = (float)m[i * n + j];
    free(m);
    return info == 0;
}

bool linear_right_divide(uint32_t n, const float *a, float damping, const float *d, float *out)
{
    const blasint size = (blasint)n;
    const float least = (float)(LEAST * mean_diagonal(n, a));
    float *m = xmalloc((size_t)n * n * sizeof *m);
    blasint info;
    memcpy(m, a, (size_t)n * n * sizeof *m);
    for (size_t i = 0; i < n; i++)
        m[i * n + i] += damping * m[i * n + i] + least;
    spotrf_("L", &size, m, &size, &info);
    memcpy(out, d, (size_t)n * n * sizeof *out);
    if (info == 0) /* column-major, out is d^T: (a + l)^-1 d^T is the transpose of what is wanted */
        spotrs_("L", &size, &size, m, &size, out, &size, &info);
    free(m);
    return info == 0;
}
