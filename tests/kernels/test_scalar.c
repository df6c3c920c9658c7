/* SPDX-License-Identifier: MIT
 *
 * The scalar kernels, the definition of all others, against their formulas in double precision.
 * Bounds are proportional to the sum of the absolute terms.
 */
#include <float.h>

#include "kernels_internal.h"
#include "qins.h"
#include "random.h"
#include "test.h"

#define EPS (FLT_EPSILON / 2) /* relative error of one rounding */

static struct kernels k;

static void random_fill(float *x, size_t n, float sigma)
{
    for (size_t i = 0; i < n; i++)
        x[i] = sigma * random_gauss();
}

/* ---- matrices ------------------------------------------------------------------------- */

enum { ROWS = 37, COLS = 300, PAD = 384 };

struct problem {
    struct matrix m;
    float *data, *row; /* as float, for its alignment */
    float w[ROWS * COLS];
    float x[COLS], scale[PAD / ACT_BLOCK], y[ROWS];
    int8_t q[PAD], low[PAD];
    int32_t sum[PAD / 16];
    int16_t wide[PAD];
};

static struct problem *problem_new(enum format f)
{
    struct problem *p = calloc(1, sizeof *p);
    struct qins_range range = QINS_RANGE_EMPTY;
    random_seed(20 + f);
    random_fill(p->w, ROWS * COLS, 0.02f);
    random_fill(p->x, COLS, 1);
    p->m = matrix_shape(f, ROWS, COLS);
    p->data = malloc(matrix_data_bytes(&p->m));
    p->row = malloc(matrix_row_bytes(&p->m) + 1);
    qins_range_add(&range, p->w, ROWS * COLS);
    qins_range_finish(&range);
    qins_encode(&p->m, &range, 0, ROWS, p->w, p->data, p->row, NULL);
    p->m.data = p->data;
    p->m.row = p->row;
    p->m.log_min = range.log_min;
    p->m.log_max = range.log_max;
    k.dequant[f](&p->m, 0, ROWS, p->w);
    return p;
}

static void problem_free(struct problem *p)
{
    free(p->data);
    free(p->row);
    free(p);
}

/* What format and activations allow y[r] to be off, given exact sums. */
static double allowed(const struct problem *p, uint32_t r)
{
    double bound = 0;
    bool integer = p->m.format >= FORMAT_QINS8,
         nine = p->m.format == FORMAT_QINS9 || p->m.format == FORMAT_QINS9ROW;
    for (uint32_t c = 0; c < COLS; c++) {
        double w = fabs((double)p->w[r * COLS + c]), x = fabs((double)p->x[c]);
        double half = integer ? 0.5001 * p->scale[c / ACT_BLOCK] : 0;
        if (p->m.format == FORMAT_QINS8)
            half /= 128;
        bound += w * x * (COLS / 16 + 10) * EPS; /* roundings of products and sums */
        bound += w * half;                       /* activations in 8 bits, or in 15 */
        if (p->m.format == FORMAT_QINS8)         /* magnitudes in 8 bits */
            bound += 0.5001 / 255 * p->m.row[r] * (x + half);
        if (nine) /* log_min + t step in float, up to 20: its error becomes relative */
            bound += w * x * 20 * 2 * EPS;
    }
    return bound;
}

static void test_matvec_is_the_product(void **state)
{
    (void)state;
    for (enum format f = 0; f < N_FORMATS; f++) {
        struct problem *p = problem_new(f);
        struct activation a = {p->x, p->q, p->scale, p->sum, p->low, p->wide};
        k.quantise(&a, COLS, PAD);
        k.matvec[f](&p->m, 0, (ROWS + ROW_GROUP - 1) / ROW_GROUP, &a, p->y);
        for (uint32_t r = 0; r < ROWS; r++) {
            double exact = 0;
            for (uint32_t c = 0; c < COLS; c++)
                exact += (double)p->w[r * COLS + c] * p->x[c];
            assert_true(fabs(p->y[r] - exact) <= allowed(p, r));
        }
        problem_free(p);
    }
}

