/* SPDX-License-Identifier: MIT
 *
 * emoji: terminals disagree on how wide joined emoji are. What is drawn in place of them, by the
 * option `emoji`.
 */
#ifndef QINS_EMOJI_H
#define QINS_EMOJI_H

#include "base.h"

enum emoji {
    EMOJI_NATIVE, /* as they are, in the cells of utf8_cluster_width */
    EMOJI_SAFE,   /* only what every terminal counts alike: no joiners, selectors, skins, flags */
    EMOJI_ASCII,  /* a short text in brackets */
};

/* Appends s[0..n), sanitised, with its emoji replaced. */
void emoji_replace(enum emoji how, const char *s, size_t n, struct buf *out);

#endif
