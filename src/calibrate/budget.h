/* SPDX-License-Identifier: MIT
 *
 * budget: formats of single matrices so that the model loses least within a size.
 *
 * What a matrix costs is measured on a part of the calibration text: by how much the output of its
 * layer changes, relative to the residual stream, when this matrix alone is rounded to qins4; other
 * formats cost in proportion to their error weighted by E[x^2]. Costs add up, so the size is spent
 * step by step where a bit saves most. Embedding and head keep the format of the rule.
 */
#ifndef QINS_BUDGET_H
#define QINS_BUDGET_H

#include "calibrate.h"

struct budget {
    double bits;    /* per weight of the layers' matrices, padding not counted; 0: by bytes */
    uint64_t bytes; /* of all weights of the file */
};

/* "5.0": bits; "1.9G", "800M": bytes. */
bool budget_parse(const char *text, struct budget *b, struct error *err);

/* *formats: text for convert_options.formats, or NULL: the rule's own; caller frees. What was
 * measured is kept in OUT.budget, and is not measured again, until budget_forget. */
bool budget_choose(const struct checkpoint *c, const struct calibrate_options *o,
                   const struct budget *b, const char *out, char **formats, struct error *err);
void budget_forget(const char *out);

#endif
