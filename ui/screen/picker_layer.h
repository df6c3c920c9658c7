/* SPDX-License-Identifier: MIT
 *
 * picker_layer: a list over the whole screen, which its opener fills and acts on.
 */
#ifndef QINS_PICKER_LAYER_H
#define QINS_PICKER_LAYER_H

#include "app.h"

/* Shows a->list.picker, which the caller has filled; `act` hears of every key until it closes it.
 */
void picker_layer_open(struct app *a, void (*act)(struct app *, enum picker_result, int32_t key));
void picker_layer_close(struct app *a);
/* LAYER_PICKER */
unsigned picker_layer_key(struct app *a, int32_t key);
unsigned picker_layer_input(struct app *a, const struct input *in);

#endif
