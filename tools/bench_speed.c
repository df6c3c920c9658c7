/* SPDX-License-Identifier: MIT
 *
 * speed: prompt and generation, beside a plain read of the same weights by the same threads in the
 * same run: generation reads every weight once a token, so that read is its limit.
 */
#include <math.h>
#include <stdlib.h>

#include "bench.h"

enum { READ_CHUNK = 1 << 20, N_READS = 3 };

struct region {
    const uint8_t *data;
    uint64_t bytes;
};

struct reading {
    struct region *regions;
    size_t n, cap;
    uint64_t bytes;                     /* of all regions */
    uint64_t sums[POOL_MAX_THREADS][8]; /* keeps the compiler from dropping the reads */
};

struct result {
    double prompt_per_s, generate_per_s, first_token_ms, read_gb_per_s;
    double read_fraction; /* bytes read by generation of what the plain read could have had */
    uint64_t bytes_per_token;
    uint32_t n_prompt, n_generate;
    struct profile profile;
};

/* ---- the plain read ---------------------------------------------------------------------- */

static void add_region(struct reading *r, const void *data, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += READ_CHUNK) {
        if (r->n == r->cap) {
            r->cap = r->cap ? 2 * r->cap : 256;
            r->regions = xrealloc(r->regions, r->cap, sizeof *r->regions);
        }
        size_t n = bytes - at < READ_CHUNK ? bytes - at : READ_CHUNK;
        r->regions[r->n++] = (struct region){(const uint8_t *)data + at, n};
    }
    r->bytes += bytes;
}

static void add_matrix(struct reading *r, const struct matrix *m)
{
    add_region(r, m->data, matrix_data_bytes(m));
    if (m->row)
        add_region(r, m->row, matrix_row_bytes(m));
}

/* What one generated token reads: all but the embedding, of which it needs a row. */
static void add_weights(struct reading *r, const struct model *m)
{
    for (uint32_t i = 0; i < m->config.n_layers; i++) {
        const struct layer *l = &m->layers[i];
        for (uint32_t p = 0; p < l->n_qkv; p++)
            add_matrix(r, &l->qkv[p]);
        add_matrix(r, &l->attn_out);
        for (uint32_t p = 0; p < l->n_gate_up; p++)
            add_matrix(r, &l->gate_up[p]);
        add_matrix(r, &l->down);
    }
    add_matrix(r, &m->head);
}

typedef uint64_t line __attribute__((vector_size(64), aligned(8)));

/* Always inlined: GCC drops the calls of a function that does nothing but prefetch. */
static inline __attribute__((always_inline)) void prefetch(const uint8_t *at)
{
    __builtin_prefetch(at + 1024, 0, 3);
    __builtin_prefetch(at + 4096, 0, 2); /* crosses into the next page, which hardware does not */
}

/* Two streams and two distances of prefetch, as the kernels read: plain loops are slower. */
static void read_chunk(void *arg, uint32_t chunk, uint32_t worker)
{
    struct reading *r = arg;
    const struct region *at = &r->regions[chunk];
    uint64_t half = at->bytes / 256 * 128, sum = 0;
    const uint8_t *x = at->data, *y = x + half;
    line a = {0}, b = {0}, c = {0}, d = {0};
    for (uint64_t i = 0; i < half; i += 128) {
        const line *p = (const line *)(x + i), *q = (const line *)(y + i);
        prefetch(x + i);
        prefetch(x + i + 64);
        prefetch(y + i);
        prefetch(y + i + 64);
        a ^= p[0];
        b ^= p[1];
        c ^= q[0];
        d ^= q[1];
    }
    a ^= b ^ c ^ d;
    for (int i = 0; i < 8; i++)
        sum ^= a[i];
    for (uint64_t i = 2 * half; i < at->bytes; i++)
        sum ^= x[i];
    r->sums[worker][0] ^= sum;
}

/* Best of a few passes, in GB/s. */
static double plain_read(struct bench *b, struct reading *r)
{
    double best = INFINITY;
    for (int i = 0; i < N_READS; i++) {
        double start = now_ms();
        pool_run(b->pool, read_chunk, r, (uint32_t)r->n);
        best = fmin(best, now_ms() - start);
    }
    return best > 0 ? (double)r->bytes / best * 1e-6 : 0;
}

/* ---- the model --------------------------------------------------------------------------- */

/* Ids spread over the vocabulary; speed does not depend on which. */
static void push_prompt(struct ids *ids, uint32_t n, uint32_t vocab)
{
    uint64_t state = 1;
    for (uint32_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        ids_push(ids, (int32_t)((state >> 33) % vocab));
    }
}

static double per_second(uint32_t n, double ms)
{
    return ms > 0 ? n * 1e3 / ms : 0;
}

