/* SPDX-License-Identifier: MIT
 *
 * theme: what each style of the screen looks like: colours and attributes, built in or from
 * themes/NAME.yaml. No terminal here: screen.c makes the best of what the terminal has.
 */
#ifndef QINS_THEME_H
#define QINS_THEME_H

#include "base.h"
#include "style.h"

enum attribute {
    ATTRIBUTE_BOLD = 1,
    ATTRIBUTE_DIM = 2,
    ATTRIBUTE_ITALIC = 4,
    ATTRIBUTE_UNDERLINE = 8,
    ATTRIBUTE_REVERSE = 16,
};

/* Colours: 0 is the terminal's own, c + 1 is colour c of 0 to 255. */
struct look {
    int fg, bg;
    unsigned attributes;
};

struct theme {
    struct look looks[N_STYLES];
};

/* What is built in: right on dark and light backgrounds. */
void theme_init(struct theme *t);
/* Sets what the text names and keeps the rest; on failure t is as before. */
bool theme_read(struct theme *t, const char *yaml, size_t n, const char *name, struct error *err);
/* The built-in theme, then NAME: a path with '/' or ".yaml", or a file of the themes folders. */
bool theme_load(struct theme *t, const char *name, struct error *err);
/* The role's name in a theme: "user". */
const char *style_name(enum style style);

/* The nearest of `n` colours (8, 16 or 256) to colour c (0 to 255). */
int colour_among(int c, int n);

#endif
