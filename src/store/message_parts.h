/* SPDX-License-Identifier: MIT
 *
 * message_parts: files inside the text of a user's message. They stand in front of what he typed,
 * each as
 *
 *     <file name="notes.txt" bytes="12">
 *     (12 bytes of text)
 *     </file>
 *     (a blank line)
 *
 * so that the text that a model reads, the store and an export say the same, and parts are found
 * again by their length, whatever they hold. A name has &amp; &quot; &lt; for these signs.
 */
#ifndef QINS_MESSAGE_PARTS_H
#define QINS_MESSAGE_PARTS_H

#include "base.h"

struct message_part {
    char *name; /* owned */
    const char *text;
    size_t n_text; /* bytes */
};

/* Appends a part; its name is one line. */
void message_part_add(struct buf *out, const char *name, const char *text, size_t n);
/* Takes the part that s[*at..n) begins with, and moves *at behind it. -> false: there is none */
bool message_part_next(const char *s, size_t n, size_t *at, struct message_part *out);
void message_part_free(struct message_part *p);
/* Bytes of s[0..n) that are parts: what was typed stands behind. */
size_t message_parts_length(const char *s, size_t n);
/* What was typed, as a message: a text that looks like a part gets a line end in front. */
void message_add_typed(struct buf *out, const char *text, size_t n);

#endif
