/* SPDX-License-Identifier: MIT
 *
 * mended: texts for JSON and from it, which has to be UTF-8.
 */
#ifndef QINS_MENDED_H
#define QINS_MENDED_H

#include "json.h"

/* Each invalid byte becomes U+FFFD, and so does NUL. */
void mended_append(struct buf *out, const char *text, size_t n);
/* A JSON string. */
json_t *mended_string(const char *text, size_t n);
/* What of a text is a message for people: on one line, at most `max` bytes. Control characters
 * become blanks, invalid bytes question marks. */
void mended_line(struct buf *out, const char *text, size_t n, size_t max);

#endif
