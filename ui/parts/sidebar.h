/* SPDX-License-Identifier: MIT
 *
 * sidebar: the live numbers and the sliders as lines, to be drawn by view. No terminal here.
 */
#ifndef QINS_SIDEBAR_H
#define QINS_SIDEBAR_H

#include "base.h"
#include "events.h"
#include "options.h"
#include "spark.h"

enum state { STATE_LOADING, STATE_READY, STATE_READING, STATE_ANSWERING, STATE_MEASURING };

/* All that the sidebar tells; zeros are unknown. */
struct status {
    enum state state;
    uint64_t done, total;   /* of loading (bytes) or of reading the prompt (tokens) */
    double reading_ms;      /* since the prompt began */
    uint32_t n_read_before; /* tokens of the prompt that were in the cache */
    float now_tokens_per_s; /* while answering */
    struct turn_stats last; /* of the last finished turn */
    struct {
        uint64_t n_tokens;
        double ms;
    } all; /* of all turns: tokens, time between them */
    enum stop_reason stop;
    uint32_t n_ctx_used, ctx_len;
    uint32_t n_ctx_before; /* what a conversation took when it was left, until a turn tells anew */
    uint64_t kv_token_bytes;
    struct memory_use memory;
    struct spark speed, rss; /* tokens/s and bytes, at most two samples a second */
    uint64_t model_bytes, f32_bytes;
    const char *cpu_level; /* "avx2"; NULL before the model is there */
    unsigned n_threads;
    unsigned changed; /* sliders (bits) whose new value no token has felt yet */
};

enum { N_SLIDERS = 6, SIDEBAR_MAX_LINES = 40, CONTEXT_WARN_PERCENT = 80 };
extern const enum option_id sliders[N_SLIDERS];

enum line_kind {
    LINE_BLANK,
    LINE_STATE,   /* label */
    LINE_HEADING, /* label, value */
    LINE_PAIR,    /* label, value */
    LINE_BAR,     /* fraction, value */
    LINE_GRAPH,   /* spark */
    LINE_VALUE,   /* slider's label and value; its track follows */
    LINE_TRACK,   /* fraction */
    LINE_SLIDER,  /* label, short track, value in one line */
};

struct sidebar_line {
    enum line_kind kind;
    char label[40], value[40];
    double fraction; /* 0..1 */
    bool warn;       /* of a bar: it is nearly full */
    const struct spark *spark;
    bool zoom;  /* of a graph: as spark_row has it */
    int slider; /* index into sliders, or -1 */
};

/* Fills lines[SIDEBAR_MAX_LINES]; -> how many, at most `height`: where there is little room, what
 * matters less goes first. `typed`: number being typed for slider `selected`, or "". */
int sidebar_lines(const struct status *f, const struct options *o, int selected, const char *typed,
                  int height, struct sidebar_line *lines);
/* The context is nearly full. */
bool sidebar_warns(const struct status *f);
/* The most important of it in one line, for narrow terminals. */
void sidebar_status(const struct status *f, const struct options *o, int selected,
                    const char *typed, struct buf *out);
/* The state in words: "Reading prompt 128/512". */
char *sidebar_state(const struct status *f, char *out, size_t size);
/* The last turn in sentences, for /stats. */
void sidebar_report(const struct status *f, struct buf *out);

const char *stop_name(enum stop_reason stop);

#endif
