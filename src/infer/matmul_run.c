/* SPDX-License-Identifier: MIT */
#include "matmul.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matmul_internal.h"
#include "memory_limits.h"
#include "profile.h"

enum { SMALL_WORK = 1 << 16 /* multiplications that are done before a worker wakes */ };

struct job {
    struct matmul *mm;
    const struct matrix *w;
    uint32_t n_tok, groups_per_chunk;
    struct matvec_cut cut; /* of one token */
    const float *x;
    float *y;
    size_t ld_y;
};

static const char *const gemm_names[] = {[GEMM_AUTO] = "auto",
                                         [GEMM_AMX] = "amx",
                                         [GEMM_INT8] = "int8",
                                         [GEMM_BLAS] = "blas",
                                         [GEMM_MEASURE] = "measure"};

const char *gemm_name(enum gemm gemm)
{
    return gemm_names[gemm];
}

bool gemm_from_name(const char *name, unsigned cpu_flags, enum gemm *gemm, struct error *err)
{
    struct kernels k;
    kernels_init(&k, cpu_flags);
    const char *here =
        k.pack_tokens ? "auto, amx, int8, blas, measure" : "auto, int8, blas, measure";
    for (int i = GEMM_AUTO; i <= GEMM_MEASURE; i++)
        if (strcmp(name, gemm_names[i]) == 0 && (i != GEMM_AMX || k.pack_tokens)) {
            *gemm = (enum gemm)i;
            return true;
        }
    return error_set(err, EX_USAGE, "gemm: level %s has no \"%s\"; it has %s", k.level, name, here);
}

bool gemm_uses_unit(enum gemm gemm, const struct kernels *k, enum format format)
{
    return k->gemm_tiles[format] && gemm != GEMM_BLAS &&
           !(gemm == GEMM_INT8 && format_info(format)->is_int8);
}

/* QINS8 and QINS4 rows: where the CPU has instructions for that, no product of floats in vectors is
 * faster, however many tokens there are. */
bool gemm_uses_int8(enum gemm gemm, const struct kernels *k, enum format format)
{
    return format_info(format)->is_int8 && !gemm_uses_unit(gemm, k, format) &&
           (gemm == GEMM_INT8 || (gemm != GEMM_BLAS && k->fast_int8));
}

struct matmul *matmul_new(const struct kernels *k, struct pool *p, enum gemm gemm, uint32_t max_tok,
                          uint32_t max_cols)
{
    size_t pad = (max_cols + MAX_TILE_COLS - 1) / MAX_TILE_COLS * MAX_TILE_COLS;
    struct matmul *mm = xcalloc(1, sizeof *mm);
    *mm =
        (struct matmul){.k = k, .pool = p, .gemm = gemm, .max_tok = max_tok, .max_cols = max_cols};
    mm->act = xcalloc(max_tok, sizeof *mm->act);
    mm->row_act = xcalloc(max_tok, sizeof *mm->row_act);
    /* a line more: tokens a multiple of 4 KiB apart would share the ways of a first-level cache */
    size_t n_q = mm->n_q = pad + 64;
    mm->q = xaligned_scratch(max_tok * n_q);
    mm->low = xaligned_scratch(max_tok * n_q);
    mm->wide = xaligned_scratch(max_tok * n_q * sizeof *mm->wide);
    /* rows of `scale` and `sum` are padded to whole cache lines, so that each is aligned */
    size_t n_scales = (pad / ACT_BLOCK + 15) / 16 * 16, n_sums = (pad / 16 + 15) / 16 * 16;
    mm->scale = xaligned_scratch(max_tok * n_scales * sizeof *mm->scale);
    mm->sum = xaligned_scratch(max_tok * n_sums * sizeof *mm->sum);
    mm->panel_bytes = (size_t)PANEL_ROWS * max_cols * sizeof(float);
    if (k->pack_tokens) {
        mm->tiles = xaligned_scratch(matmul_blocks(max_tok) * gemm_tiles_bytes(max_cols));
        if (mm->panel_bytes < TILE_SCRATCH)
            mm->panel_bytes = TILE_SCRATCH;
    }
    mm->panels = xaligned_scratch(pool_size(p) * mm->panel_bytes);
    for (uint32_t t = 0; t < max_tok; t++) {
        mm->act[t].q = mm->q + t * n_q;
        mm->act[t].scale = mm->scale + t * n_scales;
        mm->act[t].sum = mm->sum + t * n_sums;
    }
    return mm;
}

void matmul_free(struct matmul *mm)
{
    if (!mm)
        return;
    free(mm->act);
    free(mm->row_act);
    free(mm->gathered);
    free(mm->steps);
    free(mm->q);
    free(mm->low);
    free(mm->wide);
    free(mm->scale);
    free(mm->sum);
    free(mm->tiles);
    free(mm->panels);
    free(mm);
}

