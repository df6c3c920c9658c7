/* SPDX-License-Identifier: MIT
 *
 * qins_view: any stored weight in the words of the specification: stored and sign, over the range
 * of whatever the format keeps a range for (a tensor, a row, a block):
 *
 *     |w| + eps = exp(log_min + (255 - stored) / 254 * (log_max - log_min))
 *
 * Formats with blocks round such levels to integers: there the law gives |w| to within 1/127 of the
 * block's largest.
 */
#ifndef QINS_VIEW_H
#define QINS_VIEW_H

#include "kernels.h"

struct qins_view {
    uint8_t stored; /* 1 (largest) to 255; 0: exactly zero */
    int sign;       /* -1 or 1 */
    double log_min, log_max, eps;
};

/* Of one weight of a qins format. */
struct qins_view qins_view(const struct matrix *m, uint32_t row, uint32_t col);
/* What the law makes of it. */
double qins_view_value(const struct qins_view *v);
/* The steps between neighbouring magnitudes of a format: 254 in qins9, 7 in qins4; 0: no codes. */
uint32_t qins_view_steps(enum format format);

#endif
