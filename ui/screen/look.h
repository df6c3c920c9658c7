/* SPDX-License-Identifier: MIT
 *
 * look: theme, colour and mouse from the options onto the screen; answers as Markdown or as
 * written; text alone.
 */
#ifndef QINS_LOOK_H
#define QINS_LOOK_H

#include "app.h"

/* -> false: no such theme. */
bool look_apply(struct app *a, struct error *err);
void look_toggle_raw(struct app *a);
void look_toggle_bare(struct app *a);
#endif
