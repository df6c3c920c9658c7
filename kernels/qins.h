/* SPDX-License-Identifier: MIT
 *
 * The QINS codecs: float weights <-> codes, in plain C. This is the definition of the formats.
 *
 * Law of every member: |w| + eps = exp(log_min + (255 - stored) / 254 * (log_max - log_min)), the
 * sign kept exactly. Nothing here allocates; buffers belong to the caller.
 */
#ifndef QINS_QINS_H
#define QINS_QINS_H

#include "kernels.h"

/* Range of a tensor, from the weights with |w| > 1e-8 (natural logs, float32). All-zero tensor:
 * log_min -10, log_max 0, max_abs 0. */
struct qins_range {
    float log_min, log_max;
    float min_abs, max_abs;
    uint64_t n_nonfinite; /* NaN and infinities met; such tensors are not encoded */
};

/* Widens `r` by n weights. Start from QINS_RANGE_EMPTY, end with qins_range_finish. */
#define QINS_RANGE_EMPTY ((struct qins_range){.min_abs = __FLT_MAX__})
void qins_range_add(struct qins_range *r, const float *w, size_t n);
void qins_range_finish(struct qins_range *r);

/* What encoding cost, summed over weights; add the members of two to merge them. */
struct qins_error {
    uint64_t n, n_sign_kept, n_rel;
    double sum_sq, sum_sq_err; /* relative RMS = sqrt(sum_sq_err / sum_sq) */
    double sum_rel;            /* |w' - w| / |w| over weights above 1e-8, n_rel of them */
};

/* Encodes rows [row0, row1) of a matrix; row0 is a multiple of ROW_GROUP, and so is row1 unless it
 * is m->rows. `w` holds just these rows; `data` and `row` are the whole matrix's buffers. `error`
 * (or NULL) is increased by the loss of these rows. */
void qins_encode(const struct matrix *m, const struct qins_range *range, uint32_t row0,
                 uint32_t row1, const float *w /* [row1 - row0][cols] */, void *data, float *row,
                 struct qins_error *error);

/* What encoding of these rows cost, of a bound matrix: the same sums. */
void qins_measure(const struct matrix *m, uint32_t row0, uint32_t row1,
                  const float *w /* [row1 - row0][cols] */, struct qins_error *error);

/* The specification's view of any tensor: stored 1..255 and sign, over one range. */
uint8_t qins_stored(float w, float log_min, float log_max);
float qins_value(uint8_t stored, int sign, float log_min, float log_max);

/* bfloat16, round to nearest even; NaN stays NaN. */
uint16_t bf16_from_f32(float x);
float bf16_to_f32(uint16_t x);
float f16_to_f32(uint16_t x);

#endif
