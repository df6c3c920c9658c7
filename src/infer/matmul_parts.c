/* SPDX-License-Identifier: MIT */
#include "matmul_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "matmul_internal.h"
#include "memory_limits.h"
#include "profile.h"

enum { SMALL_WORK = 1 << 16 /* multiplications that are done before a worker wakes */ };

struct parts_job {
    struct matmul *mm;
    struct part_step *steps; /* [n_steps] one for each part */
    uint32_t n_steps, n_chunks, n_blocks, n_rows, cols;
    const float *x;
    const uint32_t *rows;
    const struct activation *act; /* [n_rows] */
    const float *gathered;        /* [n_rows][cols] */
    size_t ld_y;
};

static void run(struct parts_job *j, pool_fn *fn, uint32_t n_chunks, uint64_t work)
{
    if (work >= SMALL_WORK) {
        pool_run(j->mm->pool, fn, j, n_chunks);
        return;
    }
    for (uint32_t i = 0; i < n_chunks; i++)
        fn(j, i, 0);
}

static uint32_t row_of(const struct parts_job *j, uint32_t i)
{
    return j->rows ? j->rows[i] : i;
}

/* ---- planning ------------------------------------------------------------------------- */

static uint32_t groups_per_chunk(const struct matmul *mm, enum way way, const struct matrix *w,
                                 uint32_t n_tok)
{
    return way == WAY_MATVEC  ? matmul_chunk_groups(mm->pool, w, n_tok)
           : way == WAY_TILES ? (uint32_t)TILE_GROUPS
                              : (uint32_t)PANEL_ROWS / ROW_GROUP;
}

static bool is_one_vector(const struct part_step *s)
{
    return s->way == WAY_MATVEC && s->p->n == 1;
}

static bool has_way(const struct parts_job *j, enum way way)
{
    for (uint32_t i = 0; i < j->n_steps; i++)
        if (j->steps[i].way == way)
            return true;
    return false;
}

/* -> multiplications of all. */
static uint64_t plan(struct parts_job *j, const struct matmul_part *parts)
{
    uint64_t work = 0;
    for (uint32_t i = 0; i < j->n_steps; i++) {
        const struct matmul_part *p = &parts[i];
        const struct part_step *before = i ? &j->steps[i - 1] : NULL;
        uint32_t n_groups = (p->w->rows + ROW_GROUP - 1) / ROW_GROUP;
        struct part_step *s = &j->steps[i];
        *s = (struct part_step){.p = p, .way = matmul_way(j->mm, p->w->format, p->n)};
        bool shares = before && before->p->first == p->first;
        s->groups = groups_per_chunk(j->mm, s->way, p->w, p->n);
        if (is_one_vector(s))
            s->cut = matvec_cut(j->mm->k, p->w);
        s->chunk0 = j->n_chunks;
        s->block0 = shares ? before->block0 : j->n_blocks;
        j->n_chunks += is_one_vector(s) ? s->cut.n_chunks : (n_groups + s->groups - 1) / s->groups;
        j->n_rows = p->first + p->n > j->n_rows ? p->first + p->n : j->n_rows;
        if (s->way == WAY_TILES && !shares)
            j->n_blocks += matmul_blocks(p->n);
        work += (uint64_t)p->w->rows * p->w->cols * p->n;
    }
    assert(matmul_blocks(j->mm->max_tok) >= j->n_blocks);
    if (has_way(j, WAY_PANELS))
        memory_for_blas(pool_size(j->mm->pool));
    return work;
}

/* The last step that begins at this chunk or before it. */
static const struct part_step *step_of_chunk(const struct parts_job *j, uint32_t chunk)
{
    uint32_t low = 0, high = j->n_steps;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        *(j->steps[middle].chunk0 <= chunk ? &low : &high) = middle;
    }
    return &j->steps[low];
}

/* ---- what the products read ----------------------------------------------------------- */

static void quantise_row(void *arg, uint32_t i, uint32_t worker)
{
    const struct parts_job *j = arg;
    (void)worker;
    j->mm->k->quantise(&j->mm->act[i], j->cols, j->steps->p->w->cols_pad);
}

/* Each row of x once, whichever parts read it. */
static void set_activations(struct parts_job *j, uint32_t n_x)
{
    struct matmul *mm = j->mm;
    for (uint32_t i = 0; i < n_x; i++)
        matmul_set_input(mm, i, j->x + (size_t)i * j->cols, j->steps->p->w->format == FORMAT_QINS8);
    if (format_info(j->steps->p->w->format)->is_qins)
        run(j, quantise_row, n_x, (uint64_t)(n_x - 1) * j->cols);
    j->act = mm->act;
    if (!j->rows)
        return;
    for (uint32_t i = 0; i < j->n_rows; i++)
        mm->row_act[i] = mm->act[j->rows[i]];
    j->act = mm->row_act;
}

static void copy_row(const struct parts_job *j, uint32_t i, float *to)
{
    memcpy(to, j->x + (size_t)row_of(j, i) * j->cols, j->cols * sizeof *to);
}

