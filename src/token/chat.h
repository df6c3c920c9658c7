/* SPDX-License-Identifier: MIT
 *
 * chat: a conversation as a value. chat_template.h makes ids of it.
 */
#ifndef QINS_CHAT_H
#define QINS_CHAT_H

#include "base.h"
#include "ids.h"

enum chat_role { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT };

/* What had to be done to a conversation whose template refuses it as it is. */
enum chat_folding {
    CHAT_UNFOLDED,
    CHAT_JOINED,        /* messages of one role in a row became one */
    CHAT_SYSTEM_FOLDED, /* and the system text stands in front of the first message */
};

struct chat_message {
    enum chat_role role;
    struct buf text;     /* exact bytes, not sanitised */
    struct buf thinking; /* what the model thought before it (thinking.h), without markers */
    struct ids ids; /* generated ids of an answer, thinking and markers included, without the stop
                       token; may be empty */
};

struct chat {
    struct chat_message *messages;
    size_t n, cap;
};

/* -> the new message, valid until the next change of the chat. */
struct chat_message *chat_add(struct chat *c, enum chat_role role, const char *text, size_t len);
void chat_truncate(struct chat *c, size_t n);             /* drops messages from n on */
void chat_cut(struct chat *c, size_t first, size_t end);  /* drops messages first to end - 1 */
void chat_copy(struct chat *to, const struct chat *from); /* replaces what `to` holds */
void chat_free(struct chat *c);

#endif
