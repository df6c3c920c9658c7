/* SPDX-License-Identifier: MIT
 *
 * memory_side: one of the two models of `qins-bench memory`, in a process of its own that tells its
 * memory while it loads and answers.
 */
#ifndef QINS_MEMORY_SIDE_H
#define QINS_MEMORY_SIDE_H

#include "answers.h"
#include "bench.h"

enum memory_phase { PHASE_LOADING, PHASE_ANSWERING, N_PHASES };

struct memory_sample {
    double ms; /* since the process began */
    enum memory_phase phase;
    uint64_t rss, pss; /* bytes; pss 0: the system does not tell */
};

struct memory_side {
    const char *path;
    bool widens; /* in f32: its weights decoded, as if they had never been converted */
    bool is_original;
    struct memory_sample *samples; /* [n_samples] */
    size_t n_samples, cap_samples;
    json_t *facts;    /* once it has answered: format, level, image_bytes, n_params, load_ms,
                         generate_tokens_per_s, prompt_tokens_per_s, answers */
    uint64_t max_rss; /* of the process, as the system has it */
};

/* Runs it; `draw` is called when there is something new. -> false: *err; no process is left. */
bool memory_side_run(struct memory_side *m, const struct bench *b, const char *prompts,
                     void (*draw)(void *arg), void *arg, struct error *err);
void memory_side_free(struct memory_side *m);

uint64_t memory_peak(const struct memory_side *m);
/* The middle one of the values while it answers. */
uint64_t memory_steady(const struct memory_side *m, bool pss);

#endif
