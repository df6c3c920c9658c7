/* SPDX-License-Identifier: MIT
 *
 * layer_table: the layers of this program, and the way of everything that comes from the terminal
 * through them.
 */
#ifndef QINS_LAYER_TABLE_H
#define QINS_LAYER_TABLE_H

#include "app.h"

extern const struct screen_layer layer_table[N_LAYERS];

/* -> what the loop has to do. */
unsigned app_key(struct app *a, int32_t key);
unsigned app_input(struct app *a, const struct input *in);

#endif
