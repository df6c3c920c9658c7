/* SPDX-License-Identifier: MIT
 *
 * item_message: the message behind an item of the transcript.
 */
#ifndef QINS_ITEM_MESSAGE_H
#define QINS_ITEM_MESSAGE_H

#include "app.h"

/* NULL: an answer that waits for the model has none yet. */
const struct message *item_message(const struct app *a, size_t item);

#endif
