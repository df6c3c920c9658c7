/* SPDX-License-Identifier: MIT
 *
 * chat_find: the messages that hold a text, as a list, for faces that cannot show them in place.
 */
#ifndef QINS_CHAT_FIND_H
#define QINS_CHAT_FIND_H

#include "chat_session.h"

void chat_find(struct chat_session *s, const char *text);

#endif