static void test_quantise(void **state)
{
    (void)state;
    float x[COLS], scale[PAD / ACT_BLOCK];
    int8_t q[PAD], low[PAD];
    int32_t sum[PAD / 16];
    int16_t wide[PAD];
    struct activation a = {x, q, scale, sum, low, wide};
    random_seed(30);
    random_fill(x, COLS, 3);
    x[40] = 1e-30f; /* in a block of ordinary values */
    for (int i = 64; i < 96; i++)
        x[i] = 0;
    for (int i = 96; i < 128; i++)
        x[i] = 1e-40f; /* its scale would be subnormal */
    memset(q, 1, sizeof q);
    k.quantise(&a, COLS, PAD);
    for (int b = 0; b < PAD / ACT_BLOCK; b++) {
        double max = 0;
        int most = 0, total[2] = {0};
        for (int i = b * 32; i < b * 32 + 32; i++) {
            double v = i < COLS ? x[i] : 0;
            max = fmax(max, fabs(v));
            most = abs(q[i]) > most ? abs(q[i]) : most;
            total[i / 16 % 2] += q[i];
            assert_true(fabs(v - (double)q[i] * scale[b]) <= 0.5001 * scale[b] + 1e-38);
            assert_int_equal(wide[i], 128 * q[i] + low[i]);
            assert_true(fabs(v - wide[i] / 128.0 * scale[b]) <= 0.503 / 128 * scale[b] + 1e-38);
        }
        assert_int_equal(most, max > 1e-35 ? 127 : 0);
        assert_int_equal(total[0], sum[b * 2]);
        assert_int_equal(total[1], sum[b * 2 + 1]);
        assert_float_equal(scale[b], max > 1e-35 ? max / 127 : 0, max * 1e-7);
    }
}

static void test_gemm_is_the_product(void **state)
{
    (void)state;
    enum { TOK = 5, N = 7, LD = 9 };
    static float x[TOK * COLS], panel[N * COLS], out[TOK * LD];
    random_seed(31);
    random_fill(x, TOK * COLS, 1);
    random_fill(panel, N * COLS, 1);
    for (int i = 0; i < TOK * LD; i++)
        out[i] = 77;
    k.gemm_f32(TOK, N, COLS, x, panel, out, LD);
    for (int t = 0; t < TOK; t++)
        for (int r = 0; r < LD; r++) {
            double exact = 0, terms = 0;
            for (int c = 0; c < COLS && r < N; c++) {
                double term = (double)x[t * COLS + c] * panel[r * COLS + c];
                exact += term;
                terms += fabs(term);
            }
            if (r < N)
                assert_true(fabs(out[t * LD + r] - exact) <= COLS * EPS * terms);
            else
                assert_true(out[t * LD + r] == 77); /* between the rows of out */
        }
}

/* ---- vectors -------------------------------------------------------------------------- */

static void test_rms_norm(void **state)
{
    (void)state;
    float x[COLS], w[COLS], out[COLS];
    random_seed(32);
    random_fill(x, COLS, 2);
    random_fill(w, COLS, 1);
    double sum = 0;
    for (int i = 0; i < COLS; i++)
        sum += (double)x[i] * x[i];
    k.rms_norm(out, x, w, COLS, 1e-5f);
    double factor = 1 / sqrt(sum / COLS + (double)1e-5f);
    for (int i = 0; i < COLS; i++) {
        double exact = x[i] * factor * w[i];
        assert_true(fabs(out[i] - exact) <= (COLS / 16 + 10) * EPS * fabs(exact));
    }
}

