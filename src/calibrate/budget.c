/* SPDX-License-Identifier: MIT */
#include "budget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "budget_store.h"
#include "calibration_store.h"
#include "calibration_texts.h"
#include "hasher.h"
#include "layer_inputs.h"
#include "lazy_model.h"
#include "number.h"
#include "quality.h"
#include "rounding.h"

enum {
    N_TEXTS = 3,
    FIRST_TOKEN = 4, /* the first ones are often unlike all others */
    SAMPLE_ROWS = 96,
};

static const enum format choices[] = {FORMAT_QINS2, FORMAT_QINS3, FORMAT_QINS4, FORMAT_QINS4_16,
                                      FORMAT_QINS8};
enum { N_CHOICES = sizeof choices / sizeof *choices, MEASURED = 2 /* qins4 */ };

struct candidate {                           /* a matrix */
    double cost[N_CHOICES], bits[N_CHOICES]; /* bits: of all its weights */
    int now;
    bool is_free; /* to be chosen */
};

struct chooser {
    const struct checkpoint *c;
    const struct calibrate_options *o;
    struct lazy_model *lazy;
    struct model *m;
    struct kernels kernels;
    struct session *s;
    struct calibration_texts texts;
    struct weight_list list;
    struct candidate *candidates; /* [list.n] */
    struct budget_store *store;
    uint32_t n_texts;
    bool by_bits;
    size_t text_floats;
    float *before, *x; /* [n_texts][n_tok][dim] streams before and behind the layer */
};

bool budget_parse(const char *text, struct budget *b, struct error *err)
{
    static const char units[] = "kMGT";
    size_t n = strlen(text);
    const char *unit = n > 1 ? strchr(units, text[n - 1]) : NULL;
    char *number = xstrndup(text, unit && *unit ? n - 1 : n);
    double x;
    bool ok = number_parse(number, &x) && x > 0 && x < 1e12;
    free(number);
    *b = (struct budget){0};
    if (ok && unit && *unit)
        b->bytes = (uint64_t)(x * pow(1e3, (double)(unit - units + 1)));
    else if (ok)
        b->bits = x;
    return (ok && b->bits <= 32) ||
           error_set(err, EX_USAGE,
                     "budget \"%s\": bits per weight (5.0) or a size (1.9G, 800M) expected", text);
}

/* ---- costs ---------------------------------------------------------------------------- */

static double plane_bits(const struct weight *w, enum format format)
{
    struct weight other = *w;
    struct plane plane;
    double bits = 0;
    other.format = format;
    for (enum plane_kind kind = 0; kind < N_PLANES; kind++)
        if (weight_plane(&other, kind, &plane))
            bits += 8.0 * (double)plane.bytes;
    return bits;
}

/* By bits, padding does not count; by bytes it does. */
static double bits_of(const struct chooser *k, const struct weight *w, enum format format)
{
    struct weight other = *w;
    other.format = format;
    return k->by_bits ? weight_bits(&other) : plane_bits(w, format);
}

/* Rounded by weighted search. -> planes in memory, to be freed, bound to *m. */
static void *rounded(const struct chooser *k, const struct rounding *r, struct matrix *m)
{
    *m = matrix_shape(r->format, r->rows, r->cols);
    size_t data_bytes = (matrix_data_bytes(m) + 63) / 64 * 64;
    uint8_t *data = xaligned(data_bytes + matrix_row_bytes(m) + 64);
    float *row = (float *)(void *)(data + data_bytes);
    rounding_run(r, lazy_model_pool(k->lazy), data, row);
    m->data = data;
    m->row = format_info(r->format)->row_floats ? row : NULL;
    return data;
}

