/* SPDX-License-Identifier: MIT
 *
 * folder_format: what a model folder in Hugging Face form is converted to in memory.
 */
#ifndef QINS_FOLDER_FORMAT_H
#define QINS_FOLDER_FORMAT_H

#include "base.h"
#include "kernels.h"

/* The format that `name` means for `path`: a format's name, or "auto": f32 if the parameters of
 * this folder take at most 1 GiB that way (nothing is lost, and it fits), else qins8. */
bool folder_format(const char *name, const char *path, enum format *format, struct error *err);

#endif
