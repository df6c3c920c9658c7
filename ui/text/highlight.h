/* SPDX-License-Identifier: MIT
 *
 * highlight: colours for code by one table of languages: keywords, strings, comments, numbers.
 * Knows no grammar: what it cannot tell stays plain. The state goes from piece to piece of the
 * code, so that long code is cut anywhere at a line's start.
 */
#ifndef QINS_HIGHLIGHT_H
#define QINS_HIGHLIGHT_H

#include "base.h"

struct highlight {
    uint8_t language; /* index of the table; 0: none */
    uint8_t inside;   /* comment or string over several lines */
};

enum token { TOKEN_PLAIN, TOKEN_KEYWORD, TOKEN_STRING, TOKEN_COMMENT, TOKEN_NUMBER };

/* At the start of code whose fence says info[0..n), such as " python title=x". */
void highlight_start(struct highlight *h, const char *info, size_t n);
/* Name of the language in the table, or NULL. */
const char *highlight_language(const struct highlight *h);
/* First token of s[0..n), n > 0; at_start: s begins a line. -> its bytes, of one line ('\n' is a
 * plain token of its own). */
size_t highlight_token(struct highlight *h, const char *s, size_t n, enum token *token);
/* Goes over s[0..n), which ends a line or a piece of one. */
void highlight_skip(struct highlight *h, const char *s, size_t n);

#endif
