/* SPDX-License-Identifier: MIT
 *
 * look: theme, colour and mouse from the options onto the screen; answers as Markdown or as
 * written; text alone. (app_apply_look, app_toggle_raw, app_toggle_bare)
 */
#ifndef QINS_LOOK_H
#define QINS_LOOK_H

#include "app.h"

#endif
