/* SPDX-License-Identifier: MIT
 *
 * sanitise: the one gate between text that somebody else wrote (a model, a file name, metadata) and
 * a terminal. Nothing that a terminal could take for a command passes it.
 *
 * Output is valid UTF-8 that holds '\n' and '\t' and otherwise only letters, marks, numbers,
 * punctuation, symbols and spaces: an allow-list by Unicode category. What is not on it becomes
 * visible: ESC -> "^[", U+009B -> "\x9b", any other code point -> "<U+202E>" (bidirectional
 * controls, zero-width and tag characters, line separators, private use, unassigned). Invalid bytes
 * become U+FFFD each. CR LF is one line end; any other CR is "^M".
 *
 * Inside emoji ZWJ, variation selectors and skin tones stay; elsewhere they are visible. A mark
 * needs something to stand on, and at most SANITISE_MARKS may stand on one character (a terminal
 * cell of ncurses holds five code points); a mark beyond that is visible too.
 *
 * Idempotent, and independent of how the input was split into calls.
 */
#ifndef QINS_SANITISE_H
#define QINS_SANITISE_H

#include "base.h"

enum { SANITISE_MARKS = 4, SANITISE_ZWJ = 3 };

/* State between the pieces of one stream; starts zeroed. */
struct sanitiser {
    char held[4]; /* bytes of an unfinished character */
    size_t n_held;
    int32_t pending;        /* CR, ZWJ or VS16 whose fate the next character decides; 0: none */
    int32_t last;           /* what a mark would stand on; 0: nothing */
    uint8_t n_marks, n_zwj; /* on it so far */
    bool emoji;             /* it is an emoji */
};

void sanitise(struct sanitiser *s, const char *text, size_t n, struct buf *out);
void sanitise_end(struct sanitiser *s, struct buf *out); /* gives out what is held */
/* Text may be cut between two of its characters: what follows is given out as it would be alone. */
bool sanitise_may_cut(int32_t before, int32_t after);
/* A whole text at once; '\n' and '\t' become visible too when one_line. Caller frees. */
char *sanitise_text(const char *text, size_t n, bool one_line);
/* "program: text\n" on stderr, sanitised; returns err->code. */
int error_print(const struct error *err, const char *program);

#endif
