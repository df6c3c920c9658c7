/* SPDX-License-Identifier: MIT
 *
 * spark: a number over time, drawn as one row of small signs, the newest at the right end.
 */
#ifndef QINS_SPARK_H
#define QINS_SPARK_H

#include "base.h"

enum { SPARK_SAMPLES = 256 };

struct spark {
    float values[SPARK_SAMPLES]; /* a ring: sample i at i % SPARK_SAMPLES */
    unsigned n;                  /* samples ever added */
};

/* What a terminal can show: 2 samples of 4 heights in a cell, or 1 of 8. */
enum spark_signs { SPARK_ASCII, SPARK_BLOCKS, SPARK_BRAILLE };

/* Values that are negative or no numbers count as 0. */
void spark_add(struct spark *s, double value);
/* Exactly `cells` cells of UTF-8. The row stands for 0 to the largest value in sight; with
 * `zoom` for the smallest to the largest, or for a tenth around them if they hardly differ. */
void spark_row(const struct spark *s, int cells, enum spark_signs signs, bool zoom,
               struct buf *out);

#endif
