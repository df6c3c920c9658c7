/* SPDX-License-Identifier: MIT
 *
 * source_rows: weights of a checkpoint as floats, a few rows at a time, as they were published.
 */
#ifndef QINS_SOURCE_ROWS_H
#define QINS_SOURCE_ROWS_H

#include "checkpoint.h"

struct source_rows;

/* A weight of weight_list; at most max_rows rows at once. -> NULL when the checkpoint has none of
 * this name. The checkpoint outlives it. */
struct source_rows *source_rows_new(const struct checkpoint *c, const char *name, uint32_t cols,
                                    uint32_t max_rows);
/* -> [n_rows][cols], valid until the next call; NULL: *err. */
const float *source_rows_read(struct source_rows *s, uint32_t row0, uint32_t n_rows,
                              struct error *err);
void source_rows_free(struct source_rows *s);

#endif