static void test_rope_rotates(void **state)
{
    (void)state;
    enum { HALF = 10, DIM = 24 };
    float head[DIM], old[DIM], c[HALF], s[HALF];
    random_seed(33);
    random_fill(head, DIM, 1);
    memcpy(old, head, sizeof old);
    for (int i = 0; i < HALF; i++) {
        c[i] = (float)cos(0.3 * i);
        s[i] = (float)sin(0.3 * i);
    }
    k.rope(head, c, s, HALF);
    for (int j = 0; j < HALF; j++) {
        double a = old[j], b = old[j + HALF];
        double bound = 3 * EPS * (fabs(a) + fabs(b));
        assert_true(fabs(head[j] - (a * c[j] - b * s[j])) <= bound);
        assert_true(fabs(head[j + HALF] - (b * c[j] + a * s[j])) <= bound);
    }
    assert_memory_equal(head + 2 * HALF, old + 2 * HALF, (DIM - 2 * HALF) * sizeof *head);
}

static void test_silu_mul_and_add(void **state)
{
    (void)state;
    enum { N = 4000 };
    static float gate[N], up[N], old[N];
    random_seed(34);
    random_fill(up, N, 1);
    for (int i = 0; i < N; i++)
        gate[i] = old[i] = (float)(i - N / 2) * 0.05f; /* -100 .. 100 */
    k.silu_mul(gate, up, N);
    for (int i = 0; i < N; i++) {
        double exact = old[i] / (1 + exp(-(double)old[i])) * up[i];
        /* below -87 the exponential stands still: absolutely that is nothing */
        assert_true(fabs(gate[i] - exact) <= 8 * EPS * fabs(exact) + 1e-35);
    }
    k.add(up, old, N);
    assert_true(up[5] != old[5]);
    k.add(old, old, N);
    assert_true(old[5] == 2 * ((5 - N / 2) * 0.05f));
}

static void check_attend(uint32_t n_pos, uint32_t dim, enum element e, float sigma)
{
    float *q = calloc(dim, 4), *out = calloc(dim, 4), *scores = calloc(n_pos, 4);
    float *key = calloc((size_t)n_pos * dim, 4), *v = calloc((size_t)n_pos * dim, 4);
    uint16_t *kh = calloc((size_t)n_pos * dim, 2), *vh = calloc((size_t)n_pos * dim, 2);
    int8_t *k8 = calloc((size_t)n_pos, dim), *v8 = calloc((size_t)n_pos, dim);
    float *ks = calloc(n_pos, 4), *vs = calloc(n_pos, 4);
    float scale = 1 / sqrtf((float)dim);
    random_fill(q, dim, sigma);
    random_fill(key, (size_t)n_pos * dim, 1);
    random_fill(v, (size_t)n_pos * dim, 1);
    for (size_t i = 0; e == ELEMENT_BF16 && i < (size_t)n_pos * dim; i++) {
        key[i] = bf16_to_f32(kh[i] = bf16_from_f32(key[i]));
        v[i] = bf16_to_f32(vh[i] = bf16_from_f32(v[i]));
    }
    for (uint32_t p = 0; e == ELEMENT_INT8 && p < n_pos; p++) {
        size_t at = (size_t)p * dim;
        float *rows[] = {key + at, v + at};
        for (int r = 0; r < 2; r++) {
            int8_t *q8 = (r ? v8 : k8) + at;
            float *s8 = (r ? vs : ks) + p;
            k.pack_int8(q8, s8, rows[r], dim);
            for (uint32_t d = 0; d < dim; d++) {
                assert_true(fabsf(rows[r][d] - *s8 * q8[d]) <= *s8 * 0.5001f);
                rows[r][d] = *s8 * q8[d];
            }
        }
    }
    struct attend_group a = {
        .out = out, .q = q, .n = 1, .n_pos = n_pos, .dim = dim, .scale = scale, .scores = scores};
    a.k = e == ELEMENT_INT8 ? (void *)k8 : e == ELEMENT_BF16 ? (void *)kh : (void *)key;
    a.v = e == ELEMENT_INT8 ? (void *)v8 : e == ELEMENT_BF16 ? (void *)vh : (void *)v;
    a.k_scale = e == ELEMENT_INT8 ? ks : NULL;
    a.v_scale = e == ELEMENT_INT8 ? vs : NULL;
    (e == ELEMENT_INT8   ? k.attend_group_int8
     : e == ELEMENT_BF16 ? k.attend_group_bf16
                         : k.attend_group_f32)(&a);

    double *weight = calloc(n_pos, sizeof *weight), max = -INFINITY, sum = 0, off = 0;
    for (uint32_t p = 0; p < n_pos; p++) {
        double terms = 0;
        for (uint32_t d = 0; d < dim; d++) {
            weight[p] += (double)scale * q[d] * key[p * dim + d];
            terms += fabs((double)scale * q[d] * key[p * dim + d]);
        }
        max = fmax(max, weight[p]);
        off = fmax(off, terms * (dim / 16 + 12) * EPS); /* of a score, so relative of its weight */
    }
    for (uint32_t p = 0; p < n_pos; p++)
        sum += weight[p] = exp(weight[p] - max);
    for (uint32_t d = 0; d < dim; d++) {
        double exact = 0, terms = 0;
        for (uint32_t p = 0; p < n_pos; p++) {
            exact += weight[p] / sum * v[p * dim + d];
            terms += weight[p] / sum * fabs((double)v[p * dim + d]);
        }
        assert_true(fabs(out[d] - exact) <= terms * (2 * off + (n_pos + 10) * EPS));
    }
    free(k8), free(v8), free(ks), free(vs);
    free(weight), free(kh), free(vh), free(key), free(v), free(q), free(out), free(scores);
}

