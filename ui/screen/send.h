/* SPDX-License-Identifier: MIT
 *
 * send: Enter: what is in the input goes to the model, or is done as a /command.
 */
#ifndef QINS_SEND_H
#define QINS_SEND_H

#include "app.h"

void send_input(struct app *a);

#endif