/* sum E[x^2] (w - w')^2 over some rows. */
static double weighted_error(const struct chooser *k, struct rounding r)
{
    uint32_t rows = r.rows < SAMPLE_ROWS ? r.rows : SAMPLE_ROWS;
    float *w = xmalloc((size_t)rows * r.cols * sizeof *w);
    float *back = xmalloc((size_t)rows * r.cols * sizeof *back);
    struct matrix m;
    double sum = 0;
    for (uint32_t i = 0; i < rows; i++)
        memcpy(w + (size_t)i * r.cols, r.w + (size_t)((uint64_t)i * r.rows / rows) * r.cols,
               r.cols * sizeof *w);
    r.w = w;
    r.rows = rows;
    void *data = rounded(k, &r, &m);
    k->kernels.dequant[r.format](&m, 0, rows, back);
    for (size_t i = 0; i < (size_t)rows * r.cols; i++) {
        double e = (double)w[i] - (double)back[i];
        sum += r.gram->diag[i % r.cols] * e * e;
    }
    free(data);
    free(w);
    free(back);
    return sum;
}

/* Mean over tokens of |change of the stream|^2 / |stream|^2 behind the layer. */
static double change(const struct chooser *k, uint32_t layer)
{
    const size_t dim = k->m->config.dim;
    float *x = xmalloc(k->text_floats * sizeof *x);
    double sum = 0;
    for (uint32_t t = 0; t < k->n_texts; t++) {
        const float *right = k->x + t * k->text_floats;
        memcpy(x, k->before + t * k->text_floats, k->text_floats * sizeof *x);
        session_layer(k->s, layer, calibration_texts_at(&k->texts, t), k->texts.n_tok, x);
        for (size_t i = FIRST_TOKEN; i < k->texts.n_tok; i++) {
            double off = 0, all = 0;
            for (size_t d = i * dim; d < (i + 1) * dim; d++) {
                double e = (double)x[d] - (double)right[d];
                off += e * e;
                all += (double)right[d] * (double)right[d];
            }
            sum += all > 0 ? off / all : 0;
        }
    }
    free(x);
    return sum / ((double)k->n_texts * (k->texts.n_tok - FIRST_TOKEN));
}

static void measure_weight(struct chooser *k, struct layer_inputs *in, size_t i)
{
    const struct weight *w = &k->list.items[i];
    struct candidate *c = &k->candidates[i];
    struct matrix *place = model_matrix(k->m, w), original = *place, m;
    const struct gram *held, *gram = layer_inputs_of(in, place, &held);
    struct gram none = {0};
    struct rounding r = {.format = choices[MEASURED],
                         .rows = w->rows,
                         .cols = w->cols,
                         .w = place->data,
                         .gram = gram};
    if (!gram) {
        gram_init(&none, w->cols, false, false);
        for (uint32_t col = 0; col < w->cols; col++)
            none.diag[col] = 1;
        r.gram = &none;
    }
    void *data = rounded(k, &r, &m);
    *place = m;
    double cost = change(k, w->layer);
    *place = original;
    free(data);
    double error[N_CHOICES];
    for (int f = 0; f < N_CHOICES; f++) {
        r.format = choices[f];
        error[f] = weighted_error(k, r);
    }
    for (int f = 0; f < N_CHOICES; f++)
        c->cost[f] = error[MEASURED] > 0 ? cost * error[f] / error[MEASURED] : 0;
    budget_store_put(k->store, i, c->cost);
    gram_free(&none);
}

static bool is_of_layer(const struct weight *w, uint32_t layer)
{
    return weight_is_layer_matrix(w) && w->layer == layer;
}

/* Measured before. */
static bool is_known(const struct chooser *k, uint32_t layer)
{
    for (size_t i = 0; i < k->list.n; i++)
        if (is_of_layer(&k->list.items[i], layer) &&
            !budget_store_get(k->store, i, k->candidates[i].cost))
            return false;
    return true;
}

