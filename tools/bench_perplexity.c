/* SPDX-License-Identifier: MIT
 *
 * perplexity: how well models predict texts that they have not seen: the mean of -ln p over the
 * tokens that count, and its exponential. Several models go through the texts side by side, so that
 * each is compared with the first token by token (Kullback-Leibler divergence).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "checkpoint.h"
#include "documents.h"
#include "hasher.h"
#include "json.h"
#include "sanitise.h"
#include "utf8.h"

enum { MAX_MODELS = 16, DEFAULT_WINDOW = 2048, NAME_WIDTH = 32 };

struct tally {
    uint64_t n;      /* tokens */
    double nats, kl; /* sums */
};

struct contestant {
    struct bench b;
    struct session *s;
    struct tally source, all;
    double bits; /* stored bits per weight of the whole model */
};

struct comparison {
    struct contestant *c; /* [n] */
    uint32_t n, window;
    float *first; /* [tokens of a window that count][vocab] ln p of the first model, if n > 1 */
    bool *wanted; /* [window] the token behind this one counts */
    bool shows_progress;
};

/* One window going through one model. */
struct pass {
    struct comparison *cmp;
    struct contestant *c;
    const int32_t *ids;
    uint32_t n_done;
};

/* ---- opening -------------------------------------------------------------------------- */

/* SHA-256 of tokenizer.json. */
static void tokenizer_hash(const struct model *m, char hex[SHA256_HEX + 1])
{
    if (m->tokenizer_hash)
        snprintf(hex, SHA256_HEX + 1, "%s", m->tokenizer_hash);
    else if (!m->tokenizer_json || !sha256_hex(m->tokenizer_json, m->tokenizer_bytes, hex))
        *hex = '\0';
}

/* Whether every id has the same bytes. */
static bool same_pieces(const struct model *x, const struct model *y)
{
    struct error ignored = {0};
    struct tokenizer *a = model_tokenizer(x, &ignored), *b = model_tokenizer(y, &ignored);
    struct buf p = {0}, q = {0};
    bool same = a && b && tokenizer_size(a) == tokenizer_size(b);
    for (uint32_t id = 0; same && id < tokenizer_size(a); id++) {
        p.len = q.len = 0;
        tokenizer_token_bytes(a, (int32_t)id, &p);
        tokenizer_token_bytes(b, (int32_t)id, &q);
        same = p.len == q.len && (p.len == 0 || memcmp(p.data, q.data, p.len) == 0);
    }
    buf_free(&p);
    buf_free(&q);
    tokenizer_free(a);
    tokenizer_free(b);
    return same;
}

/* Perplexities per token are comparable only where the tokens are the same. A model of a GGUF file
 * has no tokenizer.json to compare. */
static bool same_tokens(const struct contestant *a, const struct contestant *b, struct error *err)
{
    const struct model *x = a->b.model, *y = b->b.model;
    char x_hash[SHA256_HEX + 1], y_hash[SHA256_HEX + 1];
    tokenizer_hash(x, x_hash);
    tokenizer_hash(y, y_hash);
    bool same = x->config.vocab == y->config.vocab &&
                (*x_hash && *y_hash ? strcmp(x_hash, y_hash) == 0 : same_pieces(x, y));
    return same || error_set(err, EX_USAGE, "%s: another tokenizer than %s: nothing to compare",
                             b->b.model_path, a->b.model_path);
}

