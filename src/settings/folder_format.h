/* SPDX-License-Identifier: MIT
 *
 * folder_format: what a model folder in Hugging Face form is converted to in memory.
 */
#ifndef QINS_FOLDER_FORMAT_H
#define QINS_FOLDER_FORMAT_H

#include "kernels.h"
#include "options.h"

/* What `path`, when it is a folder, is converted to: the option "format", or for "auto" f32 where
 * the model's parameters take at most 1 GiB so (nothing is lost, and it fits), else qins8. */
bool folder_format(const struct options *o, const char *path, enum format *format,
                   struct error *err);

#endif
