/* SPDX-License-Identifier: MIT
 *
 * sanitise: the one gate between text that somebody else wrote (a model, a file name, metadata) and
 * a terminal. Nothing that a terminal could take for a command passes it.
 *
 * Output is valid UTF-8 that holds '\n' and '\t' and otherwise no byte below 0x20, no 0x7F and no C1
 * control. A control character becomes visible: ESC -> "^[", 0x9B -> "\x9b". Invalid bytes become
 * U+FFFD. Bidirectional overrides and isolates, zero-width characters and tag characters become
 * visible "<U+202E>"; ZWJ and VS16 inside emoji stay. Idempotent, and independent of how the input
 * was split into calls.
 */
#ifndef QINS_SANITISE_H
#define QINS_SANITISE_H

#include "base.h"

/* State between the pieces of one stream: what may yet be completed by the next piece. */
struct sanitiser {
    char held[16];
    size_t n_held;
};

void sanitise(struct sanitiser *s, const char *text, size_t n, struct buf *out);
void sanitise_end(struct sanitiser *s, struct buf *out); /* gives out what is held */
/* A whole text at once; '\n' and '\t' become visible too when one_line. Caller frees. */
char *sanitise_text(const char *text, size_t n, bool one_line);

#endif
