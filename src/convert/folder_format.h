/* SPDX-License-Identifier: MIT
 *
 * folder_format: what a model folder in Hugging Face form or a GGUF file is converted to.
 */
#ifndef QINS_FOLDER_FORMAT_H
#define QINS_FOLDER_FORMAT_H

#include "checkpoint.h"
#include "kernels.h"

/* The format that `name` means for `path`: a format's name, or "auto": f32 if the parameters take
 * at most 64 MiB that way and the source has not rounded them to blocks of few bits, else qins8. */
bool folder_format(const char *name, const char *path, enum format *format, struct error *err);
/* What "auto" means for it; its texts are enough. */
enum format folder_format_auto(const struct checkpoint *c);

#endif
