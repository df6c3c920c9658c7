/* SPDX-License-Identifier: MIT
 *
 * list: a list over the whole screen, which its opener fills and acts on. (app_open_picker)
 */
#ifndef QINS_LIST_H
#define QINS_LIST_H

#include "app.h"

/* LAYER_PICKER */
unsigned list_key(struct app *a, int32_t key);
unsigned list_input(struct app *a, const struct input *in);

#endif