static void test_attention(void **state)
{
    (void)state;
    random_seed(35);
    for (enum element e = ELEMENT_F32; e <= ELEMENT_INT8; e++) {
        check_attend(1, 24, e, 1);
        check_attend(100, 96, e, 1);
        check_attend(333, 64, e, 100); /* scores far apart: only the greatest counts */
        check_attend(17, 7, e, 0);     /* all alike */
    }
}

/* ---- rows of formats -------------------------------------------------------------------- */

/* Bits per weight as "Number formats" of the specification has them, and what the names promise. */
static void test_rows_of_formats_are_what_the_kernels_do(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double bits;
        uint32_t row_floats;
        bool is_qins, has_fine_edges;
    } expected[] = {
        {"f32", 32, 0, false, false},     {"bf16", 16, 0, false, false},
        {"qins9", 9, 0, true, false},     {"qins9row", 9, 2, true, false},
        {"qins8", 8, 1, true, false},     {"qins4", 4.25, 1, true, true},
        {"qins4-16", 4.5, 1, true, true}, {"qins3", 3.5, 1, true, true},
        {"qins2", 2.5, 1, true, true},
    };
    assert_int_equal(sizeof expected / sizeof *expected, N_FORMATS);
    for (size_t i = 0; i < N_FORMATS; i++) {
        enum format f;
        if (!format_from_name(expected[i].name, &f))
            fail_msg("no format %s", expected[i].name);
        const struct format_info *info = format_info(f);
        uint32_t rows = info->is_qins ? ROW_GROUP : 1;
        bool right = info->tile_bytes * 8.0 / (rows * info->tile_cols) == expected[i].bits &&
                     info->row_floats == expected[i].row_floats &&
                     info->is_qins == expected[i].is_qins &&
                     info->is_qins == (info->tile_cols > 1) &&
                     info->has_fine_edges == expected[i].has_fine_edges &&
                     info->is_int8 == (k.matvec_batch[f] != NULL) && k.matvec[f] && k.dequant[f];
        /* a block's scale is one byte beside its codes */
        if (info->block)
            right &= expected[i].bits == info->code_bits + 8.0 / info->block;
        if (!right)
            fail_msg("the row of %s is wrong", expected[i].name);
    }
}

/* ---- CPU levels ----------------------------------------------------------------------- */

