/* SPDX-License-Identifier: MIT
 *
 * model_folder: a model straight from a folder in Hugging Face form.
 */
#ifndef QINS_MODEL_FOLDER_H
#define QINS_MODEL_FOLDER_H

#include "convert.h"
#include "model.h"

/* Converts a Hugging Face folder in memory and opens that. */
struct model *model_open_folder(const char *folder, const struct convert_options *o,
                                struct error *err);

#endif
