/* SPDX-License-Identifier: MIT
 *
 * test_kernels: every kernel of every CPU level against the scalar one, bit for bit.
 *
 *     test_kernels [--seed N] [--selftest] [NAME]
 *
 * NAME limits it to kernels whose name contains it. A failure prints level, kernel, shape and seed.
 * --selftest runs deliberately broken kernels and demands that each is caught.
 */
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "guard.h"
#include "kernels_internal.h"
#include "random.h"

struct state {
    const struct kernels *ref, *new;
    const char *filter;
    uint64_t seed;
    char what[160]; /* kernel and shape under test */
    int n_checked, n_failed;
    bool quiet;
    struct {
        char name[32];
        void *function;
    } seen[256];
    int n_seen;
};

/* ---- rhythm --------------------------------------------------------------------------- */

/* True when this function of this name was not checked before. Reseeds, so that a failure repeats
 * under a filter. */
static bool begin(struct state *s, void *function, const char *name)
{
    if (s->filter && !strstr(name, s->filter))
        return false;
    for (int i = 0; i < s->n_seen; i++)
        if (s->seen[i].function == function && strcmp(s->seen[i].name, name) == 0)
            return false;
    snprintf(s->seen[s->n_seen].name, sizeof s->seen[0].name, "%s", name);
    s->seen[s->n_seen++].function = function;
    assert(s->n_seen < 256);
    random_seed(s->seed);
    s->n_checked++;
    return true;
}

static void fail(struct state *s, const char *why)
{
    s->n_failed++;
    if (!s->quiet)
        printf("FAILED %s %s: %s; seed %llu\n", s->new->level, s->what, why,
               (unsigned long long)s->seed);
}

static void compare(struct state *s, const struct output *ref, const struct output *new)
{
    size_t at = output_differs(ref, new);
    char why[160];
    if (!at--)
        return;
    if (at < BAND || at >= BAND + ref->bytes) {
        snprintf(why, sizeof why, "wrote %zd bytes from its output's begin, which has %zu",
                 (ssize_t)at - BAND, ref->bytes);
    } else {
        size_t i = (at - BAND) / 4;
        float a, b;
        memcpy(&a, ref->all + BAND + i * 4, 4);
        memcpy(&b, new->all + BAND + i * 4, 4);
        snprintf(why, sizeof why, "word %zu is %a (%08x), scalar %a (%08x)", i, (double)b,
                 float_bits(b), (double)a, float_bits(a));
    }
    fail(s, why);
}

#define WHAT(s, ...) snprintf((s)->what, sizeof(s)->what, __VA_ARGS__)

/* ---- data ----------------------------------------------------------------------------- */

/* Kinds of float data, from ordinary to nasty. */
enum { N_KINDS = 6 };

static float random_float(int kind)
{
    switch (kind) {
    case 0: return random_gauss();
    case 1: return random_below(50) ? random_gauss() : 1000 * random_gauss(); /* outliers */
    case 2: return random_below(3) ? 0 : random_gauss() * 1e-6f;
    case 3: /* scales near and below the smallest normal */
        return random_gauss() * (random_below(40) ? 1e-38f : 1e-35f);
    case 4: return (float)((int)random_below(3) - 1) * 1e15f; /* all at their largest */
    default: return ldexpf(random_gauss(), (int)random_below(60) - 30);
    }
}

static struct input random_floats(size_t n, int kind)
{
    struct input in = input_new(n * sizeof(float));
    for (size_t i = 0; i < n; i++)
        ((float *)in.p)[i] = random_float(kind);
    return in;
}

static const uint32_t some_cols[] = {1, 31, 32, 33, 64, 72, 96, 128, 130, 172, 200, 256, 300, 520};
static const uint32_t some_rows[] = {1, 5, 16, 17, 32, 47, 64, 100, 150};
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* A matrix of random codes: every code occurs, also those that an encoder avoids. */
struct weights {
    struct matrix m;
    struct input data, row;
};

static struct weights random_weights(enum format format, uint32_t rows, uint32_t cols)
{
    struct weights w = {.m = matrix_shape(format, rows, cols)};
    size_t bytes = matrix_data_bytes(&w.m), n_row = matrix_row_bytes(&w.m) / sizeof(float);
    w.data = input_new(bytes);
    w.row = input_new(n_row * sizeof(float));
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)w.data.p)[i] = (uint8_t)random_bits();
    for (size_t i = 0; i < n_row; i++)
        ((float *)w.row.p)[i] = ldexpf((float)random_unit(), (int)random_below(20) - 15);
    if (format == FORMAT_F32)
        for (size_t i = 0; i < bytes / 4; i++)
            ((float *)w.data.p)[i] = random_float((int)random_below(2));
    if (format == FORMAT_BF16)
        for (size_t i = 0; i < bytes / 2; i++)
            ((uint16_t *)w.data.p)[i] =
                (uint16_t)(float_bits(random_float((int)random_below(2))) >> 16);
    if (format == FORMAT_QINS9ROW)
        for (uint32_t r = 0; r < w.m.rows_pad; r++) {
            ((float *)w.row.p)[r] = -18 * (float)random_unit();
            ((float *)w.row.p)[w.m.rows_pad + r] = 3 * (float)random_unit();
        }
    w.m.data = w.data.p;
    w.m.row = n_row ? w.row.p : NULL;
    w.m.log_min = -17.5f;
    w.m.log_max = 0.25f;
    return w;
}

static void weights_free(struct weights *w)
{
    input_free(&w->data);
    input_free(&w->row);
}

struct input_vector {
    struct activation a;
    struct input x, q, scale, sum, low, wide;
};

