/* SPDX-License-Identifier: MIT
 *
 * attention: what reaches somebody who looks elsewhere: the window's title, and a call when a long
 * answer has ended.
 */
#ifndef QINS_ATTENTION_H
#define QINS_ATTENTION_H

#include "app.h"

void attention_title(struct app *a); /* as the conversation is called now */
void attention_answered(struct app *a);

#endif
