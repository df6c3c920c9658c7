/* SPDX-License-Identifier: MIT
 *
 * Prompt kernels: tokens packed into bf16 tiles, and products with them, against sums in double
 * over rounded weights and rounded tokens. The checks themselves are checked with a plain product
 * and with broken ones, on every machine.
 */
#include <math.h>

#include "guard.h"
#include "kernels_internal.h"
#include "random.h"
#include "test.h"

static const uint32_t some_cols[] = {1, 31, 32, 33, 72, 130, 512, 520, 3400};
static const uint32_t some_rows[] = {1, 16, 17, 47, 70};
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* bfloat16 by its definition: the upper half, rounded to nearest, ties to even. The units take
 * subnormal numbers for zero. */
static uint16_t to_bf16(float x)
{
    uint32_t u = float_bits(x), rest = u & 0xffff;
    if ((u & 0x7f800000) == 0)
        return (uint16_t)(u >> 16 & 0x8000);
    return (uint16_t)((u >> 16) + (rest > 0x8000 || (rest == 0x8000 && u >> 16 & 1)));
}

static double bf16_value(uint16_t half)
{
    return (double)bits_float((uint32_t)half << 16);
}

static float random_token_value(int kind)
{
    switch (kind) {
    case 0: return random_gauss();
    case 1: return random_below(50) ? random_gauss() : 1000 * random_gauss();
    case 2: return random_gauss() * 1e-38f; /* around the smallest normal */
    default: return ldexpf(random_gauss(), (int)random_below(60) - 30);
    }
}

/* ---- the plain product ---------------------------------------------------------------- */

static void pack_plain(const float *x, uint32_t n_tok, uint32_t cols, uint16_t *tiles)
{
    memset(tiles, 0, gemm_tiles_bytes(cols));
    for (uint32_t t = 0; t < n_tok; t++)
        for (uint32_t k = 0; k < cols; k++)
            tiles[(k / TILE_COLS * TILE_TOKENS + t) * TILE_COLS + k % TILE_COLS] =
                to_bf16(x[(size_t)t * cols + k]);
}

static double tile_value(const uint16_t *tiles, uint32_t cols, uint32_t t, uint32_t k)
{
    const uint16_t *row = tiles + t / TILE_TOKENS * (gemm_tiles_bytes(cols) / sizeof *tiles);
    t %= TILE_TOKENS;
    return bf16_value(row[(k / TILE_COLS * TILE_TOKENS + t) * TILE_COLS + k % TILE_COLS]);
}

static struct kernels scalar;

static void prompt_plain(const struct matrix *w, uint32_t group0, uint32_t group1,
                         const uint16_t *tiles, uint32_t n_tok, float *out, size_t ld_out,
                         void *scratch)
{
    float *row = malloc(w->cols * sizeof *row);
    (void)scratch;
    for (uint32_t r = group0 * ROW_GROUP; r < group1 * ROW_GROUP && r < w->rows; r++) {
        scalar.dequant[w->format](w, r, r + 1, row);
        for (uint32_t t = 0; t < n_tok; t++) {
            float sum = 0;
            for (uint32_t k = 0; k < w->cols; k++)
                sum = fmaf((float)bf16_value(to_bf16(row[k])),
                           (float)tile_value(tiles, w->cols, t, k), sum);
            out[t * ld_out + r] = sum;
        }
    }
    free(row);
}

/* ---- checks: 0 or what is wrong ------------------------------------------------------- */

static const char *check_pack(pack_tokens_fn *pack, uint32_t n_tok, uint32_t cols)
{
    struct input x = input_new((size_t)n_tok * cols * sizeof(float));
    struct output want = output_new(gemm_tiles_bytes(cols));
    struct output have = output_new(gemm_tiles_bytes(cols));
    for (size_t i = 0; i < (size_t)n_tok * cols; i++)
        ((float *)x.p)[i] = i % 7 ? random_token_value((int)random_below(4))
                                  : bits_float((uint32_t)random_bits() & 0xbfff8000); /* ties */
    output_poison(&want);
    output_poison(&have);
    pack_plain(x.p, n_tok, cols, want.p);
    pack(x.p, n_tok, cols, have.p);
    size_t differs = output_differs(&want, &have);
    input_free(&x);
    output_free(&want);
    output_free(&have);
    return differs ? "tiles differ" : NULL;
}

