/* SPDX-License-Identifier: MIT */
#include "read_plans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "huge_memory.h"
#include "json.h"
#include "matmul_internal.h"
#include "outfile.h"
#include "places.h"
#include "system.h"

enum {
    WINDOW_BYTES = 4 << 20, /* that a plan reads in its turn, and for each thread: */
    WINDOW_PER_THREAD = 1 << 20,
    SAMPLE_BYTES = 160 << 20, /* of matrices that are read again and again: no cache holds them */
    LEAST_BYTES = 96 << 20,   /* of a format: less may come from a cache */
    MAX_ROUNDS = 32,
    LEAST_ROUNDS = 3,
    MAX_FILE = 64 << 10,
    MAX_KEPT = 100, /* choices in the file */
};
#define CLEARLY 0.98 /* another plan than the default must be faster by this */
#define MARK "\"read plans\""

/* ---- measuring ------------------------------------------------------------------------ */

/* Matrices of one format and number of columns, read window after window, in a circle. */
struct trial {
    const struct kernels *k;
    struct pool *pool;
    const struct matrix **list; /* [n] */
    size_t n, cap;
    size_t bytes, all_bytes; /* of these; of all that there are */
    enum format format;
    const struct matrix *w;   /* the present one */
    uint32_t n_groups, group; /* of w; the next one */
    size_t next;              /* matrix behind w */
    struct matrix window;     /* some groups of w, with the plan that has its turn */
    struct matvec_cut cut;    /* of window */
    struct activation x;
    float *y; /* [rows of the tallest] */
    uint32_t tallest;
};

static void add_matrix(void *arg, struct matrix *w)
{
    struct trial *t = arg;
    if (w->format != t->format)
        return;
    t->all_bytes += matrix_data_bytes(w);
    if ((t->n && w->cols != t->list[0]->cols) || t->bytes >= SAMPLE_BYTES)
        return;
    t->list = xgrow(t->list, t->n, &t->cap, sizeof *t->list);
    t->list[t->n++] = w;
    t->bytes += matrix_data_bytes(w);
    t->tallest = w->rows_pad > t->tallest ? w->rows_pad : t->tallest;
}

static void read_chunk(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct trial *t = arg;
    (void)worker;
    matvec_cut_run(&t->cut, t->k, &t->window, chunk, &t->x, t->y);
}

/* Row groups [first, first + n) of w as a matrix. */
static struct matrix part_of(const struct matrix *w, uint32_t first, uint32_t n, size_t group_bytes)
{
    struct matrix part = *w;
    part.data = (const uint8_t *)w->data + first * group_bytes;
    part.row = w->row ? w->row + (size_t)first * ROW_GROUP : NULL;
    const uint32_t left = w->rows - first * ROW_GROUP;
    part.rows = n * ROW_GROUP < left ? n * ROW_GROUP : left;
    return part;
}

/* -> ms per byte of the next window. */
static double read_window(struct trial *t, struct read_plan plan)
{
    if (t->group >= t->n_groups) {
        t->w = t->list[t->next++ % t->n];
        t->n_groups = (t->w->rows + ROW_GROUP - 1) / ROW_GROUP;
        t->group = 0;
    }
    const size_t most = WINDOW_BYTES + pool_size(t->pool) * (size_t)WINDOW_PER_THREAD;
    const size_t group_bytes = matrix_data_bytes(t->w) / t->n_groups;
    uint32_t n = (uint32_t)(most / group_bytes) + 1, left = t->n_groups - t->group;
    n = n < left ? n : left;
    t->window = part_of(t->w, t->group, n, group_bytes);
    t->window.read = plan;
    const double start = now_ms();
    t->cut = matvec_cut(t->k, &t->window);
    pool_run(t->pool, read_chunk, t, t->cut.n_chunks);
    const double ms = now_ms() - start;
    t->group += n;
    return ms / ((double)n * (double)group_bytes);
}

