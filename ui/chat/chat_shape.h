/* SPDX-License-Identifier: MIT
 *
 * chat_shape: answers of a given shape: /json.
 */
#ifndef QINS_CHAT_SHAPE_H
#define QINS_CHAT_SHAPE_H

#include "chat_session.h"

/* The file of a JSON schema; "": any JSON object; "off": no shape. From the next message on. */
void chat_json(struct chat_session *s, const char *argument);

#endif