/* The texts go on through a layer that was measured before. */
static bool pass_layer(struct chooser *k, uint32_t layer, struct error *err)
{
    if (!lazy_model_load(k->lazy, layer, err))
        return false;
    for (uint32_t t = 0; t < k->n_texts; t++)
        session_layer(k->s, layer, calibration_texts_at(&k->texts, t), k->texts.n_tok,
                      k->x + t * k->text_floats);
    lazy_model_drop(k->lazy, layer);
    return true;
}

static bool measure_layer(struct chooser *k, uint32_t layer, struct error *err)
{
    const struct convert_options *o = &k->o->convert;
    struct layer_inputs *in = layer_inputs_new(lazy_model_pool(k->lazy), k->texts.n_tok, false);
    uint64_t n_layers = k->m->config.n_layers;
    bool ok = lazy_model_load(k->lazy, layer, err);
    memcpy(k->before, k->x, k->n_texts * k->text_floats * sizeof *k->x);
    for (uint32_t t = 0; ok && t < k->n_texts; t++)
        layer_inputs_collect(in, k->s, layer, calibration_texts_at(&k->texts, t), k->texts.n_tok,
                             k->x + t * k->text_floats, NULL, false);
    for (size_t i = 0; ok && i < k->list.n; i++) {
        struct convert_progress p = {"weighing", k->list.items[i].name, layer, n_layers};
        if (!is_of_layer(&k->list.items[i], layer))
            continue;
        measure_weight(k, in, i);
        ok = !o->progress || o->progress(o->arg, &p) ||
             error_set(err, EXIT_INTERRUPTED,
                       "interrupted; the same command goes on behind the last whole layer");
    }
    layer_inputs_free(in);
    lazy_model_drop(k->lazy, layer);
    return ok && budget_store_flush(k->store, err);
}

/* How many layers the texts must go through. */
static uint32_t last_unknown(const struct chooser *k)
{
    uint32_t n = k->m->config.n_layers;
    while (n > 0 && is_known(k, n - 1))
        n--;
    return n;
}

static char *store_path(const char *out)
{
    return xasprintf("%s.budget", out);
}

void budget_forget(const char *out)
{
    char *path = store_path(out);
    unlink(path);
    free(path);
}

static bool measure(struct chooser *k, struct error *err)
{
    struct session_options o = {.ctx_len = k->texts.n_tok, .chunk = k->texts.n_tok, .kv = KV_F32};
    const uint32_t n_layers = last_unknown(k);
    if (n_layers == 0)
        return true;
    k->n_texts = k->texts.n < N_TEXTS ? k->texts.n : N_TEXTS;
    k->text_floats = (size_t)k->texts.n_tok * k->m->config.dim;
    k->x = xaligned_scratch(k->n_texts * k->text_floats * sizeof *k->x);
    k->before = xaligned_scratch(k->n_texts * k->text_floats * sizeof *k->before);
    kernels_init(&k->kernels, cpu_flags());
    k->s = session_new(k->m, lazy_model_pool(k->lazy), &k->kernels, &o, err);
    if (!k->s)
        return false;
    for (uint32_t t = 0; t < k->n_texts; t++)
        session_embed(k->s, calibration_texts_at(&k->texts, t), k->texts.n_tok,
                      k->x + t * k->text_floats);
    for (uint32_t i = 0; i < n_layers; i++)
        if (!(is_known(k, i) ? pass_layer : measure_layer)(k, i, err))
            return false;
    return true;
}

/* What the costs depend on. */
static bool open_store(struct chooser *k, const char *out, struct error *err)
{
    struct buf key = {0};
    char hex[SHA256_HEX + 1], *path = store_path(out);
    sha256_hex(k->o->text, k->o->n_text, hex);
    buf_printf(&key, "%s %d %s\n", QINS_VERSION, N_TEXTS, hex);
    calibration_key_add_sources(&key, k->c);
    k->store = budget_store_open(path, k->list.n, N_CHOICES, key.data, err);
    buf_free(&key);
    free(path);
    return k->store != NULL;
}