/* A product: random codes (every one occurs), its tokens, and room for what it writes. */
struct product {
    struct matrix w;
    uint32_t n_tok;
    size_t ld; /* of out */
    struct input data, row, x, tiles, scratch;
    struct output out;
};

static struct product product_new(enum format f, uint32_t rows, uint32_t cols, uint32_t n_tok)
{
    struct product p = {.w = matrix_shape(f, rows, cols), .n_tok = n_tok, .ld = rows + 3};
    size_t n = matrix_data_bytes(&p.w), n_row = matrix_row_bytes(&p.w) / sizeof(float);
    size_t n_blocks = (n_tok + TILE_TOKENS - 1) / TILE_TOKENS;
    int kind = (int)random_below(4);
    p.data = input_new(n);
    p.row = input_new(n_row * sizeof(float));
    p.x = input_new((size_t)n_tok * cols * sizeof(float));
    p.tiles = input_new(n_blocks * gemm_tiles_bytes(cols));
    p.scratch = input_new(TILE_SCRATCH);
    p.out = output_new(((n_tok - 1) * p.ld + rows) * sizeof(float));
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)p.data.p)[i] = (uint8_t)random_bits();
    for (size_t i = 0; f == FORMAT_BF16 && i < n / 2; i++)
        ((uint16_t *)p.data.p)[i] = to_bf16(random_token_value((int)random_below(2)));
    for (size_t i = 0; i < n_row; i++)
        ((float *)p.row.p)[i] = ldexpf((float)random_unit(), (int)random_below(20) - 15);
    for (size_t i = 0; i < (size_t)n_tok * cols; i++)
        ((float *)p.x.p)[i] = random_token_value(kind);
    p.w.data = p.data.p;
    p.w.row = n_row ? p.row.p : NULL;
    return p;
}

static void product_free(struct product *p)
{
    input_free(&p->data);
    input_free(&p->row);
    input_free(&p->x);
    input_free(&p->tiles);
    input_free(&p->scratch);
    output_free(&p->out);
}

static void product_run(struct product *p, const struct kernels *k, uint32_t group0,
                        uint32_t group1)
{
    uint32_t cols = p->w.cols;
    output_poison(&p->out);
    memset(p->scratch.p, 0xff, TILE_SCRATCH); /* NaN */
    for (uint32_t t = 0; t < p->n_tok; t += TILE_TOKENS) {
        uint32_t n = p->n_tok - t < TILE_TOKENS ? p->n_tok - t : TILE_TOKENS;
        k->pack_tokens((const float *)p->x.p + (size_t)t * cols, n, cols,
                       (uint16_t *)p->tiles.p +
                           t / TILE_TOKENS * (gemm_tiles_bytes(cols) / sizeof(uint16_t)));
    }
    k->gemm_tiles[p->w.format](&p->w, group0, group1, p->tiles.p, p->n_tok, p->out.p, p->ld,
                               p->scratch.p);
}

/* Everything outside these rows must be as output_poison left it. */
static bool rest_untouched(const struct product *p, uint32_t row0, uint32_t row1)
{
    for (size_t i = 0; i < p->out.bytes + 2 * BAND; i++) {
        size_t word = (i - BAND) / sizeof(float), r = word % p->ld;
        bool ours = i >= BAND && i < BAND + p->out.bytes && r >= row0 && r < row1;
        if (!ours && p->out.all[i] != POISON)
            return false;
    }
    return true;
}

/* Float sums of exact products: half an ulp of a partial sum for each term, taken twice; what is
 * below the smallest normal float may vanish. */