/* Work too small to wake anybody for is done here and now, in the same chunks. */
static void run(struct job *j, pool_fn *fn, uint32_t n_chunks, uint64_t work)
{
    if (work >= SMALL_WORK) {
        pool_run(j->mm->pool, fn, j, n_chunks);
        return;
    }
    for (uint32_t i = 0; i < n_chunks; i++)
        fn(j, i, 0);
}

static void quantise_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct job *j = arg;
    (void)worker;
    j->mm->k->quantise(&j->mm->act[t], j->w->cols, j->w->cols_pad);
}

static void matvec_chunk(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct job *j = arg;
    (void)worker;
    matvec_cut_run(&j->cut, j->mm->k, j->w, chunk, j->mm->act, j->y);
}

/* The same chunk for all tokens: its weights are in the cache then. */
static void matvecs_chunk(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct job *j = arg;
    (void)worker;
    uint32_t n_groups = (j->w->rows + ROW_GROUP - 1) / ROW_GROUP;
    uint32_t first = chunk * j->groups_per_chunk, last = first + j->groups_per_chunk;
    if (last > n_groups)
        last = n_groups;
    const struct kernels *k = j->mm->k;
    if (k->matvec_batch[j->w->format]) {
        k->matvec_batch[j->w->format](j->w, first, last, j->mm->act, j->n_tok, j->y, j->ld_y);
        return;
    }
    for (uint32_t t = 0; t < j->n_tok; t++)
        k->matvec[j->w->format](j->w, first, last, &j->mm->act[t], j->y + t * j->ld_y);
}

static void run_matvec(struct job *j)
{
    const struct matrix *w = j->w;
    for (uint32_t t = 0; t < j->n_tok; t++)
        matmul_set_input(j->mm, t, j->x + (size_t)t * w->cols, w->format == FORMAT_QINS8);
    if (format_info(w->format)->is_qins)
        run(j, quantise_token, j->n_tok, (uint64_t)(j->n_tok - 1) * w->cols);
    profile_lap(pool_profile(j->mm->pool), OP_QUANTISE);
    const uint64_t work = (uint64_t)w->rows * w->cols * j->n_tok;
    if (j->n_tok == 1) {
        j->cut = matvec_cut(j->mm->k, w);
        run(j, matvec_chunk, j->cut.n_chunks, work);
        return;
    }
    uint32_t n_groups = (w->rows + ROW_GROUP - 1) / ROW_GROUP;
    j->groups_per_chunk = matmul_chunk_groups(j->mm->pool, w, j->n_tok);
    run(j, matvecs_chunk, (n_groups + j->groups_per_chunk - 1) / j->groups_per_chunk, work);
}

static void panel_chunk(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct job *j = arg;
    const struct matrix *w = j->w;
    uint32_t row0 = chunk * PANEL_ROWS, row1 = row0 + PANEL_ROWS;
    if (row1 > w->rows)
        row1 = w->rows;
    float *own = (float *)(j->mm->panels + worker * j->mm->panel_bytes);
    const float *panel = own;
    if (w->format == FORMAT_F32)
        panel = (const float *)w->data + (size_t)row0 * w->cols;
    else
        j->mm->k->dequant[w->format](w, row0, row1, own);
    j->mm->k->gemm_f32(j->n_tok, row1 - row0, w->cols, j->x, panel, j->y + row0, j->ld_y);
}

static void pack_block(void *arg, uint32_t block, uint32_t worker)
{
    const struct job *j = arg;
    (void)worker;
    uint32_t t = block * TILE_TOKENS, cols = j->w->cols, left = j->n_tok - t;
    uint16_t *to = j->mm->tiles + block * (gemm_tiles_bytes(cols) / sizeof *to);
    j->mm->k->pack_tokens(j->x + (size_t)t * cols, left < TILE_TOKENS ? left : TILE_TOKENS, cols,
                          to);
}

static void prompt_chunk(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct job *j = arg;
    const struct matmul *mm = j->mm;
    uint32_t n_groups = (j->w->rows + ROW_GROUP - 1) / ROW_GROUP;
    uint32_t first = chunk * j->groups_per_chunk, last = first + j->groups_per_chunk;
    if (last > n_groups)
        last = n_groups;
    mm->k->gemm_tiles[j->w->format](j->w, first, last, mm->tiles, j->n_tok, j->y, j->ld_y,
                                    mm->panels + worker * mm->panel_bytes);
}

static void run_prompt(struct job *j)
{
    const struct matrix *w = j->w;
    uint32_t n_groups = (w->rows + ROW_GROUP - 1) / ROW_GROUP;
    j->groups_per_chunk = TILE_GROUPS;
    run(j, pack_block, matmul_blocks(j->n_tok), (uint64_t)(j->n_tok - 1) * w->cols);
    profile_lap(pool_profile(j->mm->pool), OP_QUANTISE);
    run(j, prompt_chunk, (n_groups + j->groups_per_chunk - 1) / j->groups_per_chunk,
        (uint64_t)w->rows * w->cols * j->n_tok);
}

