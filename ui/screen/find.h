/* SPDX-License-Identifier: MIT
 *
 * find: looking for text in the chat or the page over it.
 */
#ifndef QINS_FIND_H
#define QINS_FIND_H

#include "app.h"

/* Looks for a text in what is shown; "": no longer. */
void find_text(struct app *a, const char *text);
/* The line for the text to find. */
void find_open(struct app *a);
void find_next(struct app *a, int step);
/* LAYER_FIND */
unsigned find_key(struct app *a, int32_t key);
unsigned find_input(struct app *a, const struct input *in);

#endif
