/* SPDX-License-Identifier: MIT
 *
 * Two passes over the source, in chunks of whole row groups that the pool hands out: the first
 * finds ranges and refuses NaN and infinities before there is any output, the second encodes. Every
 * offset of the output is known beforehand, so each chunk is written where it belongs, in any
 * order; sums are merged in the order of chunks. The result does not depend on the number of
 * threads.
 *
 * Of a source that is still coming (arrival.h), tensors go through both passes a few at a time, in
 * the order in which their bytes come.
 */
#include "convert.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "checksums.h"
#include "convert_internal.h"
#include "huge_memory.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "files are read and written as memory is");

enum { PROGRESS_MS = 50, WAIT_MS = 100, BATCH_BYTES = 32 << 20 };

/* ---- failing and reporting, from any worker ------------------------------------------- */

static void fail(struct job *j, const struct error *why)
{
    pthread_mutex_lock(&j->lock);
    if (!j->failed)
        *j->err = *why;
    j->failed = true;
    pthread_mutex_unlock(&j->lock);
    atomic_store(&j->stop, true);
}

static void report(struct job *j, const char *tensor, bool now)
{
    double ms = now_ms();
    if (!j->o->progress || (!now && ms - j->reported_ms < PROGRESS_MS))
        return;
    j->reported_ms = ms;
    struct convert_progress p = {j->step, tensor, atomic_load(&j->done_bytes), j->total_bytes};
    struct error err;
    if (!j->o->progress(j->o->arg, &p)) {
        error_set(&err, EXIT_INTERRUPTED, "interrupted%s",
                  j->c->arrival ? "; the next start goes on from here" : "");
        fail(j, &err);
    }
}

static bool stopped(struct job *j)
{
    return atomic_load_explicit(&j->stop, memory_order_relaxed);
}

/* ---- first pass: ranges, NaN, infinities ---------------------------------------------- */

static void check_chunk(struct job *j, struct scratch *s, struct chunk *k)
{
    uint32_t cols = piece_weight(j, &j->pieces[k->piece])->cols;
    size_t n = (size_t)(k->row1 - k->row0) * cols, first = 0;
    qins_range_add(&k->range, s->w, n);
    if (!k->range.n_nonfinite)
        return;
    while (isfinite(s->w[first]))
        first++;
    k->first_nonfinite = (uint64_t)k->row0 * cols + first;
}

/* Of chunk `i` of the plan and those behind it that belong to the same piece: they stand together,
 * in order. -> the chunk behind them; 0: refused. */
static uint32_t merge_piece(struct job *j, uint32_t i)
{
    const uint32_t piece = j->chunks[i].piece;
    struct piece *p = &j->pieces[piece];
    struct qins_range sum = QINS_RANGE_EMPTY;
    uint64_t first = 0;
    for (; i < j->n_chunks && j->chunks[i].piece == piece; i++) {
        const struct qins_range *r = &j->chunks[i].range;
        if (r->n_nonfinite && !sum.n_nonfinite)
            first = j->chunks[i].first_nonfinite;
        sum.min_abs = fminf(sum.min_abs, r->min_abs);
        sum.max_abs = fmaxf(sum.max_abs, r->max_abs);
        sum.n_nonfinite += r->n_nonfinite;
    }
    if (sum.n_nonfinite)
        return error_set(j->err, EX_DATAERR,
                         "%s: tensor \"%s\": %llu of its weights are NaN or "
                         "infinite, the first at index %llu",
                         p->file->path, p->view.tensor->name, (unsigned long long)sum.n_nonfinite,
                         (unsigned long long)first);
    qins_range_finish(&sum);
    p->range = sum;
    return i;
}

/* Of chunks [first, end), which are those of whole pieces. */
static bool merge_ranges(struct job *j, uint32_t first, uint32_t end)
{
    while (first < end)
        if (!(first = merge_piece(j, first)))
            return false;
    return true;
}

/* ---- second pass: encoding ------------------------------------------------------------ */

static bool write_image(struct job *j, uint64_t at, const void *bytes, size_t n, struct error *err)
{
    if (j->file)
        return outfile_write(j->file, at, bytes, n, err);
    memcpy(j->memory + at, bytes, n);
    return true;
}