static bool open_models(struct comparison *cmp, const struct bench *b, const char *const *paths,
                        uint32_t n, struct error *err)
{
    struct contestant *c = cmp->c;
    for (; cmp->n < n; cmp->n++) {
        c[cmp->n].b = *b;
        c[cmp->n].b.model_path = paths[cmp->n];
        if (!bench_open(&c[cmp->n].b, err))
            return false;
        c[cmp->n].bits = model_bits(c[cmp->n].b.model).all;
    }
    uint32_t ctx = c[0].b.model->config.orig_ctx;
    for (uint32_t i = 0; i < n; i++) {
        if (!same_tokens(&c[0], &c[i], err))
            return false;
        if (b->window > c[i].b.model->config.max_ctx)
            return error_set(err, EX_USAGE, "--window %u: %s takes at most %u tokens", b->window,
                             paths[i], c[i].b.model->config.max_ctx);
        ctx = c[i].b.model->config.orig_ctx < ctx ? c[i].b.model->config.orig_ctx : ctx;
    }
    cmp->window = b->window ? b->window : ctx < DEFAULT_WINDOW ? ctx : DEFAULT_WINDOW;
    for (uint32_t i = 0; i < n; i++) {
        struct session_options o = {
            .ctx_len = cmp->window, .kv = bench_kv(&c[i].b, i), .gemm = b->gemm};
        if (!(c[i].s = session_new(c[i].b.model, c[i].b.pool, &c[i].b.kernels, &o, err)))
            return false;
    }
    cmp->wanted = xcalloc(cmp->window, sizeof *cmp->wanted);
    if (n > 1)
        cmp->first =
            xaligned_scratch((size_t)cmp->window * c[0].b.model->config.vocab * sizeof *cmp->first);
    return true;
}

static void close_models(struct comparison *cmp)
{
    for (uint32_t i = 0; i < cmp->n; i++) {
        session_free(cmp->c[i].s);
        bench_close(&cmp->c[i].b);
    }
    free(cmp->wanted);
    free(cmp->first);
}

/* ---- measuring ------------------------------------------------------------------------ */

static double log_sum_exp(const float *x, uint32_t n)
{
    double max = x[0], sum = 0;
    for (uint32_t i = 1; i < n; i++)
        max = x[i] > max ? x[i] : max;
    for (uint32_t i = 0; i < n; i++)
        sum += exp(x[i] - max);
    return max + log(sum);
}

/* Rounded to float on both sides, so that a model does not differ from itself. */
static double divergence(const float *first /* ln p [n] */, const float *logits, double norm,
                         uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += exp(first[i]) * (first[i] - (float)(logits[i] - norm));
    return sum;
}

static void score_token(void *arg, uint32_t pos, const float *logits)
{
    struct pass *p = arg;
    uint32_t vocab = p->c->b.model->config.vocab;
    double norm = log_sum_exp(logits, vocab);
    p->c->source.n++;
    p->c->source.nats += norm - logits[p->ids[pos + 1]];
    if (p->cmp->n > 1) {
        float *first = p->cmp->first + (size_t)p->n_done++ * vocab;
        if (p->c == p->cmp->c)
            for (uint32_t i = 0; i < vocab; i++)
                first[i] = (float)(logits[i] - norm);
        else
            p->c->source.kl += divergence(first, logits, norm, vocab);
    }
}

/* Tokens [begin, end) as one prompt; of those from `from` on, the ones that count do. */
static void measure_window(struct comparison *cmp, const struct documents *d, size_t begin,
                           size_t from, size_t end)
{
    uint32_t n = 0; /* behind the last token whose logits are wanted */
    memset(cmp->wanted, 0, cmp->window * sizeof *cmp->wanted);
    for (size_t i = from; i < end; i++)
        if (d->scored.data[i])
            cmp->wanted[(n = (uint32_t)(i - begin)) - 1] = true;
    for (uint32_t i = 0; n > 0 && i < cmp->n; i++) {
        struct pass p = {.cmp = cmp, .c = &cmp->c[i], .ids = d->ids.ids + begin};
        session_score(p.c->s, p.ids, n, cmp->wanted, score_token, &p);
    }
}

/* Each token counts once. One beyond the first window is predicted from at least half a window. */
static void measure_document(struct comparison *cmp, const struct documents *d, size_t begin,
                             size_t end)
{
    size_t from = begin + 1;
    while (from < end) {
        size_t stop = end - begin < cmp->window ? end : begin + cmp->window;
        measure_window(cmp, d, begin, from, stop);
        from = stop;
        begin += cmp->window - cmp->window / 2;
    }
}

