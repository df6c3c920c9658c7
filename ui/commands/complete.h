/* SPDX-License-Identifier: MIT
 *
 * complete: Tab in a line that starts with '/': names of commands, and what may follow them:
 * options and their values, presets, themes, paths. In a message: paths behind an @ (mention.h).
 */
#ifndef QINS_COMPLETE_H
#define QINS_COMPLETE_H

#include "base.h"

enum { COMPLETE_MAX_FILES = 10000 }; /* of a folder that are looked at */

struct completion {
    size_t from;  /* line[from..at) is what the words begin with */
    char **words; /* [n], sorted */
    size_t n;
    size_t n_common;    /* bytes that all words begin with */
    size_t n_folder;    /* bytes of a path that all words share and nobody needs to see */
    const char *before; /* belongs in front of the words and is not there yet: a quote, or "" */
    const char *after;  /* what may follow a whole word: " ", or "" */
};

/* The words that fit line[0..at). */
void complete(const char *line, size_t at, struct completion *out);
void completion_free(struct completion *c);

#endif
