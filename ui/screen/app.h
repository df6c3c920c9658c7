/* SPDX-License-Identifier: MIT
 *
 * app: the state of qins-tui and the loop that moves it. Handlers change the state and say that
 * something is to be drawn; only the loop draws. Nothing here knows curses.
 *
 *   app.c      the loop: terminal, engine and signals behind one poll
 *   turn.c     sending a message, the engine's events
 *   actions.c  what keys do
 *   input.c    keys and pastes in the input, sending
 *   running.c  what /commands do
 *   context.c  a context that fills up
 *   conversations.c  opening, keeping and branching conversations
 *   bench.c    /bench
 */
#ifndef QINS_APP_H
#define QINS_APP_H

#include "chat.h"
#include "cli.h"
#include "editor.h"
#include "engine.h"
#include "external_editor.h"
#include "keymap.h"
#include "keys.h"
#include "models.h"
#include "picker.h"
#include "saving.h"
#include "sidebar.h"
#include "transcript.h"

enum { N_EXAMPLES = 4 };

struct app;

/* The conversation and the engine that answers it. */
struct chat_session {
    struct options *options;
    struct engine *engine, *next_engine; /* next: being loaded, to take its place; or NULL */
    char *model_path, *next_path;
    char *model_name; /* sanitised */
    bool ready;       /* the model is there */
    struct conversation conversation;
    struct saving saving;
    uint32_t turn;        /* the running one; 0: none */
    uint32_t bench;       /* the turn of /bench; 0: none */
    int32_t writing;      /* the message that the running turn writes */
    bool ids_known;       /* of the text that it had before */
    bool queued;          /* a message waits for the model */
    double turn_started;  /* now_ms */
    unsigned n_left_out;  /* oldest exchanges that the model no longer gets */
    unsigned n_exchanges; /* that the running turn's request holds */
    bool unanswered;      /* the message did not fit the context */
    bool warned;          /* that the context is nearly full */
    struct status status;
};

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
    int selected;              /* index into sliders */
    char typed[12];            /* number typed for it */
    double applied[N_SLIDERS]; /* their values when the last token was drawn */
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
    double memory_read; /* now_ms */
    char *look;         /* theme and colour that are on the screen */
    bool dirty, redraw, suspend, quit;
    int exit_code;
};

/* "org/name" of a model of Hugging Face's cache, else the last part of a path, without ".qins"; fit
 * for a terminal. Caller frees. */
char *app_model_name(const char *path);
/* It is the small model that comes with the program. */
bool app_has_starter(const struct app *a);
/* Message `i` of N_EXAMPLES that the first screen offers for this model. */
const char *app_example(const struct app *a, int i);
/* The program from the first frame to the last. -> false, and says why: this terminal shows no
 * screen. */
bool app_run(struct cli *c, int *exit_code);

/* ---- turn.c --------------------------------------------------------------------------- */
/* A message or an answer is under way. */
bool app_is_busy(const struct app *a);
void app_send(struct app *a, const char *text, size_t n);
void app_answer(struct app *a); /* the last message, which is the person's */
void app_go_on(struct app *a);  /* with the last answer */
void app_close_answer(struct app *a, enum stop_reason stop); /* no more text comes for it */
void app_stop(struct app *a);
void app_event(struct app *a, const struct event *e);
/* Options have changed: tells the engine. */
void app_apply_options(struct app *a);
/* Theme, colour and mouse from the options onto the screen. -> false: no such theme. */
bool app_apply_look(struct app *a, struct error *err);
void app_read_memory(struct app *a);
/* The same, and a point more on the graphs. */
void app_sample(struct app *a);

/* ---- switch.c ------------------------------------------------------------------------- */
/* Loads a model by path or name beside the one in use; "": shows the list. */
void app_choose_model(struct app *a, const char *name);
void app_next_event(struct app *a, const struct event *e);
void app_drop_next(struct app *a);

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

/* ---- context.c ------------------------------------------------------------------------ */
/* Takes the exchanges that the person gave up out of a request, which begins with the system
 * prompt. */
void app_leave_out(struct app *a, struct chat *request);
/* Tells once that the context is nearly full. */
void app_watch_context(struct app *a);
/* A turn ended since the context is full; unanswered: not even its prompt fits. */
void app_context_full(struct app *a, bool unanswered);

/* ---- conversations.c ------------------------------------------------------------------ */
void app_save(struct app *a);
/* In the transcript: a message more; which version its last item is; the path, anew. */
void app_show_message(struct app *a, int32_t number);
void app_show_versions(struct app *a, int32_t number);
void app_show_conversation(struct app *a);
/* What stands below an answer that ended so; NULL: nothing. */
const char *app_mark_of(const struct message *m);
/* Ends what runs, and saves. */
void app_leave_conversation(struct app *a, enum stop_reason stop);
void app_new_conversation(struct app *a);
bool app_open_conversation(struct app *a, int64_t id);
bool app_open_last(struct app *a);
void app_pick_conversation(struct app *a);
void app_open_command(struct app *a, const char *what);
void app_save_command(struct app *a, const char *title);
void app_export_command(struct app *a, const char *argument);
void app_regenerate(struct app *a);
void app_edit_command(struct app *a, const char *what); /* "": the last message; "answer" */
void app_replace_answer(struct app *a, const char *text, size_t n);
void app_undo_exchange(struct app *a);
void app_continue_answer(struct app *a);
void app_branch_command(struct app *a, const char *which);
void app_next_version(struct app *a, int step);

/* ---- bench.c -------------------------------------------------------------------------- */
void app_bench(struct app *a);
void app_bench_event(struct app *a, const struct event *e);

/* ---- running.c ------------------------------------------------------------------------ */
void app_command(struct app *a, const char *line);
void app_complete(struct app *a);
void app_open_help(struct app *a);
void app_notice(struct app *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
