/* SPDX-License-Identifier: MIT
 *
 * plain_internal: what plain.c (loop, signals, one prompt), line_chat.c (lines of a conversation),
 * line_face.c (what its user hears), line_lists.c and line_editor.c share. For them alone.
 */
#ifndef QINS_PLAIN_INTERNAL_H
#define QINS_PLAIN_INTERNAL_H

#include "chat_session.h"
#include "cli.h"
#include "output.h"
#include "terminal_lines.h"

/* What the next line is. */
enum awaited {
    AWAITS_MESSAGE,
    AWAITS_VERSION, /* new text for a message */
    AWAITS_BRANCH,  /* the number of one */
    AWAITS_YES,     /* yes or no */
};

struct plain {
    struct cli *cli;
    struct chat_session chat;
    struct output out;
    char step[128];   /* of a download, as it was told last */
    struct buf input; /* text from stdin */
    size_t input_at;  /* of it: taken so far */
    uint64_t n_input; /* bytes before it */
    bool types;       /* stdin is a terminal whose lines are read by us */
    struct terminal_lines typing;
    struct buf answer; /* --json: the text of the running answer */
    struct buf later;  /* notices that wait for the end of an answer, a line each */
    bool incomplete;   /* an answer is missing, or was cut short without being asked to */
    bool reading_stdin;
    bool patience_over; /* the hint about stdin has been given */
    uint32_t turn;      /* of the one prompt; 0: none, or a conversation */
    bool done;
    int code;

    /* A conversation. */
    struct buf message; /* lines so far of the one that is written */
    struct buf held;    /* text of the answer that is no whole sentence yet */
    enum awaited awaited;
    int32_t rewritten; /* AWAITS_VERSION: of this message */
    bool asked;        /* "You:" stands there */
    bool thinks;       /* the model does, and no text of the answer came yet */
    bool shows_thinking;
    bool labelled; /* "Assistant:" stands before this answer */
};

void plain_finish(struct plain *p, int code);
void plain_fail(struct plain *p, const struct error *err);
/* A line that was typed becomes input. -> false: there is none yet */
bool plain_take_typed(struct plain *p);
/* Text from `source` (for the message), at this offset there: a byte order mark at its start is
 * passed over. -> false: it is not UTF-8. */
bool plain_check_text(const char *source, const char **text, size_t *n, uint64_t offset,
                      struct error *err);
/* A user reads and writes on a terminal. */
bool plain_has_user(const struct plain *p);

/* ---- line_chat.c ---------------------------------------------------------------------- */
void line_chat_start(struct plain *p); /* once, before anything is said */
/* Takes lines of the input while nothing runs, until there is no whole one. */
void line_chat_take_lines(struct plain *p);
void line_chat_end(struct plain *p);

/* ---- line_face.c ---------------------------------------------------------------------- */
extern const struct chat_face line_chat_face; /* its self: struct plain */
/* A line of the program's own. */
void line_chat_say(struct plain *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What was to be said while an answer ran. */
void line_chat_say_held(struct plain *p);
/* A line of the input that is no message: why. */
void line_chat_refuse(struct plain *p, const char *why);
/* In a pipe each message has its answer: this one's is empty. */
void line_chat_unanswered(struct plain *p);
/* It is a user at a terminal who listens, not a pipe or a program that reads JSON. */
bool line_chat_speaks(const struct plain *p);
/* The same of a text that somebody else wrote: its lines are indented. */
void line_chat_quote(struct plain *p, const char *what, const char *text);

/* ---- line_thinking.c ------------------------------------------------------------------ */
/* The first piece of thinking is there. */
void line_thinking_begin(struct plain *p);
/* The answer begins, or ended; nothing if it did not think. m: the message, or NULL. */
void line_thinking_end(struct plain *p, const struct message *m);

/* ---- line_lists.c --------------------------------------------------------------------- */
void line_chat_list(struct plain *p, enum chat_list which);
/* The number of a branch that was awaited. */
void line_chat_take_branch(struct plain *p, const char *text);

/* ---- line_editor.c -------------------------------------------------------------------- */
/* The user's editor gets the terminal. -> what was written, or NULL; caller frees */
char *line_chat_edit(struct plain *p, const char *text);

#endif
