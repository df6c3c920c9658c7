/* SPDX-License-Identifier: MIT
 *
 * engine: the generation thread, and the only API that a program drives. It computes itself, or
 * asks an engine on another machine (remote.h of src/remote); whoever drives it need not know
 * which.
 *
 * Threads: one caller thread uses these functions; the engine's own thread loads the model, owns
 * session, sampler and tokenizer, and answers by events. engine_submit means "continue this
 * conversation": send, edit, regenerate, branch and a new system prompt are the same call, since
 * the engine keeps the longest prefix that it has already evaluated.
 */
#ifndef QINS_ENGINE_H
#define QINS_ENGINE_H

#include "chat.h"
#include "comparison.h"
#include "events.h"
#include "grammar.h"
#include "models.h"
#include "sampler.h"
#include "stops.h"
#include "thinking.h"
#include "token_odds.h"

struct engine;

/* Begins the name of a model that an engine elsewhere has: "server:llama3"; nothing behind it: the
 * only one there. */
#define ENGINE_REMOTE "server:"

struct engine_remote_options {
    const char *url;                    /* NULL: this machine computes */
    const char *key_command, *key_file; /* "" and NULL: none */
    double silence_ms;                  /* after which it is given up */
};

struct engine_options {
    char *model; /* ENGINE_REMOTE and a name; or .qins or GGUF file, Hugging Face folder, or a name
                    on the hub (hub_ref.h), which is downloaded if it is not here; the caller's, to
                    free */
    unsigned n_threads; /* 0: pool_default_threads */
    uint32_t ctx_len;   /* 0: the model's original context */
    /* As the options of these names say it (options.h); NULL: "auto". `format` is what a folder is
     * converted to. */
    const char *cpu, *format, *speculate, *kv, *gemm, *weights;
    char *template_file; /* a chat template in place of the model's own, or NULL; the caller's,
                            to free */
    const char *template_name; /* what it is called */
    bool raw; /* all turns are raw: a chat template that is not known does not matter */
    uint64_t prompt_cache_bytes; /* of disk for evaluated contexts; 0: none is stored or used */
    double keep_worth_ms;        /* only what takes longer than this to evaluate is stored */
    struct engine_remote_options remote; /* if its url is set, of the rest model and raw count */
};

struct engine_remote_info {
    const char *host;    /* that computes: "api.example.org"; NULL: this machine, by this program */
    const char *model;   /* its name there */
    bool is_open;        /* words go there without encryption */
    bool is_here;        /* another program on this machine */
    char *const *models; /* [n_models] that it has; 0: it does not tell */
    size_t n_models;
};

/* Constant after EVENT_READY; owned by the engine. Of an engine elsewhere nothing is known but
 * `remote` and `can_continue`: all else is 0 or NULL. */
struct engine_info {
    struct engine_remote_info remote;
    bool can_continue;           /* an answer that was begun can go on */
    const char *format;          /* of most weights: "qins8" */
    const char *generation_json; /* the makers' generation_config.json; NULL: there is none */
    const char *template;        /* chat template: "own" of the model; the name of one that was
                                    given; "none": a base model */
    const char *missing_tokens;  /* markers of a given template that this model has no token for,
                                    "<|im_start|>, <|im_end|>"; NULL: none */
    struct thinking_info thinking;
    const char *cpu_level; /* "avx2" */
    char fit[240]; /* how the memory that it takes does not fit into what is free; "": it fits */
    char loss[96]; /* what the file says that it loses, in words; "": nothing */
    unsigned n_threads;
    uint32_t ctx_len;
    double load_ms;
    uint64_t file_bytes;
    uint64_t compressed_bytes; /* of a compressed file; 0: it is not */
    uint64_t f32_bytes;        /* what the weights would take as float */
};

/* Names that are not known here, a folder that cannot be converted: engine_start would fail. */
bool engine_options_check(const struct engine_options *o, struct error *err);

/* What models may still take: of the system, of a container, of ulimit; 0: not known. */
uint64_t engine_free_memory(void);
/* Whether a model that is not here can be downloaded. */
bool engine_can_download(void);
/* Fills in the memory that the models of a list take. */
void engine_measure_models(struct model_list *l);

/* Where words would go: "api.example.org", whether without encryption, whether to another
 * program on this machine. Caller frees; NULL: to
 * this machine. */
