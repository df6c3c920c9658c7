/* SPDX-License-Identifier: MIT */
#include "source_view.h"

#include <string.h>

enum { MAX_NAME = 128, MXFP4_BLOCK = 32, MXFP4_BYTES = 16 };

struct finder {
    const struct arch_experts *a;
    const struct weight *w;
    const struct source_tensors *tensors;
    struct error *err;
};

static const struct source_tensor *find(const struct finder *f, const char *name)
{
    return f->tensors->find(f->tensors->checkpoint, name);
}

/* ---- types and shapes ----------------------------------------------------------------- */

static bool check_type(const struct finder *f, const struct source_tensor *t)
{
    const bool is_read = t->type && t->type->widen;
    return (is_read && !(f->w->is_vector && f->w->n_experts && t->type->block > 1)) ||
           error_set(f->err, EX_DATAERR, "tensor \"%s\": dtype %s is not supported; supported: %s",
                     t->name, t->type_name, f->tensors->types);
}

static void print_shape(struct buf *out, const uint64_t *shape, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        buf_printf(out, "%s%llu", i ? ", " : "", (unsigned long long)shape[i]);
}

static bool check_shape(const struct finder *f, const struct source_tensor *t,
                        const uint64_t *wanted, uint32_t n)
{
    struct buf has = {0}, needs = {0};
    if (t->n_dims == n && memcmp(t->shape, wanted, n * sizeof *wanted) == 0)
        return true;
    print_shape(&has, t->shape, t->n_dims);
    print_shape(&needs, wanted, n);
    error_set(f->err, EX_DATAERR, "tensor \"%s\": shape [%s], but config.json makes it [%s]",
              t->name, has.data ? has.data : "", needs.data);
    buf_free(&has);
    buf_free(&needs);
    return false;
}

/* ---- one matrix or vector of its own -------------------------------------------------- */

static bool view_own(struct source_view *v, const struct finder *f, const char *name)
{
    const struct weight *w = f->w;
    const uint64_t shape[2] = {w->is_vector ? w->cols : w->rows, w->cols};
    v->tensor = find(f, name);
    v->step = 1;
    return check_type(f, v->tensor) && check_shape(f, v->tensor, shape, w->is_vector ? 1 : 2);
}

/* ---- experts -------------------------------------------------------------------------- */

/* "A.experts.B.weight" -> "A.experts.7.B.weight" */
static bool numbered_name(char out[MAX_NAME], const char *name, uint32_t part)
{
    static const char experts[] = ".experts.";
    const char *at = strstr(name, experts);
    if (!at)
        return false;
    at += sizeof experts - 1;
    snprintf(out, MAX_NAME, "%.*s%u.%s", (int)(at - name), name, part, at);
    return true;
}

/* "model.layers.3.NAME", with the layer of the weight. */
static void layer_name(char out[MAX_NAME], const struct weight *w, const char *name,
                       const char *ending)
{
    snprintf(out, MAX_NAME, "model.layers.%u.%s%s", w->layer, name, ending);
}

/* One of all experts' tensors that hold this weight: alone, or (fused) gate and up together. */
static bool view_stack(struct source_view *v, const struct finder *f, uint32_t part, bool is_fused,
                       bool is_turned)
{
    const struct weight *w = f->w;
    const uint64_t rows = w->is_vector ? w->cols : w->rows, all = is_fused ? 2 * rows : rows;
    uint64_t shape[3] = {w->n_experts, all, w->cols};
    if (is_turned && !w->is_vector) {
        shape[1] = w->cols;
        shape[2] = all;
        v->n_turned = (uint32_t)all;
    }
    v->step = is_fused && f->a->alternates ? 2 : 1;
    v->first = part * all;
    if (is_fused)
        v->first += f->a->alternates ? w->part : w->part * rows;
    return check_type(f, v->tensor) && check_shape(f, v->tensor, shape, w->is_vector ? 2 : 3);
}