/* The first touch of a page that is mapped takes longer than reading it. */
static void touch(struct trial *t)
{
    for (t->next = 0; t->next < t->n || t->group < t->n_groups;)
        read_window(t, read_plans[0]);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static struct read_plan fastest(struct trial *t, double budget_ms)
{
    double times[N_READ_PLANS][MAX_ROUNDS], best = INFINITY;
    const double start = now_ms();
    int rounds = 0, choice = 0;
    for (; rounds < MAX_ROUNDS; rounds++) {
        if (rounds >= LEAST_ROUNDS && now_ms() - start > budget_ms)
            break;
        for (int i = 0; i < N_READ_PLANS; i++) /* in turn: all see the machine as it is */
            times[i][rounds] = read_window(t, read_plans[i]);
    }
    for (int i = 0; i < N_READ_PLANS; i++) {
        qsort(times[i], (size_t)rounds, sizeof times[i][0], ascending);
        const double median = times[i][rounds / 2];
        if (median < (i ? best : INFINITY)) {
            best = i ? median : median * CLEARLY;
            choice = i;
        }
    }
    return read_plans[choice];
}

static void set_input(struct trial *t)
{
    const uint32_t cols = t->list[0]->cols;
    const size_t pad = ((size_t)cols + MAX_TILE_COLS - 1) / MAX_TILE_COLS * MAX_TILE_COLS;
    float *x = xaligned(pad * sizeof *x);
    for (uint32_t i = 0; i < cols; i++)
        x[i] = (float)(i % 17) / 8 - 1;
    t->x = (struct activation){x,
                               xaligned(pad),
                               xaligned(pad / ACT_BLOCK * sizeof(float)),
                               xaligned(pad / 16 * sizeof(int32_t)),
                               NULL,
                               NULL};
    if (t->list[0]->format == FORMAT_QINS8) {
        t->x.low = xaligned(pad);
        t->x.wide = xaligned(pad * sizeof(int16_t));
    }
    t->k->quantise(&t->x, cols, t->list[0]->cols_pad);
    t->y = xaligned((size_t)t->tallest * sizeof *t->y);
}

static void free_trial(struct trial *t)
{
    free((void *)(uintptr_t)t->x.x);
    free(t->x.q);
    free(t->x.scale);
    free(t->x.sum);
    free(t->x.low);
    free(t->x.wide);
    free(t->y);
    free(t->list);
}

/* -> false when there is too little to tell. */
static bool measure(struct model *m, enum format format, const struct kernels *k, struct pool *p,
                    struct read_plan *plan)
{
    struct trial t = {.k = k, .pool = p, .format = format};
    model_each_matrix(m, add_matrix, &t);
    const bool enough = t.bytes >= LEAST_BYTES;
    if (enough) {
        set_input(&t);
        touch(&t);
        double share = (double)t.all_bytes / (double)m->file_bytes;
        *plan = fastest(&t, READ_PLANS_MS * (share < 1 ? share : 1));
    }
    free_trial(&t);
    return enough;
}

/* ---- what private memory would gain ---------------------------------------------------- */

enum { SAMPLE_WINDOWS = 8, SAMPLE_TURNS = 2 };

struct sample {
    const uint8_t *from;
    uint8_t *to;
    size_t chunk_bytes;
};

static void copy_chunk(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct sample *s = arg;
    (void)worker;
    memcpy(s->to + chunk * s->chunk_bytes, s->from + chunk * s->chunk_bytes, s->chunk_bytes);
}

struct most {
    size_t bytes[N_FORMATS];
};

static void count_bytes(void *arg, struct matrix *w)
{
    struct most *m = arg;
    m->bytes[w->format] += matrix_data_bytes(w);
}

static enum format most_bytes(struct model *m)
{
    struct most most = {0};
    enum format best = 0;
    model_each_matrix(m, count_bytes, &most);
    for (enum format f = 0; f < N_FORMATS; f++)
        best = most.bytes[f] > most.bytes[best] ? f : best;
    return best;
}

/* A matrix whose row groups lie in private memory, as many as SAMPLE_WINDOWS windows have. */
static bool copy_sample(struct trial *t, struct matrix *w, size_t *bytes)
{
    *w = *t->list[0];
    const size_t group = matrix_data_bytes(w) / (w->rows_pad / ROW_GROUP);
    const size_t window = WINDOW_BYTES + pool_size(t->pool) * (size_t)WINDOW_PER_THREAD;
    const uint32_t all = w->rows_pad / ROW_GROUP, each = (uint32_t)(window / group) + 1;
    const uint32_t n = each < all ? each : all;
    *bytes = SAMPLE_WINDOWS * n * group;
    uint8_t *to = huge_memory_new(*bytes);
    for (uint32_t i = 0; to && i < SAMPLE_WINDOWS; i++) {
        struct sample s = {t->list[i % t->n]->data, to + i * n * group, group};
        pool_run(t->pool, copy_chunk, &s, n);
    }
    w->data = to;
    w->rows = w->rows_pad = n * ROW_GROUP;
    return to != NULL;
}

double read_plans_gain(struct model *m, const struct kernels *k, struct pool *p)
{
    struct trial t = {.k = k, .pool = p, .format = most_bytes(m)};
    struct matrix private;
    size_t bytes = 0;
    double times[2][SAMPLE_WINDOWS * SAMPLE_TURNS], gain = 0;
    model_each_matrix(m, add_matrix, &t);
    if (t.bytes >= LEAST_BYTES && format_info(t.format)->tile_cols > 1) {
        set_input(&t);
        touch(&t);
        if (copy_sample(&t, &private, &bytes)) {
            const uint8_t *data = private.data;
            for (int i = 0; i < SAMPLE_WINDOWS * SAMPLE_TURNS; i++) {
                times[0][i] = read_window(&t, t.list[0]->read);
                struct trial own = t;
                const struct matrix *const list = &private;
                private.data = data + bytes / SAMPLE_WINDOWS * (size_t)(i % SAMPLE_WINDOWS);
                own.list = (const struct matrix **)(uintptr_t)&list;
                own.n = 1;
                own.next = own.group = own.n_groups = 0;
                times[1][i] = read_window(&own, t.list[0]->read);
            }
            for (int i = 0; i < 2; i++)
                qsort(times[i], SAMPLE_WINDOWS * SAMPLE_TURNS, sizeof times[i][0], ascending);
            const int middle = SAMPLE_WINDOWS * SAMPLE_TURNS / 2;
            gain = times[1][middle] > 0 ? times[0][middle] / times[1][middle] : 0;
            huge_memory_free((void *)(uintptr_t)data, bytes);
        }
    }
    free_trial(&t);
    return gain;
}

/* ---- choices that are kept ------------------------------------------------------------ */

char *read_plans_file(void)
{
    char *folder = places_cache_folder();
    char *file = folder ? path_join(folder, "read-plans.json") : NULL;
    free(folder);
    return file;
}

/* -> what is kept, by key; an empty object if that makes no sense. New reference. */
static json_t *load(const char *file)
{
    struct buf text = {0};
    struct error err;
    json_t *root = NULL;
    if (file && is_file(file) && read_file(&text, file, MAX_FILE, &err))
        root = json_parse(text.data, text.len, file, &err);
    buf_free(&text);
    json_t *plans = json_object_get(root, "plans"); /* NULL for what is no object */
    const bool ok = json_is_object(plans) && json_object_size(plans) <= MAX_KEPT;
    plans = ok ? json_incref(plans) : json_object();
    json_decref(root);
    return plans;
}

/* The plan is one of those that there are. */
static bool find_kept(const json_t *plans, const char *key, struct read_plan *plan)
{
    const json_t *kept = json_object_get(plans, key);
    json_int_t streams, ahead;
    int twice;
    if (json_unpack((json_t *)(uintptr_t)kept, "{s:I, s:b, s:I}", "streams", &streams, "twice",
                    &twice, "ahead", &ahead) != 0)
        return false;
    for (int i = 0; i < N_READ_PLANS; i++) {
        const struct read_plan *p = &read_plans[i];
        if (p->streams == streams && p->twice == (twice != 0) && p->ahead == ahead) {
            *plan = *p;
            return true;
        }
    }
    return false;
}

static void keep(json_t *plans, const char *key, struct read_plan plan)
{
    if (json_object_size(plans) >= MAX_KEPT)
        json_object_clear(plans);
    json_object_set_new(plans, key,
                        json_pack("{s:i, s:b, s:i}", "streams", plan.streams, "twice", plan.twice,
                                  "ahead", plan.ahead));
}

/* A choice that cannot be written is made again. */
static void save(const char *file, json_t *plans)
{
    struct outfile o;
    struct error err;
    char *folder = places_cache_folder();
    json_t *root = json_pack("{s:s, s:O}", "kind", "read plans", "plans", plans);
    char *text = json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER);
    if (text && folder && places_make_private(folder, &err) &&
        outfile_open(&o, file, true, MARK, &err)) {
        if (outfile_write(&o, 0, text, strlen(text), &err))
            outfile_commit(&o, &err);
        else
            outfile_abandon(&o);
    }
    free(text);
    free(folder);
    json_decref(root);
}

