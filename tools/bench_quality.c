/* SPDX-License-Identifier: MIT
 *
 * quality: what a number format costs, on a text: perplexity, divergence from the reference,
 * agreement (quality.h).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_pair.h"

enum { MAX_TEXT = 1 << 30 };

struct progress_line {
    bool shows;
    double start_ms;
};

static bool show(void *arg, uint32_t done, uint32_t n)
{
    const struct progress_line *p = arg;
    double s = (now_ms() - p->start_ms) / 1e3;
    if (!p->shows)
        return true;
    if (done == n)
        fprintf(stderr, "\r%*s\r", 48, "");
    else if (done > 0)
        fprintf(stderr, "\r%u of %u chunks, %.0f s left   ", done, n, s / done * (n - done));
    return true;
}

/* ---- output --------------------------------------------------------------------------- */

static const struct row {
    const char *key, *text;
    size_t at; /* of the estimate */
    bool compares;
    double factor; /* of the table */
    const char *unit;
    int digits;
} rows[] = {
    {"perplexity", "perplexity", offsetof(struct quality, perplexity), false, 1, "", 4},
    {"reference_perplexity", "of the reference", offsetof(struct quality, reference_perplexity),
     true, 1, "", 4},
    {"perplexity_ratio", "ratio", offsetof(struct quality, perplexity_ratio), true, 1, "", 4},
    {"kl_mean", "KL divergence, mean", offsetof(struct quality, kl_mean), true, 1, "nats", 5},
    {"kl_median", "  median", offsetof(struct quality, kl_median), true, 1, "nats", 5},
    {"kl_p99", "  99th percentile", offsetof(struct quality, kl_p99), true, 1, "nats", 4},
    {"kl_max", "  maximum", offsetof(struct quality, kl_max), true, 1, "nats", 3},
    {"top1", "same likeliest token", offsetof(struct quality, top1), true, 100, "%", 2},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static const struct estimate *value_of(const struct quality *q, const struct row *row)
{
    return (const struct estimate *)(const void *)((const char *)q + row->at);
}

static void print_table(const struct bench_pair *p, const struct quality *q)
{
    struct model_bits bits = model_bits(p->side[0].model);
    for (uint32_t i = 0; i < p->n; i++) {
        char *path = bench_path_text(p->paths[i]);
        printf("%-10s %s, %s\n", i ? "reference" : "model", path,
               format_info(p->side[i].model->format)->name);
        free(path);
    }
    printf("bits per weight: matrices %.3f (%.3f with padding), all %.3f\n", bits.matrices,
           bits.stored, bits.all);
    printf("%llu predictions in %u chunks of %u tokens\n\n", (unsigned long long)q->n_tok,
           q->n_chunks, q->chunk);
    for (int i = 0; i < N_ROWS; i++) {
        const struct estimate *e = value_of(q, &rows[i]);
        if (rows[i].compares && p->n < 2)
            continue;
        printf("%-22s %10.*f", rows[i].text, rows[i].digits, e->value * rows[i].factor);
        if (isfinite(e->error))
            printf(" +- %.*f", rows[i].digits, e->error * rows[i].factor);
        printf("%s%s\n", *rows[i].unit ? " " : "", rows[i].unit);
    }
}

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static void print_json(const struct bench_pair *p, const struct quality *q)
{
    struct model_bits bits = model_bits(p->side[0].model);
    json_t *root = json_object();
    for (uint32_t i = 0; i < p->n; i++) {
        char *path = bench_path_text(p->paths[i]);
        json_object_set_new(root, i ? "reference" : "model", json_string(path));
        json_object_set_new(root, i ? "reference_format" : "format",
                            json_string(format_info(p->side[i].model->format)->name));
        free(path);
    }
    json_object_set_new(root, "bits_per_weight", number(bits.matrices));
    json_object_set_new(root, "bits_per_weight_stored", number(bits.stored));
    json_object_set_new(root, "bits_per_weight_all", number(bits.all));
    json_object_set_new(root, "model_bytes",
                        json_integer((json_int_t)p->side[0].model->file_bytes));
    json_object_set_new(root, "tokens", json_integer((json_int_t)q->n_tok));
    json_object_set_new(root, "chunks", json_integer(q->n_chunks));
    json_object_set_new(root, "chunk_tokens", json_integer(q->chunk));
    for (int i = 0; i < N_ROWS; i++) {
        const struct estimate *e = value_of(q, &rows[i]);
        char key[40];
        snprintf(key, sizeof key, "%s_error", rows[i].key);
        json_object_set_new(root, rows[i].key, number(e->value));
        json_object_set_new(root, key, number(e->error));
    }
    json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(root);
}

/* ------------------------------------------------------------------------------------------ */

static bool measure(const struct bench_pair *p, const char *text, size_t n, struct quality *q,
                    struct error *err)
{
    struct ids ids = {0}, prefix = {0};
    struct progress_line line = {isatty(STDERR_FILENO) == 1, now_ms()};
    uint32_t chunk = quality_chunk(p->side[0].model);
    bool ok = p->n < 2 || quality_chunk(p->side[1].model) >= chunk ||
              error_set(err, EX_USAGE, "%s: takes fewer tokens than %s", p->paths[1], p->paths[0]);
    ok = ok && quality_encode(p->tokenizer[0], text, n, &ids, err);
    tokenizer_push_prefix(p->tokenizer[0], &prefix);
    uint32_t n_chunks = (uint32_t)(ids.n / chunk);
    if (ok && n_chunks == 0)
        ok = error_set(err, EX_DATAERR, "%s: %zu tokens; at least %u expected", p->b->file, ids.n,
                       chunk);
    if (p->b->n_chunks && p->b->n_chunks < n_chunks)
        n_chunks = p->b->n_chunks;
    ok = ok && quality_measure(&p->side[0], p->n > 1 ? &p->side[1] : NULL, &ids, n_chunks, &prefix,
                               show, &line, q, err);
    ids_free(&ids);
    ids_free(&prefix);
    return ok;
}

bool bench_quality(struct bench *b, struct error *err)
{
    struct bench_pair pair;
    struct buf text = {0};
    struct quality q;
    if (!bench_needs_file(b, "quality: --text", err) || !read_file(&text, b->file, MAX_TEXT, err))
        return false;
    bool ok = bench_pair_open(&pair, b, err);
    if (ok) {
        ok = measure(&pair, text.data, text.len, &q, err);
        if (ok && b->json)
            print_json(&pair, &q);
        else if (ok)
            print_table(&pair, &q);
        bench_pair_close(&pair);
    }
    buf_free(&text);
    return ok;
}
