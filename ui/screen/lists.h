/* SPDX-License-Identifier: MIT
 *
 * lists: lists over the whole screen to choose from: conversations, branches, models.
 */
#ifndef QINS_LISTS_H
#define QINS_LISTS_H

#include "app.h"

void app_pick_conversation(struct app *a); /* list_conversations.c */
void app_pick_branch(struct app *a);       /* list_branches.c */
void app_pick_model(struct app *a);        /* list_models.c */

#endif
