/* SPDX-License-Identifier: MIT
 *
 * inspect: what `qins-bench inspect` finds out about one tensor, and how it is shown.
 */
#ifndef QINS_INSPECT_H
#define QINS_INSPECT_H

#include "json.h"
#include "qins_view.h"
#include "weights_file.h"

enum { N_STORED = 256, N_EXAMPLES = 8 };

/* Sums over the weights of a tensor; errors are against a reference. */
struct inspect_sums {
    uint64_t n, n_negative, n_lost, n_rel; /* n_lost: signs that are not the reference's */
    double sum_sq, sum_sq_err, sum_rel;    /* sum_rel: of n_rel weights above 1e-8 */
    double max_err;                        /* and where: */
    uint32_t max_row, max_col;
    uint64_t stored[N_STORED], codes[N_STORED]; /* over the tensor's range; over its own */
};

struct inspect_weight {
    uint32_t row, col;
    float value, original; /* original: NAN without reference */
    struct qins_view view;
    uint8_t stored; /* over the tensor's range */
};

struct inspected {
    const struct weight *weight;
    struct matrix m;
    double bits, stored; /* per weight: codes, scales and row values; and all that is stored */
    bool is_counted, is_compared;
    struct inspect_sums sums;                  /* if it is counted */
    struct inspect_weight weights[N_EXAMPLES]; /* the largest first */
    uint32_t n_weights;
};

/* One line of the table; its head. */
void inspect_print_head(bool is_compared);
void inspect_print_row(const struct inspected *t);
/* All about one tensor. */
void inspect_print_tensor(const struct inspected *t);
json_t *inspect_json(const struct inspected *t);

/* -0.490955, the largest of its layer, over the range that it makes with a tensor's smallest. */
void inspect_print_example(const struct matrix *m);
json_t *inspect_json_example(const struct matrix *m);

#endif
