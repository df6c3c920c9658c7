/* SPDX-License-Identifier: MIT */
#include "engine_settings.h"

#include <stdlib.h>

#include "models.h"

#define KEEP_WORTH_MS 3000 /* less is read again as quickly as one looks for it */
#define GIB ((double)(1 << 30))

static char *find_model(const struct options *options, const char *model, struct error *err)
{
    const char *asked = *model ? model : options_text(options, OPT_MODEL);
    return *asked ? models_find(asked, err) : models_default(err);
}

bool engine_settings(const struct options *options, const char *model, struct engine_options *out,
                     struct error *err)
{
    char *path = find_model(options, model, err);
    *out = (struct engine_options){
        .model = path,
        .n_threads = (unsigned)options_number(options, OPT_THREADS),
        .ctx_len = (uint32_t)options_number(options, OPT_CONTEXT),
        .cpu = options_text(options, OPT_CPU),
        .format = options_text(options, OPT_FORMAT),
        .speculate = options_text(options, OPT_SPECULATE),
        .kv = options_text(options, OPT_KV),
        .gemm = options_text(options, OPT_GEMM),
        .prompt_cache_bytes = (uint64_t)(options_number(options, OPT_KEEP_CONTEXT) * GIB),
        .keep_worth_ms = KEEP_WORTH_MS,
    };
    if (path && engine_options_check(out, err))
        return true;
    free(path);
    out->model = NULL;
    return false;
}