static void measure(struct comparison *cmp, const struct documents *d)
{
    size_t begin = 0;
    for (uint32_t i = 0; i < cmp->n; i++)
        cmp->c[i].source = (struct tally){0};
    for (size_t i = 0; i < d->n; i++) {
        measure_document(cmp, d, begin, d->ends[i]);
        begin = d->ends[i];
        if (cmp->shows_progress)
            fprintf(stderr, "\r%zu of %zu tokens", begin, d->ids.n);
    }
    if (cmp->shows_progress)
        fprintf(stderr, "\r%*s\r", 48, "");
    for (uint32_t i = 0; i < cmp->n; i++) {
        struct contestant *c = &cmp->c[i];
        c->all.n += c->source.n;
        c->all.nats += c->source.nats;
        c->all.kl += c->source.kl;
    }
}

/* ---- output --------------------------------------------------------------------------- */

static double mean(const struct tally *t, double sum)
{
    return t->n ? sum / (double)t->n : NAN;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* The last part of a path, fit for a terminal, in at least NAME_WIDTH cells. */
static void print_name(const char *path)
{
    struct buf shown = {0};
    struct sanitiser s = {0};
    path = file_name(path);
    sanitise(&s, path, strlen(path), &shown);
    sanitise_end(&s, &shown);
    size_t width = utf8_width(shown.data, shown.len);
    printf("%s%*s", shown.len ? shown.data : "", width < NAME_WIDTH ? (int)(NAME_WIDTH - width) : 0,
           "");
    buf_free(&shown);
}

static void print_models(const struct comparison *cmp)
{
    for (uint32_t i = 0; i < cmp->n; i++) {
        const struct contestant *c = &cmp->c[i];
        printf("model %-2u ", i + 1);
        print_name(c->b.model_path);
        printf(" %-8s %5.2f bits per weight, %.1f MB\n", format_info(c->b.model->format)->name,
               c->bits, (double)c->b.model->file_bytes * 1e-6);
    }
    printf("windows of at most %u tokens, %s kernels, %u threads\n\n", cmp->window,
           cmp->c->b.kernels.level, pool_size(cmp->c->b.pool));
    printf("%-*s model format     tokens  nats/token  perplexity%s\n", NAME_WIDTH, "source",
           cmp->n > 1 ? "    change       KL" : "");
}

static void print_rows(const struct comparison *cmp, const char *name, bool all)
{
    double first = 0;
    for (uint32_t i = 0; i < cmp->n; i++) {
        const struct contestant *c = &cmp->c[i];
        const struct tally *t = all ? &c->all : &c->source;
        double nats = mean(t, t->nats);
        print_name(i ? "" : name);
        printf(" %5u %-8s %8llu  %10.4f  %10.2f", i + 1, format_info(c->b.model->format)->name,
               (unsigned long long)t->n, nats, exp(nats));
        if (i > 0)
            printf(" %+8.2f%% %8.5f", 100 * expm1(nats - first), mean(t, t->kl));
        else
            first = nats;
        putchar('\n');
    }
    fflush(stdout);
}

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static void add_tally(json_t *to, const struct comparison *cmp, uint32_t i, const struct tally *t)
{
    json_object_set_new(to, "tokens", json_integer((json_int_t)t->n));
    json_object_set_new(to, "nats_per_token", number(mean(t, t->nats)));
    json_object_set_new(to, "perplexity", number(exp(mean(t, t->nats))));
    if (cmp->n > 1)
        json_object_set_new(to, "kl_to_first", number(i ? mean(t, t->kl) : 0));
}

/* A path as JSON text; what is no UTF-8 shows as the screen would show it. */
static json_t *path_text(const char *path)
{
    struct buf shown = {0};
    struct sanitiser s = {0};
    json_t *text = json_string(path);
    if (!text) {
        sanitise(&s, path, strlen(path), &shown);
        sanitise_end(&s, &shown);
        text = json_string(shown.data);
        buf_free(&shown);
    }
    return text;
}

static json_t *models_json(const struct comparison *cmp)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < cmp->n; i++) {
        const struct contestant *c = &cmp->c[i];
        json_t *model = json_object();
        json_object_set_new(model, "model", path_text(c->b.model_path));
        json_object_set_new(model, "format", json_string(format_info(c->b.model->format)->name));
        json_object_set_new(model, "bits_per_weight", number(c->bits));
        json_object_set_new(model, "model_bytes", json_integer((json_int_t)c->b.model->file_bytes));
        json_object_set_new(model, "sources", json_array());
        json_array_append_new(list, model);
    }
    return list;
}

