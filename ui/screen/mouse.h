/* SPDX-License-Identifier: MIT
 *
 * mouse: clicks move the focus and the sliders and show what was thought, the wheel scrolls.
 */
#ifndef QINS_MOUSE_H
#define QINS_MOUSE_H

#include "app.h"

bool mouse_is_on(const struct app *a); /* it was asked for; else its reports are noise */
unsigned mouse_input(struct app *a, const struct input *in);

#endif
