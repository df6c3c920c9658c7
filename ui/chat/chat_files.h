/* SPDX-License-Identifier: MIT
 *
 * chat_files: @path in a message puts the text of a file in, @folder/ the names and sizes of what
 * is in a folder (mention.h says which words those are, message_parts.h how they stand in the
 * message). Only what a user typed himself is looked at, never a paste that is folded, nor lines
 * from a pipe: a text of others must not read his files.
 */
#ifndef QINS_CHAT_FILES_H
#define QINS_CHAT_FILES_H

#include "chat_session.h"

enum {
    CHAT_FILE_BYTES = 1 << 20,    /* of a file */
    CHAT_MESSAGE_BYTES = 4 << 20, /* of a message with its files */
    CHAT_MOST_FILES = 32,
};

/* The message of a user: what `typed` mentions, then text[0..n), which is `typed` with its folded
 * pastes written out. -> false: a file cannot be put in, and why */
bool chat_files_join(const char *typed, const char *text, size_t n, struct buf *message,
                     struct error *err);
/* Appends what would be put in, for a user who is still typing: "notes.txt, 12.3 KB, 3,100 tokens";
 * nothing if the text mentions no file. Raw. */
void chat_files_hint(struct chat_session *s, const char *typed, size_t n, struct buf *out);
/* Appends what that depends on but the text itself: sizes and times of the files. The same key, the
 * same hint. */
void chat_files_key(const struct chat_session *s, const char *typed, size_t n, struct buf *out);

/* Of a message: the line that stands for its files, sanitised. -> false: it has none */
bool chat_files_line(struct chat_session *s, int32_t number, char *out, size_t size);
/* The files themselves, each below its name. Appended, raw. */
void chat_files_text(const struct message *m, struct buf *out);
/* What the user typed, behind the files. */
const char *chat_files_typed(const struct message *m, size_t *n);

#endif