/* ---- states ------------------------------------------------------------------------------ */

static void test_gates_and_convolutions(void **state)
{
    (void)state;
    enum { N = 40, TAPS = 3 };
    float x[N], gate[N], y[N], rows[TAPS][N], w[TAPS * N], bias[N], out[N];
    random_seed(77);
    random_fill(x, N, 3);
    random_fill(gate, N, 3);
    random_fill(rows[0], TAPS * N, 1);
    random_fill(w, TAPS * N, 1);
    random_fill(bias, N, 1);
    memcpy(y, x, sizeof y);
    k.sigmoid_mul(y, gate, N);
    for (int i = 0; i < N; i++)
        assert_float_equal(y[i], x[i] / (1 + exp(-(double)gate[i])), 1e-6);
    memcpy(y, x, sizeof y);
    k.mul(y, gate, N);
    for (int i = 0; i < N; i++)
        assert_float_equal(y[i], x[i] * gate[i], 1e-6);
    for (int biased = 0; biased < 2; biased++) {
        k.short_conv(out, (const float *const[]){rows[0], rows[1], rows[2]}, w, N,
                     biased ? bias : NULL, TAPS, N);
        for (int i = 0; i < N; i++) {
            double sum = biased ? bias[i] : 0;
            for (int tap = 0; tap < TAPS; tap++)
                sum += (double)w[tap * N + i] * rows[tap][i];
            assert_float_equal(out[i], sum, 1e-5);
        }
    }
}

/* S becomes decay S (1 - beta k k^T) + beta k v^T, as the paper writes it. */
static void test_delta_rule(void **state)
{
    (void)state;
    enum { K = 24, T = 9, LD = 2 * K + DELTA_COLS };
    static float in[T * LD], s[K * DELTA_COLS];
    static double want[K][DELTA_COLS];
    float gates[T][2], out[T][DELTA_COLS];
    random_seed(78);
    random_fill(in, T * LD, 0.3f);
    random_fill(s, K * DELTA_COLS, 1);
    for (int i = 0; i < K * DELTA_COLS; i++)
        want[i / DELTA_COLS][i % DELTA_COLS] = s[i];
    for (int t = 0; t < T; t++)
        for (int i = 0; i < 2; i++)
            gates[t][i] = (float)random_unit();
    k.delta_rule(&(struct delta_rule){.state = s,
                                      .before = s,
                                      .q = in,
                                      .k = in + K,
                                      .v = in + 2 * K,
                                      .ld = LD,
                                      .decay = gates[0],
                                      .beta = gates[0] + 1,
                                      .ld_gate = 2,
                                      .out = out[0],
                                      .ld_out = DELTA_COLS,
                                      .n_tok = T,
                                      .k_dim = K});
    for (int t = 0; t < T; t++)
        for (int c = 0; c < DELTA_COLS; c++) {
            const float *q = in + t * LD, *key = q + K, *v = key + K;
            double said = 0, answer = 0;
            for (int r = 0; r < K; r++)
                said += key[r] * want[r][c];
            for (int r = 0; r < K; r++) {
                want[r][c] = gates[t][0] * (want[r][c] - gates[t][1] * key[r] * said) +
                             gates[t][1] * key[r] * v[c];
                answer += q[r] * want[r][c];
            }
            assert_float_equal(out[t][c], answer, 1e-5);
        }
    for (int i = 0; i < K * DELTA_COLS; i++)
        assert_float_equal(s[i], want[i / DELTA_COLS][i % DELTA_COLS], 1e-5);
}

