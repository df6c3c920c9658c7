/* SPDX-License-Identifier: MIT */
#include "convert_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sanitise.h"

enum { CHUNK_WEIGHTS = 1 << 18 };

static uint32_t chunk_rows(const struct weight *w)
{
    uint32_t groups = CHUNK_WEIGHTS / ROW_GROUP / w->cols;
    return (groups ? groups : 1) * ROW_GROUP;
}

static void plan_chunks(struct job *j)
{
    size_t n = 0;
    for (uint32_t i = 0; i < j->n_pieces; i++) {
        const struct weight *w = piece_weight(j, &j->pieces[i]);
        n += (w->rows - 1) / chunk_rows(w) + 1;
    }
    assert(n <= UINT32_MAX);
    j->chunks = xcalloc(n, sizeof *j->chunks);
    for (uint32_t i = 0; i < j->n_pieces; i++) {
        const struct weight *w = piece_weight(j, &j->pieces[i]);
        for (uint32_t row0 = 0; row0 < w->rows; row0 += chunk_rows(w)) {
            uint32_t row1 = w->rows - row0 < chunk_rows(w) ? w->rows : row0 + chunk_rows(w);
            j->chunks[j->n_chunks++] =
                (struct chunk){.piece = i, .row0 = row0, .row1 = row1, .range = QINS_RANGE_EMPTY};
        }
    }
}

static uint64_t arrives(const struct source_file *f, const struct source_tensor *t)
{
    return f->arriving ? f->arriving->begin + t->at + t->bytes : 0;
}

static void plan_piece(struct job *j, struct piece *p, uint32_t weight, uint32_t part)
{
    struct error err;
    *p = (struct piece){.weight = weight, .part = part};
    bool is_there = checkpoint_view(j->c, piece_weight(j, p), part, &p->view, &err);
    assert(is_there); /* checkpoint_open has seen it */
    (void)is_there;
    p->file = checkpoint_file(j->c, p->view.tensor);
    p->arrives = arrives(p->file, p->view.tensor);
    if (!p->view.scales)
        return;
    p->scales_file = checkpoint_file(j->c, p->view.scales);
    uint64_t scales_arrive = arrives(p->scales_file, p->view.scales);
    p->arrives = p->arrives > scales_arrive ? p->arrives : scales_arrive;
}

static int by_arrival(const void *a, const void *b)
{
    const struct piece *p = a, *q = b;
    if (p->arrives != q->arrives)
        return p->arrives < q->arrives ? -1 : 1;
    if (p->weight != q->weight)
        return p->weight < q->weight ? -1 : 1;
    return p->part < q->part ? -1 : p->part > q->part;
}

static void plan_pieces(struct job *j)
{
    const struct weight_list *list = &j->layout.list;
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        n += weight_n_parts(&list->items[i]);
    assert(n <= UINT32_MAX);
    j->pieces = xcalloc(n, sizeof *j->pieces);
    for (size_t i = 0; i < list->n; i++)
        for (uint32_t part = 0; part < weight_n_parts(&list->items[i]); part++)
            plan_piece(j, &j->pieces[j->n_pieces++], (uint32_t)i, part);
    if (j->c->arrival)
        qsort(j->pieces, j->n_pieces, sizeof *j->pieces, by_arrival);
    for (size_t i = 0; i < j->n_pieces; i++) {
        const struct weight *w = piece_weight(j, &j->pieces[i]);
        j->total_bytes += piece_bytes(&j->pieces[i], w->rows, w->cols);
    }
}

static void set_text(json_t *object, const char *key, const char *text, size_t n)
{
    json_t *value = json_stringn(text, n);
    assert(value); /* valid UTF-8: it was parsed as JSON, or sanitised */
    json_object_set_new(object, key, value);
}

void job_set_hashes(struct job *j, const char (*hex)[SHA256_HEX + 1])
{
    json_t *hashes = json_object();
    char zeros[SHA256_HEX + 1];
    memset(zeros, '0', SHA256_HEX);
    zeros[SHA256_HEX] = '\0';
    for (size_t i = 0; i < j->c->n_sources; i++)
        json_object_set_new(hashes, j->c->sources[i].name, json_string(hex ? hex[i] : zeros));
    char *text = json_dumps(hashes, JSON_COMPACT);
    set_text(j->metadata, META_HASHES, text, strlen(text));
    free(text);
    json_decref(hashes);
}

void job_set_loss(struct job *j, const char *loss)
{
    char text[LOSS_BYTES + 1];
    snprintf(text, sizeof text, "%-*s", LOSS_BYTES, loss);
    set_text(j->metadata, META_LOSS, text, LOSS_BYTES);
}

void job_set_checksums(struct job *j, char *text)
{
    set_text(j->metadata, META_CHECKSUMS, text, strlen(text));
    buf_free(&j->header);
    j->header = file_layout_header(&j->layout, j->metadata);
    free(text);
}

static void set_source_name(struct job *j)
{
    char *name = checkpoint_name(j->c), *clean = sanitise_text(name, strlen(name), true);
    set_text(j->metadata, META_SOURCE, clean, strlen(clean));
    free(clean);
    free(name);
}

static void set_tokenizer_hash(struct job *j)
{
    const struct buf *json = &j->c->tokenizer_json;
    char hex[SHA256_HEX + 1];
    if (!j->c->has_gguf && sha256_hex(json->data, json->len, hex))
        set_text(j->metadata, META_TOKENIZER_HASH, hex, SHA256_HEX);
}

