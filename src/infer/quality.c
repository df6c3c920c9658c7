/* SPDX-License-Identifier: MIT */
#include "quality.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "distribution.h"

enum { N_SIDES = 2 };

/* What is known of one prediction. */
struct prediction {
    float nats[N_SIDES]; /* -ln p of the text's token: of the model, of the reference */
    float kl;
    bool same_top;
};

struct run {
    struct session *s[N_SIDES]; /* [1] the reference, or NULL */
    float *logits[N_SIDES];     /* [n_scored][vocab] */
    const float *hidden[N_SIDES];
    uint32_t dim[N_SIDES], vocab, chunk, first,
        n_scored;         /* logits after ids[first] are the first that count */
    const int32_t *ids;   /* of the chunk */
    struct prediction *p; /* of the chunk, [n_scored] */
};

bool quality_encode(const struct tokenizer *t, const char *text, size_t n, struct ids *out,
                    struct error *err)
{
    struct text_span span = {.text = text, .len = n};
    return n == 0 || tokenizer_encode(t, &span, 1, out) || tokenizer_gave_up(err);
}

/* ---- one prediction ------------------------------------------------------------------- */

static void score(void *arg, uint32_t i, uint32_t worker)
{
    struct run *r = arg;
    struct prediction *p = &r->p[i];
    struct distribution d[N_SIDES];
    (void)worker;
    for (int side = 0; side < N_SIDES && r->s[side]; side++) {
        d[side] = distribution_of(r->logits[side] + (size_t)i * r->vocab, r->vocab);
        p->nats[side] = (float)-distribution_log_p(&d[side], (uint32_t)r->ids[r->first + i + 1]);
    }
    if (!r->s[1])
        return;
    p->kl = (float)distribution_kl(&d[1], &d[0]);
    p->same_top = d[0].top == d[1].top;
}

/* ---- sums ----------------------------------------------------------------------------- */

/* The mean of n values and its standard error, the values independent. */
static struct estimate mean_of(const double *x, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return (struct estimate){mean, n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : NAN};
}

