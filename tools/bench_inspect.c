/* SPDX-License-Identifier: MIT
 *
 * qins-bench inspect: how the weights of a file are stored, in the words of the specification, and
 * what that costs them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "inspect.h"
#include "model_folder.h"
#include "qins.h"
#include "sanitise.h"
#include "source_rows.h"
#include "stated_loss.h"

/* What weights are compared with: a folder or GGUF file, or another .qins file. */
struct reference {
    bool is_source;
    struct checkpoint source;
    struct model *model;
};

/* ---- finding tensors ------------------------------------------------------------------ */

static bool has_plane(const struct safetensors *st, const char *name, const char *suffix,
                      const struct st_tensor **out)
{
    char full[sizeof((struct plane *)0)->name];
    snprintf(full, sizeof full, "%s%s", name, suffix);
    *out = safetensors_find(st, full);
    return *out != NULL;
}

/* The format that the stored tensors of a weight have: a file may mix them. */
static bool stored_format(const struct safetensors *st, const struct weight *w, enum format *format)
{
    const struct st_tensor *tiles, *row = NULL;
    if (has_plane(st, w->name, "", &tiles)) {
        *format = tiles->dtype == ST_BF16 ? FORMAT_BF16 : FORMAT_F32;
        return true;
    }
    if (!has_plane(st, w->name, ".tiles", &tiles))
        return false;
    uint64_t row_floats = has_plane(st, w->name, ".row", &row) ? row->shape[row->n_dims - 2] : 0;
    for (int f = 0; f < N_FORMATS; f++) {
        const struct format_info *info = format_info((enum format)f);
        if (info->is_qins && info->tile_bytes == tiles->shape[tiles->n_dims - 1] &&
            info->row_floats == row_floats) {
            *format = (enum format)f;
            return true;
        }
    }
    return false;
}

/* model_open has checked shapes and sizes. */
static bool bind_stored(const struct model *model, const struct weight *w, uint32_t part,
                        struct inspected *t)
{
    const struct safetensors *st = &model->file;
    const struct st_tensor *plane;
    enum format format;
    if (!stored_format(st, w, &format))
        return false;
    *t = (struct inspected){.weight = w, .m = matrix_shape(format, w->rows, w->cols)};
    uint64_t bytes = 0;
    if (has_plane(st, w->name, format_info(format)->is_qins ? ".tiles" : "", &plane)) {
        t->m.data = st->data + plane->begin + part * matrix_data_bytes(&t->m);
        bytes += plane->end - plane->begin;
    }
    if (has_plane(st, w->name, ".row", &plane)) {
        t->m.row = (const float *)(const void *)(st->data + plane->begin) +
                   part * matrix_row_bytes(&t->m) / sizeof(float);
        bytes += plane->end - plane->begin;
    }
    if (has_plane(st, w->name, ".range", &plane)) {
        float range[2];
        memcpy(range, st->data + plane->begin + part * sizeof range, sizeof range);
        t->m.log_min = range[0];
        t->m.log_max = range[1];
        bytes += plane->end - plane->begin;
    }
    double n = (double)w->rows * w->cols * weight_n_parts(w);
    t->bits = weight_bits(w) / n;
    t->stored = 8.0 * (double)bytes / n;
    return true;
}

/* ---- counting ------------------------------------------------------------------------- */

struct count_job {
    struct bench *b;
    struct inspected *t;
    const struct reference *ref;
    struct matrix ref_matrix;    /* of a reference that is a model */
    struct source_rows **source; /* [pool size] of one that is not; or NULL */
    float **row, **ref_row;      /* [pool size] [ROW_GROUP][cols] */
    struct inspect_sums *sums;   /* [groups] */
    struct error *err;           /* of the worker that failed first */
    bool failed;
};

