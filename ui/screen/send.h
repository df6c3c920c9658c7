/* SPDX-License-Identifier: MIT
 *
 * send: Enter: what is in the input goes to the model, or is done as a /command. Tab completes it.
 */
#ifndef QINS_SEND_H
#define QINS_SEND_H

#include "app.h"

void send_input(struct app *a);
/* What was sent while an answer ran: once nothing runs, it goes to the model. */
void send_waiting(struct app *a);
/* Tab: completes the word before the caret, or shows what it might be. */
void complete_input(struct app *a);
/* It comes back into the input. */
void send_take_back(struct app *a);

#endif
