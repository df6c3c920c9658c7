/* SPDX-License-Identifier: MIT
 *
 * plain_inside: what plain.c (loop, engine, one turn) and talk.c (a conversation in lines) share. For
 * them alone.
 */
#ifndef QINS_PLAIN_INSIDE_H
#define QINS_PLAIN_INSIDE_H

#include "chat.h"
#include "cli.h"
#include "outlet.h"

struct plain {
    struct cli *cli;
    struct engine *engine;
    struct outlet out;
    char *model; /* path */
    struct buf input; /* text from stdin */
    bool reading_stdin;
    bool patience_over; /* the hint about stdin has been given */
    bool ready;         /* the model is loaded */
    uint32_t turn;      /* the running one; 0: none */
    struct event last;  /* EVENT_DONE of the last turn */
    bool done;
    int code;

    /* A conversation. */
    struct chat chat;   /* without the system prompt */
    struct buf message; /* lines so far of the one that is written */
    struct buf held;    /* text of the answer that is no whole sentence yet */
    bool asked;         /* "You:" stands there */
    bool labelled;      /* "Assistant:" stands before this answer */
    struct engine *next; /* being loaded, to take the engine's place; or NULL */
    char *next_model;
};

void plain_submit(struct plain *p, const struct chat *chat);
void plain_finish(struct plain *p, int code);

/* ---- talk.c ---- */
/* Takes lines of the input while no answer runs, until there is no whole one. */
void talk_take_lines(struct plain *p);
void talk_text(struct plain *p, const char *text, size_t n);
void talk_end_turn(struct plain *p, const struct event *e);
void talk_next_event(struct plain *p, const struct event *e);
void talk_free(struct plain *p);

#endif
