/* SPDX-License-Identifier: MIT */
#include "calibrate.h"

#include <stdlib.h>
#include <string.h>

#include "calibration_store.h"
#include "calibration_texts.h"
#include "hasher.h"
#include "layer_inputs.h"
#include "lazy_model.h"
#include "qins.h"
#include "quality.h"
#include "rounding.h"

enum {
    VERSION = 4, /* of the method: a file of another one does not go on */
    HELD_EVERY = 8,
    DAMPING_EVERY = 8, /* layers, behind the first ones */
};

/* Text set apart is of the kind that was seen; below 1, other text loses (docs/quality.md). */
static const float dampings[] = {1, 2, 4};
enum { N_DAMPINGS = sizeof dampings / sizeof *dampings };
static const float correction_damping = 1;
#define USUAL_DAMPING 1.0f /* if too little text is there to measure it */

struct calibration {
    const struct calibrate_options *o;
    const struct checkpoint *c;
    struct lazy_model *lazy;
    struct model *original;
    struct model quantised; /* the same, with its own layers and embedding */
    struct kernels kernels;
    struct session *s, *q;   /* of either */
    struct weight_list list; /* the output's */
    struct calibration_store *store;

    struct calibration_texts texts;
    uint32_t n_texts, n_tok; /* of texts */
    size_t text_floats;      /* of one text's stream */
    float *x0, *x; /* [n_texts][n_tok][dim] the original's stream, the quantised model's */
    void *embed;   /* planes of the quantised embedding */
    float *embed_row;
    float damping[N_ROLES]; /* chosen last */
    double start_ms;
    uint64_t done, total; /* weights */
};

/* ---- preparation ---------------------------------------------------------------------- */

static bool report(struct calibration *k, const char *step, const char *item, struct error *err)
{
    const struct convert_options *o = &k->o->convert;
    struct convert_progress p = {step, item, k->done * sizeof(float), k->total * sizeof(float)};
    return !o->progress || o->progress(o->arg, &p) ||
           error_set(err, EXIT_INTERRUPTED,
                     "interrupted; the same command goes on behind the last whole layer");
}

static bool open_sessions(struct calibration *k, struct error *err)
{
    struct pool *p = lazy_model_pool(k->lazy);
    struct session_options o = {.ctx_len = k->n_tok, .chunk = k->n_tok, .kv = KV_F32};
    kernels_init(&k->kernels, cpu_flags());
    k->s = session_new(k->original, p, &k->kernels, &o, err);
    k->q = k->s ? session_new(&k->quantised, p, &k->kernels, &o, err) : NULL;
    return k->q != NULL;
}

/* The quantised model begins as the original, with an embedding of its own. */
static void start_quantised(struct calibration *k)
{
    const struct model *m = k->original;
    size_t n = m->config.n_layers;
    k->quantised = *m;
    k->quantised.format = k->o->convert.format;
    k->quantised.layers = xcalloc(n, sizeof *m->layers);
    memcpy(k->quantised.layers, m->layers, n * sizeof *m->layers);
    for (size_t i = 0; i < k->list.n; i++) {
        const struct weight *w = &k->list.items[i];
        if (w->role != ROLE_EMBED)
            continue;
        struct matrix e = matrix_shape(w->format, w->rows, w->cols);
        struct qins_range range = QINS_RANGE_EMPTY;
        const float *weights = m->embed.data;
        k->embed = xaligned(matrix_data_bytes(&e));
        k->embed_row = xaligned(matrix_row_bytes(&e) + 64);
        qins_range_add(&range, weights, (size_t)w->rows * w->cols);
        qins_range_finish(&range);
        qins_encode(&e, &range, 0, w->rows, weights, k->embed, k->embed_row, NULL);
        e.data = k->embed;
        e.row = k->embed_row;
        e.log_min = range.log_min;
        e.log_max = range.log_max;
        k->quantised.embed = e;
    }
}

/* What the bytes of the result depend on. */
static char *key_of(const struct calibration *k)
{
    const struct calibrate_options *o = k->o;
    struct buf text = {0};
    char hex[SHA256_HEX + 1];
    sha256_hex(o->text, o->n_text, hex);
    buf_printf(&text, "%s %d %s %s %d %d %g %s\n", QINS_VERSION, VERSION,
               format_info(o->convert.format)->name, hex, o->no_feedback, o->correction,
               (double)o->damping, o->convert.formats ? o->convert.formats : "");
    calibration_key_add_sources(&text, k->c);
    return text.data;
}

static bool open_store(struct calibration *k, const char *out, struct error *err)
{
    char *path = xasprintf("%s.calibration", out), *key = key_of(k);
    k->store = calibration_store_open(path, &k->list, k->original->config.n_layers, key, err);
    free(path);
    free(key);
    return k->store != NULL;
}

/* ---- one layer ------------------------------------------------------------------------ */

