/* SPDX-License-Identifier: MIT
 *
 * question: notices and questions of the program, in the line below the chat. (app_notice, app_ask)
 */
#ifndef QINS_QUESTION_H
#define QINS_QUESTION_H

#include "app.h"

/* The question is not asked any more. */
void question_drop(struct app *a);
/* LAYER_QUESTION */
unsigned question_key(struct app *a, int32_t key);

#endif
