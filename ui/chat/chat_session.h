/* SPDX-License-Identifier: MIT
 *
 * chat_session: one chat: the conversation, the engine that answers it, what is saved, and what
 * /commands do. It neither draws nor prints: a face (the screen, lines, a test) hears what happens
 * through struct chat_face, and calls the functions of ui/chat when a user wants something. Marks
 * and notes that a face is given are static texts.
 *
 *   chat_session.c        this: start and end, saving, options
 *   chat_context.c        a context that fills up
 *   chat_compact.c        /compact
 *   chat_files.c          files in a message
 *   chat_turn.c           sending, answers, the engine's events
 *   chat_versions.c       regenerate, edit, undo, continue, branches
 *   chat_conversations.c  open, new, rename, delete
 *   chat_model.c          another model
 *   chat_settings.c       /set, /preset, /system, /json
 *   chat_find.c, chat_bench.c
 *
 * A face waits (poll) for engine_fd of `engine` and `next_engine`, gives their events to chat_event
 * and chat_next_event, and calls chat_save when saving.due has come.
 */
#ifndef QINS_CHAT_SESSION_H
#define QINS_CHAT_SESSION_H

#include "advice.h"
#include "comparison.h"
#include "conversation.h"
#include "engine.h"
#include "saving.h"
#include "status.h"

struct chat_session;

/* Lists that a user chooses from. */
enum chat_list { CHAT_CONVERSATIONS, CHAT_BRANCHES, CHAT_MODELS };

/* What a face does when something happens. `self` is the face's own; texts are raw: not sanitised.
 * Those that may be NULL say so. */
struct chat_face {
    bool full_screen;     /* has the commands of the full screen, shows pages in columns */
    const char *stop_key; /* "Esc": what stops an answer */

    /* The path of the conversation is another one. elsewhere: the reader has to be shown where he
     * is now; else it is only his own last message that changed. */
    void (*path_changed)(void *self, bool elsewhere);
    void (*said)(void *self, int32_t number); /* a message of the user is new at the end */
    /* An answer begins or goes on in this message; NO_MESSAGE: it waits for the model to load. */
    void (*answers)(void *self, int32_t number);
    void (*text)(void *self, const char *text, size_t n); /* more of it */
    /* More of what it thinks; comes before its text. NULL: not shown. */
    void (*thinking)(void *self, const char *text, size_t n);
    void (*answered)(void *self, const char *mark); /* no more; mark: "[stopped]", or NULL */
    void (*note)(void *self, const char *text);     /* stands in the chat, below the last message */

    void (*changed)(void *self); /* status or options */
    void (*notice)(void *self, const char *text);
    /* A page of text over the chat, or printed. */
    void (*page)(void *self, const char *name, const char *text);
    /* A question of yes or no: chat_reply. -> false: there is nobody to ask */
    bool (*ask)(void *self, const char *question);
    void (*list)(void *self, enum chat_list which);   /* shows it, lets the user choose */
    void (*rewrite)(void *self, int32_t number);      /* asks for a new version: chat_rewrite */
    void (*edit_system)(void *self, const char *now); /* in the user's editor: chat_take_system */
    void (*quit)(void *self); /* /quit; or no model could be loaded: engine_error says why */

    void (*add_help)(void *self, struct buf *out, bool before); /* before or behind the commands */
    bool (*look)(void *self, struct error *err);  /* applies theme and colour; NULL: has none */
    void (*tokens)(void *self, int32_t number);   /* of an answer; NULL: as a page */
    void (*compared)(void *self, int32_t number); /* s->compared, of an answer; NULL: as a page */
    void (*find)(void *self, const char *text);   /* NULL: messages that hold it are listed */
    void (*show_thinking)(void *self);            /* of the last answer; NULL: as a page */
    void (*copy)(void *self, const char *what);   /* NULL unless full_screen, as the next two */
    void (*raw)(void *self);
    void (*bare)(void *self);
};

/* A context that fills up (chat_context.h). */
struct context_state {
    unsigned n_left_out;  /* oldest exchanges that the model no longer gets */
    bool no_summary;      /* the summary of /compact is one of them: it goes last */
    unsigned n_exchanges; /* that the running turn's request holds */
    unsigned n_to_drop;   /* if the user agrees */
    bool unanswered;      /* the message did not fit */
    bool warned;          /* that it is nearly full */
};