static struct input_vector vector_new(uint32_t cols, int kind)
{
    uint32_t pad = (cols + MAX_TILE_COLS - 1) / MAX_TILE_COLS * MAX_TILE_COLS;
    struct input_vector v = {.x = random_floats(cols, kind),
                             .q = input_new(pad),
                             .scale = input_new(pad / ACT_BLOCK * sizeof(float)),
                             .sum = input_new(pad / 16 * sizeof(int32_t)),
                             .low = input_new(pad),
                             .wide = input_new(pad * sizeof(int16_t))};
    v.a = (struct activation){v.x.p, v.q.p, v.scale.p, v.sum.p, v.low.p, v.wide.p};
    return v;
}

static void vector_free(struct input_vector *v)
{
    input_free(&v->x);
    input_free(&v->q);
    input_free(&v->scale);
    input_free(&v->sum);
    input_free(&v->low);
    input_free(&v->wide);
}

/* ---- matrices ------------------------------------------------------------------------- */

/* Streams that lie apart: the same rows as group after group. */
static void check_matvec_far(struct state *s, const struct matrix *w, const struct activation *x,
                             struct output *ref, struct output *new)
{
    const enum format f = w->format;
    const uint32_t streams = w->read.streams;
    const uint32_t apart = w->rows / ROW_GROUP / streams;
    if (!s->new->matvec_far[f] || apart < 2)
        return;
    const uint32_t g0 = random_below(apart), g1 = g0 + random_below(apart - g0 + 1);
    WHAT(s, "matvec_far_%s %ux%u groups %u..%u, %u streams %u apart", format_info(f)->name, w->rows,
         w->cols, g0, g1, streams, apart);
    output_poison(ref);
    output_poison(new);
    for (uint32_t i = 0; i < streams; i++)
        s->ref->matvec[f](w, g0 + i * apart, g1 + i * apart, x, ref->p);
    s->new->matvec_far[f](w, g0, g1, apart, x, new->p);
    compare(s, ref, new);
}

static void check_matvec_shape(struct state *s, enum format f, uint32_t rows, uint32_t cols)
{
    struct weights w = random_weights(f, rows, cols);
    int kind = (int)random_below(N_KINDS);
    struct input_vector x = vector_new(cols, kind);
    struct output ref = output_new(rows * sizeof(float)), new = output_new(rows * sizeof(float));
    uint32_t groups = (rows + ROW_GROUP - 1) / ROW_GROUP;
    s->ref->quantise(&x.a, cols, w.m.cols_pad);
    for (int turn = 0; turn < N_READ_PLANS + 2; turn++) {
        bool whole = turn < N_READ_PLANS;
        uint32_t g0 = whole ? 0 : random_below(groups);
        uint32_t g1 = whole ? groups : g0 + random_below(groups - g0 + 1);
        w.m.read = read_plans[turn % N_READ_PLANS];
        WHAT(s, "matvec_%s %ux%u groups %u..%u data %d plan %d", format_info(f)->name, rows, cols,
             g0, g1, kind, turn % N_READ_PLANS);
        output_poison(&ref);
        output_poison(&new);
        s->ref->matvec[f](&w.m, g0, g1, &x.a, ref.p);
        s->new->matvec[f](&w.m, g0, g1, &x.a, new.p);
        compare(s, &ref, &new);
        check_matvec_far(s, &w.m, &x.a, &ref, &new);
    }
    output_free(&ref);
    output_free(&new);
    vector_free(&x);
    weights_free(&w);
}

/* Several tokens: the bits of one after another. */
static void check_matvecs_shape(struct state *s, enum format f, uint32_t rows, uint32_t cols,
                                uint32_t n_tok)
{
    enum { MAX_TOK = 300, SPARE = 3 };
    struct weights w = random_weights(f, rows, cols);
    struct input_vector x[MAX_TOK];
    struct activation a[MAX_TOK];
    size_t ld = rows + SPARE;
    int kind = (int)random_below(N_KINDS);
    bool is_mixed = random_below(3) == 0; /* a tiny token among others */
    for (uint32_t t = 0; t < n_tok; t++) {
        x[t] = vector_new(cols, is_mixed ? (int)random_below(N_KINDS) : kind);
        a[t] = x[t].a;
        s->ref->quantise(&a[t], cols, w.m.cols_pad);
    }
    struct output ref = output_new(((n_tok - 1) * ld + rows) * sizeof(float));
    struct output new = output_new(((n_tok - 1) * ld + rows) * sizeof(float));
    uint32_t groups = (rows + ROW_GROUP - 1) / ROW_GROUP;
    for (int turn = 0; turn < 2; turn++) {
        uint32_t g0 = turn ? random_below(groups) : 0;
        uint32_t g1 = turn ? g0 + random_below(groups - g0 + 1) : groups;
        WHAT(s, "matvecs_%s %ux%u groups %u..%u, %u tokens, data %d", format_info(f)->name, rows,
             cols, g0, g1, n_tok, kind);
        output_poison(&ref);
        output_poison(&new);
        for (uint32_t t = 0; t < n_tok; t++)
            s->ref->matvec[f](&w.m, g0, g1, &a[t], (float *)ref.p + t * ld);
        s->new->matvec_batch[f](&w.m, g0, g1, a, n_tok, new.p, ld);
        compare(s, &ref, &new);
    }
    output_free(&ref);
    output_free(&new);
    for (uint32_t t = 0; t < n_tok; t++)
        vector_free(&x[t]);
    weights_free(&w);
}

