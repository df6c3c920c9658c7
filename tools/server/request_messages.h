/* SPDX-License-Identifier: MIT
 *
 * request_messages: the "messages" of a chat request as a conversation. Contents are texts, or
 * lists of parts of type "text".
 */
#ifndef QINS_REQUEST_MESSAGES_H
#define QINS_REQUEST_MESSAGES_H

#include <jansson.h>

#include "chat.h"
#include "request_fault.h"

/* What is added to `chat` is the caller's to free, also after a fault. */
bool request_messages_read(struct chat *chat, const json_t *body, struct request_fault *f);

#endif