/* A summary in the place of the oldest messages (chat_compact.h). */
struct compaction {
    uint32_t turn;         /* that writes it; 0: none does */
    size_t n_old;          /* messages of the path that it stands for */
    size_t message, byte;  /* of the path: what is read so far */
    struct buf text;       /* of the running turn */
    struct buf summary;    /* of the turns before */
    int32_t before, after; /* the leaf before it, and with it; NO_MESSAGE: none */
};

/* What /compare found out last (chat_compare.h). */
struct compared {
    char *models[N_COMPARED];      /* their names, fit for a terminal */
    const char *names[N_COMPARED]; /* what is shown of them: formats, or names */
    struct comparison tokens;      /* n 0: there is none, or it is of another vocabulary */
    int32_t message;               /* that was compared */
};

struct chat_session {
    const struct chat_face *face;
    void *self;
    struct options *options;
    struct grammar *grammar;             /* that answers keep to; NULL: none. One of its users */
    struct engine_options start;         /* from chat_open to chat_start */
    struct engine *engine, *next_engine; /* next: being loaded, to take its place; or NULL */
    char *model_path, *next_path;
    char *model_name;     /* sanitised */
    char **server_models; /* [n_server_models] of the engine elsewhere that was asked last */
    size_t n_server_models;
    char *advice[N_ADVICE]; /* for a beginning with the starter model; NULL: with another one */
    bool ready;             /* the model is there */
    struct conversation conversation;
    struct saving saving;
    void (*reply)(struct chat_session *s, bool yes); /* to the open question; NULL: none */
    uint32_t turn;                                   /* the running one; 0: none */
    uint32_t bench;                                  /* the turn of /bench; 0: none */
    struct compaction compact;
    struct {
        uint32_t turn; /* that reads an answer again; 0: none */
        void (*event)(struct chat_session *s, const struct event *e); /* hears of it */
        int32_t number;
        char *argument;
    } scoring;
    struct compared compared;
    const struct ids *given; /* that the next answer begins with; NULL: none */
    int32_t writing;         /* the message that the running turn writes */
    struct {
        uint32_t n_before;
        float ms_before;
    } thought;           /* of the message being written, before the running turn */
    bool ids_known;      /* of the text that it had before */
    bool queued;         /* a message waits for the model */
    double turn_started; /* now_ms */
    struct context_state context;
    double applied[N_SLIDERS]; /* their values when the last token was drawn */
    unsigned folding_told;     /* bits: enum chat_folding that this conversation was told of */
    bool brought_system;       /* the system prompt came with the conversation that was opened */
    double sampled;            /* when memory was looked at; now_ms */
    struct status status;
};

/* Finds the model and checks what an engine is started with. raw: turns have no template. On
 * failure nothing is to be freed. The caller may give it a grammar then. */
bool chat_open(struct chat_session *s, struct options *options, bool raw, struct error *err);
/* Starts loading; from here on the face is called. saves: conversations are saved. */
void chat_start(struct chat_session *s, const struct chat_face *face, void *self, bool saves);
/* Fills `advice` for a beginning with the starter; looks for models on this machine. */
void chat_advise(struct chat_session *s);
/* Stops the engines and frees all. */
void chat_close(struct chat_session *s);

void chat_notice(struct chat_session *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* -> false: there is nobody to ask */
bool chat_ask(struct chat_session *s, const char *question,
              void (*reply)(struct chat_session *s, bool yes));
/* To the question that was asked last. */
void chat_reply(struct chat_session *s, bool yes);
/* Saves what is not saved, and tells when that fails for the first time. */
void chat_save(struct chat_session *s);
/* A message or an answer is under way, or a measurement. */
bool chat_is_busy(const struct chat_session *s);
/* A turn whose text is no part of the conversation: a measurement, a summary, /tokens, /compare. */
bool chat_is_aside(const struct chat_session *s, uint32_t turn);
/* -> false, and says so, while something runs. */
bool chat_is_free(struct chat_session *s);

/* s->compared is empty then. */
void chat_forget_comparison(struct chat_session *s);

/* s->engine is ready: what it is called, if it is elsewhere, and which models are there. */
void chat_note_remote(struct chat_session *s);
/* Options have changed: tells the engine and the face. */
void chat_apply_options(struct chat_session *s);
/* A token is drawn with the options as they are. */
void chat_options_applied(struct chat_session *s);
/* Looks at the memory in use; chat_sample also adds a point to the graphs. */
void chat_read_memory(struct chat_session *s);
void chat_sample(struct chat_session *s);

#endif