static void check_matvecs(struct state *s, enum format f)
{
    static const uint32_t cols[] = {1, 33, 130, 300, 520, 1160}, rows[] = {1, 16, 17, 47, 70};
    static const uint32_t many[] = {63, 64, 65, 130};
    uint32_t n_tok = 1;
    for (size_t i = 0; i < COUNT(cols); i++)
        for (size_t j = 0; j < COUNT(rows); j++, n_tok = n_tok % 33 + 1)
            check_matvecs_shape(s, f, rows[j], cols[i], n_tok);
    for (; n_tok <= 33; n_tok++)
        check_matvecs_shape(s, f, 20, 160, n_tok);
    for (size_t i = 0; i < COUNT(many); i++)
        check_matvecs_shape(s, f, 35, 600, many[i]);
    for (uint32_t i = 0; i < 4; i++) /* slices of many groups, more tokens than a panel serves */
        check_matvecs_shape(s, f, 130 + 23 * i, 1030, 254 + 3 * i);
    check_matvecs_shape(s, f, 1070, 70, 130);
}

static void check_dequant_shape(struct state *s, enum format f, uint32_t rows, uint32_t cols)
{
    struct weights w = random_weights(f, rows, cols);
    for (int turn = 0; turn < 3; turn++) {
        uint32_t row0 = turn ? random_below(rows) : 0;
        uint32_t row1 = turn ? row0 + random_below(rows - row0 + 1) : rows;
        size_t bytes = (size_t)(row1 - row0) * cols * sizeof(float);
        struct output ref = output_new(bytes), new = output_new(bytes);
        WHAT(s, "dequant_%s %ux%u rows %u..%u", format_info(f)->name, rows, cols, row0, row1);
        output_poison(&ref);
        output_poison(&new);
        s->ref->dequant[f](&w.m, row0, row1, ref.p);
        s->new->dequant[f](&w.m, row0, row1, new.p);
        compare(s, &ref, &new);
        output_free(&ref);
        output_free(&new);
    }
    weights_free(&w);
}

static void check_matrices(struct state *s)
{
    char name[32];
    for (enum format f = 0; f < N_FORMATS; f++) {
        snprintf(name, sizeof name, "matvec_%s", format_info(f)->name);
        bool matvec = begin(s, (void *)(uintptr_t)s->new->matvec[f], name);
        for (size_t i = 0; matvec && i < COUNT(some_cols); i++)
            for (size_t j = 0; j < COUNT(some_rows); j++)
                check_matvec_shape(s, f, some_rows[j], some_cols[i]);
        snprintf(name, sizeof name, "matvecs_%s", format_info(f)->name);
        if (s->new->matvec_batch[f] && begin(s, (void *)(uintptr_t)s->new->matvec_batch[f], name))
            check_matvecs(s, f);
        snprintf(name, sizeof name, "dequant_%s", format_info(f)->name);
        bool dequant = begin(s, (void *)(uintptr_t)s->new->dequant[f], name);
        for (size_t i = 0; dequant && i < COUNT(some_cols); i++)
            for (size_t j = 0; j < COUNT(some_rows); j++)
                check_dequant_shape(s, f, some_rows[j], some_cols[i]);
    }
}

/* ---- activations ---------------------------------------------------------------------- */

static void check_quantise(struct state *s)
{
    enum { N_PLANES = 5 };
    if (!begin(s, (void *)(uintptr_t)s->new->quantise, "quantise"))
        return;
    for (size_t i = 0; i < COUNT(some_cols); i++)
        for (int kind = 0; kind < N_KINDS + 1; kind++) {
            uint32_t cols = some_cols[i], pad = (cols + 127) / 128 * 128;
            struct input x = random_floats(cols, kind % N_KINDS);
            if (kind == N_KINDS) { /* whatever a broken model may produce: no crash, same bits */
                ((float *)x.p)[random_below(cols)] = NAN;
                ((float *)x.p)[random_below(cols)] = INFINITY;
            }
            WHAT(s, "quantise %u data %d", cols, kind);
            struct output o[2][N_PLANES];
            bool is_fine = (i + (size_t)kind) % 3 > 0;
            for (int n = 0; n < 2; n++) {
                o[n][0] = output_new(pad);
                o[n][1] = output_new(pad / ACT_BLOCK * 4);
                o[n][2] = output_new(pad / 16 * 4);
                o[n][3] = output_new(pad);
                o[n][4] = output_new(pad * 2);
                for (int j = 0; j < N_PLANES; j++)
                    output_poison(&o[n][j]);
                struct activation a = {x.p,
                                       o[n][0].p,
                                       o[n][1].p,
                                       o[n][2].p,
                                       is_fine ? o[n][3].p : NULL,
                                       is_fine ? o[n][4].p : NULL};
                (n ? s->new : s->ref)->quantise(&a, cols, i % 2 ? pad : (cols + 31) / 32 * 32);
            }
            for (int j = 0; j < N_PLANES; j++) {
                compare(s, &o[0][j], &o[1][j]);
                output_free(&o[0][j]);
                output_free(&o[1][j]);
            }
            input_free(&x);
        }
}

/* Runs one vector kernel for lengths 1..100 and some larger ones. */
typedef void vector_check(const struct kernels *k, float *out, const float *a, const float *b,
                          uint32_t n);

