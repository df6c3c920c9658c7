/* SPDX-License-Identifier: MIT
 *
 * mention: the words of a text that may name a file to put in: @notes.txt, @src/, @"my notes.txt",
 * @~/x. The @ begins a word: it stands at the start, or behind a blank or an opening bracket, so
 * that an address (ana@example.org) is none. Whether there is such a file is not looked at.
 */
#ifndef QINS_MENTION_H
#define QINS_MENTION_H

#include "base.h"

struct mention {
    size_t from, to;     /* bytes of the text, from the @ to behind the word or its quote */
    size_t path, n_path; /* bytes of the path */
    char quote;          /* '"' or '\'' around it; 0: none */
    bool open;           /* the quote is not closed */
};

/* The first one of s[*at..n); moves *at behind it. -> false: there is none. An open one is given
 * only if it is the last, up to the end of its line. */
bool mention_next(const char *s, size_t n, size_t *at, struct mention *out);
/* The one that ends at s[n], where a user types. */
bool mention_before(const char *s, size_t n, struct mention *out);
/* The path without a sign at its end that may belong to the sentence: "@a.c)," -> "a.c".
 * -> false: there is none to leave out */
bool mention_shorten(const char *s, struct mention *m);

#endif
