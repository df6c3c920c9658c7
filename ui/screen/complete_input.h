/* SPDX-License-Identifier: MIT
 *
 * complete_input: Tab completes a /command in the input, or tells what it could become.
 */
#ifndef QINS_COMPLETE_INPUT_H
#define QINS_COMPLETE_INPUT_H

#include "app.h"

void complete_input(struct app *a);

#endif