static void add_source(json_t *models, const struct comparison *cmp, const char *path, size_t n)
{
    for (uint32_t i = 0; i < cmp->n; i++) {
        json_t *source = json_object();
        json_object_set_new(source, "file", path_text(path));
        json_object_set_new(source, "documents", json_integer((json_int_t)n));
        add_tally(source, cmp, i, &cmp->c[i].source);
        json_array_append_new(json_object_get(json_array_get(models, i), "sources"), source);
    }
}

static void print_json(json_t *models, const struct comparison *cmp)
{
    json_t *root = json_object();
    for (uint32_t i = 0; i < cmp->n; i++)
        add_tally(json_array_get(models, i), cmp, i, &cmp->c[i].all);
    json_object_set_new(root, "window", json_integer(cmp->window));
    json_object_set_new(root, "threads", json_integer(pool_size(cmp->c->b.pool)));
    json_object_set_new(root, "cpu", json_string(cmp->c->b.kernels.level));
    json_object_set(root, "models", models);
    json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(root);
}

/* ------------------------------------------------------------------------------------------ */

static bool is_model(const char *path)
{
    size_t n = strlen(path);
    return checkpoint_is_source(path) || (n > 5 && strcmp(path + n - 5, ".qins") == 0);
}

static bool run_files(struct comparison *cmp, bool json, const char *const *files, uint32_t n_files,
                      struct error *err)
{
    const struct bench *b = &cmp->c->b;
    struct tokenizer *t = model_tokenizer(b->model, err);
    json_t *models = json ? models_json(cmp) : NULL;
    bool ok = t != NULL;
    for (uint32_t i = 0; ok && i < n_files; i++) {
        struct documents d = {0};
        ok = documents_read(&d, files[i], t, b->model->config.vocab, err);
        if (ok && i == 0 && !json)
            print_models(cmp);
        if (ok)
            measure(cmp, &d);
        if (ok && cmp->c->source.n == 0)
            ok = error_set(err, EX_DATAERR, "%s: no token that counts", files[i]);
        if (ok && json)
            add_source(models, cmp, files[i], d.n);
        else if (ok)
            print_rows(cmp, files[i], false);
        documents_free(&d);
    }
    if (ok && json)
        print_json(models, cmp);
    else if (ok && n_files > 1)
        print_rows(cmp, "all", true);
    json_decref(models);
    if (t)
        tokenizer_free(t);
    return ok;
}

bool bench_perplexity(struct bench *b, struct error *err)
{
    struct contestant contestants[MAX_MODELS] = {0};
    struct comparison cmp = {.c = contestants, .shows_progress = isatty(STDERR_FILENO) == 1};
    uint32_t n = 0;
    while (n < b->n_words && is_model(b->words[n]))
        n++;
    if (n == 0)
        return error_set(err, EX_USAGE,
                         "%s: no model: a .qins file, a GGUF file or a folder expected",
                         b->words[0]);
    if (n > MAX_MODELS)
        return error_set(err, EX_USAGE, "%u models: at most %d expected", n, MAX_MODELS);
    if (n == b->n_words)
        return error_set(err, EX_USAGE, "perplexity: FILE is missing: a text, or tokens in .jsonl");
    bool ok = open_models(&cmp, b, b->words, n, err) &&
              run_files(&cmp, b->json, b->words + n, b->n_words - n, err);
    close_models(&cmp);
    return ok;
}