static bool sums_right(const struct product *p, uint32_t row0, uint32_t row1)
{
    const uint32_t cols = p->w.cols;
    float *row = malloc(cols * sizeof *row);
    bool right = true;
    for (uint32_t r = row0; r < row1; r++) {
        scalar.dequant[p->w.format](&p->w, r, r + 1, row);
        for (uint32_t t = 0; t < p->n_tok; t++) {
            double sum = 0, all = 0;
            for (uint32_t k = 0; k < cols; k++) {
                double term = bf16_value(to_bf16(row[k])) *
                              bf16_value(to_bf16(((const float *)p->x.p)[(size_t)t * cols + k]));
                sum += term;
                all += fabs(term);
            }
            double have = (double)((const float *)p->out.p)[t * p->ld + r];
            right = right && fabs(have - sum) <= cols * (all * 0x1p-23 + 0x1p-125);
        }
    }
    free(row);
    return right;
}

static const char *check_product(const struct kernels *k, enum format f, uint32_t rows,
                                 uint32_t cols, uint32_t n_tok)
{
    struct product p = product_new(f, rows, cols, n_tok);
    uint32_t n_groups = (rows + ROW_GROUP - 1) / ROW_GROUP, g0 = random_below(n_groups);
    uint32_t g1 = g0 + 1 + random_below(n_groups - g0);
    uint32_t row0 = g0 * ROW_GROUP, row1 = g1 * ROW_GROUP < rows ? g1 * ROW_GROUP : rows;
    const char *wrong = NULL;
    product_run(&p, k, 0, n_groups);
    if (!rest_untouched(&p, 0, rows))
        wrong = "wrote outside its output";
    else if (!sums_right(&p, 0, rows))
        wrong = "a sum is wrong";
    float *all = malloc(p.out.bytes);
    memcpy(all, p.out.p, p.out.bytes);
    p.n_tok = 1 + random_below(n_tok); /* fewer tokens and rows: the same bits */
    product_run(&p, k, g0, g1);
    if (!wrong && !rest_untouched(&p, row0, row1))
        wrong = "wrote outside its slice";
    for (uint32_t t = 0; t < p.n_tok && !wrong; t++)
        if (memcmp((float *)p.out.p + t * p.ld + row0, all + t * p.ld + row0,
                   (row1 - row0) * sizeof(float)) != 0)
            wrong = "a slice differs from the whole";
    free(all);
    product_free(&p);
    return wrong;
}

static const char *check_format(const struct kernels *k, enum format f)
{
    uint32_t n_tok = 1;
    for (size_t i = 0; i < COUNT(some_cols); i++)
        for (size_t j = 0; j < COUNT(some_rows); j++, n_tok = (n_tok + 16) % 70 + 1) {
            const char *wrong = check_product(k, f, some_rows[j], some_cols[i], n_tok);
            if (wrong)
                return wrong;
        }
    return NULL;
}

static const char *check_packs(pack_tokens_fn *pack)
{
    for (size_t i = 0; i < COUNT(some_cols); i++)
        for (uint32_t n_tok = 1; n_tok <= TILE_TOKENS; n_tok++) {
            const char *wrong = check_pack(pack, n_tok, some_cols[i]);
            if (wrong)
                return wrong;
        }
    return NULL;
}

/* ---- attention ------------------------------------------------------------------------ */

/* The plain softmax of every query, one after another: what attend_prompt is about. */
static void attend_plain(const struct attend_group *a, uint32_t origin)
{
    struct attend_group plain = *a;
    (void)origin;
    plain.scores = malloc((a->n_pos + a->n + 1) * sizeof *plain.scores);
    scalar.attend_group_bf16(&plain);
    free(plain.scores);
}

/* A head: queries with gaps between them, keys and values that end where memory does. */
struct attention {
    uint32_t n_tok, pos0, dim;
    uint32_t origin, window; /* keys begin at position `origin` of the text */
    size_t ld_q, ld_out;
    float scale, cap;
    bool has_sinks;
    struct input q, k, v, sinks, scratch;
    struct output out;
};

