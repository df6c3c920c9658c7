/* SPDX-License-Identifier: MIT
 *
 * compose: the terminal is lent to the person's own editor program. (app_compose)
 */
#ifndef QINS_COMPOSE_H
#define QINS_COMPOSE_H

#include "app.h"

/* The input, in the editor. */
void compose_input(struct app *a);
/* A child has ended: if it was the editor, takes the terminal back and what was written. */
void compose_check(struct app *a);

#endif
