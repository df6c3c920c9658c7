/* SPDX-License-Identifier: MIT
 *
 * model_options: the sampling values that a model's makers recommend in its generation_config.json.
 */
#ifndef QINS_MODEL_OPTIONS_H
#define QINS_MODEL_OPTIONS_H

#include "options.h"

/* Fills the layer SOURCE_MODEL: temperature, top_p, top_k, min_p and repetition_penalty, where the
 * file says that it samples ("do_sample": true). They are advice: what is missing, of another type
 * or out of range is left out. `json` may be NULL. */
void options_from_generation(struct options *o, const char *json);
/* The same of a model that is not opened: a .qins file, whose header is read, or a folder. What
 * cannot be read changes nothing. */
void options_from_path(struct options *o, const char *path);

#endif
