/* SPDX-License-Identifier: MIT
 *
 * file_hint: while a message is typed: what its @paths will put into it (chat_files.h).
 */
#ifndef QINS_FILE_HINT_H
#define QINS_FILE_HINT_H

#include "chat_session.h"

struct file_hint {
    struct buf line; /* sanitised; "" if nothing is mentioned */
    struct buf seen; /* the text that was looked at last */
    struct buf key;  /* chat_files_key of it */
    bool ready;      /* the model was there, then */
};

/* The input is this text now, with marks for folded pastes. */
void file_hint_update(struct file_hint *h, struct chat_session *s, const struct buf *text);
void file_hint_free(struct file_hint *h);

#endif
