/* SPDX-License-Identifier: MIT
 *
 * answer_ids: which of the ids that a model generated a rendered text shows. They are used again
 * only if they say what stands there: the model has then read exactly this, and need not again.
 */
#ifndef QINS_ANSWER_IDS_H
#define QINS_ANSWER_IDS_H

#include "chat.h"
#include "thinking.h"

/* Bytes [start, end) of a text, and their ids: those of the message from `first` on. */
struct answer_ids {
    size_t start, end, first;
};

/* m's own text stands at [start, end) of `text`. -> false: its ids say something else. All of them
 * if the text before `start`, down to `from`, is the thinking with the very markers; else only
 * those of the answer itself. */
bool answer_ids_find(const struct chat_message *m, const struct thinking *th, const char *text,
                     size_t from, size_t start, size_t end, struct answer_ids *out);

/* What the ids say, special tokens included. */
void answer_ids_text(const struct chat_message *m, const struct thinking *th, struct buf *out);

#endif
