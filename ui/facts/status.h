/* SPDX-License-Identifier: MIT
 *
 * status: the numbers of a chat: what the engine is doing, the last turn, the context, memory.
 */
#ifndef QINS_STATUS_H
#define QINS_STATUS_H

#include "base.h"
#include "events.h"
#include "options.h"
#include "spark.h"
#include "system.h"
#include "thinking.h"

enum state {
    STATE_LOADING,
    STATE_READY,
    STATE_READING,
    STATE_ANSWERING,
    STATE_MEASURING,
    STATE_COMPARING
};

enum { N_SLIDERS = 7, CONTEXT_WARN_PERCENT = 80 };
/* The settings that are moved while an answer streams; the last one is for models that think. */
extern const enum option_id sliders[N_SLIDERS];

/* Zeros are unknown. */
struct status {
    enum state state;
    uint64_t done, total;          /* of loading (bytes) or of reading the prompt (tokens) */
    char step[EVENT_TEXT_MAX + 1]; /* of loading, comparing; raw: "converting"; "": reading */
    double reading_ms;             /* since the prompt began */
    uint32_t n_read_before;        /* tokens of the prompt that were in the cache */
    float now_tokens_per_s;        /* while answering */
    bool thinking;                 /* while answering: the model still thinks */
    struct turn_stats last;        /* of the last finished turn */
    struct {
        uint64_t n_tokens;
        double ms;
    } all; /* of all turns: tokens, time between them */
    enum stop_reason stop;
    uint32_t n_ctx_used, ctx_len;
    uint32_t n_ctx_before; /* what an opened conversation took when it was left; used until a turn
                              tells anew */
    uint64_t kv_bytes;     /* cache in use */
    struct system_memory memory;
    struct spark speed, rss; /* tokens/s and bytes, at most two samples per second */
    struct {
        char host[64]; /* that computes; "": this machine. Of a model there little is known */
        char model[64];
        bool is_open; /* words go there without encryption */
        bool is_here; /* another program on this machine */
    } remote;
    uint64_t model_bytes, f32_bytes;
    uint64_t compressed_bytes; /* of the model's file; 0: it is not compressed */
    char loss[96];             /* what the file says that it loses; "": nothing */
    const char *cpu_level;     /* "avx2"; NULL before the model is there */
    const char *template; /* chat template: "own", a name, "none"; NULL before the model is there */
    struct thinking_info can_think; /* what the model knows of thinking */
    unsigned n_threads;
    unsigned changed; /* sliders (bits) whose new value no token was drawn with yet */
};

/* Tokens of the prompt that were not in the cache, per second; 0: unknown, or the prompt was not
 * read to its end. */
double status_prompt_rate(const struct turn_stats *s);
/* Tokens per second of all turns together; 0: unknown. */
double status_mean_rate(const struct status *f);
/* Tokens in the cache, or what the conversation took when it was left. */
uint32_t status_context_used(const struct status *f);
/* The context is nearly full. */
bool status_context_warns(const struct status *f);
/* How many of the sliders the model has. */
int status_n_sliders(const struct status *f);
/* "not encrypted", "encrypted", "this machine": of the way to the engine elsewhere. */
const char *status_way(const struct status *f);
/* "end of answer" */
const char *status_stop_name(enum stop_reason stop);
/* A row of a page: "  left   right", or without `columns` the sentence "left: right". */
void status_row(struct buf *out, bool columns, const char *left, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The last turn and the model, in rows, for /stats. */
void status_report(const struct status *f, bool columns, struct buf *out);

#endif
