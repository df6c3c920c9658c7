/* SPDX-License-Identifier: MIT
 *
 * pager: help and other pages over the chat.
 */
#ifndef QINS_PAGER_H
#define QINS_PAGER_H

#include "app.h"

/* `name` stands on the line above: "Help". */
void pager_open(struct app *a, const char *name, const char *text);
/* The page, else the chat: what scrolls, and what is searched. */
struct transcript *pager_pane(struct app *a);
/* LAYER_PAGER: only its own keys; all others work as without a page. */
unsigned pager_key(struct app *a, int32_t key);

#endif