static void set_candidates(struct chooser *k)
{
    for (size_t i = 0; i < k->list.n; i++)
        if (weight_is_layer_matrix(&k->list.items[i])) {
            k->candidates[i].is_free = true;
            for (int f = 0; f < N_CHOICES; f++)
                k->candidates[i].bits[f] = bits_of(k, &k->list.items[i], choices[f]);
        }
}

/* ---- spending ------------------------------------------------------------------------- */

/* Bits that the matrices may take in all. */
static double allowance(const struct chooser *k, const struct budget *b)
{
    double weights = 0, others = 0;
    for (size_t i = 0; i < k->list.n; i++) {
        const struct weight *w = &k->list.items[i];
        if (k->candidates[i].is_free)
            weights += (double)w->rows * w->cols;
        else
            others += plane_bits(w, w->format);
    }
    return b->bits > 0 ? b->bits * weights : 8.0 * (double)b->bytes - others;
}

/* The step up that saves most per bit and still fits. */
static bool step_up(const struct chooser *k, double *left)
{
    struct candidate *best = NULL;
    double most = 0;
    int to = 0;
    for (size_t i = 0; i < k->list.n; i++) {
        struct candidate *c = &k->candidates[i];
        for (int f = c->now + 1; c->is_free && f < N_CHOICES; f++) {
            double bits = c->bits[f] - c->bits[c->now];
            double saved = (c->cost[c->now] - c->cost[f]) / bits;
            if (bits <= *left && saved > most) {
                most = saved;
                best = c;
                to = f;
            }
        }
    }
    if (!best)
        return false;
    *left -= best->bits[to] - best->bits[best->now];
    best->now = to;
    return true;
}

static bool spend(struct chooser *k, const struct budget *b, struct error *err)
{
    double left = allowance(k, b), least = 0, weights = 0;
    for (size_t i = 0; i < k->list.n; i++)
        if (k->candidates[i].is_free) {
            least += k->candidates[i].bits[0];
            weights += (double)k->list.items[i].rows * k->list.items[i].cols;
        }
    if (least > left)
        return error_set(err, EX_USAGE,
                         "budget: %.2f bits per weight are the least, and it leaves %.2f",
                         least / weights, left > 0 ? left / weights : 0);
    left -= least;
    while (step_up(k, &left))
        ;
    for (size_t i = 0; i < k->list.n; i++)
        if (k->candidates[i].is_free)
            k->list.items[i].format = choices[k->candidates[i].now];
    return true;
}

bool budget_choose(const struct checkpoint *c, const struct calibrate_options *o,
                   const struct budget *b, const char *out, char **formats, struct error *err)
{
    struct chooser k = {.c = c, .o = o, .by_bits = b->bits > 0};
    struct weight_list plain = weight_list(&c->config, o->convert.format);
    k.list = weight_list(&c->config, o->convert.format);
    k.candidates = xcalloc(k.list.n, sizeof *k.candidates);
    k.lazy = lazy_model_open(c, o->convert.n_threads, err);
    k.m = k.lazy ? lazy_model_bound(k.lazy) : NULL;
    bool ok = k.lazy && calibrate_can(c, err) &&
              calibration_texts_read(&k.texts, c, quality_chunk(k.m), o->text, o->n_text,
                                     o->text_name, err) &&
              open_store(&k, out, err) && measure(&k, err);
    if (ok)
        set_candidates(&k);
    ok = ok && spend(&k, b, err);
    json_t *chosen = ok ? weight_list_differences(&k.list, &plain) : NULL;
    *formats = chosen ? json_dumps(chosen, JSON_COMPACT) : NULL;
    json_decref(chosen);
    session_free(k.s);
    budget_store_close(k.store);
    lazy_model_close(k.lazy);
    ids_free(&k.texts.ids);
    free(k.candidates);
    free(k.list.items);
    free(plain.items);
    free(k.before);
    free(k.x);
    return ok;
}