static void test_levels_have_names(void **state)
{
    (void)state;
    unsigned flags = 1;
    assert_true(cpu_flags_from_name("scalar", &flags));
    assert_int_equal(flags, 0);
    assert_true(cpu_flags_from_name("auto", &flags));
    assert_int_equal(flags, cpu_flags());
    assert_false(cpu_flags_from_name("mmx", &flags));
    assert_false(cpu_flags_from_name("", &flags));
#if defined(__x86_64__)
    assert_string_equal(cpu_level_names(), "auto scalar avx2 avxvnni avx512 vnni amx");
#elif defined(__aarch64__)
    assert_string_equal(cpu_level_names(), "auto scalar neon dotprod i8mm");
#endif
    char names[128], *save = NULL;
    snprintf(names, sizeof names, "%s", cpu_level_names());
    for (char *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
        struct kernels t;
        if (!cpu_flags_from_name(name, &flags))
            continue; /* a level that this machine has not */
        kernels_init(&t, flags);
        if (strcmp(name, "auto") != 0)
            assert_string_equal(t.level, name);
        for (int f = 0; f < N_FORMATS; f++)
            assert_true(t.matvec[f] && t.dequant[f]);
    }
    struct kernels scalar, all;
    kernels_init(&scalar, 0);
    assert_string_equal(scalar.level, "scalar");
    kernels_init(&all, ~0u); /* what the CPU lacks is not taken */
    kernels_init(&scalar, cpu_flags());
    assert_string_equal(all.level, scalar.level);
}

static int setup(void **state)
{
    (void)state;
    kernels_init(&k, 0);
    return 0;
}

static void test_layer_norm(void **state)
{
    (void)state;
    enum { N = 77 };
    float x[N], w[N], b[N], out[N];
    double mean = 0, variance = 0;
    for (int i = 0; i < N; i++) {
        x[i] = (float)sin(i) * 3 + 5;
        w[i] = (float)cos(i);
        b[i] = (float)i / N;
        mean += (double)x[i] / N;
    }
    for (int i = 0; i < N; i++)
        variance += ((double)x[i] - mean) * ((double)x[i] - mean) / N;
    k.layer_norm(out, x, w, b, N, 1e-5f);
    for (int i = 0; i < N; i++)
        assert_float_equal(
            out[i], ((double)x[i] - mean) / sqrt(variance + 1e-5) * (double)w[i] + (double)b[i],
            2e-6);
    k.layer_norm(x, x, w, NULL, N, 1e-5f);
    for (int i = 0; i < N; i++)
        assert_float_equal(x[i], (double)out[i] - (double)b[i], 2e-6);
}

static void test_gelu_caps_and_scales(void **state)
{
    (void)state;
    enum { N = 801 };
    float x[N], y[N], two[N];
    for (int i = 0; i < N; i++) {
        x[i] = y[i] = (float)(i - 400) / 20;
        two[i] = 2;
    }
    k.gelu_mul(y, two, N);
    for (int i = 0; i < N; i++) {
        double u = sqrt(2 / M_PI) * ((double)x[i] + 0.044715 * pow((double)x[i], 3));
        assert_float_equal(y[i], (double)x[i] * (1 + tanh(u)), 1e-5);
    }
    memcpy(y, x, sizeof y);
    k.gelu_mul(y, NULL, N);
    assert_float_equal(y[420], 0.841191990607, 1e-6); /* GELU of 1, with the tanh */
    memcpy(y, x, sizeof y);
    k.soft_cap(y, 5, N);
    for (int i = 0; i < N; i++)
        assert_float_equal(y[i], 5 * tanh((double)x[i] / 5), 2e-6);
    memcpy(y, x, sizeof y);
    k.add_scaled(y, two, 0.25f, N);
    k.scale(y, -3, N);
    for (int i = 0; i < N; i++)
        assert_float_equal(y[i], -3 * ((double)x[i] + 0.5), 1e-5);
}

static void test_clamped_mul(void **state)
{
    (void)state;
    enum { N = 801 };
    float gate[N], up[N], y[N];
    for (int i = 0; i < N; i++) {
        gate[i] = y[i] = (float)(i - 400) / 20;
        up[i] = (float)(400 - i) / 25;
    }
    k.clamped_mul(y, up, 7, 1.702f, N);
    for (int i = 0; i < N; i++) {
        double g = fmin((double)gate[i], 7), u = fmax(fmin((double)up[i], 7), -7);
        assert_float_equal(y[i], (u + 1) * g / (1 + exp(-1.702 * g)), 1e-5);
    }
}

