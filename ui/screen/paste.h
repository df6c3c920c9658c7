/* SPDX-License-Identifier: MIT
 *
 * paste: a paste into the input; a long one only after a question.
 */
#ifndef QINS_PASTE_H
#define QINS_PASTE_H

#include "app.h"

void paste_start(struct app *a);
void paste_end(struct app *a);

#endif
