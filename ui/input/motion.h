/* SPDX-License-Identifier: MIT
 *
 * motion: places in a text that is being written: characters (grapheme clusters, folded pastes),
 * words and lines. Every place is a byte at the edge of a character.
 */
#ifndef QINS_MOTION_H
#define QINS_MOTION_H

#include "base.h"

enum motion_class { CLASS_BLANK, CLASS_WORD, CLASS_SIGN };

/* Of the character at `at`; the end of the text is blank. Words are letters, marks, numbers and
 * folded pastes. */
enum motion_class motion_class(const struct buf *t, size_t at);

size_t motion_next(const struct buf *t, size_t at); /* the end stays where it is */
size_t motion_previous(const struct buf *t, size_t at);
size_t motion_line_start(const struct buf *t, size_t at);
size_t motion_line_end(const struct buf *t, size_t at); /* before the line's '\n' */

/* As readline's: back to the start of a word; on to the end of one. */
size_t motion_word_left(const struct buf *t, size_t at);
size_t motion_word_right(const struct buf *t, size_t at);
/* Back to a blank, as Ctrl-W of a terminal does. */
size_t motion_blank_left(const struct buf *t, size_t at);

#endif
