/* SPDX-License-Identifier: MIT */
#include "fit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpoint.h"
#include "compressed.h"
#include "folder_format.h"
#include "memory_limits.h"
#include "session.h"
#include "weights_file.h"

enum { SPARE = 1024, CHUNK = 128, CTX_STEP = 256 }; /* as sessions have them (session.h) */

/* ---- what it needs -------------------------------------------------------------------- */

/* A chunk of the prompt goes through a few rows of the widest layer, and gives one row of logits.
 */
static uint64_t scratch_bytes(const struct model_config *c)
{
    uint64_t widest = c->ffn_dim > 4 * c->dim ? c->ffn_dim : 4 * c->dim;
    return (uint64_t)CHUNK * (2 * widest + 8 * (uint64_t)c->dim) * sizeof(float) +
           2 * (uint64_t)c->vocab * sizeof(float);
}

static uint64_t sum(const struct fit *f, uint64_t kv)
{
    return f->weights + f->scratch + kv < kv ? UINT64_MAX : f->weights + f->scratch + kv;
}

static uint32_t largest_ctx(const struct fit *f, const struct model_config *c, enum kv_type kv)
{
    uint32_t low = 0, high = f->ctx / CTX_STEP + 1;
    if (!f->free_bytes || sum(f, f->kv) <= f->free_bytes)
        return f->ctx;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        bool fits = sum(f, kv_plan_bytes(c, kv, middle * CTX_STEP, SPARE)) <= f->free_bytes;
        *(fits ? &low : &high) = middle;
    }
    return low * CTX_STEP;
}

void fit_config(struct fit *f, const struct model_config *c, uint64_t weights, enum kv_type kv,
                uint32_t ctx, uint64_t free_bytes)
{
    *f = (struct fit){.weights = weights,
                      .scratch = scratch_bytes(c),
                      .free_bytes = free_bytes,
                      .ctx = ctx ? ctx : session_usual_ctx(c)};
    f->kv = kv_plan_bytes(c, kv, f->ctx, SPARE);
    f->ctx_fits = largest_ctx(f, c, kv);
}

bool fit_file(struct fit *f, const char *path, uint32_t ctx)
{
    struct safetensors st;
    struct model_config c;
    struct error ignored;
    enum format format;
    uint64_t bytes;
    int fd = open_regular(path, &bytes, &ignored);
    if (fd < 0)
        return false;
    close(fd);
    if (!safetensors_open_header(&st, path, &ignored))
        return false;
    const char *config = safetensors_meta(&st, META_CONFIG),
               *name = safetensors_meta(&st, META_FORMAT);
    const uint64_t decoded = compressed_inner_bytes(&st);
    bool ok = config && name && format_from_name(name, &format) &&
              config_parse(&c, config, strlen(config), path, NULL, 0, NULL, &ignored);
    if (ok)
        fit_config(f, &c, decoded ? decoded : bytes, format == FORMAT_F32 ? KV_F32 : KV_INT8, ctx,
                   memory_free());
    safetensors_close(&st);
    return ok;
}

void fit_models(struct model_list *l)
{
    struct fit f;
    for (size_t i = 0; i < l->n && !(l->until_ms > 0 && now_ms() > l->until_ms); i++)
        if (!l->items[i].problem && fit_file(&f, l->items[i].path, 0))
            l->items[i].memory_bytes = sum(&f, f.kv);
}

/* ---- in words ------------------------------------------------------------------------- */

bool fit_is_fine(const struct fit *f)
{
    return !f->free_bytes || sum(f, f->kv) <= f->free_bytes;
}

static double gb(uint64_t bytes)
{
    return (double)bytes / 1e9;
}

char *fit_text(const struct fit *f)
{
    struct buf out = {0};
    buf_printf(&out, "needs %.1f GB (weights %.1f GB, context of %u tokens %.1f GB)",
               gb(sum(f, f->kv)), gb(f->weights), f->ctx, gb(f->kv));
    if (f->free_bytes)
        buf_printf(&out, ", %.1f GB are free", gb(f->free_bytes));
    if (!fit_is_fine(f) && f->ctx_fits)
        buf_printf(&out, "; --context %u fits", f->ctx_fits);
    else if (!fit_is_fine(f))
        buf_puts(&out, "; a smaller format (qins-convert -f qins4) or model would fit");
    return out.data;
}

/* ---- formats -------------------------------------------------------------------------- */

double fit_bits(enum format f)
{
    const struct format_info *info = format_info(f);
    uint32_t n = info->tile_cols == 1 ? 1 : info->tile_cols * ROW_GROUP;
    return 8.0 * info->tile_bytes / n;
}

void fit_source(struct fit *f, const struct checkpoint *c, enum format format, enum kv_type kv,
                uint32_t ctx, uint64_t free_bytes)
{
    const struct model_config *config = &c->config;
    double edges = (double)config->vocab * config->dim * (config->tied ? 1 : 2),
           others = (double)config_n_params(config) - edges,
           bits = edges * fit_bits(format_info(format)->has_fine_edges ? FORMAT_QINS8 : format);
    uint64_t bytes = (uint64_t)((bits + others * fit_bits(format)) / 8);
    fit_config(f, config, bytes, kv, ctx, free_bytes);
}

static bool fits_in(const struct checkpoint *c, enum format format)
{
    struct fit f;
    fit_source(&f, c, format, KV_INT8, 0, memory_free());
    return !f.free_bytes || f.ctx_fits >= (f.ctx < 2048 ? f.ctx : 2048);
}

bool fit_format_of(const char *name, const struct checkpoint *c, enum format *format,
                   struct error *err)
{
    if (strcmp(name, "auto") != 0)
        return folder_format(name, c->folder, format, err);
    *format = folder_format_auto(c);
    if (*format == FORMAT_QINS8 && !fits_in(c, FORMAT_QINS8))
        *format = FORMAT_QINS4;
    return true;
}

bool fit_format(const char *name, const char *source, enum format *format, struct error *err)
{
    struct checkpoint c;
    if (strcmp(name, "auto") != 0 || !checkpoint_is_source(source))
        return folder_format(name, source, format, err);
    if (!checkpoint_open(&c, source, err))
        return false;
    bool ok = fit_format_of(name, &c, format, err);
    checkpoint_close(&c);
    return ok;
}