bool job_put(struct job *j, uint64_t at, const void *bytes, size_t n, struct error *err)
{
    return write_image(j, j->header.len + at, bytes, n, err);
}

static void add_loss(struct qins_error *sum, const struct qins_error *loss)
{
    sum->n += loss->n;
    sum->n_sign_kept += loss->n_sign_kept;
    sum->n_rel += loss->n_rel;
    sum->sum_sq += loss->sum_sq;
    sum->sum_sq_err += loss->sum_sq_err;
    sum->sum_rel += loss->sum_rel;
}

/* Where the piece's plane begins. */
static uint64_t plane_at(const struct job *j, const struct piece *p, enum plane_kind kind)
{
    struct plane plane;
    const struct weight *w = piece_weight(j, p);
    weight_plane(w, kind, &plane);
    return j->layout.at[p->weight][kind] + p->part * plane_part_bytes(w, &plane);
}

/* Rows of a matrix that was encoded before. */
static void take_encoded(const struct matrix *whole, const struct matrix *m,
                         const struct encoded *e, struct chunk *k, uint64_t row_bytes,
                         struct scratch *s)
{
    struct matrix bound = *m;
    memcpy(s->data, (const uint8_t *)e->data + k->row0 * row_bytes, matrix_data_bytes(m));
    for (uint32_t i = 0; i < format_info(m->format)->row_floats; i++)
        memcpy(s->row + (size_t)i * m->rows_pad, e->row + (size_t)i * whole->rows_pad + k->row0,
               m->rows_pad * sizeof(float));
    bound.data = s->data;
    bound.row = s->row;
    qins_measure(&bound, 0, m->rows, s->w, &k->loss);
}

bool is_pruned(const struct job *j, const struct weight *w)
{
    if (j->o->sparsity == 0 || w->is_vector)
        return false;
    switch (w->role) {
    case ROLE_QKV:
    case ROLE_ATTN_OUT:
    case ROLE_GATE_UP:
    case ROLE_DOWN:
    case ROLE_MIXER_IN:
    case ROLE_MIXER_OUT:
    case ROLE_LAYER_INPUT:
    case ROLE_EXPERT_GATE_UP:
    case ROLE_EXPERT_DOWN: return true;
    default: return false;
    }
}

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The least |w| of each row become 0; of equals, the first ones. `sizes` holds a row. */
static void prune(float *out, const float *w, size_t n_rows, size_t cols, float share, float *sizes)
{
    const size_t n = (size_t)((double)share * (double)cols + 0.5);
    memcpy(out, w, n_rows * cols * sizeof *out);
    for (size_t r = 0; n > 0 && r < n_rows; r++, out += cols) {
        for (size_t c = 0; c < cols; c++)
            sizes[c] = fabsf(out[c]);
        qsort(sizes, cols, sizeof *sizes, by_size);
        const float most = sizes[n - 1];
        size_t left = n;
        for (size_t c = 0; c < n; c++)
            left -= sizes[c] < most;
        for (size_t c = 0; c < cols; c++)
            if (fabsf(out[c]) < most || (fabsf(out[c]) == most && left > 0 && left--))
                out[c] = 0;
    }
}

/* Encoded without its least weights, compared with all of them. */
static void encode_pruned(struct job *j, const struct matrix *m, const struct qins_range *range,
                          struct chunk *k, struct scratch *s)
{
    struct matrix bound = *m;
    prune(s->pruned, s->w, m->rows, m->cols, j->o->sparsity, s->sorted);
    qins_encode(&bound, range, 0, m->rows, s->pruned, s->data, s->row, NULL);
    bound.data = s->data;
    bound.row = s->row;
    bound.log_min = range->log_min;
    bound.log_max = range->log_max;
    qins_measure(&bound, 0, m->rows, s->w, &k->loss);
}