static void run_panels(struct job *j)
{
    const struct matrix *w = j->w;
    memory_for_blas(pool_size(j->mm->pool));
    run(j, panel_chunk, (w->rows + PANEL_ROWS - 1) / PANEL_ROWS,
        (uint64_t)w->rows * w->cols * j->n_tok);
}

/* A matrix unit is the fastest where there is one and the tokens fill a good part of its tiles. */
enum way matmul_way(const struct matmul *mm, enum format format, uint32_t n_tok)
{
    if (mm->each)
        return WAY_MATVEC;
    if (gemm_uses_unit(mm->gemm, mm->k, format))
        return n_tok < PROMPT_MIN_TOKENS ? WAY_MATVEC : WAY_TILES;
    if (gemm_uses_int8(mm->gemm, mm->k, format))
        return WAY_MATVEC;
    bool late = format_info(format)->is_int8 && mm->gemm != GEMM_BLAS;
    return n_tok < (late ? PANEL_MIN_TOKENS_INT8 : PANEL_MIN_TOKENS) ? WAY_MATVEC : WAY_PANELS;
}

/* With many tokens more groups than with one, if every worker gets a few chunks all the same. */
uint32_t matmul_chunk_groups(const struct pool *pool, const struct matrix *w, uint32_t n_tok)
{
    uint32_t n_groups = (w->rows + ROW_GROUP - 1) / ROW_GROUP;
    uint32_t n = matvec_chunk_groups(w);
    uint32_t share = n_groups / (4 * pool_size(pool)) & ~3u; /* a worker's quarter */
    if (share > PROMPT_GROUPS)
        share = PROMPT_GROUPS;
    if (n_tok >= PROMPT_MIN_TOKENS && n < share)
        return share;
    return n;
}

enum gemm matmul_fastest(const struct kernels *k, struct pool *p, const struct matrix *w)
{
    enum { N_TOK = 64, ROWS = 1024, N_TURNS = 3 };
    const bool has[] = {[GEMM_AMX] = k->gemm_tiles[w->format],
                        [GEMM_INT8] = format_info(w->format)->is_int8,
                        [GEMM_BLAS] = true};
    struct matrix part = *w;
    if (part.rows > ROWS)
        part.rows = part.rows_pad = ROWS;
    float *x = xaligned_scratch((size_t)N_TOK * w->cols * sizeof *x);
    float *y = xaligned_scratch((size_t)N_TOK * part.rows * sizeof *y);
    for (size_t i = 0; i < (size_t)N_TOK * w->cols; i++)
        x[i] = (float)(i % 17) / 8 - 1;
    enum gemm fastest = GEMM_AUTO;
    double least = INFINITY;
    for (enum gemm way = GEMM_AMX; way <= GEMM_BLAS; way++) {
        if (!has[way])
            continue;
        struct matmul *mm = matmul_new(k, p, way, N_TOK, w->cols);
        for (int turn = 0; turn < N_TURNS; turn++) {
            double start = now_ms();
            matmul_run(mm, &part, N_TOK, x, y, part.rows);
            double ms = now_ms() - start;
            if (ms < least) {
                least = ms;
                fastest = way;
            }
        }
        matmul_free(mm);
    }
    free(x);
    free(y);
    return fastest;
}

void matmul_watch(struct matmul *mm, matmul_watch_fn *fn, void *arg)
{
    mm->watch = fn;
    mm->watch_arg = arg;
}

void matmul_each(struct matmul *mm, bool on)
{
    mm->each = on;
}

void matmul_run(struct matmul *mm, const struct matrix *w, uint32_t n_tok, const float *x, float *y,
                size_t ld_y)
{
    assert(n_tok > 0 && n_tok <= mm->max_tok && w->cols <= mm->max_cols);
    struct job j = {.mm = mm, .w = w, .n_tok = n_tok, .x = x, .y = y, .ld_y = ld_y};
    if (mm->watch)
        mm->watch(mm->watch_arg, w, n_tok, x);
    static void (*const ways[])(struct job *) = {
        [WAY_MATVEC] = run_matvec, [WAY_TILES] = run_prompt, [WAY_PANELS] = run_panels};
    ways[matmul_way(mm, w->format, n_tok)](&j);
}

void matmul_run_each(struct matmul *mm, const struct matrix *w, uint32_t n_tok, const float *x,
                     float *y, size_t ld_y)
{
    assert(n_tok <= mm->max_tok && w->cols <= mm->max_cols);
    struct job j = {.mm = mm, .w = w, .n_tok = n_tok, .x = x, .y = y, .ld_y = ld_y};
    if (mm->watch)
        mm->watch(mm->watch_arg, w, n_tok, x);
    run_matvec(&j);
}