/* In some layers a part of the texts is set apart, to choose the damping by. */
static bool measures_damping(const struct calibration *k, uint32_t layer)
{
    return !k->o->no_feedback && k->o->damping == 0 && k->n_texts >= HELD_EVERY &&
           (layer < 2 || layer % DAMPING_EVERY == 0);
}

/* One expert sees too few tokens for more than E[x^2]. */
static bool can_feed_back(const struct calibration *k, const struct weight *w)
{
    return !k->o->no_feedback && !weight_is_stack(w);
}

/* `expert`: of a stack. */
static void round_matrix(struct calibration *k, struct layer_inputs *in, size_t i, uint32_t expert)
{
    const struct weight *w = &k->list.items[i];
    const struct matrix *m = model_part_matrix(k->original, w, expert);
    const struct gram *held, *gram = layer_inputs_of(in, m, &held);
    struct pool *p = lazy_model_pool(k->lazy);
    struct gram none = {0};
    struct rounding r = {.format = w->format,
                         .rows = w->rows,
                         .cols = w->cols,
                         .w = m->data,
                         .gram = gram,
                         .feedback = can_feed_back(k, w) && gram && gram->x,
                         .correction = k->o->correction && gram && gram->d,
                         .damping = k->o->damping,
                         .correction_damping = correction_damping};
    if (!gram) { /* nothing is known: as without calibration */
        gram_init(&none, w->cols, false, false);
        r.gram = &none;
    }
    if (r.feedback && r.damping == 0 && held && format_info(w->format)->block > 0)
        k->damping[w->role] = rounding_best_damping(&r, p, held, dampings, N_DAMPINGS);
    if (r.damping == 0)
        r.damping = k->damping[w->role] > 0 ? k->damping[w->role] : USUAL_DAMPING;
    void *data = calibration_store_data(k->store, i, expert);
    float *row = calibration_store_row(k->store, i, expert);
    struct matrix shape = matrix_shape(w->format, w->rows, w->cols);
    memset(data, 0, matrix_data_bytes(&shape)); /* a layer that was stopped is done again */
    if (!rounding_run(&r, p, data, row)) {
        r.feedback = r.correction = false;
        memset(data, 0, matrix_data_bytes(&shape));
        rounding_run(&r, p, data, row);
    }
    if (!gram)
        gram_free(&none);
}

static bool is_of_layer(const struct calibration *k, size_t i, uint32_t layer)
{
    return calibration_store_has(k->store, i) && k->list.items[i].layer == layer;
}

static bool round_layer(struct calibration *k, uint32_t layer, struct error *err)
{
    struct pool *p = lazy_model_pool(k->lazy);
    struct layer_inputs *in = layer_inputs_new(p, k->n_tok, k->o->correction);
    char item[32];
    bool ok = true, measures = measures_damping(k, layer);
    snprintf(item, sizeof item, "layer %u of %u", layer + 1, k->original->config.n_layers);
    for (uint32_t t = 0; ok && t < k->n_texts; t++) {
        ok = report(k, "calibrating", item, err);
        if (ok)
            layer_inputs_collect(in, k->s, layer, calibration_texts_at(&k->texts, t), k->n_tok,
                                 k->x0 + t * k->text_floats, k->x + t * k->text_floats,
                                 measures && t % HELD_EVERY == HELD_EVERY - 1);
    }
    for (size_t i = 0; ok && i < k->list.n; i++) {
        const struct weight *w = &k->list.items[i];
        if (!is_of_layer(k, i, layer))
            continue;
        for (uint32_t e = 0; ok && e < weight_n_parts(w); e++) {
            round_matrix(k, in, i, e);
            k->done += (uint64_t)w->rows * w->cols;
            ok = report(k, "calibrating", w->name, err);
        }
    }
    layer_inputs_free(in);
    return ok && calibration_store_finish_layer(k->store, err);
}

/* The quantised model has this layer now; its stream goes through it. */
static void go_on(struct calibration *k, uint32_t layer)
{
    for (size_t i = 0; i < k->list.n; i++) {
        const struct weight *w = &k->list.items[i];
        if (!is_of_layer(k, i, layer) || weight_is_stack(w)) /* experts stay the original's */
            continue;
        struct matrix m = matrix_shape(w->format, w->rows, w->cols);
        m.data = calibration_store_data(k->store, i, 0);
        m.row = format_info(w->format)->row_floats ? calibration_store_row(k->store, i, 0) : NULL;
        *model_matrix(&k->quantised, w) = m;
    }
    for (uint32_t t = 0; k->o->correction && t < k->n_texts; t++)
        session_layer(k->q, layer, calibration_texts_at(&k->texts, t), k->n_tok,
                      k->x + t * k->text_floats);
}

static bool take_layer(struct calibration *k, uint32_t layer, struct error *err)
{
    bool is_done = layer < calibration_store_done(k->store);
    if (!lazy_model_load(k->lazy, layer, err))
        return false;
    bool ok = is_done || round_layer(k, layer, err);
    for (uint32_t t = 0; is_done && t < k->n_texts; t++)
        session_layer(k->s, layer, calibration_texts_at(&k->texts, t), k->n_tok,
                      k->x0 + t * k->text_floats);
    if (ok)
        go_on(k, layer);
    lazy_model_drop(k->lazy, layer);
    return ok;
}