static void set_sparsity(struct job *j)
{
    char text[64];
    snprintf(text, sizeof text, "{\"sparsity\":%.4g}", (double)j->o->sparsity);
    set_text(j->metadata, META_RECIPE, text, strlen(text));
}

static void plan_metadata(struct job *j)
{
    const struct checkpoint *c = j->c;
    const char *format = format_info(j->o->format)->name;
    j->metadata = json_object();
    set_text(j->metadata, META_VERSION, QINS_FILE_VERSION, strlen(QINS_FILE_VERSION));
    set_text(j->metadata, META_FORMAT, format, strlen(format));
    set_source_name(j);
    set_text(j->metadata, META_CONFIG, c->config_json.data, c->config_json.len);
    if (c->generation_json.data)
        set_text(j->metadata, META_GENERATION, c->generation_json.data, c->generation_json.len);
    if (c->tokenizer_config_json.data)
        set_text(j->metadata, META_TOKENIZER_CONFIG, c->tokenizer_config_json.data,
                 c->tokenizer_config_json.len);
    if (j->o->cached_from)
        set_text(j->metadata, META_CACHED_FROM, j->o->cached_from, strlen(j->o->cached_from));
    if (j->o->formats)
        set_text(j->metadata, META_FORMATS, j->o->formats, strlen(j->o->formats));
    if (j->o->recipe)
        set_text(j->metadata, META_RECIPE, j->o->recipe, strlen(j->o->recipe));
    else if (j->o->sparsity > 0)
        set_sparsity(j);
    if (j->o->measure)
        job_set_loss(j, "{}");
    set_tokenizer_hash(j);
    if (j->o->hash_source)
        job_set_hashes(j, NULL);
    j->header = file_layout_header(&j->layout, j->metadata);
}

static void plan_scratch(struct job *j)
{
    size_t raw = 0, floats = 0, data = 0, row = 0, cols = 0;
    for (uint32_t i = 0; i < j->n_chunks; i++) {
        const struct chunk *k = &j->chunks[i];
        const struct piece *p = &j->pieces[k->piece];
        const struct weight *w = piece_weight(j, p);
        struct matrix m = matrix_shape(w->format, k->row1 - k->row0, w->cols);
        size_t n = (size_t)m.rows * m.cols, n_raw = piece_raw_bytes(p, m.rows, m.cols);
        raw = n_raw > raw ? n_raw : raw;
        floats = n > floats ? n : floats;
        data = matrix_data_bytes(&m) > data ? matrix_data_bytes(&m) : data;
        cols = w->cols > cols ? w->cols : cols;
        row = matrix_row_bytes(&m) > row ? matrix_row_bytes(&m) : row;
    }
    j->scratch = xcalloc(pool_size(j->pool), sizeof *j->scratch);
    for (unsigned i = 0; i < pool_size(j->pool); i++)
        j->scratch[i] =
            (struct scratch){.fd = -1,
                             .raw = xaligned(raw),
                             .w = xaligned(floats * sizeof(float)),
                             .pruned = j->o->sparsity > 0 ? xaligned(floats * sizeof(float)) : NULL,
                             .sorted = xaligned(cols * sizeof(float)),
                             .data = xaligned(data),
                             .row = xaligned(row)};
}

/* Compiled. What cannot be is stored as it is: whoever opens it hears why. */
static void plan_tokenizer(struct job *j)
{
    const struct buf *json = &j->c->tokenizer_json;
    const struct tokenizer *t = j->o->tokenizer;
    struct error ignored;
    if (!t)
        t = j->own_tokenizer = checkpoint_tokenizer(j->c, &ignored);
    j->tokenizer = json->data;
    j->tokenizer_bytes = json->len;
    if (t)
        j->tokenizer = tokenizer_image(t, &j->tokenizer_bytes);
}

void job_start(struct job *j, const struct checkpoint *c, const struct convert_options *o,
               struct error *err)
{
    *j = (struct job){.c = c, .o = o, .err = err, .caller = pthread_self()};
    pthread_mutex_init(&j->lock, NULL);
    plan_tokenizer(j);
    struct weight_list list = weight_list(&c->config, o->format);
    struct error never;
    weight_list_set_formats(&list, o->formats, "", &never); /* made from such a list */
    j->layout = file_layout_new(
        list, j->tokenizer == c->tokenizer_json.data ? TENSOR_TOKENIZER : TENSOR_TOKENIZER_IMAGE,
        j->tokenizer_bytes);
    j->pool = pool_new(o->n_threads);
    plan_pieces(j);
    plan_chunks(j);
    plan_metadata(j);
    plan_scratch(j);
    j->hasher = o->hash_source ? hasher_start(c) : NULL;
}

void job_end(struct job *j)
{
    hasher_free(j->hasher);
    tokenizer_free(j->own_tokenizer);
    for (unsigned i = 0; i < pool_size(j->pool); i++) {
        if (j->scratch[i].fd >= 0)
            close(j->scratch[i].fd);
        free(j->scratch[i].raw);
        free(j->scratch[i].w);
        free(j->scratch[i].pruned);
        free(j->scratch[i].sorted);
        free(j->scratch[i].data);
        free(j->scratch[i].row);
    }
    free(j->scratch);
    pool_free(j->pool);
    free(j->pieces);
    free(j->chunks);
    json_decref(j->metadata);
    buf_free(&j->header);
    file_layout_free(&j->layout);
    pthread_mutex_destroy(&j->lock);
}
