/* SPDX-License-Identifier: MIT
 *
 * bench_pair: a model and, with --against, the one it is compared with.
 */
#ifndef QINS_BENCH_PAIR_H
#define QINS_BENCH_PAIR_H

#include "bench.h"
#include "quality.h"

struct bench_pair {
    struct bench *b; /* the command's; its model is [0] */
    struct bench second;
    uint32_t n; /* 1 or 2 */
    struct quality_side side[2];
    const char *paths[2];
    struct tokenizer *tokenizer[2];
};

/* Their caches are f32 unless --kv says otherwise: it is the weights that are compared.
 * Both models; of the same vocabulary and the same bytes for every id. On failure nothing stays
 * open. */
bool bench_pair_open(struct bench_pair *p, struct bench *b, struct error *err);
void bench_pair_close(struct bench_pair *p);
/* A path as text for JSON or a terminal; caller frees. */
char *bench_path_text(const char *path);
/* Name of --text or --file, which the command needs. */
bool bench_needs_file(const struct bench *b, const char *flag, struct error *err);

#endif