static void check_vector(struct state *s, void *function, const char *name, vector_check *run)
{
    if (!begin(s, function, name))
        return;
    for (uint32_t i = 1; i < 120; i++) {
        uint32_t n = i <= 100 ? i : i * i;
        int kind = (int)random_below(N_KINDS);
        struct input a = random_floats(n, kind), b = random_floats(n, (int)random_below(2));
        struct output ref = output_new(n * sizeof(float)), new = output_new(n * sizeof(float));
        WHAT(s, "%s %u data %d", name, n, kind);
        output_poison(&ref);
        output_poison(&new);
        run(s->ref, ref.p, a.p, b.p, n);
        run(s->new, new.p, a.p, b.p, n);
        compare(s, &ref, &new);
        output_free(&ref);
        output_free(&new);
        input_free(&a);
        input_free(&b);
    }
}

static void run_rms_norm(const struct kernels *k, float *out, const float *a, const float *b,
                         uint32_t n)
{
    k->rms_norm(out, a, b, n, 1e-5f);
}

static void run_rms_norm_in_place(const struct kernels *k, float *out, const float *a,
                                  const float *b, uint32_t n)
{
    memcpy(out, a, n * sizeof *out);
    k->rms_norm(out, out, b, n, 1e-6f);
}

static void run_silu_mul(const struct kernels *k, float *out, const float *a, const float *b,
                         uint32_t n)
{
    memcpy(out, a, n * sizeof *out);
    k->silu_mul(out, b, n);
}

static void run_add(const struct kernels *k, float *out, const float *a, const float *b, uint32_t n)
{
    memcpy(out, a, n * sizeof *out);
    k->add(out, b, n);
}

/* One float behind an odd length is nobody's: rope must leave it. */
static void run_rope(const struct kernels *k, float *out, const float *a, const float *b,
                     uint32_t n)
{
    memcpy(out, a, n * sizeof *out);
    k->rope(out, b, b + n / 2, n / 2);
}

static void run_layer_norm(const struct kernels *k, float *out, const float *a, const float *b,
                           uint32_t n)
{
    k->layer_norm(out, a, b, n % 2 ? b : NULL, n, 1e-5f);
}

static void run_gelu_mul(const struct kernels *k, float *out, const float *a, const float *b,
                         uint32_t n)
{
    memcpy(out, a, n * sizeof *out);
    k->gelu_mul(out, n % 2 ? b : NULL, n);
}

static void run_clamped_mul(const struct kernels *k, float *out, const float *a, const float *b,
                            uint32_t n)
{
    memcpy(out, a, n * sizeof *out);
    k->clamped_mul(out, b, 0.5f, 1.702f, n);
}

static void run_soft_cap(const struct kernels *k, float *out, const float *a, const float *b,
                         uint32_t n)
{
    memcpy(out, a, n * sizeof *out);
    k->soft_cap(out, fabsf(b[0]) + 1, n);
}

static void run_scale(const struct kernels *k, float *out, const float *a, const float *b,
                      uint32_t n)
{
    memcpy(out, a, n * sizeof *out);
    k->scale(out, b[0], n);
}

static void run_add_scaled(const struct kernels *k, float *out, const float *a, const float *b,
                           uint32_t n)
{
    memcpy(out, a, n * sizeof *out);
    k->add_scaled(out, b, 0.22f, n);
}

static void run_mul(const struct kernels *k, float *out, const float *a, const float *b, uint32_t n)
{
    memcpy(out, a, n * sizeof *out);
    k->mul(out, b, n);
}

static void run_sigmoid_mul(const struct kernels *k, float *out, const float *a, const float *b,
                            uint32_t n)
{
    memcpy(out, a, n * sizeof *out);
    k->sigmoid_mul(out, n % 3 ? b : out, n);
}

/* One to four taps over what there is. */
static void run_short_conv(const struct kernels *k, float *out, const float *a, const float *b,
                           uint32_t n)
{
    const float *rows[4] = {a, b, b, a};
    const uint32_t taps = 1 + n % 4, ld = n / taps;
    memcpy(out, a, n * sizeof *out);
    k->short_conv(out, rows, b, ld, n % 5 ? NULL : a, taps, ld);
}

static void check_vectors(struct state *s)
{
    check_vector(s, (void *)(uintptr_t)s->new->mul, "mul", run_mul);
    check_vector(s, (void *)(uintptr_t)s->new->sigmoid_mul, "sigmoid_mul", run_sigmoid_mul);
    check_vector(s, (void *)(uintptr_t)s->new->short_conv, "short_conv", run_short_conv);
    check_vector(s, (void *)(uintptr_t)s->new->layer_norm, "layer_norm", run_layer_norm);
    check_vector(s, (void *)(uintptr_t)s->new->gelu_mul, "gelu_mul", run_gelu_mul);
    check_vector(s, (void *)(uintptr_t)s->new->clamped_mul, "clamped_mul", run_clamped_mul);
    check_vector(s, (void *)(uintptr_t)s->new->soft_cap, "soft_cap", run_soft_cap);
    check_vector(s, (void *)(uintptr_t)s->new->scale, "scale", run_scale);
    check_vector(s, (void *)(uintptr_t)s->new->add_scaled, "add_scaled", run_add_scaled);
    void *norm = (void *)(uintptr_t)s->new->rms_norm;
    check_vector(s, norm, "rms_norm", run_rms_norm);
    check_vector(s, norm, "rms_norm in place", run_rms_norm_in_place);
    check_vector(s, (void *)(uintptr_t)s->new->silu_mul, "silu_mul", run_silu_mul);
    check_vector(s, (void *)(uintptr_t)s->new->add, "add", run_add);
    check_vector(s, (void *)(uintptr_t)s->new->rope, "rope", run_rope);
}

/* ---- attention ------------------------------------------------------------------------ */

static const char *const names[] = {"f32", "bf16", "int8"};

