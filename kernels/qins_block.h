/* SPDX-License-Identifier: MIT
 *
 * qins_block: encoding of the formats whose blocks have a scale of their own (qins4, qins4-16,
 * qins3, qins2), one block at a time, so that a caller may weigh columns and choose the order:
 *
 *     base = qins_block_base(...)                of the row, from its original weights
 *     for each block: byte = qins_block_search(...), qins_block_put_scale(...)
 *         for each weight: code = qins_block_code(...), qins_block_put_code(...)
 *     qins_block_finish_row(...)                 makes the base the row's largest scale
 *
 * The sign of a weight fixes its side before anything is rounded: zero counts as positive. To keep
 * the sign of a weight that an update has moved across zero, pass a tiny number of that sign.
 * `importance`: of each column, finite and >= 0, about 1 on average, or NULL for 1 everywhere; the
 * search minimises sum importance x error^2.
 */
#ifndef QINS_BLOCK_H
#define QINS_BLOCK_H

#include "kernels.h"

/* First base of a row: room for any block's scale; 0 for a row of zeros. */
float qins_block_base(enum format format, const float *w /* [cols] */,
                      const float *importance /* [cols] */, uint32_t cols);

/* -> scale byte, polarity << 7 | c, of a block of n weights (the row's last may be shorter than
 * format_info's). */
uint8_t qins_block_search(enum format format, const float *w /* [n] */,
                          const float *importance /* [n] */, uint32_t n, float base);

/* What a scale byte stands for: +-base x 2^(-c/16). */
float qins_block_scale(uint8_t byte, float base);

/* Nearest level of the weight's side -> code; and back, exactly as kernels decode it. */
uint8_t qins_block_code(enum format format, float w, float scale);
float qins_block_value(enum format format, uint8_t code, float scale);

/* Into the tiles of a matrix, whose row group was zero: each code once. b counts a row's blocks, k
 * its columns. */
void qins_block_put_scale(const struct matrix *m, void *data, uint32_t row, uint32_t b,
                          uint8_t byte);
void qins_block_put_code(const struct matrix *m, void *data, uint32_t row, uint32_t k,
                         uint8_t code);

/* When all scales are there -> the base to store; their bytes are lowered to match it. */
float qins_block_finish_row(const struct matrix *m, void *data, uint32_t row, float base);

/* All of this for one row -> its base. */
float qins_block_encode_row(const struct matrix *m, void *data, uint32_t row,
                            const float *w /* [cols] */, const float *importance /* [cols] */);

#endif
