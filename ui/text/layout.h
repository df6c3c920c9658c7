/* SPDX-License-Identifier: MIT
 *
 * layout: styled text laid out in rows of a width. Paragraphs come as runs of one style; a row may
 * carry a prefix (indent, bullet, bar) that is not part of the text. Everything given is sanitised.
 */
#ifndef QINS_LAYOUT_H
#define QINS_LAYOUT_H

#include "base.h"
#include "emoji.h"
#include "style.h"

struct run {
    uint32_t start;     /* byte; holds up to the next run's start */
    uint32_t style : 8; /* enum style */
    uint32_t link : 24; /* of the layout that it is for (layout_link); 0: none */
};

/* Text of many styles; '\n' ends a line. */
struct styled {
    struct buf text;
    struct run *runs; /* [n], starts ascending; equal styles joined */
    size_t n, cap;
    uint32_t link; /* of what is added from now on */
};

void styled_add(struct styled *s, enum style style, const char *text, size_t n);
void styled_puts(struct styled *s, enum style style, const char *text);
/* Appends s[from..to) of another one. */
void styled_copy(struct styled *s, const struct styled *other, size_t from, size_t to);
void styled_trim(struct styled *s);           /* blanks at the end */
void styled_fit(struct styled *s, int width); /* cuts off what is beyond so many cells */
void styled_clear(struct styled *s);          /* keeps its memory */
void styled_free(struct styled *s);

/* How the next row goes on with the text: for search and for finding a place again. */
enum line_end { END_LINE, END_BLANK, END_CUT };

struct line {
    uint32_t start, n; /* bytes of the layout's text; no newline, no tab */
    uint32_t prefix;   /* of them, not of the text */
    uint8_t end;       /* enum line_end */
};

struct layout {
    struct styled drawn; /* all rows, one behind the other */
    struct line *lines;  /* [n] */
    size_t n, cap;
    struct buf urls; /* of links, each with a '\0' behind it */
};

struct look_of_text {
    int width;    /* cells, at least 1 */
    bool unicode; /* lines and bullets may be drawn with more than ASCII */
    bool bare;    /* for the terminal's own selection: no frames, no bars */
    enum emoji emoji;
};

void layout_clear(struct layout *l);
void layout_free(struct layout *l);
/* Appends text wrapped to look->width; `first` stands before its first row, `rest` before the
 * others (NULL: nothing). An empty text gives one row, and so does a newline at the end. */
void layout_paragraph(struct layout *l, const struct look_of_text *look, const struct styled *text,
                      const struct styled *first, const struct styled *rest);
/* One row as it is, of which the first `prefix` bytes are no text. */
void layout_row(struct layout *l, const struct styled *row, size_t prefix, enum line_end end);
void layout_blank(struct layout *l);

/* A link of this layout to s[0..n) as it is written: -> for styled.link; 0: it may not be one. Each
 * call makes another link, whatever the target. */
uint32_t layout_link(struct layout *l, const char *s, size_t n);
/* Where a run's link leads, as web_link_target says it; NULL: it has none. */
const char *layout_url(const struct layout *l, const struct run *run);
/* Adds sanitised text that has no markup: URLs in it are links of l. */
void layout_add_plain(struct layout *l, struct styled *to, enum style style, const char *s,
                      size_t n);

/* A place that other widths have too: characters other than blanks before a row, and rows since. */
struct anchor {
    size_t n, rows;
};
struct anchor layout_anchor(const struct layout *l, size_t row);
size_t layout_find(const struct layout *l, struct anchor anchor);

#endif