static void run_attention(const struct kernels *k, enum element e, const struct attend_group *a)
{
    attend_group_fn *const of[] = {k->attend_group_f32, k->attend_group_bf16, k->attend_group_int8};
    of[e](a);
}

static void check_attend_shape(struct state *s, enum element e, uint32_t n_pos, uint32_t dim)
{
    size_t n = (size_t)n_pos * dim;
    int kind = (int)random_below(3);
    struct input q = random_floats(dim, kind), k = random_floats(n, 0), v = random_floats(n, 0);
    struct input kh = input_new(n * 2), vh = input_new(n * 2);
    struct input k8 = input_new(n), v8 = input_new(n);
    struct input ks = random_floats(n_pos, 0), vs = random_floats(n_pos, 0);
    for (size_t i = 0; i < n; i++) {
        ((uint16_t *)kh.p)[i] = (uint16_t)(float_bits(((float *)k.p)[i]) >> 16);
        ((uint16_t *)vh.p)[i] = (uint16_t)(float_bits(((float *)v.p)[i]) >> 16);
        ((int8_t *)k8.p)[i] = (int8_t)((int)random_below(255) - 127);
        ((int8_t *)v8.p)[i] = (int8_t)((int)random_below(255) - 127);
    }
    float scale = 1 / sqrtf((float)dim);
    struct output out[2], scores[2];
    WHAT(s, "attend_%s %u positions, head %u, data %d", names[e], n_pos, dim, kind);
    for (int i = 0; i < 2; i++) {
        const struct kernels *t = i ? s->new : s->ref;
        out[i] = output_new(dim * sizeof(float));
        scores[i] = output_new(n_pos * sizeof(float));
        output_poison(&out[i]);
        output_poison(&scores[i]);
        void *const keys[] = {k.p, kh.p, k8.p}, *const values[] = {v.p, vh.p, v8.p};
        run_attention(t, e,
                      &(struct attend_group){.out = out[i].p,
                                             .q = q.p,
                                             .n = 1,
                                             .n_pos = n_pos,
                                             .dim = dim,
                                             .k = keys[e],
                                             .v = values[e],
                                             .k_scale = e == ELEMENT_INT8 ? ks.p : NULL,
                                             .v_scale = e == ELEMENT_INT8 ? vs.p : NULL,
                                             .scale = scale,
                                             .scores = scores[i].p,
                                             .n_rows = 1});
    }
    compare(s, &out[0], &out[1]);
    compare(s, &scores[0], &scores[1]);
    for (int i = 0; i < 2; i++) {
        output_free(&out[i]);
        output_free(&scores[i]);
    }
    input_free(&q);
    input_free(&k);
    input_free(&v);
    input_free(&kh);
    input_free(&vh);
    input_free(&k8);
    input_free(&v8);
    input_free(&ks);
    input_free(&vs);
}

/* What a group sees, how, and with how many rows of scores. */
struct look {
    uint32_t n, n_pos, dim, step, window, n_rows;
    float cap;
    bool has_sinks;
};

/* Each query alone, by the scalar function, over no more than it sees: the reference. */
static void attend_alone(const struct kernels *ref, enum element e, const struct attend_group *g,
                         float *scores)
{
    static const size_t bytes[] = {sizeof(float), sizeof(uint16_t), 1};
    for (uint32_t t = 0; t < g->n; t++) {
        const uint32_t end = g->n_pos + t * g->step;
        const uint32_t first = g->window && end > g->window ? end - g->window : 0;
        struct attend_group one = *g;
        one.out += t * g->ld_out;
        one.q += t * g->ld_q;
        one.n = one.n_rows = 1;
        one.n_pos = end - first;
        one.step = one.window = 0;
        one.k = (const uint8_t *)g->k + first * g->dim * bytes[e];
        one.v = (const uint8_t *)g->v + first * g->dim * bytes[e];
        one.k_scale = g->k_scale ? g->k_scale + first : NULL;
        one.v_scale = g->v_scale ? g->v_scale + first : NULL;
        one.sinks = g->sinks ? g->sinks + t : NULL;
        one.scores = scores;
        run_attention(ref, e, &one);
    }
}

/* The most positions that n neighbours see together. */
static size_t seen_together(const struct look *l, uint32_t n)
{
    const size_t end = l->n_pos + (l->n - 1) * l->step;
    const size_t most = l->window + (size_t)(n - 1) * l->step;
    return l->window && most < end ? most : end;
}

