/* SPDX-License-Identifier: MIT
 *
 * compose: the terminal is lent to the user's own editor program.
 */
#ifndef QINS_COMPOSE_H
#define QINS_COMPOSE_H

#include "app.h"

/* `done` gets what was written, clean. */
void compose_text(struct app *a, const char *text,
                  void (*done)(struct app *, const char *text, size_t n));
/* The input, in the editor. */
void compose_input(struct app *a);
/* A child has ended: if it was the editor, takes the terminal back and what was written. */
void compose_check(struct app *a);

#endif
