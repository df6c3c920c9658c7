/* SPDX-License-Identifier: MIT
 *
 * engine_internal: what engine_calls.c (the caller's thread), engine_thread.c (the engine's own)
 * and turn.c (one answer) share. For them alone.
 */
#ifndef QINS_ENGINE_INTERNAL_H
#define QINS_ENGINE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "answer_shape.h"
#include "chat_template.h"
#include "engine_setup.h"
#include "prompt_cache.h"
#include "session.h"
#include "wake.h"
#include "weights_ready.h"

#define PROGRESS_EVERY_MS 50 /* at most so often is told how far a turn's reading is */
enum { N_ANSWERS = 8 };      /* finished turns whose ids wait for engine_turn_ids */

struct request {
    uint32_t turn; /* 0: none */
    bool raw;
    uint64_t seed;
    bool any_seed;
    struct stops stops;
    struct thinking_request thinking;
    double submitted_ms;
    int64_t conversation;
    struct grammar *grammar;     /* or NULL; one of its users */
    struct ids given;            /* owned */
    const char *instead;         /* or NULL */
    struct engine_other against; /* path owned; NULL: nothing is compared */
    struct chat chat;            /* owned */
};

struct answer {
    uint32_t turn;
    struct ids ids;
    struct odds odds; /* of each */
};

/* Who computes: what of the engine's thread differs. */
struct engine_kind {
    bool (*load)(struct engine *e);                          /* -> false: e->error */
    void (*turn)(struct engine *e, const struct request *r); /* up to EVENT_DONE */
};
extern const struct engine_kind engine_local;

enum engine_state { ENGINE_LOADING, ENGINE_READY, ENGINE_FAILED };

struct engine {
    const struct engine_kind *kind;
    struct remote_engine *remote; /* NULL: this machine computes */
    struct wake interrupt;        /* readable: a remote turn looks whether it is to end */
    char *model_path;
    char *format;                        /* of the option of this name, for a model of the hub */
    char *template_file, *template_name; /* NULL: the model's own */
    struct engine_setup setup;
    unsigned n_threads; /* this and the next ones: as asked for (engine_options) */
    uint32_t ctx_len;
    bool raw;
    uint64_t prompt_cache_bytes;
    double keep_worth_ms;
    double start_ms;
    pthread_t thread;
    bool has_thread;
    struct event_queue *queue;
    struct wake wake;

    /* Mailbox. `news`: a request, room in the queue, or the order to keep or to stop. */
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct request pending;           /* under lock */
    struct answer answers[N_ANSWERS]; /* under lock; turn % N_ANSWERS */
    struct error turn_error;          /* under lock; why the turn before failed */
    struct comparison comparison;     /* under lock; of `compared`, until it is asked for */
    uint32_t compared;                /* under lock */
    uint32_t last_turn;               /* of the caller's thread */
    int64_t owner; /* under lock; the conversation whose tokens the session holds, or 0 */
    struct sampling sampling; /* under lock */
    int64_t to_keep;          /* under lock; that is to be kept, or is being written; 0: none */

    /* Read by the engine's thread whenever it likes. */
    _Atomic bool stop;
    _Atomic bool wants_room;    /* the engine waits for room in the queue */
    _Atomic uint32_t cancelled; /* turns up to this one are to end */
    _Atomic uint32_t max_tokens;

    /* Written by the engine's thread before it leaves ENGINE_LOADING, constant then. */
    _Atomic enum engine_state state;
    struct engine_info info;
    struct chat_template template;
    struct buf missing_tokens;
    struct error error;

    /* The engine's thread alone. */
    struct kernels kernels;
    struct model *model;
    struct pool *pool;
    struct weights_ready weights;
    struct session *session;
    struct sampler *sampler;
    struct answer_shape shape;
    struct speculate speculate;
    struct tokenizer *tokenizer;
    struct thinking no_thinking; /* of raw turns */
    struct thinking by_answers;  /* of models whose template says nothing of thinking */
    struct prompt_cache *cache;  /* NULL: contexts are not stored */
    double token_ms; /* that evaluating a further token of a prompt took last; 0: not known */
};

void request_free(struct request *r);

/* The thread's function; arg: struct engine. */
void *engine_main(void *arg);

/* Waits for room if there is none. -> false when the engine is to stop; the event is gone then.
 */
bool engine_emit(struct engine *e, const struct event *event);
/* For progress: nothing happens when there is no room. */
void engine_emit_progress(struct engine *e, const struct event *event);
/* The text in pieces of at most EVENT_TEXT_MAX bytes, cut between characters; it is empty then.
 * event: all the rest of each. */
void engine_emit_text(struct engine *e, const struct event *event, struct buf *text);
bool engine_is_cancelled(const struct engine *e, uint32_t turn);
/* Takes both. */
void engine_keep_answer(struct engine *e, uint32_t turn, struct ids *ids, struct odds *odds);
void engine_keep_comparison(struct engine *e, uint32_t turn, struct comparison *c);

/* From here on the session holds tokens of this conversation. */
void engine_own(struct engine *e, int64_t conversation);

/* If another machine computes (remote_engine.c): no model is loaded, the engine there is asked
 * which ones it has, and a turn is a request. Strings of the options are copied. */
struct remote_engine *remote_engine_new(const struct engine_options *o, struct error *err);
void remote_engine_free(struct remote_engine *r); /* NULL is fine */
bool remote_engine_load(struct engine *e);
void remote_engine_turn(struct engine *e, const struct request *r);

/* One answer, from rendering to EVENT_DONE. */
void turn_run(struct engine *e, const struct request *r);
/* The ids of a request's chat, or of its raw text; how the answer to a chat begins. */
bool turn_render(const struct engine *e, const struct request *r, struct ids *out,
                 struct answer_start *start, struct error *err);
/* A padded vocabulary has rows without a piece, which are never picked. -> ids below them */
uint32_t turn_pieces(const struct model *m, const struct tokenizer *t);
/* The turn's EVENT_DONE, with why it failed. */
void turn_fail(struct engine *e, const struct event *done, const struct error *err);

#endif
