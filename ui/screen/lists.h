/* SPDX-License-Identifier: MIT
 *
 * lists: lists over the whole screen to choose from: conversations, branches, models.
 */
#ifndef QINS_LISTS_H
#define QINS_LISTS_H

#include "app.h"

void lists_conversations(struct app *a); /* list_conversations.c */
void lists_branches(struct app *a);      /* list_branches.c */
void lists_models(struct app *a);        /* list_models.c */

#endif