/* A few row groups, encoded as a matrix of their own and put where the whole one has them. */
static bool encode_chunk(struct job *j, struct scratch *s, struct chunk *k, struct error *err)
{
    const struct piece *p = &j->pieces[k->piece];
    const struct weight *w = piece_weight(j, p);
    const struct format_info *info = format_info(w->format);
    const struct qins_range *range = &p->range;
    struct matrix whole = matrix_shape(w->format, w->rows, w->cols);
    struct matrix m = matrix_shape(w->format, k->row1 - k->row0, w->cols);
    struct encoded e;
    uint64_t row_bytes =
        matrix_data_bytes(&whole) / whole.rows_pad; /* tiles: a group's, shared out */
    if (j->o->encoded && j->o->encoded(j->o->encoded_arg, w, p->part, &e))
        take_encoded(&whole, &m, &e, k, row_bytes, s);
    else if (is_pruned(j, w))
        encode_pruned(j, &m, range, k, s);
    else
        qins_encode(&m, range, 0, m.rows, s->w, s->data, s->row, &k->loss);

    bool ok = job_put(j, plane_at(j, p, PLANE_DATA) + k->row0 * row_bytes, s->data,
                      matrix_data_bytes(&m), err);
    for (uint32_t i = 0; ok && i < info->row_floats; i++)
        ok = job_put(
            j, plane_at(j, p, PLANE_ROW) + ((uint64_t)i * whole.rows_pad + k->row0) * sizeof(float),
            s->row + (size_t)i * m.rows_pad, m.rows_pad * sizeof(float), err);
    float ends[2] = {range->log_min, range->log_max};
    return ok && (!info->is_qins || k->row0 != 0 ||
                  job_put(j, plane_at(j, p, PLANE_RANGE), ends, sizeof ends, err));
}

/* ---- running a pass ------------------------------------------------------------------- */

struct pass {
    struct job *job;
    bool encodes, counts; /* counts: its bytes are progress */
    uint32_t first;       /* chunk */
};

static void run_chunk(void *arg, uint32_t index, uint32_t worker)
{
    const struct pass *pass = arg;
    struct job *j = pass->job;
    struct chunk *k = &j->chunks[pass->first + index];
    struct scratch *s = &j->scratch[worker];
    struct error err;
    if (stopped(j))
        return;
    size_t n = read_chunk(j, s, k, &err);
    if (!n) {
        fail(j, &err);
        return;
    }
    if (!pass->encodes)
        check_chunk(j, s, k);
    else if (!encode_chunk(j, s, k, &err))
        fail(j, &err);
    if (pass->counts)
        atomic_fetch_add_explicit(&j->done_bytes, n, memory_order_relaxed);
    if (pthread_equal(j->caller, pthread_self()))
        report(j, piece_weight(j, &j->pieces[k->piece])->name, false);
}

static bool run_chunks(struct job *j, bool encodes, uint32_t first, uint32_t n)
{
    struct pass pass = {j, encodes, encodes || !j->c->arrival, first};
    pool_run_io(j->pool, run_chunk, &pass, n);
    return !stopped(j);
}

static bool run_step(struct job *j, const char *step, bool encodes, uint32_t first, uint32_t n)
{
    j->step = step;
    atomic_store(&j->done_bytes, 0);
    report(j, "", true);
    if (run_chunks(j, encodes, first, n))
        report(j, "", true);
    return !stopped(j);
}

static bool check_all(struct job *j)
{
    return run_step(j, "checking", false, 0, j->n_chunks) && merge_ranges(j, 0, j->n_chunks);
}

bool job_encode(struct job *j, const char *step, uint32_t first, uint32_t n)
{
    return run_step(j, step, true, first, n);
}

/* ---- a source that is still coming ---------------------------------------------------- */

static bool wait_for(struct job *j, uint64_t position)
{
    enum arrival_state state = ARRIVAL_COMES;
    const double start = now_ms();
    while (!stopped(j) && state == ARRIVAL_COMES) {
        report(j, "", false);
        state = arrival_wait(j->c->arrival, position, WAIT_MS);
    }
    j->waited_ms += now_ms() - start;
    return !stopped(j) && (state == ARRIVAL_THERE ||
                           error_set(j->err, EX_TEMPFAIL,
                                     "%s: its download did not come to a good end", j->c->folder));
}

/* -> the chunk behind the first one's piece and the next ones that are there, up to BATCH_BYTES. */
static uint32_t batch_end(const struct job *j, uint32_t first)
{
    const uint64_t come = arrival_come(j->c->arrival);
    uint64_t bytes = 0;
    uint32_t i = first;
    for (; i < j->n_chunks; i++) {
        const struct chunk *k = &j->chunks[i];
        const struct piece *p = &j->pieces[k->piece];
        if (i > first && k->row0 == 0 && (p->arrives > come || bytes >= BATCH_BYTES))
            break;
        bytes += piece_bytes(p, k->row1 - k->row0, piece_weight(j, p)->cols);
    }
    return i;
}

