/* SPDX-License-Identifier: MIT
 *
 * output: where plain mode's text goes. Model text reaches a pipe or file byte for byte and a
 * terminal through the sanitiser, in a conversation also in rows that end between words; status
 * lines reach stderr only if that is a terminal.
 */
#ifndef QINS_OUTPUT_H
#define QINS_OUTPUT_H

#include "flow.h"
#include "hyperlinks.h"
#include "sanitise.h"

enum output_result {
    OUTPUT_OK,
    OUTPUT_CLOSED,      /* the reader went away */
    OUTPUT_INTERRUPTED, /* a signal came while the reader kept us waiting */
    OUTPUT_FAILED,      /* errno tells why */
};

struct output {
    struct sanitiser sanitiser;
    struct flow flow;
    bool in_rows;    /* a terminal gets rows that end between words */
    bool in_pieces;  /* what comes may end within a word: at a row's end it waits for the rest */
    struct buf word; /* that waits */
    bool has_links;  /* URLs in rows are links for the terminal; then words come whole */
    struct hyperlinks links;
    uint32_t n_links; /* so far: the id of the last one */
    bool to_terminal, status_to_terminal;
    bool ends_line;            /* the last byte out was '\n' */
    int n_status;              /* columns of the status line that is on the screen */
    enum output_result result; /* of the first write that was not OK; later ones do nothing */
    int error;                 /* its errno */
};

void output_init(struct output *o);
void output_free(struct output *o);
void output_text(struct output *o, const char *text, size_t n);
/* Gives out what the sanitiser holds and ends the last line. */
void output_end(struct output *o);
/* The user has ended the row: by Enter behind what he typed. */
void output_entered(struct output *o);
/* One line of progress, replaced by the next; NULL takes it away. Plain ASCII. */
void output_status(struct output *o, const char *line);

#endif
