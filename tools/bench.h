/* SPDX-License-Identifier: MIT
 *
 * bench: what the parts of qins-bench share: the command line, the model, JSON on stdout.
 */
#ifndef QINS_BENCH_H
#define QINS_BENCH_H

#include "model.h"
#include "pool.h"
#include "profile.h"
#include "session.h"
#include "tokenizer.h"
#include "weights_copy.h"

struct command;

enum { MAX_LIST = 16 };

struct number_list {
    uint32_t values[MAX_LIST], n;
};

struct render_options {
    const char *messages, *extra;  /* a file; a JSON object, or NULL */
    const char *clock, *bos, *eos; /* NULL: now; none */
    const char *template;          /* in place of the model's own: a file or a name; or NULL */
    bool no_generation_prompt, strict;
};

struct bench {
    const struct command *command;
    const char *model_path;
    const char *const *words; /* perplexity: models, then files; kernels: formats; inspect: names */
    uint32_t n_words;
    const char *text; /* tokens: what to encode or decode; NULL or "-": stdin */
    const char *ids;  /* logits: "1,2,3" */
    bool decode, json, jsonl, profile, speed;
    bool is_filled;     /* speed: contexts are made up, not evaluated */
    enum format format; /* of a folder converted in memory */
    unsigned cpu_flags;
    const char *gemm_name; /* as given; NULL: auto */
    enum gemm gemm;
    enum weights_mode weights; /* speed */
    uint32_t n_threads, n_generate, n_greedy;
    struct number_list prompts, contexts, threads; /* speed; n_threads is the first of threads */
    uint32_t n_repeats, size_mb;                   /* size_mb 0: by the machine's cache */
    struct number_list
        kv; /* enum kv_type of each model, the last one for the rest; none: default */
    struct render_options render;
    const char *against,
        *file; /* quality, choice, samples, inspect: a second MODEL; the text or tasks */
    uint32_t n_chunks, limit; /* 0: all */
    const char *svg;          /* memory: a file, or NULL */
    bool no_sandbox;          /* --no-sandbox was given */
    bool has_n_generate;      /* -n was given */
    uint32_t window;          /* perplexity: tokens; 0: the model's context, at most 2048 */

    /* bench_open */
    struct kernels kernels;
    struct pool *pool;
    struct model *model;
    double load_ms;
};

bool bench_open(struct bench *b, struct error *err);
void bench_close(struct bench *b);
/* Numbers of the cache of the i-th model that a command opens. */
enum kv_type bench_kv(const struct bench *b, uint32_t i);
/* Ids in decimal, separated by white space or commas, each below `limit`. */
bool bench_parse_ids(const char *text, size_t n, uint32_t limit, struct ids *out,
                     struct error *err);
/* The session holds n ids, as if they had been evaluated: keys and values at random. */
void bench_fill(struct session *s, const int32_t *ids, uint32_t n);
/* Integer dot products of registers and nothing else by all threads, n_chunks of some 0.2 ms each:
 * products per nanosecond, the limit of prompts; 0: not known of this level. */
double bench_dot_peak(const struct kernels *k, struct pool *pool, uint32_t n_chunks);
/* A number as JSON takes it: null for what is not finite. */
void bench_json_number(double x);

struct machine;
void bench_print_machine(const struct machine *m); /* a line */
void bench_json_machine(const struct machine *m);  /* "cpu_name":"...", */

/* Times per token of a generation of n_tok tokens. */
void bench_print_profile(const struct bench *b, const struct profile *p, uint32_t n_tok);
void bench_json_profile(const struct profile *p, uint32_t n_tok); /* "profile_ms":{...} */

bool bench_tokens(struct bench *b, struct error *err);
bool bench_logits(struct bench *b, struct error *err);
bool bench_quality(struct bench *b, struct error *err);
bool bench_choice(struct bench *b, struct error *err);
bool bench_samples(struct bench *b, struct error *err);
bool bench_memory(struct bench *b, struct error *err);
bool bench_perplexity(struct bench *b, struct error *err);
bool bench_speed(struct bench *b, struct error *err);
bool bench_kernels(struct bench *b, struct error *err);
bool bench_inspect(struct bench *b, struct error *err);
bool bench_render(struct bench *b, struct error *err);

#endif
