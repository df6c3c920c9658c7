/* SPDX-License-Identifier: MIT
 *
 * chat_versions: other versions of what was said, and the branches that they make. All of these
 * refuse while an answer runs.
 */
#ifndef QINS_CHAT_VERSIONS_H
#define QINS_CHAT_VERSIONS_H

#include "chat_session.h"

void chat_regenerate(struct chat_session *s);
/* "": asks for a new version of the last message; "answer": of the last answer. */
void chat_edit(struct chat_session *s, const char *what);
/* The new version that the face has asked for. */
void chat_rewrite(struct chat_session *s, int32_t number, const char *text, size_t n);
void chat_undo(struct chat_session *s);
void chat_continue(struct chat_session *s);
/* "": lists the branches; else the number of a version of the last message that has some. */
void chat_branch(struct chat_session *s, const char *which);
/* To the branch that ends in this message. */
void chat_go_to(struct chat_session *s, int32_t leaf);
void chat_next_version(struct chat_session *s, int step);

#endif
