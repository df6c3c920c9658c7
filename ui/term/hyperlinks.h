/* SPDX-License-Identifier: MIT
 *
 * hyperlinks: links on a screen that curses draws, which knows none.
 *
 * A cell of a link carries two marks without width behind its character, which say which link it
 * is. So curses sees by itself which cells have changed, whatever else moves over them, and sends
 * the marks along; hyperlinks_write puts OSC 8 around the cells in their place. Neighbours have
 * different marks, so that curses does not send a run of one character as a count.
 */
#ifndef QINS_HYPERLINKS_H
#define QINS_HYPERLINKS_H

#include <wchar.h>

#include "base.h"

enum {
    MAX_HYPERLINKS = 1024, /* of two frames, the one that is shown and the next */
    HYPERLINK_MARKS = 2,   /* of a cell */
};

struct hyperlinks {
    int32_t first_mark; /* n_marks characters from here on are marks */
    int n_marks;
    int n; /* links that they can tell apart, or MAX_HYPERLINKS; 0: not open */
    struct hyperlink {
        char *url;
        uint32_t id;
        bool is_drawn; /* in the frame that is being drawn, ... */
        bool is_shown; /* ... in the one that the terminal has */
    } links[MAX_HYPERLINKS];
};

/* Chooses characters for marks that have no width for who lays the text out (wcwidth for curses).
 * -> false: there are none, so there can be no links. */
bool hyperlinks_open(struct hyperlinks *h, int (*width)(wchar_t));
/* The next frame begins; it is on the screen. */
void hyperlinks_erase(struct hyperlinks *h);
void hyperlinks_shown(struct hyperlinks *h);
void hyperlinks_free(struct hyperlinks *h);

/* A link of this frame. Cells of the same URL and id are one link, wherever they are.
 * -> its number, from 1; 0: there are too many */
int hyperlinks_add(struct hyperlinks *h, const char *url, uint32_t id);
/* What a cell of a link has behind its character. */
void hyperlinks_mark(const struct hyperlinks *h, int number, int column,
                     wchar_t marks[HYPERLINK_MARKS]);
/* Appends what curses wrote, one frame, with sequences instead of marks. No link stays open. */
void hyperlinks_write(const struct hyperlinks *h, const char *s, size_t n, struct buf *out);

/* The sequences themselves. The URL is one of web_link_target. */
void hyperlink_begin(const char *url, uint32_t id, struct buf *out);
extern const char hyperlink_end[];

#endif
