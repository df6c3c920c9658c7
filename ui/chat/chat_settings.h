/* SPDX-License-Identifier: MIT
 *
 * chat_settings: settings that change while the program runs.
 */
#ifndef QINS_CHAT_SETTINGS_H
#define QINS_CHAT_SETTINGS_H

#include "chat_session.h"

/* "NAME VALUE", "NAME": tells the value; "": shows all. */
void chat_set(struct chat_session *s, const char *arguments);
void chat_choose_preset(struct chat_session *s, const char *name); /* "": lists them */
/* The system prompt; "none": none; "edit": in the user's editor; "": shows it. */
void chat_system(struct chat_session *s, const char *text);
/* Answers of a given shape: the file of a JSON schema; "": any JSON object; "off": no shape. From
 * the next message on. */
void chat_json(struct chat_session *s, const char *argument);
/* What the user has written in the editor; "": none. */
void chat_take_system(struct chat_session *s, const char *text);

#endif
