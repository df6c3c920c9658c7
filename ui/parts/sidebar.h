/* SPDX-License-Identifier: MIT
 *
 * sidebar: the live numbers and the sliders as lines, to be drawn by view. No terminal here.
 */
#ifndef QINS_SIDEBAR_H
#define QINS_SIDEBAR_H

#include "status.h"

enum { SIDEBAR_MAX_LINES = 40 };

enum line_kind {
    LINE_BLANK,
    LINE_STATE,   /* label, value */
    LINE_HEADING, /* label, value */
    LINE_PAIR,    /* label, value */
    LINE_BAR,     /* fraction, value */
    LINE_GRAPH,   /* spark */
    LINE_VALUE,   /* slider's label and value; its track follows */
    LINE_TRACK,   /* fraction */
    LINE_SLIDER,  /* label, short track, value in one line */
};

struct sidebar_line {
    enum line_kind kind;
    char label[40], value[40];
    double fraction; /* 0..1 */
    bool warn;       /* of a bar: it is nearly full */
    const struct spark *spark;
    bool zoom;  /* of a graph: as spark_row has it */
    int slider; /* index into sliders, or -1 */
};

/* Fills lines[SIDEBAR_MAX_LINES]; -> how many, at most `height`: if there is little room the
 * least important lines are left out. `typed`: number being typed for slider `selected`, or "". */
int sidebar_lines(const struct status *f, const struct options *o, int selected, const char *typed,
                  int height, struct sidebar_line *lines);
/* The most important of it in one line, for narrow terminals. */
void sidebar_status(const struct status *f, const struct options *o, int selected,
                    const char *typed, struct buf *out);
/* The state in words: "Reading prompt 128/512". */
char *sidebar_state(const struct status *f, char *out, size_t size);

#endif
