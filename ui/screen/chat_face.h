/* SPDX-License-Identifier: MIT
 *
 * chat_face: the screen as a face of the chat: what happens there becomes items of the transcript,
 * notices, pages and lists.
 */
#ifndef QINS_CHAT_FACE_H
#define QINS_CHAT_FACE_H

#include "app.h"

extern const struct chat_face screen_chat_face; /* its self: struct app */
/* What stands in the input: a message, or the new version of one. */
void chat_face_send(struct app *a, const char *text, size_t n);

#endif
