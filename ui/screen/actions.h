/* SPDX-License-Identifier: MIT
 *
 * actions: where a key becomes an action, and an action is done.
 */
#ifndef QINS_ACTIONS_H
#define QINS_ACTIONS_H

#include "app.h"

/* LAYER_BASE */
unsigned actions_key(struct app *a, int32_t key);

#endif
