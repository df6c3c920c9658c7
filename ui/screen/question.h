/* SPDX-License-Identifier: MIT
 *
 * question: notices and questions of the program, in the line below the chat.
 */
#ifndef QINS_QUESTION_H
#define QINS_QUESTION_H

#include "app.h"

void app_notice(struct app *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Asks in the line below the chat; the keys are for it until y or n. */
void app_ask(struct app *a, void (*answer)(struct app *, bool yes), const char *question);
/* The question is not asked any more. */
void question_drop(struct app *a);
/* LAYER_QUESTION */
unsigned question_key(struct app *a, int32_t key);

#endif
