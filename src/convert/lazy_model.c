/* SPDX-License-Identifier: MIT */
#include "lazy_model.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert_internal.h"

struct lazy_model {
    struct convert_options options;
    struct job j;
    struct error err; /* of the job */
    struct model *m;
    size_t bytes;
};

/* Convolutions are turned round when the model opens. */
static bool is_always_there(const struct weight *w)
{
    return w->is_vector || w->role == ROLE_CONV || w->role == ROLE_EMBED ||
           w->role == ROLE_PER_LAYER_EMBED || w->role == ROLE_PER_LAYER_PROJ;
}

static bool is_in_layer(const struct weight *w, uint32_t layer)
{
    if (layer == LAZY_HEAD)
        return w->role == ROLE_HEAD;
    return !is_always_there(w) && w->layer == layer && w->role != ROLE_HEAD;
}

/* Chunks of a weight stand together. */
static bool load(struct lazy_model *l, bool (*wanted)(const struct weight *, uint32_t),
                 uint32_t layer, struct error *err)
{
    struct job *j = &l->j;
    uint32_t first = 0, n = 0;
    bool ok = true;
    for (uint32_t i = 0; ok && i <= j->n_chunks; i++) {
        if (i < j->n_chunks && wanted(piece_weight(j, &j->pieces[j->chunks[i].piece]), layer)) {
            first = n++ ? first : i;
            continue;
        }
        ok = n == 0 || job_encode(j, "reading", first, n);
        n = 0;
    }
    if (!ok)
        *err = l->err;
    return ok;
}

static bool always(const struct weight *w, uint32_t layer)
{
    (void)layer;
    return is_always_there(w);
}

static bool bind(struct lazy_model *l, struct error *err)
{
    struct job *j = &l->j;
    l->bytes = j->header.len + (size_t)j->layout.data_bytes;
    void *p = mmap(NULL, l->bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return error_set(err, EX_OSERR, "%s: no address space for %zu bytes", j->c->folder,
                         l->bytes);
    j->memory = p;
    memcpy(p, j->header.data, j->header.len);
    if (!job_put(j, j->layout.tokenizer_at, j->tokenizer, j->tokenizer_bytes, err) ||
        !load(l, always, 0, err))
        return false;
    l->m = model_open_bytes(p, l->bytes, j->c->folder, err);
    return l->m != NULL;
}

struct lazy_model *lazy_model_open(const struct checkpoint *c, unsigned n_threads,
                                   struct error *err)
{
    struct lazy_model *l = xcalloc(1, sizeof *l);
    l->options = (struct convert_options){.format = FORMAT_F32, .n_threads = n_threads};
    job_start(&l->j, c, &l->options, &l->err);
    if (bind(l, err))
        return l;
    lazy_model_close(l);
    return NULL;
}

void lazy_model_close(struct lazy_model *l)
{
    if (!l)
        return;
    model_close(l->m);
    if (l->j.memory)
        munmap(l->j.memory, l->bytes);
    job_end(&l->j);
    free(l);
}

struct model *lazy_model_bound(struct lazy_model *l)
{
    return l->m;
}

struct pool *lazy_model_pool(struct lazy_model *l)
{
    return l->j.pool;
}

bool lazy_model_load(struct lazy_model *l, uint32_t layer, struct error *err)
{
    return load(l, is_in_layer, layer, err);
}

/* Whole pages of it: what its neighbours share stays. */
void lazy_model_drop(struct lazy_model *l, uint32_t layer)
{
    const struct file_layout *layout = &l->j.layout;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < layout->list.n; i++) {
        const struct weight *w = &layout->list.items[i];
        if (!is_in_layer(w, layer))
            continue;
        uintptr_t at = (uintptr_t)l->j.memory + l->j.header.len + layout->at[i][PLANE_DATA];
        uintptr_t end =
            (at + (uint64_t)w->rows * w->cols * weight_n_parts(w) * sizeof(float)) / page * page;
        at = (at + page - 1) / page * page;
        if (at < end)
            madvise((void *)at, end - at, MADV_DONTNEED);
    }
}
