/* SPDX-License-Identifier: MIT
 *
 * examples: the first messages that the empty chat offers, by model.
 */
#ifndef QINS_EXAMPLES_H
#define QINS_EXAMPLES_H

#include "base.h"

enum { N_EXAMPLES = 4 };

/* It is the small model that comes with the program. */
bool example_is_starter(const char *model_name);
/* Example `i` of N_EXAMPLES for this model. */
const char *example_text(const char *model_name, int i);

#endif