/* ---- choosing ------------------------------------------------------------------------- */

static void set_plan(void *arg, struct matrix *w)
{
    const struct read_choice *choices = arg;
    w->read = choices[w->format].plan;
}

void read_plans_choose(struct model *m, const struct kernels *k, struct pool *p, const char *file,
                       struct read_choice choices[N_FORMATS])
{
    for (int i = 0; i < N_FORMATS; i++)
        choices[i] = (struct read_choice){read_plans[0], PLAN_DEFAULT};
    if (!k->reads_plans || m->file_bytes < LEAST_BYTES)
        return;
    json_t *kept = load(file);
    char cpu[64], key[160];
    bool is_new = false;
    system_cpu_name(cpu, sizeof cpu);
    for (enum format f = 0; f < N_FORMATS; f++) {
        struct read_choice *c = &choices[f];
        /* "apart": what was measured before streams lay apart does not count */
        snprintf(key, sizeof key, "%s, %s, %u threads, %s, apart", cpu, k->level, pool_size(p),
                 format_info(f)->name);
        if (find_kept(kept, key, &c->plan)) {
            c->origin = PLAN_KEPT;
        } else if (measure(m, f, k, p, &c->plan)) {
            c->origin = PLAN_MEASURED;
            keep(kept, key, c->plan);
            is_new = true;
        }
    }
    if (is_new && file)
        save(file, kept);
    json_decref(kept);
    model_each_matrix(m, set_plan, choices);
}
