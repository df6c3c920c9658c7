/* SPDX-License-Identifier: MIT
 *
 * pager: help and other pages over the chat. (app_open_page)
 */
#ifndef QINS_PAGER_H
#define QINS_PAGER_H

#include "app.h"

/* The page, else the chat: what scrolls, and what is searched. */
struct transcript *pager_pane(struct app *a);
/* LAYER_PAGER: only its own keys; all others work as without a page. */
unsigned pager_key(struct app *a, int32_t key);

#endif
