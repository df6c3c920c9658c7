/* SPDX-License-Identifier: MIT
 *
 * logits: what the model says after the last of some ids, and how it would go on.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "distribution.h"

enum { N_TOP = 10 };

static void print_json(const float *logits, uint32_t vocab, const struct ids *greedy)
{
    fputs("{\"logits\":[", stdout);
    for (uint32_t i = 0; i < vocab; i++) {
        if (i)
            putchar(',');
        bench_json_number(logits[i]);
    }
    fputs("],\"greedy\":[", stdout);
    for (size_t i = 0; i < greedy->n; i++)
        printf("%s%d", i ? "," : "", greedy->ids[i]);
    puts("]}");
}

/* The best few, then the continuation. */
static void print_table(const float *logits, uint32_t vocab, const struct ids *greedy)
{
    float *left = xmalloc(vocab * sizeof *left);
    memcpy(left, logits, vocab * sizeof *left);
    puts("     id      logit");
    for (uint32_t i = 0; i < N_TOP && i < vocab; i++) {
        int32_t id = (int32_t)logits_best(left, vocab);
        printf("%7d %10.5f\n", id, left[id]);
        left[id] = -__builtin_inff();
    }
    if (greedy->n)
        fputs("greedy:", stdout);
    for (size_t i = 0; i < greedy->n; i++)
        printf(" %d", greedy->ids[i]);
    if (greedy->n)
        putchar('\n');
    free(left);
}

static void evaluate(struct bench *b, struct session *s, struct ids *ids)
{
    uint32_t vocab = b->model->config.vocab;
    float *logits = xmalloc(vocab * sizeof *logits);
    struct ids greedy = {0};
    session_sync(s, ids->ids, (uint32_t)ids->n, NULL, NULL);
    memcpy(logits, session_logits(s), vocab * sizeof *logits);
    while (greedy.n < b->n_greedy) {
        int32_t id = (int32_t)logits_best(session_logits(s), vocab);
        ids_push(&greedy, id);
        ids_push(ids, id);
        if (greedy.n < b->n_greedy)
            session_sync(s, ids->ids, (uint32_t)ids->n, NULL, NULL);
    }
    if (b->json)
        print_json(logits, vocab, &greedy);
    else
        print_table(logits, vocab, &greedy);
    ids_free(&greedy);
    free(logits);
}

bool bench_logits(struct bench *b, struct error *err)
{
    struct ids ids = {0};
    struct session *s = NULL;
    if (!b->ids)
        return error_set(err, EX_USAGE, "logits needs --ids 1,2,3");
    if (!bench_open(b, err))
        return false;
    bool ok = bench_parse_ids(b->ids, strlen(b->ids), b->model->config.vocab, &ids, err);
    if (ok && ids.n == 0)
        ok = error_set(err, EX_USAGE, "--ids: at least one id expected");
    uint64_t total = ids.n + b->n_greedy;
    if (ok && total > b->model->config.max_ctx)
        ok = error_set(err, EX_USAGE, "%zu ids and --greedy %u: this model takes at most %u tokens",
                       ids.n, b->n_greedy, b->model->config.max_ctx);
    if (ok) {
        struct session_options o = {
            .ctx_len = (uint32_t)total, .kv = bench_kv(b, 0), .gemm = b->gemm};
        s = session_new(b->model, b->pool, &b->kernels, &o, err);
        ok = s != NULL;
    }
    if (ok)
        evaluate(b, s, &ids);
    session_free(s);
    ids_free(&ids);
    bench_close(b);
    return ok;
}
