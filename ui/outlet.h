/* SPDX-License-Identifier: MIT
 *
 * outlet: where plain mode's text goes. Model text reaches a pipe or file byte for byte and a
 * terminal through the sanitiser, in a conversation also in rows that end between words; status lines
 * reach stderr only where that is a terminal.
 */
#ifndef QINS_OUTLET_H
#define QINS_OUTLET_H

#include "flow.h"
#include "sanitise.h"

enum outlet_result {
    OUTLET_OK,
    OUTLET_CLOSED,      /* the reader went away */
    OUTLET_INTERRUPTED, /* a signal came while the reader kept us waiting */
    OUTLET_FAILED,      /* errno tells why */
};

struct outlet {
    struct sanitiser sanitiser;
    struct flow flow;
    bool in_rows;              /* a terminal gets rows that end between words */
    bool to_terminal, status_to_terminal;
    bool ends_line;            /* the last byte out was '\n' */
    int n_status;              /* columns of the status line that is on the screen */
    enum outlet_result result; /* of the first write that was not OK; later ones do nothing */
    int error;                 /* its errno */
};

void outlet_init(struct outlet *o);
void outlet_free(struct outlet *o);
void outlet_text(struct outlet *o, const char *text, size_t n);
/* Gives out what the sanitiser holds and ends the last line. */
void outlet_end(struct outlet *o);
/* The person has ended the row: by Enter behind what he typed. */
void outlet_entered(struct outlet *o);
/* One line of progress, replaced by the next; NULL takes it away. Plain ASCII. */
void outlet_status(struct outlet *o, const char *line);

#endif
