/* SPDX-License-Identifier: MIT
 *
 * app: the state of the screen. It is changed by what the keys do (ui/screen) and by the engine's
 * events; it is drawn from const state alone (ui/view), by the loop alone (ui/screen/loop.h).
 */
#ifndef QINS_APP_H
#define QINS_APP_H

#include "cli.h"
#include "composer.h"
#include "engine.h"
#include "keys.h"
#include "layers.h"
#include "models.h"
#include "picker.h"
#include "prompt.h"
#include "reader.h"
#include "saving.h"
#include "sidebar.h"
#include "sliders.h"

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

/* A list over everything (LAYER_PICKER). */
struct list {
    struct picker picker;
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
    struct layers layers;
    struct keys keys;
    enum focus focus;
    double memory_read; /* now_ms */
    char *look;         /* theme and colour that are on the screen */
    unsigned wants;     /* reactions that the loop has not acted on yet */
    bool dirty, quit;
};

/* "org/name" of a model of Hugging Face's cache, else the last part of a path, without ".qins"; fit
 * for a terminal. Caller frees. */
char *app_model_name(const char *path);
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

/* ---- what the screen does for them ---------------------------------------------------- */
void app_notice(struct app *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Asks in the hint line; the keys are for it until y or n. */
void app_ask(struct app *a, void (*answer)(struct app *, bool yes), const char *question);
/* Shows a->list.picker, which the caller has filled; `act` hears of every key until it closes it.
 */
void app_open_picker(struct app *a, void (*act)(struct app *, enum picker_result, int32_t key));
void app_close_picker(struct app *a);
/* A page over the chat, by the name on its line. */
void app_open_page(struct app *a, const char *name, const struct buf *text);
/* Looks for a text in what is shown; "": no longer. */
void app_find(struct app *a, const char *text);
/* "": the last answer; a number: that message; "code": its next code block; "code 2": that one. */
void app_copy(struct app *a, const char *what);
void app_toggle_raw(struct app *a);
void app_toggle_bare(struct app *a);
/* Gives the terminal to the person's editor; `done` gets what was written, clean. */
void app_compose(struct app *a, const char *text,
                 void (*done)(struct app *, const char *text, size_t n));

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

#endif