static const float *reference_rows(struct count_job *j, uint32_t worker, uint32_t row0, uint32_t n)
{
    if (!j->ref)
        return NULL;
    if (j->source)
        return source_rows_read(j->source[worker], row0, n, j->err);
    j->b->kernels.dequant[j->ref_matrix.format](&j->ref_matrix, row0, row0 + n, j->ref_row[worker]);
    return j->ref_row[worker];
}

static void add_difference(struct inspect_sums *s, double w, double original, uint32_t row,
                           uint32_t col)
{
    double err = fabs(w - original), a = fabs(original);
    s->n_lost += (signbit(w) != 0) != (original < 0);
    s->sum_sq += a * a;
    s->sum_sq_err += err * err;
    if (a > 1e-8) {
        s->sum_rel += err / a;
        s->n_rel++;
    }
    if (err > s->max_err) {
        s->max_err = err;
        s->max_row = row;
        s->max_col = col;
    }
}

static void count_group(void *arg, uint32_t group, uint32_t worker)
{
    struct count_job *j = arg;
    const struct matrix *m = &j->t->m;
    const uint32_t row0 = group * ROW_GROUP;
    const uint32_t n = m->rows - row0 < ROW_GROUP ? m->rows - row0 : ROW_GROUP;
    const bool is_qins = format_info(m->format)->is_qins;
    struct inspect_sums *s = &j->sums[group];
    const float *original = reference_rows(j, worker, row0, n);
    if (j->ref && !original) {
        j->failed = true;
        return;
    }
    j->b->kernels.dequant[m->format](m, row0, row0 + n, j->row[worker]);
    for (uint32_t i = 0; i < n * m->cols; i++) {
        const uint32_t row = row0 + i / m->cols, col = i % m->cols;
        const float w = j->row[worker][i];
        s->n++;
        s->n_negative += signbit(w) != 0;
        if (original)
            add_difference(s, (double)w, (double)original[i], row, col);
        if (is_qins && j->t->is_counted) {
            s->stored[w != 0 ? qins_stored(w, m->log_min, m->log_max) : 0]++;
            s->codes[qins_view(m, row, col).stored]++;
        }
    }
}

static void merge_sums(struct inspect_sums *to, const struct inspect_sums *s)
{
    to->n += s->n;
    to->n_negative += s->n_negative;
    to->n_lost += s->n_lost;
    to->n_rel += s->n_rel;
    to->sum_sq += s->sum_sq;
    to->sum_sq_err += s->sum_sq_err;
    to->sum_rel += s->sum_rel;
    if (s->max_err > to->max_err) {
        to->max_err = s->max_err;
        to->max_row = s->max_row;
        to->max_col = s->max_col;
    }
    for (int i = 0; i < N_STORED; i++) {
        to->stored[i] += s->stored[i];
        to->codes[i] += s->codes[i];
    }
}

/* -> false: the reference has no such weight. */
static bool bind_reference(struct count_job *j, uint32_t part, struct error *err)
{
    const struct weight *w = j->t->weight;
    struct inspected other;
    unsigned n = pool_size(j->b->pool);
    if (!j->ref)
        return true;
    if (!j->ref->is_source) {
        bool ok = bind_stored(j->ref->model, w, part, &other);
        j->ref_matrix = other.m;
        if (ok)
            return true;
    } else {
        j->source = xcalloc(n, sizeof(struct source_rows *));
        for (unsigned i = 0; i < n; i++)
            j->source[i] = source_rows_new(&j->ref->source, w, part, ROW_GROUP);
        if (j->source[0])
            return true;
    }
    return error_set(err, EX_DATAERR, "--against %s: it has no tensor \"%s\"", j->b->against,
                     w->name);
}

