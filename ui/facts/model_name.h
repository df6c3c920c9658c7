/* SPDX-License-Identifier: MIT
 *
 * model_name: what a model is called, and what may be asked of it.
 */
#ifndef QINS_MODEL_NAME_H
#define QINS_MODEL_NAME_H

#include "base.h"

enum { N_EXAMPLES = 4 };

/* The name of a model that another program keeps, "org/name" or "ollama:llama3.2:3b" (models_find
 * takes it), else the last part of a path, without ".qins"; fit for a terminal. Caller frees. */
char *model_name(const char *path);
/* It is the small model that comes with the program. */
bool model_is_starter(const char *name);
/* Message `i` of N_EXAMPLES that the model of this name can answer. */
const char *model_example(const char *name, int i);

#endif