static struct attention attention_new(uint32_t n_tok, uint32_t pos0, uint32_t dim, float size,
                                      uint32_t way)
{
    static const uint32_t windows[] = {0, 5, 129, 40, 300};
    struct attention a = {.n_tok = n_tok,
                          .pos0 = pos0,
                          .dim = dim,
                          .origin = way % 3 * 16,
                          .window = windows[way % 5],
                          .cap = way % 4 == 1 ? 5 : 0,
                          .has_sinks = way % 4 >= 2,
                          .ld_q = dim + 5,
                          .ld_out = dim + 3,
                          .scale = 1 / sqrtf((float)dim)};
    size_t n = (size_t)(pos0 + n_tok) * dim;
    a.q = input_new(((n_tok - 1) * a.ld_q + dim) * sizeof(float));
    a.k = input_new(n * sizeof(uint16_t));
    a.v = input_new(n * sizeof(uint16_t));
    a.sinks = input_new(n_tok * sizeof(float));
    a.scratch = input_new(ATTEND_SCRATCH);
    a.out = output_new(((n_tok - 1) * a.ld_out + dim) * sizeof(float));
    for (size_t i = 0; i < (n_tok - 1) * a.ld_q + dim; i++)
        ((float *)a.q.p)[i] = size * random_gauss();
    for (uint32_t t = 0; t < n_tok; t++)
        ((float *)a.sinks.p)[t] = random_gauss();
    for (size_t i = 0; i < n; i++) {
        ((uint16_t *)a.k.p)[i] = to_bf16(random_gauss());
        ((uint16_t *)a.v.p)[i] = to_bf16(random_gauss());
    }
    return a;
}

static void attention_free(struct attention *a)
{
    input_free(&a->q);
    input_free(&a->k);
    input_free(&a->v);
    input_free(&a->sinks);
    input_free(&a->scratch);
    output_free(&a->out);
}

/* Query t of the softmax in double, and the bound that kernels.h states. */
static bool query_right(const struct attention *a, uint32_t t)
{
    const uint32_t n_pos = a->pos0 + t + 1, dim = a->dim;
    const uint32_t first = a->window && n_pos > a->window ? n_pos - a->window : 0;
    const float *q = (const float *)a->q.p + t * a->ld_q;
    double *p = malloc(n_pos * sizeof *p), max = -INFINITY, total = 0, e = 0;
    bool right = true;
    for (uint32_t i = first; i < n_pos; i++) {
        double score = 0, all = 0;
        for (uint32_t d = 0; d < dim; d++) {
            double term = (double)q[d] * bf16_value(((uint16_t *)a->k.p)[(size_t)i * dim + d]);
            score += term;
            all += fabs(term);
        }
        p[i] = (double)a->scale * score;
        if (a->cap > 0)
            p[i] = (double)a->cap * tanh(p[i] / (double)a->cap);
        max = fmax(max, p[i]);
        e = fmax(e, (double)a->scale * all);
    }
    for (uint32_t i = first; i < n_pos; i++)
        total += p[i] = exp(p[i] - max);
    if (a->has_sinks)
        total += exp((double)((float *)a->sinks.p)[t] - max);
    for (uint32_t d = 0; d < dim; d++) {
        double want = 0, all = 0;
        for (uint32_t i = first; i < n_pos; i++) {
            double term = p[i] / total * bf16_value(((uint16_t *)a->v.p)[(size_t)i * dim + d]);
            want += term;
            all += fabs(term);
        }
        double have = (double)((float *)a->out.p)[t * a->ld_out + d];
        right = right && fabs(have - want) <= (0x1p-7 + 0x1p-15 * e * exp(0x1p-15 * e)) * all;
    }
    free(p);
    return right;
}

static void attention_run(struct attention *a, attend_prompt_fn *attend, uint32_t first, uint32_t n)
{
    output_poison(&a->out);
    memset(a->scratch.p, 0xff, ATTEND_SCRATCH); /* NaN */
    const struct attend_group g = {.out = (float *)a->out.p + first * a->ld_out,
                                   .ld_out = a->ld_out,
                                   .q = (const float *)a->q.p + first * a->ld_q,
                                   .ld_q = a->ld_q,
                                   .n = n,
                                   .n_pos = a->pos0 + first + 1,
                                   .dim = a->dim,
                                   .step = 1,
                                   .window = a->window,
                                   .k = a->k.p,
                                   .v = a->v.p,
                                   .scale = a->scale,
                                   .cap = a->cap,
                                   .sinks = a->has_sinks ? (float *)a->sinks.p + first : NULL,
                                   .scores = a->scratch.p};
    attend(&g, a->origin);
}

