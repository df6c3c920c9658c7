/* SPDX-License-Identifier: MIT
 *
 * stops: texts that end an answer. They are looked for in the text, not among tokens, so it does
 * not matter where tokens begin; what may be the beginning of one is held back until that is known.
 */
#ifndef QINS_STOPS_H
#define QINS_STOPS_H

#include "base.h"

enum { MAX_STOPS = 16, MAX_STOP_BYTES = 128 };

struct stops { /* a value: no memory of its own */
    uint32_t n;
    uint8_t len[MAX_STOPS];
    char text[MAX_STOPS][MAX_STOP_BYTES];
};

/* -> false: not 1 to MAX_STOP_BYTES bytes of UTF-8, or one too many. */
bool stops_add(struct stops *s, const char *text, size_t len);
/* "" for none; a list in JSON if it starts with '['; any other text is the only one itself. */
bool stops_parse(struct stops *s, const char *text);
/* As stops_parse reads it: "" or a list, which is YAML too. Appended. */
void stops_format(const struct stops *s, struct buf *out);

struct stopper {
    struct stops stops;
    struct buf held; /* what may begin a stop text */
    size_t n_passed; /* bytes that were let through */
};

/* Appends to `out` what of the text so far is certain to come before any stop text. -> true: one is
 * complete; `out` has all that stands before it, and the answer ends here. */
bool stopper_push(struct stopper *s, const char *text, size_t n, struct buf *out);
/* The answer ended by itself: what is held belongs to it. */
void stopper_end(struct stopper *s, struct buf *out);
void stopper_free(struct stopper *s);

#endif