static void check_group_shape(struct state *s, enum element e, struct look l)
{
    const size_t n_pos = l.n_pos + (l.n - 1) * l.step, n_values = n_pos * l.dim;
    const size_t ld_q = l.dim + 2, ld_out = l.dim + 3;
    const uint32_t rows = l.n < l.n_rows ? l.n : l.n_rows;
    struct input q = random_floats((l.n - 1) * ld_q + l.dim, (int)random_below(3));
    struct input k = random_floats(n_values, 0), v = random_floats(n_values, 0);
    struct input ks = random_floats(n_pos, 0), vs = random_floats(n_pos, 0);
    struct input sinks = random_floats(l.n, 0);
    struct output ref = output_new(((l.n - 1) * ld_out + l.dim) * sizeof(float));
    struct output new = output_new(ref.bytes);
    struct output wide = output_new((size_t)ATTEND_NEAR * l.dim * sizeof(float));
    struct output scores =
        output_new((size_t)rows * (seen_together(&l, rows) + l.has_sinks) * sizeof(float));
    float *alone = malloc((n_pos + 1) * sizeof *alone);
    for (size_t i = 0; i < n_values && e != ELEMENT_F32; i++) {
        float x[2] = {((float *)k.p)[i], ((float *)v.p)[i]};
        uint16_t half[2] = {(uint16_t)(float_bits(x[0]) >> 16), (uint16_t)(float_bits(x[1]) >> 16)};
        if (e == ELEMENT_INT8) {
            ((int8_t *)k.p)[i] = (int8_t)((int)random_below(255) - 127);
            ((int8_t *)v.p)[i] = (int8_t)((int)random_below(255) - 127);
        } else {
            ((uint16_t *)k.p)[i] = half[0];
            ((uint16_t *)v.p)[i] = half[1];
        }
    }
    struct attend_group g = {.out = (float *)ref.p,
                             .ld_out = ld_out,
                             .q = q.p,
                             .ld_q = ld_q,
                             .n = l.n,
                             .n_pos = l.n_pos,
                             .dim = l.dim,
                             .step = l.step,
                             .window = l.window,
                             .k = k.p,
                             .v = v.p,
                             .scale = 1 / sqrtf((float)l.dim),
                             .cap = l.cap,
                             .sinks = l.has_sinks ? sinks.p : NULL,
                             .scores = (float *)scores.p,
                             .ld_scores = seen_together(&l, rows) + l.has_sinks,
                             .n_rows = l.n_rows,
                             .wide = (float *)wide.p};
    if (e == ELEMENT_INT8) {
        g.k_scale = ks.p;
        g.v_scale = vs.p;
    }
    WHAT(s, "attend_group_%s %u queries, %u positions, step %u, window %u, head %u, cap %g%s",
         names[e], l.n, l.n_pos, l.step, l.window, l.dim, (double)l.cap,
         l.has_sinks ? ", sinks" : "");
    output_poison(&ref);
    output_poison(&new);
    output_poison(&scores);
    output_poison(&wide);
    attend_alone(s->ref, e, &g, alone);
    g.out = (float *)new.p;
    run_attention(s->new, e, &g);
    compare(s, &ref, &new);
    for (int i = 0; i < BAND; i++)
        if (scores.all[i] != POISON || scores.all[BAND + scores.bytes + (size_t)i] != POISON ||
            wide.all[i] != POISON || wide.all[BAND + wide.bytes + (size_t)i] != POISON) {
            fail(s, "wrote outside its scratch");
            break;
        }
    free(alone);
    output_free(&ref);
    output_free(&new);
    output_free(&scores);
    output_free(&wide);
    struct input *inputs[] = {&q, &k, &v, &ks, &vs, &sinks};
    for (size_t i = 0; i < COUNT(inputs); i++)
        input_free(inputs[i]);
}

/* Heads of a group, and neighbours in a prompt; caps, sinks and windows of every kind. */
static void check_groups(struct state *s)
{
    static const uint32_t dims[] = {1, 7, 16, 24, 33, 64, 80, 96, 128, 256, 512};
    static const uint32_t positions[] = {1, 7, 15, 16, 64, 130};
    static const uint32_t sizes[] = {1, 2, 3, 4, 5, 8, 33, 70};
    static const uint32_t windows[] = {0, 1, 2, 3, 17, 65, 300};
    void *const functions[] = {(void *)(uintptr_t)s->new->attend_group_f32,
                               (void *)(uintptr_t)s->new->attend_group_bf16,
                               (void *)(uintptr_t)s->new->attend_group_int8};
    for (enum element e = ELEMENT_F32; e <= ELEMENT_INT8; e++) {
        char name[32];
        snprintf(name, sizeof name, "attend_group_%s", names[e]);
        if (!begin(s, functions[e], name))
            continue;
        for (size_t i = 0; i < COUNT(dims); i++)
            for (uint32_t way = 0; way < 12; way++) {
                const uint32_t n_sizes = dims[i] > 128 ? 6 : COUNT(sizes);
                check_group_shape(s, e,
                                  (struct look){.n = sizes[random_below(n_sizes)],
                                                .n_pos = positions[random_below(COUNT(positions))],
                                                .dim = dims[i],
                                                .step = way >> 1 & 1,
                                                .window = windows[random_below(COUNT(windows))],
                                                .n_rows = way & 1 ? ATTEND_TILE : 5,
                                                .cap = random_below(2) ? 3 : 0,
                                                .has_sinks = random_below(2)});
            }
    }
}

static void check_attend(struct state *s)
{
    static const uint32_t dims[] = {1, 7, 8, 16, 24, 32, 48, 64, 80, 96, 100, 128, 200};
    static const uint32_t positions[] = {1, 2, 7, 15, 16, 17, 31, 100, 301};
    void *const functions[] = {(void *)(uintptr_t)s->new->attend_group_f32,
                               (void *)(uintptr_t)s->new->attend_group_bf16,
                               (void *)(uintptr_t)s->new->attend_group_int8};
    for (enum element e = ELEMENT_F32; e <= ELEMENT_INT8; e++) {
        char name[32];
        snprintf(name, sizeof name, "attend_%s", names[e]);
        if (begin(s, functions[e], name))
            for (size_t i = 0; i < COUNT(dims); i++)
                for (size_t j = 0; j < COUNT(positions); j++)
                    check_attend_shape(s, e, positions[j], dims[i]);
    }
}