/* Both passes over a few tensors at a time, as soon as all of their bytes have come; then the wait
 * for the checksums of all files. Of what a killed or failed one has left nothing is used: it is
 * made again from the bytes that are on the disk, which the download has checked once more. */
static bool encode_arriving(struct job *j)
{
    j->step = "encoding";
    for (uint32_t first = 0, end; first < j->n_chunks; first = end) {
        if (!wait_for(j, j->pieces[j->chunks[first].piece].arrives))
            return false;
        end = batch_end(j, first);
        if (!run_chunks(j, false, first, end - first) || !merge_ranges(j, first, end) ||
            !run_chunks(j, true, first, end - first))
            return false;
    }
    return wait_for(j, ARRIVAL_END);
}

/* Waits for the hashes and puts them where the zeros were. */
static bool finish_hashes(struct job *j)
{
    if (!j->hasher)
        return true;
    j->step = "hashing";
    j->total_bytes = 0;
    for (size_t i = 0; i < j->c->n_sources; i++)
        j->total_bytes += j->c->sources[i].bytes;
    while (!hasher_is_done(j->hasher) && !stopped(j)) {
        atomic_store(&j->done_bytes, hasher_bytes(j->hasher));
        report(j, "", false);
        usleep(PROGRESS_MS * 1000 / 2);
    }
    if (stopped(j))
        return false;
    const char(*hex)[SHA256_HEX + 1] = hasher_result(j->hasher, j->err);
    if (!hex)
        return false;
    job_set_hashes(j, hex);
    size_t n_before = j->header.len;
    buf_free(&j->header);
    j->header = file_layout_header(&j->layout, j->metadata);
    assert(j->header.len == n_before);
    return true;
}

static uint64_t image_bytes(const struct job *j)
{
    return j->header.len + j->layout.data_bytes;
}

/* The header is written once more at the end, when the hashes are known. */
static bool encode_all(struct job *j)
{
    return job_put(j, j->layout.tokenizer_at, j->tokenizer, j->tokenizer_bytes, j->err) &&
           (j->c->arrival ? encode_arriving(j) : run_step(j, "encoding", true, 0, j->n_chunks)) &&
           finish_hashes(j) && checkpoint_unchanged(j->c, j->err) &&
           write_image(j, 0, j->header.data, j->header.len, j->err);
}

/* ---- the whole conversion ------------------------------------------------------------- */

static void fill_report(const struct job *j, struct convert_report *r, double start_ms)
{
    *r = (struct convert_report){.bytes_after = image_bytes(j)};
    memcpy(r->loss, j->loss, sizeof r->loss);
    for (uint32_t i = 0; i < j->n_chunks; i++) {
        const struct chunk *k = &j->chunks[i];
        const struct piece *p = &j->pieces[k->piece];
        const struct weight *w = piece_weight(j, p);
        uint64_t before = piece_bytes(p, k->row1 - k->row0, w->cols);
        add_loss(&r->roles[w->role].error, &k->loss);
        add_loss(&r->total, &k->loss);
        r->roles[w->role].bytes_before += before;
        r->bytes_before += before;
    }
    for (size_t i = 0; i < j->layout.list.n; i++) {
        const struct weight *w = &j->layout.list.items[i];
        struct plane plane;
        r->roles[w->role].format = w->format;
        r->roles[w->role].n_tensors++;
        uint64_t n_params = (uint64_t)w->rows * w->cols * weight_n_parts(w);
        r->roles[w->role].n_params += n_params;
        r->n_tensors++;
        r->n_params += n_params;
        for (enum plane_kind kind = 0; kind < N_PLANES; kind++)
            if (weight_plane(w, kind, &plane))
                r->roles[w->role].bytes_after += plane.bytes;
    }
    r->seconds = (now_ms() - start_ms - j->waited_ms) / 1e3;
}

static bool is_no_source(const struct checkpoint *c, const char *path, struct error *err)
{
    for (size_t i = 0; i < c->n_sources; i++)
        if (source_is(&c->sources[i], path))
            return error_set(err, EX_CANTCREAT, "%s: is a file of the model to convert", path);
    return true;
}

