/* SPDX-License-Identifier: MIT
 *
 * app: the state of qins-tui and the loop that moves it. Handlers change the state and say that
 * something is to be drawn; only the loop draws. Nothing here knows curses.
 *
 *   app.c        the loop: terminal, engine and signals behind one poll
 *   chat_face.c  what happens in the chat
 *   list_*.c     lists of conversations, branches, models
 *   actions.c    what keys do
 *   input.c      keys and pastes in the input, sending
 */
#ifndef QINS_APP_H
#define QINS_APP_H

#include "chat_session.h"
#include "cli.h"
#include "editor.h"
#include "external_editor.h"
#include "keymap.h"
#include "keys.h"
#include "models.h"
#include "picker.h"
#include "sidebar.h"
#include "transcript.h"

struct app;

/* What is being written. */
struct composer {
    struct editor editor;
    bool ctrl_x, quoted;             /* the key before was Ctrl-X, Ctrl-Q */
    bool rewriting;                  /* the input is a new version of ... */
    int32_t rewritten;               /* ... this message */
    struct external_editor external; /* the editor program that has the terminal */
    void (*composed)(struct app *a, const char *text, size_t n);
};

/* What is being read. */
struct reader {
    struct transcript transcript, pager; /* pager: help and other pages over the chat */
    bool pager_open;
    const char *pager_name; /* "Help" */
    bool raw, bare;         /* answers as written; text alone */
    bool finding;           /* what to find is being typed: */
    struct buf find;
    size_t code_item, code_next; /* message whose code was copied last, and which of it is next */
};

struct slider_state {
    int selected;   /* index into sliders */
    char typed[12]; /* number typed for it */
};

/* The line below the chat: a notice, or a question. */
struct prompt {
    struct buf notice;                       /* until the next key; sanitised */
    void (*answer)(struct app *a, bool yes); /* of the question in `notice`; NULL: none is asked */
};

/* A list over everything. */
struct list {
    struct picker picker;
    bool open;
    void (*act)(struct app *a, enum picker_result result, int32_t key); /* its opener */
};

struct app {
    struct chat_session chat;
    struct composer composer;
    struct reader reader;
    struct slider_state sliders;
    struct prompt prompt;
    struct list list;
    struct model_list models; /* what the list of models shows */
    struct keys keys;
    enum focus focus;
    char *look;         /* theme and colour that are on the screen */
    bool dirty, redraw, suspend, quit;
    int exit_code;
};

/* The program from the first frame to the last. -> false, and says why: this terminal shows no
 * screen. */
bool app_run(struct cli *c, int *exit_code);

/* ---- chat_face.c ---------------------------------------------------------------------- */
extern const struct chat_face app_chat_face; /* its self: struct app */
/* What stands in the input: a message, or the new version of one. */
void app_send(struct app *a, const char *text, size_t n);

/* ---- look.c --------------------------------------------------------------------------- */
/* Theme, colour and mouse from the options onto the screen. -> false: no such theme. */
bool app_apply_look(struct app *a, struct error *err);

/* ---- actions.c ------------------------------------------------------------------------ */
void app_key(struct app *a, int32_t key);
void app_input(struct app *a, const struct input *in);
/* Shows a->list.picker, which the caller has filled; `act` hears of every key until it closes it.
 */
void app_open_picker(struct app *a, void (*act)(struct app *, enum picker_result, int32_t key));
void app_close_picker(struct app *a);

/* ---- reading.c ------------------------------------------------------------------------ */
/* What the reader does: finding, copying, views. -> false: not one of these. */
bool app_reader_action(struct app *a, enum action action);
/* While the text to find is typed: takes every key. -> true: the key is done. */
bool app_find_key(struct app *a, int32_t key);
void app_find(struct app *a, const char *text);
/* "": the last answer; a number: that message; "code": its next code block; "code 2": that one. */
void app_copy(struct app *a, const char *what);
bool app_is_bare(const struct app *a);
bool app_shows_raw(const struct app *a);
enum emoji app_emoji(const struct app *a);

/* ---- input.c -------------------------------------------------------------------------- */
/* Before the key map: questions, searches, two-key bindings, vi. -> true: the key is done. */
bool app_input_key(struct app *a, int32_t *key);
void app_input_action(struct app *a, enum action action);
void app_paste_start(struct app *a);
void app_paste_end(struct app *a);
void app_tell_if_full(struct app *a);
/* Asks in the hint line; nothing else happens until y or n. */
void app_ask(struct app *a, void (*answer)(struct app *, bool yes), const char *question);
/* Gives the terminal to the person's editor; `done` gets what was written, clean. */
void app_compose(struct app *a, const char *text,
                 void (*done)(struct app *, const char *text, size_t n));
void app_compose_check(struct app *a); /* a child has ended */

/* ---- run_command.c --------------------------------------------------------------------- */
void app_complete(struct app *a);
void app_open_page(struct app *a, const char *name, const struct buf *text);
void app_notice(struct app *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
