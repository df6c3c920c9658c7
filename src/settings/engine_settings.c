/* SPDX-License-Identifier: MIT */
#include "engine_settings.h"

#include <stdlib.h>
#include <string.h>

#include "models.h"
#include "named_file.h"

#define KEEP_WORTH_MS 3000 /* less is read again as quickly as one looks for it */
#define GIB ((double)(1 << 30))

static char *find_model(const struct options *options, const char *model, struct error *err)
{
    const char *asked = *model ? model : options_text(options, OPT_MODEL);
    return *asked ? models_find(asked, err) : models_default(err);
}

/* -> false: there is none of this name. */
static bool find_template(const struct options *options, char **path, struct error *err)
{
    const char *asked = options_text(options, OPT_TEMPLATE);
    bool is_own = !*asked || strcmp(asked, "own") == 0;
    *path = is_own ? NULL : named_file("template", asked, err);
    return *path || is_own;
}

bool engine_settings(const struct options *options, const char *model, struct engine_options *out,
                     struct error *err)
{
    char *path = find_model(options, model, err), *template = NULL;
    bool ok = path && find_template(options, &template, err);
    *out = (struct engine_options){
        .model = path,
        .template_file = template,
        .template_name = options_text(options, OPT_TEMPLATE),
        .n_threads = (unsigned)options_number(options, OPT_THREADS),
        .ctx_len = (uint32_t)options_number(options, OPT_CONTEXT),
        .cpu = options_text(options, OPT_CPU),
        .format = options_text(options, OPT_FORMAT),
        .speculate = options_text(options, OPT_SPECULATE),
        .kv = options_text(options, OPT_KV),
        .gemm = options_text(options, OPT_GEMM),
        .weights = options_text(options, OPT_WEIGHTS),
        .prompt_cache_bytes = (uint64_t)(options_number(options, OPT_KEEP_CONTEXT) * GIB),
        .keep_worth_ms = KEEP_WORTH_MS,
    };
    if (ok && engine_options_check(out, err))
        return true;
    free(path);
    free(template);
    out->model = out->template_file = NULL;
    return false;
}
