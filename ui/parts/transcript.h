/* SPDX-License-Identifier: MIT
 *
 * transcript: what the chat pane shows: a list of items of text, and the place where the reader is.
 * An item is cut into blocks (blocks.h) when it is first shown or searched; a block is then
 * sanitised and laid out in rows, once; of text that streams in only the last block is laid out
 * again. Beyond some megabytes layouts are dropped and made again when they are needed.
 *
 * What a model thought before an answer is a part of that item: a line, and below it the text while
 * it is open. So are the files in a message of the user. What is closed costs nothing but its
 * memory, and is not searched.
 */
#ifndef QINS_TRANSCRIPT_H
#define QINS_TRANSCRIPT_H

#include "blocks.h"
#include "layout.h"
#include "search.h"

enum item_kind { ITEM_USER, ITEM_ANSWER, ITEM_NOTE };

struct thought {
    struct buf text;      /* as it came in, not sanitised */
    struct blocks blocks; /* of an item that was open */
    char line[96];        /* stands for it: "Thought for 12 s, 340 tokens" */
    bool there;           /* something else than blanks was thought */
    bool open;            /* the text is shown, not its line alone */
    bool running;         /* more of it may come */
};

struct item {
    enum item_kind kind;
    struct buf text; /* as it came in, not sanitised */
    bool ended;      /* that is all there is */
    bool waits;      /* not shown or searched yet: it has no blocks */
    struct blocks blocks;
    struct thought thought;
    char *mark;        /* shown below it: "[stopped]"; or NULL */
    char versions[16]; /* "2/3": of how many; "" if there is one */
};

/* A row: of a block; or, in the block behind the last one, of what stands below the text. Block 0
 * of an item with a thought is its line, and the blocks of the thought come next while it is open.
 */
struct row_place {
    size_t item, block, row;
};

struct finder {
    struct pattern pattern;
    struct row_place at; /* next block to look at; done when its item is behind the last */
    struct found {
        size_t item, block, n; /* n hits in a block */
    } * found;                 /* [n], in order */
    size_t n, cap, total;
    size_t here, number; /* the hit that the reader is at: index into found, hit of that block */
    bool chosen;
    bool stays;            /* looks again, and does not take the reader anywhere */
    struct row_place from; /* where the reader was when he asked, ... */
    size_t from_number;    /* ... and the hit of that block that he was at */
};

struct transcript {
    struct item *items;
    size_t n, cap;
    struct look_of_text look;
    int height;           /* rows of the pane */
    bool raw;             /* answers as they are written, not as Markdown */
    bool follow;          /* shows the end, and stays there */
    bool unseen;          /* text came in below while not following */
    struct row_place top; /* first row on the screen while not following */
    struct anchor anchor; /* the same in a way that other widths know: of top.block */
    size_t current;       /* item that was jumped to; SIZE_MAX: none */
    size_t drawn_bytes;   /* of all layouts */
    size_t cleaned_bytes; /* of text sanitised since the start: work that was done */
    struct finder search;
};

/* One row on the screen. */
struct shown_row {
    enum item_kind kind;
    size_t item;
    bool first;                    /* of its item: the place for the role */
    const char *versions;          /* of the item */
    const char *mark;              /* the item's mark, instead of text; or NULL */
    const struct thought *thought; /* its line, instead of text; or NULL */
    const struct layout *layout;   /* NULL: blank */
    size_t block, line;            /* of the layout */
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

/* ---- thinking (transcript_thinking.c) ------------------------------------------------- */
/* More of what the model thinks before the text of the last item. */
void transcript_think(struct transcript *t, const char *text, size_t n);
/* The line that stands for the thinking of the last item. */
void transcript_thought(struct transcript *t, const char *line);
/* Shows what was thought before an item, or its line alone. The text on the screen stays where it
 * is, unless the end of a thinking that goes on is followed. */
void transcript_open(struct transcript *t, size_t item, bool open);
/* The item with a thought that is nearest to where the reader is: of the current message, else of
 * one before; SIZE_MAX: none. */
size_t transcript_current_thought(struct transcript *t);
/* Appends the last words of a thought that fit into so many cells, sanitised, in one line. */
void thought_words(const struct thought *h, int cells, struct buf *out);

/* ---- the reader ----------------------------------------------------------------------- */
/* The text at the top stays at the top. */
void transcript_resize(struct transcript *t, int width, int height);
void transcript_set_look(struct transcript *t, const struct look_of_text *look, bool raw);
void transcript_scroll(struct transcript *t, int n_rows); /* negative: up */
void transcript_top(struct transcript *t);
void transcript_bottom(struct transcript *t);
/* To the first row of the message that is `step` messages away, notes not counted. */
void transcript_jump(struct transcript *t, int step);
/* The message that the reader is at: the one jumped to, else the last one whose text is on the
 * screen; SIZE_MAX: none. */
size_t transcript_current(struct transcript *t);
/* Fills rows[0..height); -> how many there are. */
int transcript_rows(struct transcript *t, struct shown_row *rows);

/* ---- search (transcript_search.c) ----------------------------------------------------- */
/* Looks for text from here on; "" ends the search. */
void transcript_find(struct transcript *t, const char *text, size_t n);
/* Goes on looking for at most `ms`; takes the reader to the first hit. -> there is more to do. */
bool transcript_search_step(struct transcript *t, double ms);
bool transcript_searching(const struct transcript *t);
/* To the next hit, or the one before; around the ends. */
void transcript_find_next(struct transcript *t, int step);
/* "3/17", "17 hits so far", "not found". */
void transcript_search_status(const struct transcript *t, char *out, size_t n);
/* Hits of a shown row's block; *here: the number of the one that the reader is at, or -1. */
void transcript_hits(const struct transcript *t, const struct shown_row *row, struct hits *hits,
                     long *here);

/* ---- for the other files -------------------------------------------------------------- */
size_t transcript_block_count(struct transcript *t, size_t item);
const struct layout *transcript_layout(struct transcript *t, size_t item, size_t block);
/* Layouts beyond some megabytes are forgotten. */
void transcript_forget(struct transcript *t);
/* Shows a row, about a third of the height below the top. */
void transcript_show(struct transcript *t, struct row_place place);
struct row_place transcript_top_place(struct transcript *t);
void transcript_search_restart(struct transcript *t);
void transcript_search_changed(struct transcript *t, size_t item, size_t block);
/* Blocks of an item from `before` on have other numbers now, from `now` on. */
void transcript_search_moved(struct transcript *t, size_t item, size_t before, size_t now);
void transcript_search_free(struct transcript *t);
/* How many of an item's blocks belong to its thought, the line included. */
size_t thought_blocks(const struct item *item);
/* Brings the blocks of an open thought up to date, and has the last one laid out again. */
void thought_update(struct transcript *t, size_t item);
/* No more comes of the last item's thought: its text begins, or its turn is over. */
void thought_ends(struct transcript *t);
void transcript_drop_layouts(struct transcript *t, const struct blocks *blocks);
/* What drop_layout does for one block. */
void transcript_drop_layout(struct transcript *t, struct block *b);
/* The place in an item whose blocks from `before` on have other numbers now, from `now` on; what
 * was in between is where the line is. */
void row_place_moved(struct row_place *p, size_t item, size_t before, size_t now);
/* The reader is at p now; follows if the end is on the screen. */
void transcript_go_to(struct transcript *t, struct row_place p);

#endif