/* The header with what the file loses, in the place of blanks. */
static bool measure(struct job *j)
{
    j->step = "measuring";
    atomic_store(&j->done_bytes, 0);
    report(j, "", true);
    if (stopped(j) || !j->o->measure(j->o->measure_arg, j->file->partial, j->loss, j->err))
        return false;
    job_set_loss(j, j->loss);
    buf_free(&j->header);
    j->header = file_layout_header(&j->layout, j->metadata);
    return write_image(j, 0, j->header.data, j->header.len, j->err);
}

/* Reads what was written, and writes the header once more. */
static bool write_checksums(struct job *j)
{
    struct checksum_options o = {.progress = j->o->progress, .arg = j->o->arg};
    size_t n_before = j->header.len;
    char *text = checksums_of_file(j->file->partial, j->pool, &o, j->err);
    if (!text)
        return false;
    job_set_checksums(j, text);
    assert(j->header.len == n_before);
    return write_image(j, 0, j->header.data, j->header.len, j->err);
}

/* What is still to be downloaded to the same disk finds room beside the file. */
static bool has_room(struct job *j)
{
    struct stat out, source;
    struct statvfs vfs;
    if (!j->c->arrival || fstat(j->file->fd, &out) != 0 || stat(j->c->folder, &source) != 0 ||
        out.st_dev != source.st_dev || fstatvfs(j->file->fd, &vfs) != 0)
        return true;
    const uint64_t has = (uint64_t)vfs.f_bavail * vfs.f_frsize,
                   missing = arrival_bytes(j->c->arrival) - arrival_come(j->c->arrival);
    return image_bytes(j) + missing <= has ||
           error_set(
               j->err, EX_CANTCREAT,
               "%s: takes %.1f GB, and %.1f GB are still to be downloaded, where %.1f GB are free",
               j->file->path, (double)image_bytes(j) / 1e9, (double)missing / 1e9,
               (double)has / 1e9);
}

/* The header comes first, so that what a killed conversion leaves can be recognised. */
static bool write_file(struct job *j)
{
    if ((!j->c->arrival && !check_all(j)) ||
        !write_image(j, 0, j->header.data, j->header.len, j->err) || !has_room(j) ||
        !outfile_reserve(j->file, image_bytes(j), j->err) || !encode_all(j) ||
        !outfile_whole(j->file, j->err) || !write_checksums(j))
        return false;
    if (j->o->measure && !measure(j))
        return false;
    j->step = "syncing";
    report(j, "", true);
    return !stopped(j);
}

bool convert_to_file(const struct checkpoint *c, const struct convert_options *o, const char *out,
                     struct convert_report *report_out, struct error *err)
{
    static const char mark[] = "{\"__metadata__\":{\"" META_VERSION "\":";
    struct outfile file;
    struct job j;
    double start = now_ms();
    if (!is_no_source(c, out, err) || !outfile_open(&file, out, o->replace, mark, err))
        return false;
    job_start(&j, c, o, err);
    j.file = &file;
    job_set_checksums(&j, checksums_blank(&j.layout));
    bool ok = write_file(&j);
    if (ok)
        ok = outfile_commit(&file, err);
    else
        outfile_abandon(&file);
    if (ok)
        fill_report(&j, report_out, start);
    job_end(&j);
    return ok;
}

bool convert_is_doubtful(const struct error *err)
{
    return err->code == EX_DATAERR || err->code == EX_TEMPFAIL;
}

void *convert_to_memory(const struct checkpoint *c, const struct convert_options *o, size_t *size,
                        struct convert_report *report_out, struct error *err)
{
    struct job j;
    double start = now_ms();
    job_start(&j, c, o, err);
    *size = (size_t)image_bytes(&j);
    bool ok = check_all(&j);
    if (ok) {
        j.memory = huge_memory_new(*size); /* weights are read end to end */
        ok = j.memory ? encode_all(&j)
                      : error_set(err, EX_OSERR, "%s: no memory for %zu bytes", c->folder, *size);
    }
    if (!ok && j.memory) {
        huge_memory_free(j.memory, *size);
        j.memory = NULL;
    }
    if (ok)
        fill_report(&j, report_out, start);
    job_end(&j);
    return j.memory;
}
