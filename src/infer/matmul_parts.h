/* SPDX-License-Identifier: MIT
 *
 * matmul_parts: several matrices in one go over the pool, each with rows of its own: the experts of
 * some tokens. Each matrix takes the way that matmul_run would take for its number of rows, so that
 * a result depends on its matrix, its row and that number alone.
 */
#ifndef QINS_MATMUL_PARTS_H
#define QINS_MATMUL_PARTS_H

#include "matmul.h"

struct matmul_part {
    const struct matrix *w;
    uint32_t first, n; /* y rows [first, first + n) are w times what these rows read */
    float *y;          /* row 0 of [][ld_y], w->rows used */
};

/* One format and number of columns for all parts; parts that follow one another may share rows.
 * rows[i]: the row of x that row i reads; NULL: row i. All rows together, each part's rounded up to
 * TILE_TOKENS, are at most max_tok. */
void matmul_run_parts(struct matmul *mm, const struct matmul_part *parts, uint32_t n_parts,
                      const float *x /* [n_x][cols] */, uint32_t n_x, const uint32_t *rows,
                      size_t ld_y);

#endif
