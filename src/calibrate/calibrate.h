/* SPDX-License-Identifier: MIT
 *
 * calibrate: a checkpoint becomes a .qins file whose codes are chosen for what the model does with
 * a text (rounding.h), layer by layer: of the original one layer is in memory at a time, beside the
 * residual streams of the text in the original and in the quantised model.
 *
 * The result does not depend on the number of threads. A calibration that was stopped goes on
 * behind its last whole layer (OUT.calibration).
 */
#ifndef QINS_CALIBRATE_H
#define QINS_CALIBRATE_H

#include "convert.h"

struct calibrate_options {
    struct convert_options convert; /* format, formats, threads, progress, ... */
    const char *text;               /* [n_text] */
    size_t n_text;
    const char *text_name; /* for the recipe in the file */
    bool no_feedback, correction;
    const char *budget; /* as the user gave it, for the recipe in the file; or NULL */
    float damping;      /* of feedback; 0: measured */
};

/* Whether it can go through this model layer by layer. */
bool calibrate_can(const struct checkpoint *c, struct error *err);
bool calibrate_to_file(const struct checkpoint *c, const struct calibrate_options *o,
                       const char *out, struct convert_report *report, struct error *err);

#endif