/* Blocks of 32 weights in 16 bytes, and a scale of each in another tensor. */
static bool view_blocks(struct source_view *v, const struct finder *f, uint32_t part, bool is_fused)
{
    const struct weight *w = f->w;
    const uint64_t all = is_fused ? 2 * (uint64_t)w->rows : w->rows;
    const uint64_t shape[4] = {w->n_experts, all, w->cols / MXFP4_BLOCK, MXFP4_BYTES};
    const struct source_tensor *const tensors[] = {v->tensor, v->scales};
    for (int i = 0; i < 2; i++) {
        v->tensor = tensors[i];
        if (strcmp(tensors[i]->type_name, "U8") != 0)
            return error_set(f->err, EX_DATAERR, "tensor \"%s\": dtype %s, but it must be U8",
                             tensors[i]->name, tensors[i]->type_name);
        if (w->cols % MXFP4_BLOCK != 0)
            return error_set(f->err, EX_DATAERR, "tensor \"%s\": rows of %u are not whole blocks",
                             tensors[i]->name, w->cols);
        if (!check_shape(f, tensors[i], shape, i ? 3 : 4))
            return false;
    }
    v->tensor = tensors[0];
    v->step = is_fused && f->a->alternates ? 2 : 1;
    v->first = part * all;
    if (is_fused)
        v->first += f->a->alternates ? w->part : w->part * (uint64_t)w->rows;
    return true;
}

/* Tensors named after STEM, which is this weight's own name or that of gate and up together. */
static bool view_stem(struct source_view *v, const struct finder *f, uint32_t part,
                      const char *stem, bool is_fused, bool *is_found)
{
    const bool is_bias = f->w->is_vector;
    char name[MAX_NAME];
    *is_found = true;
    layer_name(name, f->w, stem, is_bias ? ".bias" : ".weight");
    if ((v->tensor = find(f, name)))
        return view_stack(v, f, part, is_fused, false);
    layer_name(name, f->w, stem, is_bias ? "_bias" : "");
    if ((v->tensor = find(f, name)))
        return view_stack(v, f, part, is_fused, f->a->is_turned);
    layer_name(name, f->w, stem, "_blocks");
    v->tensor = is_bias ? NULL : find(f, name);
    layer_name(name, f->w, stem, "_scales");
    v->scales = is_bias ? NULL : find(f, name);
    if (v->tensor && v->scales)
        return view_blocks(v, f, part, is_fused);
    *is_found = false;
    return false;
}

static bool view_expert(struct source_view *v, const struct finder *f, uint32_t part)
{
    const struct weight *w = f->w;
    enum role of = w->is_vector ? w->bias_of : w->role;
    const char *stem = of == ROLE_EXPERT_DOWN ? f->a->down : f->a->gate_up[w->part];
    char numbered[MAX_NAME];
    bool is_found;
    bool ok = view_stem(v, f, part, stem, false, &is_found);
    if (is_found)
        return ok;
    if (numbered_name(numbered, w->name, part) && find(f, numbered))
        return view_own(v, f, numbered);
    if (of == ROLE_EXPERT_GATE_UP && f->a->fused) {
        ok = view_stem(v, f, part, f->a->fused, true, &is_found);
        if (is_found)
            return ok;
    }
    *v = (struct source_view){0};
    return error_set(f->err, EX_DATAERR, "tensor \"%s\" is missing",
                     numbered_name(numbered, w->name, part) ? numbered : w->name);
}

bool source_view_find(struct source_view *v, const struct model_config *c, const struct weight *w,
                      uint32_t part, const struct source_tensors *tensors, struct error *err)
{
    const struct finder f = {&c->arch->experts, w, tensors, err};
    *v = (struct source_view){0};
    if (w->n_experts)
        return view_expert(v, &f, part);
    if (find(&f, w->name))
        return view_own(v, &f, w->name);
    return error_set(err, EX_DATAERR, "tensor \"%s\" is missing%s", w->name,
                     w->role == ROLE_HEAD ? " (and config.json does not say tie_word_embeddings)"
                                          : "");
}
