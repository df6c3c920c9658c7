/* SPDX-License-Identifier: MIT
 *
 * Prompt kernels: tokens packed into bf16 tiles, and products with them, against sums in double
 * over rounded weights and rounded tokens. The checks themselves are checked with a plain product
 * and with broken ones, on every machine.
 */
#include <math.h>

#include "guard.h"
#include "internal.h"
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
    case 0:
        return random_gauss();
    case 1:
        return random_below(50) ? random_gauss() : 1000 * random_gauss();
    case 2:
        return random_gauss() * 1e-38f; /* around the smallest normal */
    default:
        return ldexpf(random_gauss(), (int)random_below(60) - 30);
    }
}

/* ---- the plain product --------------------------------------------------------------------------
 */

static void pack_plain(const float *x, uint32_t n_tok, uint32_t cols, uint16_t *tiles)
{
    memset(tiles, 0, prompt_tiles_bytes(cols));
    for (uint32_t t = 0; t < n_tok; t++)
        for (uint32_t k = 0; k < cols; k++)
            tiles[(k / PROMPT_COLS * PROMPT_TOKENS + t) * PROMPT_COLS + k % PROMPT_COLS] =
                to_bf16(x[(size_t)t * cols + k]);
}

static double tile_value(const uint16_t *tiles, uint32_t cols, uint32_t t, uint32_t k)
{
    const uint16_t *row = tiles + t / PROMPT_TOKENS * (prompt_tiles_bytes(cols) / sizeof *tiles);
    t %= PROMPT_TOKENS;
    return bf16_value(row[(k / PROMPT_COLS * PROMPT_TOKENS + t) * PROMPT_COLS + k % PROMPT_COLS]);
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

/* ---- checks: 0 or what is wrong -----------------------------------------------------------------
 */

static const char *check_pack(pack_tokens_fn *pack, uint32_t n_tok, uint32_t cols)
{
    struct input x = input_new((size_t)n_tok * cols * sizeof(float));
    struct output want = output_new(prompt_tiles_bytes(cols));
    struct output have = output_new(prompt_tiles_bytes(cols));
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
    size_t n_blocks = (n_tok + PROMPT_TOKENS - 1) / PROMPT_TOKENS;
    int kind = (int)random_below(4);
    p.data = input_new(n);
    p.row = input_new(n_row * sizeof(float));
    p.x = input_new((size_t)n_tok * cols * sizeof(float));
    p.tiles = input_new(n_blocks * prompt_tiles_bytes(cols));
    p.scratch = input_new(PROMPT_SCRATCH);
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
    memset(p->scratch.p, 0xff, PROMPT_SCRATCH); /* NaN */
    for (uint32_t t = 0; t < p->n_tok; t += PROMPT_TOKENS) {
        uint32_t n = p->n_tok - t < PROMPT_TOKENS ? p->n_tok - t : PROMPT_TOKENS;
        k->pack_tokens((const float *)p->x.p + (size_t)t * cols, n, cols,
                       (uint16_t *)p->tiles.p +
                           t / PROMPT_TOKENS * (prompt_tiles_bytes(cols) / sizeof(uint16_t)));
    }
    k->prompt[p->w.format](&p->w, group0, group1, p->tiles.p, p->n_tok, p->out.p, p->ld,
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
        for (uint32_t n_tok = 1; n_tok <= PROMPT_TOKENS; n_tok++) {
            const char *wrong = check_pack(pack, n_tok, some_cols[i]);
            if (wrong)
                return wrong;
        }
    return NULL;
}

/* ---- tests --------------------------------------------------------------------------------------
 */

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
        wrong = k.prompt[f] ? check_format(&k, (enum format)f) : NULL;
        if (wrong)
            fail_msg("%s prompt_%s: %s", k.level, format_info((enum format)f)->name, wrong);
    }
}

/* Only the highest level has the unit: those below it must not pretend. */
static void test_levels_without_a_matrix_unit_have_none(void **state)
{
    (void)state;
    struct kernels k;
    kernels_init(&k, cpu_flags() & ~(unsigned)CPU_AMX);
    assert_null(k.pack_tokens);
    for (int f = 0; f < N_FORMATS; f++)
        assert_null(k.prompt[f]);
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
    if (w->cols % PROMPT_COLS == 1 && w->cols > 1 && w->format != FORMAT_BF16)
        less.cols--;
    prompt_plain(&less, group0, group1, tiles, n_tok, out, ld_out, scratch);
}

static void prompt_last_token_lost(const struct matrix *w, uint32_t group0, uint32_t group1,
                                   const uint16_t *tiles, uint32_t n_tok, float *out, size_t ld_out,
                                   void *scratch)
{
    prompt_plain(w, group0, group1, tiles, n_tok > 64 ? n_tok - 1 : n_tok, out, ld_out, scratch);
}

static void test_the_checks_catch_broken_kernels(void **state)
{
    (void)state;
    prompt_fn *const broken[] = {prompt_one_row_more, prompt_last_column_lost,
                                 prompt_last_token_lost};
    struct kernels k = scalar;
    k.pack_tokens = pack_plain;
    k.prompt[FORMAT_QINS4] = prompt_plain;
    assert_null(check_packs(pack_plain));
    assert_null(check_format(&k, FORMAT_QINS4));
    assert_non_null(check_packs(pack_truncating));
    for (size_t i = 0; i < COUNT(broken); i++) {
        k.prompt[FORMAT_QINS4] = broken[i];
        assert_non_null(check_format(&k, FORMAT_QINS4));
    }
}

int main(void)
{
    kernels_init(&scalar, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_of_this_machine),
        cmocka_unit_test(test_levels_without_a_matrix_unit_have_none),
        cmocka_unit_test(test_the_checks_catch_broken_kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