static bool take_layers(struct calibration *k, struct error *err)
{
    k->text_floats = (size_t)k->n_tok * k->original->config.dim;
    k->x0 = xaligned_scratch(k->n_texts * k->text_floats * sizeof *k->x0);
    k->x = xaligned_scratch(k->n_texts * k->text_floats * sizeof *k->x);
    for (size_t i = 0; i < k->list.n; i++)
        if (calibration_store_has(k->store, i)) {
            const struct weight *w = &k->list.items[i];
            uint64_t n = (uint64_t)w->rows * w->cols * weight_n_parts(w);
            k->total += n;
            k->done += k->list.items[i].layer < calibration_store_done(k->store) ? n : 0;
        }
    for (uint32_t t = 0; t < k->n_texts; t++) {
        const int32_t *ids = calibration_texts_at(&k->texts, t);
        session_embed(k->s, ids, k->n_tok, k->x0 + t * k->text_floats);
        session_embed(k->q, ids, k->n_tok, k->x + t * k->text_floats);
    }
    for (uint32_t i = 0; i < k->original->config.n_layers; i++)
        if (!take_layer(k, i, err))
            return false;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------ */

static bool encoded(void *arg, const struct weight *w, uint32_t expert, struct encoded *out)
{
    const struct calibration *k = arg;
    for (size_t i = 0; i < k->list.n; i++)
        if (strcmp(k->list.items[i].name, w->name) == 0 && calibration_store_has(k->store, i)) {
            *out = (struct encoded){calibration_store_data(k->store, i, expert),
                                    calibration_store_row(k->store, i, expert)};
            return true;
        }
    return false;
}

/* What was done, for the file. */
static char *recipe_of(const struct calibration *k)
{
    char hex[SHA256_HEX + 1];
    sha256_hex(k->o->text, k->o->n_text, hex);
    json_t *recipe =
        json_pack("{s:{s:s, s:s, s:i, s:b, s:b}}", "calibration", "text", k->o->text_name, "sha256",
                  hex, "tokens", (int)(k->n_texts * k->n_tok), "feedback", !k->o->no_feedback,
                  "correction", k->o->correction);
    if (k->o->budget)
        json_object_set_new(recipe, "budget", json_string(k->o->budget));
    char *text = json_dumps(recipe, JSON_COMPACT);
    json_decref(recipe);
    return text;
}

static bool write_file(struct calibration *k, const char *out, struct convert_report *report_out,
                       struct error *err)
{
    struct convert_options o = k->o->convert;
    char *recipe = recipe_of(k);
    o.recipe = recipe;
    o.encoded = encoded;
    o.encoded_arg = k;
    bool ok = convert_to_file(k->c, &o, out, report_out, err);
    free(recipe);
    return ok;
}

static void end(struct calibration *k, bool ok)
{
    session_free(k->s);
    session_free(k->q);
    lazy_model_close(k->lazy);
    calibration_store_close(k->store, ok);
    free(k->quantised.layers);
    free(k->list.items);
    free(k->embed);
    free(k->embed_row);
    free(k->x0);
    free(k->x);
    ids_free(&k->texts.ids);
}

bool calibrate_can(const struct checkpoint *c, struct error *err)
{
    return config_layers_stand_alone(&c->config) ||
           error_set(err, EX_UNAVAILABLE,
                     "%s: calibration goes layer by layer, but layers of this model share keys and "
                     "values, or have inputs of their own; convert it without --calibrate and "
                     "--budget",
                     c->folder);
}

bool calibrate_to_file(const struct checkpoint *c, const struct calibrate_options *o,
                       const char *out, struct convert_report *report_out, struct error *err)
{
    struct calibration k = {.o = o, .c = c, .start_ms = now_ms()};
    struct error never;
    if (!o->convert.replace && is_file(out))
        return error_set(err, EX_CANTCREAT, "%s: exists; --force overwrites it", out);
    if (!calibrate_can(c, err))
        return false;
    k.list = weight_list(&c->config, o->convert.format);
    weight_list_set_formats(&k.list, o->convert.formats, "", &never);
    k.lazy = lazy_model_open(c, o->convert.n_threads, err);
    k.original = k.lazy ? lazy_model_bound(k.lazy) : NULL;
    bool ok = k.lazy &&
              calibration_texts_read(&k.texts, c, quality_chunk(k.original), o->text, o->n_text,
                                     o->text_name, err) &&
              open_store(&k, out, err);
    k.n_texts = k.texts.n;
    k.n_tok = k.texts.n_tok;
    if (ok)
        start_quantised(&k);
    ok = ok && open_sessions(&k, err) && take_layers(&k, err) &&
         write_file(&k, out, report_out, err);
    if (ok)
        report_out->seconds = (now_ms() - k.start_ms) / 1e3;
    end(&k, ok);
    return ok;
}
