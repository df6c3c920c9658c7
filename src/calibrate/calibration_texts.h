/* SPDX-License-Identifier: MIT
 *
 * calibration_texts: a text as runs of tokens of equal length, each beginning as the model's texts
 * do.
 */
#ifndef QINS_CALIBRATION_TEXTS_H
#define QINS_CALIBRATION_TEXTS_H

#include "checkpoint.h"

struct calibration_texts {
    struct ids ids; /* [n][n_tok] */
    uint32_t n, n_tok;
};

/* At least two, or an error that calls the text `name`. */
bool calibration_texts_read(struct calibration_texts *t, const struct checkpoint *c, uint32_t n_tok,
                            const char *text, size_t n_text, const char *name, struct error *err);
const int32_t *calibration_texts_at(const struct calibration_texts *t, uint32_t i);

#endif