/* A sink takes its share and has no value. */
static void test_sinks(void **state)
{
    (void)state;
    enum { N_POS = 37, DIM = 8, N = 3 };
    float q[N * DIM], keys[N_POS * DIM], values[N_POS * DIM], out[N * DIM];
    float scores[N * (N_POS + 1)], sinks[N] = {-3, 0.5f, 9};
    for (int i = 0; i < N * DIM; i++)
        q[i] = (float)sin(3 * i);
    for (int i = 0; i < N_POS * DIM; i++) {
        keys[i] = (float)cos(i);
        values[i] = (float)sin(2 * i + 1);
    }
    struct attend_group a = {.out = out,
                             .ld_out = DIM,
                             .q = q,
                             .ld_q = DIM,
                             .n = N,
                             .n_pos = N_POS,
                             .dim = DIM,
                             .k = keys,
                             .v = values,
                             .scale = 0.5f,
                             .sinks = sinks,
                             .scores = scores,
                             .ld_scores = N_POS + 1};
    k.attend_group_f32(&a);
    for (int t = 0; t < N; t++) {
        double sum = exp((double)sinks[t]), wanted[DIM] = {0};
        for (int p = 0; p < N_POS; p++) {
            double score = 0;
            for (int d = 0; d < DIM; d++)
                score += (double)q[t * DIM + d] * (double)keys[p * DIM + d];
            sum += exp(score / 2);
            for (int d = 0; d < DIM; d++)
                wanted[d] += exp(score / 2) * (double)values[p * DIM + d];
        }
        for (int d = 0; d < DIM; d++)
            assert_float_equal(out[t * DIM + d], wanted[d] / sum, 1e-5);
    }
}

/* Neighbours in a prompt: each sees one position more than the one before, of them the last few. */
static void test_windows(void **state)
{
    (void)state;
    enum { N_POS = 3, DIM = 4, N = 5, WINDOW = 4 };
    float q[N * DIM] = {0}, keys[(N_POS + N) * DIM] = {0}, values[(N_POS + N) * DIM] = {0};
    float out[N * DIM], scores[N_POS + N];
    for (int p = 0; p < N_POS + N; p++)
        values[p * DIM] = (float)(p * p);
    struct attend_group a = {.out = out,
                             .ld_out = DIM,
                             .q = q,
                             .ld_q = DIM,
                             .n = N,
                             .n_pos = N_POS,
                             .dim = DIM,
                             .step = 1,
                             .window = WINDOW,
                             .k = keys,
                             .v = values,
                             .scale = 1,
                             .scores = scores};
    k.attend_group_f32(&a);
    for (int t = 0; t < N; t++) { /* all scores are 0: the mean */
        const int end = N_POS + t, first = end > WINDOW ? end - WINDOW : 0;
        float sum = 0;
        for (int p = first; p < end; p++)
            sum += (float)(p * p);
        assert_float_equal(out[t * DIM], sum / (float)(end - first), 1e-5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matvec_is_the_product),
        cmocka_unit_test(test_quantise),
        cmocka_unit_test(test_gemm_is_the_product),
        cmocka_unit_test(test_rms_norm),
        cmocka_unit_test(test_rope_rotates),
        cmocka_unit_test(test_silu_mul_and_add),
        cmocka_unit_test(test_gates_and_convolutions),
        cmocka_unit_test(test_delta_rule),
        cmocka_unit_test(test_layer_norm),
        cmocka_unit_test(test_gelu_caps_and_scales),
        cmocka_unit_test(test_clamped_mul),
        cmocka_unit_test(test_sinks),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_rows_of_formats_are_what_the_kernels_do),
        cmocka_unit_test(test_levels_have_names),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