/* A head of a position to int8, with its scale behind it. */
static void check_pack(struct state *s)
{
    if (!begin(s, (void *)(uintptr_t)s->new->pack_int8, "pack_int8"))
        return;
    for (uint32_t n = 4; n < 300; n += 4 + 4 * random_below(7)) {
        int kind = (int)random_below(N_KINDS);
        struct input x = random_floats(n, kind);
        struct output out[2];
        if (random_below(4) == 0)
            ((float *)x.p)[random_below(n)] = NAN;
        WHAT(s, "pack_int8 head %u, data %d", n, kind);
        for (int i = 0; i < 2; i++) {
            out[i] = output_new(n + sizeof(float));
            output_poison(&out[i]);
            float scale;
            (i ? s->new : s->ref)->pack_int8(out[i].p, &scale, x.p, n);
            memcpy((uint8_t *)out[i].p + n, &scale, sizeof scale);
        }
        compare(s, &out[0], &out[1]);
        for (int i = 0; i < 2; i++)
            output_free(&out[i]);
        input_free(&x);
    }
}

/* int8 positions to bf16 and back. */
static void check_unpack(struct state *s)
{
    if (!begin(s, (void *)(uintptr_t)s->new->unpack_int8, "unpack_int8"))
        return;
    for (uint32_t dim = 1; dim < 140; dim += 1 + random_below(20)) {
        uint32_t n_pos = 1 + random_below(20);
        size_t n = (size_t)n_pos * dim;
        struct input q = input_new(n), scale = random_floats(n_pos, 0);
        struct output out[2];
        for (size_t i = 0; i < n; i++)
            ((int8_t *)q.p)[i] = (int8_t)((int)random_below(255) - 127);
        WHAT(s, "unpack_int8 %u positions, head %u", n_pos, dim);
        for (int i = 0; i < 2; i++) {
            out[i] = output_new(n * sizeof(uint16_t));
            output_poison(&out[i]);
            (i ? s->new : s->ref)->unpack_int8(out[i].p, q.p, scale.p, n_pos, dim);
        }
        compare(s, &out[0], &out[1]);
        for (int i = 0; i < 2; i++)
            output_free(&out[i]);
        input_free(&q);
        input_free(&scale);
    }
}

/* ---- states ------------------------------------------------------------------------------ */

static void check_delta_shape(struct state *s, uint32_t n_tok, uint32_t k_dim, bool in_place)
{
    const size_t ld = 2 * k_dim + DELTA_COLS + 3, n = k_dim * DELTA_COLS, ld_out = DELTA_COLS + 1;
    struct input in = random_floats(n_tok * ld, (int)random_below(2)), before = random_floats(n, 0);
    struct input gates = input_new(2 * n_tok * sizeof(float));
    struct output out[2], state[2];
    for (uint32_t i = 0; i < 2 * n_tok; i++)
        ((float *)gates.p)[i] = (float)random_unit();
    WHAT(s, "delta_rule %u tokens, keys of %u%s", n_tok, k_dim, in_place ? ", in place" : "");
    for (int i = 0; i < 2; i++) {
        out[i] = output_new(((n_tok - 1) * ld_out + DELTA_COLS) * sizeof(float));
        state[i] = output_new(n * sizeof(float));
        output_poison(&out[i]);
        output_poison(&state[i]);
        if (in_place)
            memcpy(state[i].p, before.p, n * sizeof(float));
        (i ? s->new : s->ref)
            ->delta_rule(&(struct delta_rule){.state = (float *)state[i].p,
                                              .before = in_place ? (const float *)state[i].p
                                                                 : (const float *)before.p,
                                              .q = in.p,
                                              .k = (const float *)in.p + k_dim,
                                              .v = (const float *)in.p + 2 * k_dim,
                                              .ld = ld,
                                              .decay = gates.p,
                                              .beta = (const float *)gates.p + 1,
                                              .ld_gate = 2,
                                              .out = (float *)out[i].p,
                                              .ld_out = ld_out,
                                              .n_tok = n_tok,
                                              .k_dim = k_dim});
    }
    compare(s, &out[0], &out[1]);
    compare(s, &state[0], &state[1]);
    for (int i = 0; i < 2; i++) {
        output_free(&out[i]);
        output_free(&state[i]);
    }
    input_free(&in);
    input_free(&before);
    input_free(&gates);
}

static void check_delta(struct state *s)
{
    static const uint32_t dims[] = {1, 2, 3, 4, 7, 16, 33, 64, 126, 128, 256};
    if (!begin(s, (void *)(uintptr_t)s->new->delta_rule, "delta_rule"))
        return;
    for (size_t i = 0; i < COUNT(dims); i++)
        for (uint32_t n_tok = 1; n_tok < 12; n_tok += 3)
            for (int in_place = 0; in_place < 2; in_place++)
                check_delta_shape(s, n_tok, dims[i], in_place);
}

static void check_all(struct state *s)
{
    check_delta(s);
    check_matrices(s);
    check_quantise(s);
    check_vectors(s);
    check_attend(s);
    check_groups(s);
    check_pack(s);
    check_unpack(s);
}

/* ---- CPU levels ----------------------------------------------------------------------- */

static const unsigned ladder[] = {CPU_AVX2, CPU_AVXVNNI, CPU_AVX512,  CPU_VNNI,
                                  CPU_AMX,  CPU_NEON,    CPU_DOTPROD, CPU_I8MM};

static void check_level(struct state *s)
{
    int checked = s->n_checked, failed = s->n_failed;
    check_all(s);
    printf("%-8s %d kernels checked, %d comparisons failed\n", s->new->level,
           s->n_checked - checked, s->n_failed - failed);
}

static void check_levels(struct state *s)
{
    static struct kernels ref, new;
    unsigned flags = 0;
    kernels_init(&ref, 0);
    s->ref = &ref;
    for (size_t i = 0; i < COUNT(ladder); i++) {
        if (!(cpu_flags() & ladder[i]))
            continue;
        flags |= ladder[i];
        kernels_init(&new, flags);
        s->new = &new;
        check_level(s);
    }
}

