/* SPDX-License-Identifier: MIT
 *
 * loss: what a .qins file loses against its source, measured on the built-in text for it: META_LOSS
 * of the file. The source is read layer by layer.
 */
#ifndef QINS_LOSS_H
#define QINS_LOSS_H

#include "convert.h"

struct loss_job {
    const struct checkpoint *c;
    const struct convert_options *o; /* for its progress */
};

/* A measure function of convert_options; `arg`: struct loss_job. */
bool loss_measure(void *arg, const char *path, char loss[LOSS_BYTES], struct error *err);

#endif