char *engine_remote_host(const struct engine_options *o, bool *is_open, bool *is_here);
/* Asks an engine elsewhere, and waits: names of its models, a line each. */
bool engine_remote_models(const struct engine_options *o, struct buf *out, struct error *err);

/* Starts the thread and returns at once; EVENT_READY or EVENT_FAILED follows. Strings are copied.
 */
struct engine *engine_start(const struct engine_options *o);
/* Cancels, joins, frees. */
void engine_stop(struct engine *e);

/* Readable (poll) when events wait; engine_next empties it. */
int engine_fd(const struct engine *e);
bool engine_next(struct engine *e, struct event *out);

const struct engine_info *engine_info(const struct engine *e); /* NULL before EVENT_READY */
const struct error *engine_error(const struct engine *e);      /* after EVENT_FAILED */

/* Another model of this machine, which scores a text too. */
struct engine_other {
    char *path;         /* a .qins file, folder or GGUF file; the caller's, to free */
    const char *format; /* static: what a folder or GGUF file becomes; NULL: a file has its own */
};

/* `name`: a model by path or name, if it is here (nothing is downloaded); a number format, or
 * "original": the model in use, from a file that was made from the same model, or from what it was
 * converted from. After EVENT_READY. */
bool engine_find_other(const struct engine *e, const char *name, struct engine_other *out,
                       struct error *err);

struct turn_request {
    const struct chat *chat; /* copied */
    bool raw;                /* no template: the text of the only message, special tokens on */
    uint32_t max_tokens;     /* 0: up to the end of the context */
    uint64_t seed;
    bool any_seed;             /* nobody asked for this one: an engine elsewhere may draw its own */
    const struct stops *stops; /* copied; NULL: none. They end the answer, never the thinking */
    struct thinking_request thinking;
    struct grammar *grammar; /* that the answer keeps to, behind its thinking; NULL: none */
    const struct ids *given; /* copied: the tokens that the answer begins with, in place of the
                                sampler's; NULL: none */
    const char *instead;     /* static: said in the model's place; NULL: the model answers */
    /* Copied: nothing is said; `given` is scored by the model in use and by this one
     * (engine_turn_comparison). EVENT_PROMPT tells how much is read of it, by `text` what it is if
     * that is no token of a prompt: "converting", "loading". NULL: the model answers. */
    const struct engine_other *against;
    int64_t conversation; /* that it is saved under (store.h); 0: not saved */
};

/* -> id of the turn (> 0). A turn still running is cancelled first. */
uint32_t engine_submit(struct engine *e, const struct turn_request *r);
void engine_cancel(struct engine *e, uint32_t turn);

/* Stores the evaluated context of the last turn's conversation on the disk, if that is worth it,
 * before any later turn. */
void engine_keep(struct engine *e);
bool engine_is_keeping(struct engine *e); /* asked for and not yet done */
/* A conversation was deleted: removes what was stored of it; nothing more of it will be. */
void engine_forget(struct engine *e, int64_t conversation);

/* Appends the tokens of a text that goes on behind another; none before EVENT_READY. */
void engine_encode(const struct engine *e, const char *text, size_t n, struct ids *out);
/* How many these are. */
uint32_t engine_count_tokens(const struct engine *e, const char *text, size_t n);

/* Sampling values are read before each token: they may change while text streams. */
void engine_set_sampling(struct engine *e, const struct sampling *s);
void engine_set_max_tokens(struct engine *e, uint32_t max_tokens);
/* Ids of the answer of a finished turn (after its EVENT_DONE), appended to `out`. None if a stop
 * text ended it inside a token. */
void engine_turn_ids(struct engine *e, uint32_t turn, struct ids *out);
/* What the model thought of each of these ids, appended. */
void engine_turn_odds(struct engine *e, uint32_t turn, struct odds *out);
/* Of the last turn that compared (after its EVENT_DONE with STOP_END): takes what was there in
 * *out, which is empty before, for comparison_free. */
void engine_turn_comparison(struct engine *e, uint32_t turn, struct comparison *out);
/* Appends the bytes of a token, of a special one its name; nothing before EVENT_READY. */
void engine_token_text(const struct engine *e, int32_t id, struct buf *out);
/* Why the last turn that ended with STOP_FAILED or STOP_CUT did. */
void engine_turn_error(struct engine *e, struct error *out);

#endif