/* Of a stack: of one expert, whose matrix t->m is. */
static bool count_part(struct bench *b, struct inspected *t, uint32_t part,
                       const struct reference *ref, struct error *err)
{
    const uint32_t groups = (t->m.rows + ROW_GROUP - 1) / ROW_GROUP;
    const unsigned n = pool_size(b->pool);
    struct count_job j = {.b = b, .t = t, .ref = ref, .err = err};
    bool ok = bind_reference(&j, part, err);
    j.sums = xcalloc(groups, sizeof *j.sums);
    j.row = xcalloc(n, sizeof *j.row);
    j.ref_row = xcalloc(n, sizeof *j.ref_row);
    for (unsigned i = 0; i < n; i++) {
        j.row[i] = xaligned((size_t)ROW_GROUP * t->m.cols * sizeof(float));
        j.ref_row[i] = xaligned((size_t)ROW_GROUP * t->m.cols * sizeof(float));
    }
    t->is_compared = ref != NULL;
    if (ok)
        pool_run_io(b->pool, count_group, &j, groups);
    for (uint32_t i = 0; i < groups; i++)
        merge_sums(&t->sums, &j.sums[i]);
    for (unsigned i = 0; i < n; i++) {
        free(j.row[i]);
        free(j.ref_row[i]);
        if (j.source)
            source_rows_free(j.source[i]);
    }
    free(j.source);
    free(j.row);
    free(j.ref_row);
    free(j.sums);
    return ok && !j.failed;
}

static bool count(struct bench *b, const struct model *model, struct inspected *t,
                  const struct reference *ref, struct error *err)
{
    const struct matrix first = t->m;
    bool ok = true;
    for (uint32_t part = 0; ok && part < weight_n_parts(t->weight); part++) {
        struct inspected expert;
        ok = bind_stored(model, t->weight, part, &expert);
        t->m = expert.m;
        ok = ok && count_part(b, t, part, ref, err);
    }
    t->m = first;
    return ok;
}

/* ---- single weights ------------------------------------------------------------------- */

static bool add_weight(struct bench *b, struct inspected *t, const struct reference *ref,
                       uint32_t row, uint32_t col, struct error *err)
{
    struct inspect_weight *w = &t->weights[t->n_weights];
    struct count_job j = {.b = b, .t = t, .ref = ref, .err = err};
    float *out = xaligned((size_t)t->m.cols * sizeof *out),
          *spare = xaligned(t->m.cols * sizeof *spare);
    j.ref_row = &spare;
    bool ok = bind_reference(&j, 0, err);
    const float *original = ok ? reference_rows(&j, 0, row, 1) : NULL;
    ok = ok && (original || !ref);
    b->kernels.dequant[t->m.format](&t->m, row, row + 1, out);
    if (ok) {
        *w = (struct inspect_weight){
            .row = row,
            .col = col,
            .value = out[col],
            .original = original ? original[col] : NAN,
            .view = qins_view(&t->m, row, col),
            .stored = out[col] != 0 ? qins_stored(out[col], t->m.log_min, t->m.log_max) : 0};
        t->n_weights++;
    }
    for (unsigned i = 0; j.source && i < pool_size(b->pool); i++)
        source_rows_free(j.source[i]);
    free(j.source);
    free(out);
    free(spare);
    return ok;
}

/* The largest weight of the tensor, of its first block the first ones. */
static bool find_weights(struct bench *b, struct inspected *t, const struct reference *ref,
                         struct error *err)
{
    float *row = xaligned((size_t)t->m.cols * sizeof *row), max = -1;
    uint32_t max_row = 0, max_col = 0;
    for (uint32_t r = 0; r < t->m.rows; r++) {
        b->kernels.dequant[t->m.format](&t->m, r, r + 1, row);
        for (uint32_t c = 0; c < t->m.cols; c++)
            if (fabsf(row[c]) > max) {
                max = fabsf(row[c]);
                max_row = r;
                max_col = c;
            }
    }
    free(row);
    bool ok = add_weight(b, t, ref, max_row, max_col, err);
    for (uint32_t c = 0; ok && c + 1 < N_EXAMPLES && c < t->m.cols; c++)
        ok = add_weight(b, t, ref, 0, c, err);
    return ok;
}

/* ---- the command ---------------------------------------------------------------------- */

