/* SPDX-License-Identifier: MIT
 *
 * picker: a list over the whole screen to choose from: columns, a filter that is typed, a selection
 * that scrolls. For conversations, branches, models. Knows no terminal and not what the items are:
 * whoever opens it acts on what picker_key says.
 */
#ifndef QINS_PICKER_H
#define QINS_PICKER_H

#include "base.h"

enum { PICKER_COLUMNS = 4 };

struct picker_item {
    int64_t key;                   /* what the opener knows it by */
    char *columns[PICKER_COLUMNS]; /* NULL: none; the first takes the room that the others leave */
    char *detail;                  /* a line below it, or NULL */
    unsigned number;               /* what a command calls it by; 0: nothing */
};

struct picker {
    /* Set by the opener; static texts. */
    const char *heading;  /* "Conversations" */
    const char *nothing;  /* shown if the list is empty */
    const char *verb;     /* what Enter does: "open" */
    const char *hints[2]; /* the opener's own keys: "Ctrl-R rename", or NULL */
    bool opener_filters;  /* the list is filled anew after PICKER_FILTERED; else items whose
                             texts lack one of the filter's words are hidden */

    struct picker_item *items; /* texts owned, sanitised */
    size_t n, cap;
    size_t *shown, cap_shown;      /* [n_shown] indices of items */
    size_t n_shown, selected, top; /* selected and top: indices into shown */
    struct buf filter;
    const char *question; /* being asked; NULL: none */
    bool wants_text;      /* the answer is a text, in `answer`; else y or n */
    struct buf answer;
};

enum picker_result {
    PICKER_HANDLED,
    PICKER_CLOSED,   /* Esc, Ctrl-C: leave it */
    PICKER_CHOSEN,   /* Enter: picker_selected */
    PICKER_FILTERED, /* the filter has changed */
    PICKER_ANSWERED, /* the question: yes, or `answer` */
    PICKER_OTHER,    /* a key that means nothing to a list */
};

/* An empty list; what was in *p is forgotten. */
void picker_init(struct picker *p, const char *heading, const char *nothing);
void picker_free(struct picker *p);
/* Empties the list for refilling; keeps filter and selection. */
void picker_clear(struct picker *p);
/* -> the new item, valid until the next; its columns start with copies of `title` and NULLs. Texts
 * are sanitised here. */
struct picker_item *picker_add(struct picker *p, int64_t key, const char *title, size_t n);
void picker_text(char **to, const char *text); /* a column or the detail, sanitised */
/* After the last picker_add: applies the filter. */
void picker_ready(struct picker *p);
void picker_select(struct picker *p, int64_t key);
const struct picker_item *picker_selected(const struct picker *p); /* NULL: the list is empty */

enum picker_result picker_key(struct picker *p, int32_t key);
/* `text`: what the answer starts as; NULL for a question of yes or no. */
void picker_ask(struct picker *p, const char *question, const char *text);

/* ---- layout --------------------------------------------------------------------------- */

struct picker_row {
    const struct picker_item *item;
    bool detail; /* this row is its detail */
    bool selected;
};

/* Scrolls so that the selected item is among `height` rows. */
void picker_scroll(struct picker *p, int height);
/* Rows of a list `height` rows high, as it is scrolled; -> how many. */
int picker_rows(const struct picker *p, int height, struct picker_row *rows);
/* Where the columns stand in a row of `width` cells; cells 0: no room for it. */
struct picker_column {
    int at, cells;
};
void picker_layout(const struct picker *p, int width, struct picker_column out[PICKER_COLUMNS]);

#endif
