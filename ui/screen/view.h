/* SPDX-License-Identifier: MIT
 *
 * view: draws the state of app onto the screen. Reads, changes nothing but layouts.
 */
#ifndef QINS_VIEW_H
#define QINS_VIEW_H

#include "app.h"

void view_draw(struct app *a);

/* What stands at a cell of the screen. */
enum place_kind { PLACE_NONE, PLACE_CHAT, PLACE_INPUT, PLACE_SIDEBAR };
struct place {
    enum place_kind kind;
    int slider;      /* of the sidebar; -1: none */
    double fraction; /* of its track, 0..1; negative: beside the track */
};
struct place view_at(struct app *a, int row, int column);

#endif