static void pack_part(void *arg, uint32_t i, uint32_t worker)
{
    const struct parts_job *j = arg;
    const struct part_step *s = &j->steps[i];
    struct matmul *mm = j->mm;
    const size_t block = gemm_tiles_bytes(j->cols) / sizeof *mm->tiles;
    float *near = (float *)(void *)(mm->panels + worker * mm->panel_bytes);
    if (s->way != WAY_TILES || (i && s->block0 == s[-1].block0 && s[-1].p->first == s->p->first))
        return;
    for (uint32_t t = 0; t < s->p->n; t += TILE_TOKENS) {
        uint32_t n = s->p->n - t < TILE_TOKENS ? s->p->n - t : (uint32_t)TILE_TOKENS;
        for (uint32_t row = 0; row < n; row++)
            copy_row(j, s->p->first + t + row, near + (size_t)row * j->cols);
        mm->k->pack_tokens(near, n, j->cols, mm->tiles + (s->block0 + t / TILE_TOKENS) * block);
    }
}

static void gather_row(void *arg, uint32_t i, uint32_t worker)
{
    struct parts_job *j = arg;
    (void)worker;
    copy_row(j, i, j->mm->gathered + (size_t)i * j->cols);
}

static void gather(struct parts_job *j)
{
    struct matmul *mm = j->mm;
    j->gathered = j->x;
    if (!j->rows)
        return;
    if (!mm->gathered)
        mm->gathered = xaligned_scratch((size_t)mm->max_tok * mm->max_cols * sizeof(float));
    run(j, gather_row, j->n_rows, (uint64_t)j->n_rows * j->cols);
    j->gathered = mm->gathered;
}

/* ---- products ------------------------------------------------------------------------- */

static void matvecs(const struct parts_job *j, const struct matmul_part *p, uint32_t group0,
                    uint32_t group1)
{
    const struct kernels *k = j->mm->k;
    const struct activation *act = j->act + p->first;
    float *y = p->y + p->first * j->ld_y;
    if (k->matvec_batch[p->w->format]) {
        k->matvec_batch[p->w->format](p->w, group0, group1, act, p->n, y, j->ld_y);
        return;
    }
    for (uint32_t t = 0; t < p->n; t++)
        k->matvec[p->w->format](p->w, group0, group1, &act[t], y + t * j->ld_y);
}

static void panels(const struct parts_job *j, const struct matmul_part *p, uint32_t row0,
                   uint32_t row1, float *own)
{
    const struct matrix *w = p->w;
    const float *panel = own;
    if (w->format == FORMAT_F32)
        panel = (const float *)w->data + (size_t)row0 * w->cols;
    else
        j->mm->k->dequant[w->format](w, row0, row1, own);
    j->mm->k->gemm_f32(p->n, row1 - row0, w->cols, j->gathered + (size_t)p->first * w->cols, panel,
                       p->y + p->first * j->ld_y + row0, j->ld_y);
}

static void part_chunk(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct parts_job *j = arg;
    const struct part_step *s = step_of_chunk(j, chunk);
    const struct matmul_part *p = s->p;
    struct matmul *mm = j->mm;
    uint8_t *own = mm->panels + worker * mm->panel_bytes;
    uint32_t n_groups = (p->w->rows + ROW_GROUP - 1) / ROW_GROUP;
    uint32_t first = (chunk - s->chunk0) * s->groups, last = first + s->groups;
    if (last > n_groups)
        last = n_groups;
    if (is_one_vector(s)) {
        matvec_cut_run(&s->cut, mm->k, p->w, chunk - s->chunk0, j->act + p->first,
                       p->y + p->first * j->ld_y);
    } else if (s->way == WAY_MATVEC) {
        matvecs(j, p, first, last);
    } else if (s->way == WAY_TILES) {
        const size_t block = gemm_tiles_bytes(j->cols) / sizeof *mm->tiles;
        mm->k->gemm_tiles[p->w->format](p->w, first, last, mm->tiles + s->block0 * block, p->n,
                                        p->y + p->first * j->ld_y, j->ld_y, own);
    } else {
        uint32_t end = last * ROW_GROUP < p->w->rows ? last * ROW_GROUP : p->w->rows;
        panels(j, p, first * ROW_GROUP, end, (float *)(void *)own);
    }
}

static void watch_parts(struct parts_job *j)
{
    const struct matmul *mm = j->mm;
    gather(j);
    for (uint32_t i = 0; i < j->n_steps; i++) {
        const struct matmul_part *p = j->steps[i].p;
        mm->watch(mm->watch_arg, p->w, p->n, j->gathered + (size_t)p->first * j->cols);
    }
}

void matmul_run_parts(struct matmul *mm, const struct matmul_part *parts, uint32_t n_parts,
                      const float *x, uint32_t n_x, const uint32_t *rows, size_t ld_y)
{
    struct parts_job j = {
        .mm = mm, .n_steps = n_parts, .cols = parts->w->cols, .x = x, .rows = rows, .ld_y = ld_y};
    if (mm->n_steps < n_parts)
        mm->steps = xrealloc(mm->steps, mm->n_steps = n_parts, sizeof *mm->steps);
    j.steps = mm->steps;
    uint64_t work = plan(&j, parts);
    assert(j.n_rows <= mm->max_tok && n_x <= mm->max_tok && j.cols <= mm->max_cols);
    if (mm->watch)
        watch_parts(&j);
    if (has_way(&j, WAY_MATVEC))
        set_activations(&j, n_x);
    if (has_way(&j, WAY_TILES))
        run(&j, pack_part, n_parts, (uint64_t)j.n_rows * j.cols);
    if (has_way(&j, WAY_PANELS))
        gather(&j);
    profile_lap(pool_profile(mm->pool), OP_QUANTISE);
    run(&j, part_chunk, j.n_chunks, work);
}
