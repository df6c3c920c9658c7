/* SPDX-License-Identifier: MIT */
#include "item_message.h"

const struct message *item_message(const struct app *a, size_t item)
{
    const struct conversation *c = &a->chat.conversation;
    size_t at = 0;
    for (size_t i = 0; i <= item && i < a->reader.transcript.n && at < c->n_path; i++) {
        const struct message *m = &c->messages[c->path[at]];
        enum item_kind kind = a->reader.transcript.items[i].kind;
        if (kind == ITEM_NOTE || m->role != (kind == ITEM_USER ? CHAT_USER : CHAT_ASSISTANT))
            continue;
        if (i == item)
            return m;
        at++;
    }
    return NULL;
}