static bool gaps_untouched(const struct attention *a, uint32_t first, uint32_t n)
{
    for (size_t i = 0; i < a->out.bytes + 2 * BAND; i++) {
        size_t word = (i - BAND) / sizeof(float), t = word / a->ld_out;
        bool ours = i >= BAND && i < BAND + a->out.bytes && word % a->ld_out < a->dim &&
                    t >= first && t < first + n;
        if (!ours && a->out.all[i] != POISON)
            return false;
    }
    return true;
}

static const char *check_attention(attend_prompt_fn *attend, uint32_t n_tok, uint32_t pos0,
                                   uint32_t dim, float size, uint32_t way)
{
    struct attention a = attention_new(n_tok, pos0, dim, size, way);
    const char *wrong = NULL;
    attention_run(&a, attend, 0, n_tok);
    if (!gaps_untouched(&a, 0, n_tok))
        wrong = "wrote outside its output";
    for (uint32_t t = 0; t < n_tok && !wrong; t++)
        if (!query_right(&a, t))
            wrong = "a query is wrong";
    float *all = malloc(a.out.bytes);
    memcpy(all, a.out.p, a.out.bytes);
    uint32_t first = random_below(n_tok), n = 1 + random_below(n_tok - first);
    attention_run(&a, attend, first, n); /* fewer queries: the same bits */
    if (!wrong && !gaps_untouched(&a, first, n))
        wrong = "wrote outside its slice";
    for (uint32_t t = first; t < first + n && !wrong; t++)
        if (memcmp((float *)a.out.p + t * a.ld_out, all + t * a.ld_out, dim * sizeof(float)) != 0)
            wrong = "a slice differs from the whole";
    free(all);
    attention_free(&a);
    return wrong;
}

static const char *check_attentions(attend_prompt_fn *attend)
{
    static const uint32_t dims[] = {1, 8, 31, 32, 33, 64, 80, 96, 128, 256, 257, 512};
    static const uint32_t tokens[] = {1, 15, 16, 17, 32, 33, 70, ATTEND_TOKENS};
    static const uint32_t before[] = {0, 1, 100, 127, 128, 300};
    const char *wrong = NULL;
    random_seed(7);
    for (size_t i = 0; i < COUNT(dims) && !wrong; i++)
        for (size_t j = 0; j < COUNT(tokens) && !wrong; j++)
            wrong = check_attention(attend, tokens[j], before[(i + j) % COUNT(before)], dims[i],
                                    j % 3 ? 1 : 20, (uint32_t)(i * COUNT(tokens) + j));
    return wrong;
}

/* ---- tests ---------------------------------------------------------------------------- */

static void test_kernels_of_this_machine(void **state)
{
    (void)state;
    struct kernels k;
    kernels_init(&k, cpu_flags());
    if (!k.pack_tokens)
        skip();
    const char *wrong = check_packs(k.pack_tokens);
    if (wrong)
        fail_msg("%s pack_tokens: %s", k.level, wrong);
    for (int f = 0; f < N_FORMATS; f++) {
        random_seed(1 + (uint64_t)f);
        wrong = k.gemm_tiles[f] ? check_format(&k, (enum format)f) : NULL;
        if (wrong)
            fail_msg("%s prompt_%s: %s", k.level, format_info((enum format)f)->name, wrong);
    }
}

static void test_attention_of_this_machine(void **state)
{
    (void)state;
    struct kernels k;
    kernels_init(&k, cpu_flags());
    if (!k.attend_prompt)
        skip();
    const char *wrong = check_attentions(k.attend_prompt);
    if (wrong)
        fail_msg("%s attend_prompt: %s", k.level, wrong);
}

/* Only the highest level has the unit: those below it must not pretend. */
static void test_levels_without_a_matrix_unit_have_none(void **state)
{
    (void)state;
    struct kernels k;
    kernels_init(&k, cpu_flags() & ~(unsigned)CPU_AMX);
    assert_null(k.pack_tokens);
    assert_null(k.attend_prompt);
    for (int f = 0; f < N_FORMATS; f++)
        assert_null(k.gemm_tiles[f]);
}