/* ---- the test of the test ------------------------------------------------------------- */

static struct kernels good;

static void broken_last_bit(const struct matrix *w, uint32_t g0, uint32_t g1,
                            const struct activation *x, float *y)
{
    good.matvec[w->format](w, g0, g1, x, y);
    if (g1 > g0)
        y[g0 * ROW_GROUP] = nextafterf(y[g0 * ROW_GROUP], INFINITY);
}

static void broken_writes_behind(const struct matrix *w, uint32_t g0, uint32_t g1,
                                 const struct activation *x, float *y)
{
    good.matvec[w->format](w, g0, g1, x, y);
    if (w->rows % ROW_GROUP && g1 * ROW_GROUP > w->rows)
        y[w->rows] = 0;
}

static void broken_other_slice(const struct matrix *w, uint32_t g0, uint32_t g1,
                               const struct activation *x, float *y)
{
    (void)g0;
    good.matvec[w->format](w, 0, g1, x, y);
}

static void broken_last_token(const struct matrix *w, uint32_t g0, uint32_t g1,
                              const struct activation *x, uint32_t n_tok, float *y, size_t ld_y)
{
    good.matvec_batch[w->format](w, g0, g1, x, n_tok > 64 ? n_tok - 1 : n_tok, y, ld_y);
}

static void broken_dequant(const struct matrix *w, uint32_t row0, uint32_t row1, float *out)
{
    good.dequant[w->format](w, row0, row1, out);
    if (w->cols % 32 == 1 && row1 > row0)
        out[w->cols - 1] = -out[w->cols - 1];
}

static void broken_quantise(struct activation *a, uint32_t cols, uint32_t cols_pad)
{
    good.quantise(a, cols, cols_pad);
    if (a->q[0] == 127)
        a->sum[0]++;
}

static void broken_silu_mul(float *gate, const float *up, uint32_t n)
{
    good.silu_mul(gate, up, n - n % 16); /* forgets the tail */
}

static void broken_rope(float *head, const float *cos, const float *sin, uint32_t half)
{
    good.rope(head, cos, sin, half);
    head[2 * half] = 0; /* one beyond */
}

static void broken_attend(const struct attend_group *a)
{
    good.attend_group_f32(a);
    if (a->n == 1 && !a->window && !a->sinks)
        a->scores[a->n_pos - 1] += 1;
}

/* The last query sees a position less. */
static void broken_prompt(const struct attend_group *a)
{
    struct attend_group less = *a;
    good.attend_group_int8(a);
    if (a->step == 0 || a->n_pos < 2 || a->window)
        return;
    less.n = 1;
    less.n_pos += a->n - 2;
    less.q += (a->n - 1) * a->ld_q;
    less.out += (a->n - 1) * a->ld_out;
    less.sinks = a->sinks ? a->sinks + a->n - 1 : NULL;
    good.attend_group_int8(&less);
}

/* A window that is one too wide. */
static void broken_window(const struct attend_group *a)
{
    struct attend_group wider = *a;
    wider.window += a->window > 1 && a->window < a->n_pos;
    good.attend_group_bf16(&wider);
}

/* -> true when the tester notices this table. `name`: of the checks that are run; NULL: all. */
static bool caught(const struct kernels *broken, const char *name)
{
    struct state s = {.ref = &good, .new = broken, .seed = 1, .quiet = true, .filter = name};
    check_all(&s);
    return s.n_failed > 0;
}

static int selftest(void)
{
    int missed = 0;
    kernels_init(&good, 0);
    static const char *const checks[] = {
        "matvec_qins4",     "matvec_qins8", "matvec_qins9", "dequant_qins4-16", "quantise",
        "silu_mul",         "rope",         "_f32",         "matvecs_qins4",    "attend_group_int8",
        "attend_group_bf16"};
    struct kernels broken[COUNT(checks)];
    for (size_t i = 0; i < COUNT(broken); i++) {
        broken[i] = good;
        broken[i].level = "broken";
    }
    broken[0].matvec[FORMAT_QINS4] = broken_last_bit;
    broken[1].matvec[FORMAT_QINS8] = broken_writes_behind;
    broken[2].matvec[FORMAT_QINS9] = broken_other_slice;
    broken[3].dequant[FORMAT_QINS4_16] = broken_dequant;
    broken[4].quantise = broken_quantise;
    broken[5].silu_mul = broken_silu_mul;
    broken[6].rope = broken_rope;
    broken[7].attend_group_f32 = broken_attend;
    broken[8].matvec_batch[FORMAT_QINS4] = broken_last_token;
    broken[9].attend_group_int8 = broken_prompt;
    broken[10].attend_group_bf16 = broken_window;
    for (size_t i = 0; i < COUNT(broken); i++)
        if (!caught(&broken[i], checks[i])) {
            printf("FAILED: broken kernel %zu was not caught\n", i);
            missed++;
        }
    if (caught(&good, NULL)) {
        printf("FAILED: equal kernels were called different\n");
        missed++;
    }
    printf("selftest: %zu broken kernels, %d mistakes\n", COUNT(broken), missed);
    return missed != 0;
}

int main(int argc, char **argv)
{
    struct state s = {.seed = (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--selftest") == 0)
            return selftest();
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            s.seed = strtoull(argv[++i], NULL, 0);
        else
            s.filter = argv[i];
    }
    printf("seed %llu\n", (unsigned long long)s.seed);
    check_levels(&s);
    return s.n_failed != 0;
}