static bool is_wanted(const struct bench *b, const struct weight *w)
{
    if (b->n_words < 2)
        return !w->is_vector;
    for (uint32_t i = 1; i < b->n_words; i++)
        if (strstr(w->name, b->words[i]))
            return true;
    return false;
}

static bool open_reference(struct reference *r, const struct bench *b, struct error *err)
{
    *r = (struct reference){.is_source = checkpoint_is_source(b->against)};
    if (r->is_source)
        return checkpoint_open(&r->source, b->against, err);
    r->model = model_open(b->against, err);
    return r->model != NULL;
}

static bool inspect_one(struct bench *b, struct inspected *t, const struct reference *ref,
                        struct error *err)
{
    const bool is_qins = format_info(t->m.format)->is_qins;
    t->is_counted = b->n_words > 1;
    return ((!t->is_counted && !ref) || count(b, b->model, t, ref, err)) &&
           (!t->is_counted || !is_qins || find_weights(b, t, ref, err));
}

static void show(const struct bench *b, const struct inspected *t, json_t *all)
{
    if (b->json)
        json_array_append_new(all, inspect_json(t));
    else if (t->is_counted)
        inspect_print_tensor(t);
    else
        inspect_print_row(t);
}

/* What the file says that it loses. */
static void print_loss(const struct model *m)
{
    struct buf text = {0};
    stated_loss_describe(m->loss, &text);
    if (text.len > 0)
        printf("\nmeasured against its source: %s\n", text.data);
    buf_free(&text);
}

static void print_compression(const struct model *m)
{
    if (m->compressed_bytes)
        printf("\ncompressed: %.2f MB in the file, %.2f MB in memory\n",
               (double)m->compressed_bytes * 1e-6, (double)m->file_bytes * 1e-6);
}

static void finish(const struct bench *b, json_t *all, const struct matrix *last)
{
    if (!b->json) {
        print_loss(b->model);
        print_compression(b->model);
        inspect_print_example(last);
        return;
    }
    json_t *o =
        json_pack("{s:s, s:s, s:O, s:o}", "format", format_info(b->model->format)->name, "source",
                  b->model->source, "tensors", all, "example", inspect_json_example(last));
    if (b->model->compressed_bytes)
        json_object_set_new(o, "compressed_bytes",
                            json_integer((json_int_t)b->model->compressed_bytes));
    if (b->model->loss)
        json_object_set_new(o, "loss", json_loads(b->model->loss, 0, NULL));
    json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(o);
}

static bool inspect_all(struct bench *b, const struct reference *ref, struct error *err)
{
    struct weight_list list = model_weights(b->model);
    struct matrix last = {0};
    json_t *all = json_array();
    size_t n = 0;
    bool ok = true;
    if (!b->json && b->n_words < 2)
        inspect_print_head(ref != NULL);
    for (size_t i = 0; ok && i < list.n; i++) {
        struct inspected t;
        if (!is_wanted(b, &list.items[i]) || !bind_stored(b->model, &list.items[i], 0, &t))
            continue;
        ok = inspect_one(b, &t, ref, err);
        if (ok)
            show(b, &t, all);
        last = t.m;
        n++;
    }
    if (ok && n == 0)
        ok = error_set(err, EX_USAGE, "inspect: no tensor's name contains \"%s\"", b->words[1]);
    if (ok)
        finish(b, all, &last);
    json_decref(all);
    free(list.items);
    return ok;
}

bool bench_inspect(struct bench *b, struct error *err)
{
    struct reference ref;
    bool compares = b->against != NULL;
    if (!bench_open(b, err))
        return false;
    bool ok = !compares || open_reference(&ref, b, err);
    if (ok) {
        ok = inspect_all(b, compares ? &ref : NULL, err);
        if (compares && ref.is_source)
            checkpoint_close(&ref.source);
        else if (compares)
            model_close(ref.model);
    }
    bench_close(b);
    return ok;
}