static void pack_truncating(const float *x, uint32_t n_tok, uint32_t cols, uint16_t *tiles)
{
    pack_plain(x, n_tok, cols, tiles);
    tiles[0] = (uint16_t)(float_bits(x[0]) >> 16);
}

static void prompt_one_row_more(const struct matrix *w, uint32_t group0, uint32_t group1,
                                const uint16_t *tiles, uint32_t n_tok, float *out, size_t ld_out,
                                void *scratch)
{
    prompt_plain(w, group0, group1, tiles, n_tok, out, ld_out, scratch);
    if (group1 * ROW_GROUP > w->rows)
        out[w->rows] = 0;
}

static void prompt_last_column_lost(const struct matrix *w, uint32_t group0, uint32_t group1,
                                    const uint16_t *tiles, uint32_t n_tok, float *out,
                                    size_t ld_out, void *scratch)
{
    struct matrix less = *w;
    if (w->cols % TILE_COLS == 1 && w->cols > 1 && w->format != FORMAT_BF16)
        less.cols--;
    prompt_plain(&less, group0, group1, tiles, n_tok, out, ld_out, scratch);
}

static void prompt_last_token_lost(const struct matrix *w, uint32_t group0, uint32_t group1,
                                   const uint16_t *tiles, uint32_t n_tok, float *out, size_t ld_out,
                                   void *scratch)
{
    prompt_plain(w, group0, group1, tiles, n_tok > 64 ? n_tok - 1 : n_tok, out, ld_out, scratch);
}

static void attend_one_position_more(const struct attend_group *a, uint32_t origin)
{
    struct attend_group first = *a;
    attend_plain(a, origin);
    first.n = 1;
    first.n_pos++;
    if (a->n > 1) /* sees its successor */
        attend_plain(&first, origin);
}

static void attend_one_float_more(const struct attend_group *a, uint32_t origin)
{
    attend_plain(a, origin);
    a->out[a->dim] = 0;
}

static void attend_without(const struct attend_group *a, uint32_t window, float cap,
                           const float *sinks)
{
    struct attend_group less = *a;
    less.window = window;
    less.cap = cap;
    less.sinks = sinks;
    attend_plain(&less, 0);
}

static void attend_without_window(const struct attend_group *a, uint32_t origin)
{
    (void)origin;
    attend_without(a, 0, a->cap, a->sinks);
}

static void attend_without_cap(const struct attend_group *a, uint32_t origin)
{
    (void)origin;
    attend_without(a, a->window, 0, a->sinks);
}

static void attend_without_sinks(const struct attend_group *a, uint32_t origin)
{
    (void)origin;
    attend_without(a, a->window, a->cap, NULL);
}

static void test_the_checks_catch_broken_kernels(void **state)
{
    (void)state;
    gemm_tiles_fn *const broken[] = {prompt_one_row_more, prompt_last_column_lost,
                                     prompt_last_token_lost};
    struct kernels k = scalar;
    k.pack_tokens = pack_plain;
    k.gemm_tiles[FORMAT_QINS4] = prompt_plain;
    assert_null(check_packs(pack_plain));
    assert_null(check_format(&k, FORMAT_QINS4));
    assert_non_null(check_packs(pack_truncating));
    assert_null(check_attentions(attend_plain));
    assert_non_null(check_attentions(attend_one_position_more));
    assert_non_null(check_attentions(attend_one_float_more));
    assert_non_null(check_attentions(attend_without_window));
    assert_non_null(check_attentions(attend_without_cap));
    assert_non_null(check_attentions(attend_without_sinks));
    for (size_t i = 0; i < COUNT(broken); i++) {
        k.gemm_tiles[FORMAT_QINS4] = broken[i];
        assert_non_null(check_format(&k, FORMAT_QINS4));
    }
}

int main(void)
{
    kernels_init(&scalar, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_of_this_machine),
        cmocka_unit_test(test_attention_of_this_machine),
        cmocka_unit_test(test_levels_without_a_matrix_unit_have_none),
        cmocka_unit_test(test_the_checks_catch_broken_kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
