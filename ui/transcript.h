/* SPDX-License-Identifier: MIT
 *
 * transcript: what the chat pane shows: a list of items of sanitised text, wrapped to a width, and the
 * place where the reader is. Text that streams in re-wraps its last row only; rows are kept; items
 * that nobody looks at are not wrapped at all. The exact bytes live in struct chat, not here.
 */
#ifndef QINS_TRANSCRIPT_H
#define QINS_TRANSCRIPT_H

#include "base.h"
#include "sanitise.h"
#include "wrap.h"

enum item_kind { ITEM_USER, ITEM_ANSWER, ITEM_NOTE };

struct item {
    enum item_kind kind;
    struct buf text;        /* sanitised */
    struct sanitiser gate;  /* of the stream */
    const char *mark;       /* static text shown below it: "[stopped]"; or NULL */
    char versions[16];      /* "2/3": of how many; "" where there is one */
    struct rows rows;
    size_t n_same;          /* bytes unchanged since rows were made */
};

struct transcript {
    struct item *items;
    size_t n, cap;
    int width, height;      /* cells of the pane's text */
    bool follow;            /* shows the end, and stays there */
    bool unseen;            /* text came in below while not following */
    size_t top_item, top_row; /* first row on the screen while not following */
};

/* One row on the screen. */
struct shown_row {
    enum item_kind kind;
    bool first;             /* of its item: the place for the role */
    const char *versions;   /* of the item */
    bool mark;              /* the text is the item's mark */
    const char *text;
    size_t n;               /* 0: blank */
};

void transcript_init(struct transcript *t);
void transcript_free(struct transcript *t);
void transcript_clear(struct transcript *t);
/* A new item at the end; more text of it may follow by transcript_append. */
void transcript_add(struct transcript *t, enum item_kind kind, const char *text, size_t n);
void transcript_append(struct transcript *t, const char *text, size_t n);
/* No more text comes for the last item; mark may be NULL. */
void transcript_finish(struct transcript *t, const char *mark);

/* The last item is version `which` of n. */
void transcript_versions(struct transcript *t, int which, int n);

/* The text at the top stays at the top. */
void transcript_resize(struct transcript *t, int width, int height);
void transcript_scroll(struct transcript *t, int n_rows); /* negative: up */
void transcript_top(struct transcript *t);
void transcript_bottom(struct transcript *t);
/* Fills rows[0..height); -> how many there are. */
int transcript_rows(struct transcript *t, struct shown_row *rows);

#endif
