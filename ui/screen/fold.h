/* SPDX-License-Identifier: MIT
 *
 * fold: what a model thought before an answer, shown or hidden by a key, the mouse or the option
 * show_thinking.
 */
#ifndef QINS_FOLD_H
#define QINS_FOLD_H

#include "app.h"

/* Of the message that the reader is at, else of the one before that has any. */
void fold_toggle(struct app *a);
void fold_click(struct app *a, size_t item);
/* The option may have changed: it holds for all messages. */
void fold_by_option(struct app *a);

#endif
