/* SPDX-License-Identifier: MIT
 *
 * recipe: formats of single matrices by pattern, from a small YAML file:
 *
 *     model.layers.0.*: qins4-16
 *     "*.v_proj": qins8
 *
 * A pattern is that of a shell (fnmatch), for the published name of a weight without ".weight". The
 * first one that fits counts; what none fits keeps the format of the command line.
 */
#ifndef QINS_RECIPE_H
#define QINS_RECIPE_H

#include "weights_file.h"

/* *formats: text of META_FORMATS, or NULL: nothing differs; caller frees. A pattern that fits no
 * matrix is an error. */
bool recipe_read(const char *path, const struct model_config *c, enum format format, char **formats,
                 struct error *err);

#endif
