/* SPDX-License-Identifier: MIT */
#include "loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hasher.h"
#include "lazy_model.h"
#include "quality.h"
#include "texts.h"

enum { MAX_CHUNKS = 4 };

struct measurement {
    const struct loss_job *job;
    struct lazy_model *lazy;
    struct model *original, *quantised;
    struct kernels kernels;
    struct ids ids, prefix;
    uint32_t chunk, n_chunks;
    float *hidden; /* [n_chunks][chunk][dim] the original's last layer */
};

static bool show(const struct measurement *m, uint64_t done, uint64_t total, struct error *err)
{
    const struct convert_options *o = m->job->o;
    struct convert_progress p = {"measuring", "", done, total};
    return !o->progress || o->progress(o->arg, &p) ||
           error_set(err, EXIT_INTERRUPTED, "interrupted");
}

static bool read_text(struct measurement *m, struct error *err)
{
    struct tokenizer *t = model_tokenizer(m->quantised, err);
    if (!t)
        return false;
    m->chunk = quality_chunk(m->quantised);
    bool ok = quality_encode(t, (const char *)text_measure, text_measure_bytes, &m->ids, err);
    tokenizer_push_prefix(t, &m->prefix);
    tokenizer_free(t);
    m->n_chunks = (uint32_t)(m->ids.n / m->chunk);
    m->n_chunks = m->n_chunks < MAX_CHUNKS ? m->n_chunks : MAX_CHUNKS;
    return ok;
}

/* All chunks through one layer after another. */
static bool run_original(struct measurement *m, struct error *err)
{
    const struct model_config *c = &m->original->config;
    struct session_options o = {.ctx_len = m->chunk, .chunk = m->chunk, .kv = KV_F32};
    struct session *s = session_new(m->original, lazy_model_pool(m->lazy), &m->kernels, &o, err);
    size_t n = (size_t)m->chunk * c->dim;
    bool ok = s != NULL;
    for (uint32_t i = 0; ok && i < m->n_chunks; i++) {
        int32_t *ids = m->ids.ids + (size_t)i * m->chunk;
        for (size_t k = 0; k < m->prefix.n && k < m->chunk; k++)
            ids[k] = m->prefix.ids[k];
        session_embed(s, ids, m->chunk, m->hidden + i * n);
    }
    for (uint32_t layer = 0; ok && layer < c->n_layers; layer++) {
        ok = show(m, layer, c->n_layers + 1, err) && lazy_model_load(m->lazy, layer, err);
        for (uint32_t i = 0; ok && i < m->n_chunks; i++)
            session_layer(s, layer, m->ids.ids + (size_t)i * m->chunk, m->chunk, m->hidden + i * n);
        lazy_model_drop(m->lazy, layer);
    }
    session_free(s);
    return ok && lazy_model_load(m->lazy, LAZY_HEAD, err);
}

static void describe(const struct quality *q, char loss[LOSS_BYTES])
{
    char hex[SHA256_HEX + 1];
    sha256_hex(text_measure, text_measure_bytes, hex);
    snprintf(loss, LOSS_BYTES,
             "{\"kl\":%.5f,\"kl_error\":%.5f,\"top1\":%.4f,\"perplexity\":%.4f,"
             "\"reference_perplexity\":%.4f,\"tokens\":%llu,\"text_sha256\":\"%s\"}",
             q->kl_mean.value, q->kl_mean.error, q->top1.value, q->perplexity.value,
             q->reference_perplexity.value, (unsigned long long)q->n_tok, hex);
}

static bool compare(struct measurement *m, char loss[LOSS_BYTES], struct error *err)
{
    struct pool *p = lazy_model_pool(m->lazy);
    struct quality_side side = {m->quantised, &m->kernels, p, KV_F32, GEMM_AUTO, NULL};
    struct quality_side original = {m->original, &m->kernels, p, KV_F32, GEMM_AUTO, m->hidden};
    struct quality q;
    if (!quality_measure(&side, &original, &m->ids, m->n_chunks, &m->prefix, NULL, NULL, &q, err))
        return false;
    if (!isfinite(q.kl_mean.value))
        return error_set(err, EX_DATAERR, "%s: its predictions are not finite", m->job->c->folder);
    describe(&q, loss);
    return true;
}

/* Why it cannot be measured, or NULL. */
static const char *obstacle(const struct measurement *m)
{
    return m->n_chunks == 0 ? "the model's context is longer than the text to measure with"
           : !config_layers_stand_alone(&m->job->c->config)
               ? "its layers need more than the one before, so the source cannot be read one by one"
               : NULL;
}

bool loss_measure(void *arg, const char *path, char loss[LOSS_BYTES], struct error *err)
{
    struct measurement m = {.job = arg};
    kernels_init(&m.kernels, cpu_flags());
    m.quantised = model_open(path, err);
    bool ok = m.quantised && read_text(&m, err);
    const char *why_not = ok ? obstacle(&m) : NULL;
    if (why_not)
        snprintf(loss, LOSS_BYTES, "{\"not_measured\":\"%s\"}", why_not);
    if (ok && !why_not) {
        m.lazy = lazy_model_open(m.job->c, m.job->o->n_threads, err);
        m.original = m.lazy ? lazy_model_bound(m.lazy) : NULL;
        m.hidden = xaligned_scratch((size_t)m.n_chunks * m.chunk * m.quantised->config.dim *
                                    sizeof *m.hidden);
        ok = m.lazy && run_original(&m, err) && compare(&m, loss, err);
    }
    lazy_model_close(m.lazy);
    model_close(m.quantised);
    free(m.hidden);
    ids_free(&m.ids);
    ids_free(&m.prefix);
    return ok;
}
