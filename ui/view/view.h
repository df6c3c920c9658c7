/* SPDX-License-Identifier: MIT
 *
 * view: draws the state of app onto the screen, and changes none of it.
 */
#ifndef QINS_VIEW_H
#define QINS_VIEW_H

#include "frame.h"

void view_draw(const struct app *a, const struct frame *f);

#endif