static void measure(struct bench *b, struct session *s, struct result *r)
{
    uint32_t vocab = b->model->config.vocab;
    struct ids ids = {0};
    push_prompt(&ids, b->n_prompt, vocab);
    double start = now_ms();
    session_sync(s, ids.ids, (uint32_t)ids.n, NULL, NULL);
    int32_t next = bench_best(session_logits(s), vocab);
    double first = now_ms();
    r->first_token_ms = first - start;
    r->prompt_per_s = per_second(b->n_prompt, first - start);
    profile_start(&r->profile);
    pool_set_profile(b->pool, b->profile ? &r->profile : NULL);
    for (uint32_t i = 0; i < b->n_generate; i++) {
        ids_push(&ids, next);
        session_sync(s, ids.ids, (uint32_t)ids.n, NULL, NULL);
        next = bench_best(session_logits(s), vocab);
        profile_lap(pool_profile(b->pool), OP_SAMPLE);
    }
    pool_set_profile(b->pool, NULL);
    r->generate_per_s = per_second(b->n_generate, now_ms() - first);
    ids_free(&ids);
}

/* ---- output ------------------------------------------------------------------------------ */

static void json_member(const char *name, double x, const char *end)
{
    printf("\"%s\":", name);
    bench_json_number(x);
    fputs(end, stdout);
}

static void print_json(const struct bench *b, const struct result *r)
{
    putchar('{');
    json_member("prompt_tokens_per_s", r->prompt_per_s, ",");
    json_member("generate_tokens_per_s", r->generate_per_s, ",");
    json_member("load_ms", b->load_ms, ",");
    json_member("first_token_ms", r->first_token_ms, ",");
    json_member("rss_bytes", (double)memory_use().rss_bytes, ",");
    json_member("model_bytes", (double)b->model->file_bytes, ",");
    json_member("read_gb_per_s", r->read_gb_per_s, ",");
    json_member("read_fraction", r->read_fraction, ",");
    json_member("bytes_per_token", (double)r->bytes_per_token, ",");
    json_member("prompt_tokens", b->n_prompt, ",");
    json_member("generated_tokens", b->n_generate, ",");
    json_member("threads", pool_size(b->pool), ",");
    if (b->profile) {
        bench_json_profile(&r->profile, b->n_generate);
        putchar(',');
    }
    printf("\"cpu\":\"%s\",\"format\":\"%s\"}\n", b->kernels.level,
           format_info(b->model->format)->name);
}

static void print_table(const struct bench *b, const struct result *r)
{
    struct memory_use use = memory_use();
    printf("model       %.2f GB %s, %s kernels, %u threads\n", (double)b->model->file_bytes * 1e-9,
           format_info(b->model->format)->name, b->kernels.level, pool_size(b->pool));
    printf("load        %.1f ms\n", b->load_ms);
    printf("prompt      %u tokens, %.1f tokens/s, first token after %.0f ms\n", b->n_prompt,
           r->prompt_per_s, r->first_token_ms);
    if (b->n_generate > 0)
        printf("generate    %u tokens, %.2f tokens/s\n", b->n_generate, r->generate_per_s);
    printf("plain read  %.2f GB/s of %.3f GB a token: at most %.2f tokens/s\n", r->read_gb_per_s,
           (double)r->bytes_per_token * 1e-9,
           r->bytes_per_token ? r->read_gb_per_s * 1e9 / (double)r->bytes_per_token : 0);
    if (b->n_generate > 0)
        printf("fraction    %.1f %% of the plain read\n", 100 * r->read_fraction);
    printf("memory      %.3f GB resident: %.3f private, %.3f mapped\n",
           (double)use.rss_bytes * 1e-9, (double)use.private_bytes * 1e-9,
           (double)use.mapped_bytes * 1e-9);
    if (b->profile)
        bench_print_profile(b, &r->profile, b->n_generate);
}

bool bench_speed(struct bench *b, struct error *err)
{
    static struct reading reading;
    struct result r = {0};
    if (!bench_open(b, err))
        return false;
    struct session_options o = {.ctx_len = b->n_prompt + b->n_generate,
                                .kv = session_default_kv(b->model)};
    struct session *s = session_new(b->model, b->pool, &b->kernels, &o, err);
    if (s) {
        add_weights(&reading, b->model);
        r.bytes_per_token = reading.bytes;
        r.read_gb_per_s = plain_read(b, &reading);
        measure(b, s, &r);
        r.read_gb_per_s = fmax(r.read_gb_per_s, plain_read(b, &reading));
        if (r.read_gb_per_s > 0)
            r.read_fraction =
                r.generate_per_s * (double)r.bytes_per_token / (r.read_gb_per_s * 1e9);
        if (b->json)
            print_json(b, &r);
        else
            print_table(b, &r);
        free(reading.regions);
    }
    session_free(s);
    bench_close(b);
    return s != NULL;
}