static struct estimate exponential(struct estimate e)
{
    return (struct estimate){exp(e.value), exp(e.value) * e.error};
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The rank of a quantile has the standard deviation sqrt(n q (1 - q)): its error is half the
 * distance of the values that far on either side. */
static struct estimate quantile(const double *sorted, size_t n, double q)
{
    double at = q * (double)(n - 1), spread = sqrt((double)n * q * (1 - q));
    double low = fmax(at - spread, 0), high = fmin(at + spread, (double)(n - 1));
    size_t i = (size_t)at, next = i + 1 < n ? i + 1 : i;
    double value = sorted[i] + (at - (double)i) * (sorted[next] - sorted[i]);
    return (struct estimate){value, (sorted[(size_t)ceil(high)] - sorted[(size_t)low]) / 2};
}

static void compare(struct quality *q, const struct prediction *p, double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (double)p[i].nats[1];
    q->reference_perplexity = exponential(mean_of(x, n));
    for (size_t i = 0; i < n; i++)
        x[i] = (double)p[i].nats[0] - (double)p[i].nats[1];
    q->perplexity_ratio = exponential(mean_of(x, n));
    for (size_t i = 0; i < n; i++)
        x[i] = p[i].same_top;
    q->top1 = mean_of(x, n);
    for (size_t i = 0; i < n; i++)
        x[i] = (double)p[i].kl;
    q->kl_mean = mean_of(x, n);
    qsort(x, n, sizeof *x, by_size);
    q->kl_median = quantile(x, n, 0.5);
    q->kl_p99 = quantile(x, n, 0.99);
    q->kl_max = (struct estimate){x[n - 1], NAN};
}

static void sum_up(struct quality *q, const struct run *r, const struct prediction *p, size_t n,
                   bool compared)
{
    const struct estimate none = {NAN, NAN};
    double *x = xcalloc(n, sizeof *x);
    *q = (struct quality){
        n, (uint32_t)(n / r->n_scored), r->chunk, none, none, none, none, none, none, none, none};
    for (size_t i = 0; i < n; i++)
        x[i] = (double)p[i].nats[0];
    q->perplexity = exponential(mean_of(x, n));
    if (compared)
        compare(q, p, x, n);
    free(x);
}

/* ---- chunks --------------------------------------------------------------------------- */

struct keep_logits {
    struct run *run;
    float *to;
};

static void keep(void *arg, uint32_t pos, const float *logits)
{
    struct keep_logits *k = arg;
    memcpy(k->to + (size_t)(pos - k->run->first) * k->run->vocab, logits,
           k->run->vocab * sizeof *logits);
}

static bool open_side(struct run *r, int i, const struct quality_side *side, struct error *err)
{
    const struct model *m = side->model;
    struct session_options o = {
        .ctx_len = r->chunk, .chunk = r->chunk, .kv = side->kv, .gemm = side->gemm};
    r->hidden[i] = side->hidden;
    r->dim[i] = m->config.dim;
    r->s[i] = session_new(m, side->pool, side->kernels, &o, err);
    r->logits[i] = xaligned_scratch((size_t)r->n_scored * r->vocab * sizeof *r->logits[i]);
    return r->s[i] != NULL;
}

static void evaluate_side(struct run *r, int side, const int32_t *ids, const bool *wanted)
{
    struct keep_logits to = {r, r->logits[side]};
    if (!r->hidden[side]) {
        session_score(r->s[side], ids, r->chunk - 1, wanted, keep, &to);
        return;
    }
    size_t dim = r->dim[side];
    session_predict(r->s[side], r->hidden[side] + r->first * dim, r->n_scored, to.to);
    r->hidden[side] += r->chunk * dim;
}

static void evaluate(struct run *r, const int32_t *ids, struct pool *pool)
{
    bool wanted[QUALITY_CHUNK] = {false};
    memset(wanted + r->first, true, r->n_scored);
    r->ids = ids;
    for (int side = 0; side < N_SIDES && r->s[side]; side++)
        evaluate_side(r, side, ids, wanted);
    pool_run(pool, score, r, r->n_scored);
}

static bool run_chunks(struct run *r, const struct ids *ids, uint32_t n_chunks,
                       const struct ids *prefix, struct pool *pool, struct prediction *p,
                       quality_progress_fn *progress, void *arg, struct error *err)
{
    int32_t chunk[QUALITY_CHUNK];
    size_t n_prefix = prefix ? prefix->n : 0;
    assert(ids->n >= (size_t)n_chunks * r->chunk && n_prefix <= r->first);
    for (uint32_t i = 0; i < n_chunks; i++) {
        if (progress && !progress(arg, i, n_chunks))
            return error_set(err, EXIT_INTERRUPTED, "interrupted");
        memcpy(chunk, ids->ids + (size_t)i * r->chunk, r->chunk * sizeof *chunk);
        if (n_prefix)
            memcpy(chunk, prefix->ids, n_prefix * sizeof *chunk);
        r->p = p + (size_t)i * r->n_scored;
        evaluate(r, chunk, pool);
    }
    return !progress || progress(arg, n_chunks, n_chunks) ||
           error_set(err, EXIT_INTERRUPTED, "interrupted");
}

uint32_t quality_chunk(const struct model *m)
{
    return m->config.max_ctx < QUALITY_CHUNK ? m->config.max_ctx : QUALITY_CHUNK;
}

bool quality_measure(const struct quality_side *model, const struct quality_side *reference,
                     const struct ids *ids, uint32_t n_chunks, const struct ids *prefix,
                     quality_progress_fn *progress, void *arg, struct quality *out,
                     struct error *err)
{
    uint32_t chunk = quality_chunk(model->model);
    struct run r = {.vocab = model->model->config.vocab,
                    .chunk = chunk,
                    .first = chunk / 2,
                    .n_scored = chunk - 1 - chunk / 2};
    size_t n = (size_t)n_chunks * r.n_scored;
    struct prediction *p = xcalloc(n ? n : 1, sizeof *p);
    bool ok = open_side(&r, 0, model, err) && (!reference || open_side(&r, 1, reference, err)) &&
              run_chunks(&r, ids, n_chunks, prefix, model->pool, p, progress, arg, err);
    if (ok)
        sum_up(out, &r, p, n, reference != NULL);
    for (int side = 0; side < N_SIDES; side++) {
        session_free(r.s[side]);
        free(r.logits[side]);
    }
    free(p);
    return ok;
}
