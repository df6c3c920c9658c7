/* SPDX-License-Identifier: MIT
 *
 * plain_internal: what plain.c (loop, engine, one turn), talk.c (a conversation in lines),
 * talk_commands.c and talk_versions.c share. For them alone.
 */
#ifndef QINS_PLAIN_INTERNAL_H
#define QINS_PLAIN_INTERNAL_H

#include "cli.h"
#include "conversation.h"
#include "output.h"
#include "saving.h"

/* What the next line is. */
enum awaited {
    AWAITS_MESSAGE,
    AWAITS_VERSION, /* new text for a message */
    AWAITS_BRANCH,  /* the number of one */
};

struct plain {
    struct cli *cli;
    struct engine *engine;
    struct output out;
    char *model;      /* path */
    struct buf input; /* text from stdin */
    bool reading_stdin;
    bool patience_over; /* the hint about stdin has been given */
    bool ready;         /* the model is loaded */
    uint32_t turn;      /* the running one; 0: none */
    struct event last;  /* EVENT_DONE of the last turn */
    bool done;
    int code;

    /* A conversation. */
    struct conversation conversation;
    int32_t writing;      /* the message that the running turn writes */
    bool ids_known;       /* of the text that it had before */
    struct saving saving; /* only of what a person says on a terminal */
    struct buf message;   /* lines so far of the one that is written */
    struct buf held;      /* text of the answer that is no whole sentence yet */
    enum awaited awaited;
    int32_t rewritten;   /* AWAITS_VERSION: of this message */
    bool measuring;      /* the running turn is that of /bench */
    bool asked;          /* "You:" stands there */
    bool labelled;       /* "Assistant:" stands before this answer */
    struct engine *next; /* being loaded, to take the engine's place; or NULL */
    char *next_model;
};

void plain_submit(struct plain *p, const struct chat *chat, uint64_t seed);
void plain_finish(struct plain *p, int code);

/* ---- talk.c --------------------------------------------------------------------------- */
void line_chat_start(struct plain *p); /* once, before anything is said */
/* Takes lines of the input while no answer runs, until there is no whole one. */
void line_chat_take_lines(struct plain *p);
void line_chat_text(struct plain *p, const char *text, size_t n);
void line_chat_end_turn(struct plain *p, const struct event *e);
void line_chat_save(struct plain *p);
void line_chat_free(struct plain *p);
/* A line of the program's own. */
void line_chat_say(struct plain *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same of a text that somebody else wrote: its lines are indented. */
void line_chat_quote(struct plain *p, const char *what, const char *text);
/* On a terminal: what was said before, as it would have been shown: the last message and its
 * answer. */
void line_chat_show_last(struct plain *p);
/* Continues the path; a last message of the model grows. */
void line_chat_answer(struct plain *p);
void line_chat_send(struct plain *p, const char *text);

/* ---- talk_commands.c ------------------------------------------------------------------ */
void line_chat_command(struct plain *p, const char *line);
void line_chat_next_event(struct plain *p, const struct event *e);
void line_chat_drop_next(struct plain *p);
void line_chat_end_measuring(struct plain *p, const struct event *e);

/* ---- talk_versions.c ------------------------------------------------------------------ */
void line_chat_regenerate(struct plain *p);
void line_chat_edit(struct plain *p, const char *what); /* "": the last message; "answer" */
void line_chat_undo(struct plain *p);
void line_chat_go_on(struct plain *p);
void line_chat_branch(struct plain *p, const char *which);
/* The line that was awaited: "" leaves all as it was. */
void line_chat_reply(struct plain *p, const char *text);
/* Something else came. */
void line_chat_leave_question(struct plain *p);

#endif
