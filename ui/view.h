/* SPDX-License-Identifier: MIT
 *
 * view: draws the state of app onto the screen. Reads, changes nothing but layouts.
 */
#ifndef QINS_VIEW_H
#define QINS_VIEW_H

#include "app.h"

void view_draw(struct app *a);

#endif
