/* SPDX-License-Identifier: MIT
 *
 * chat_command: runs a line that is a command; the page of /help.
 */
#ifndef QINS_CHAT_COMMAND_H
#define QINS_CHAT_COMMAND_H

#include "chat_session.h"

/* A line that is a command, or looks like one. */
void chat_command(struct chat_session *s, const char *line);
void chat_help(struct chat_session *s);

#endif
