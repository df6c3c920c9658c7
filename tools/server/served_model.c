/* SPDX-License-Identifier: MIT */
#include "served_model.h"

#include <stdlib.h>
#include <string.h>

#include "engine_settings.h"
#include "model_options.h"
#include "model_source.h"

static bool on_read(void *arg, uint64_t done, uint64_t total)
{
    const struct served_model *m = arg;
    (void)done;
    (void)total;
    return atomic_load(m->stop) == 0;
}

static bool on_fetch(void *arg, const struct fetch_progress *p)
{
    return on_read(arg, p->done, p->total);
}

static bool on_convert(void *arg, const struct convert_progress *p)
{
    return on_read(arg, p->done_bytes, p->total_bytes);
}

static struct model *open_model(struct served_model *m, const char *format, struct error *err)
{
    const struct model_source s = {.format = format,
                                   .pool = m->pool,
                                   .fetching = on_fetch,
                                   .keeping = on_convert,
                                   .converting = on_convert,
                                   .reading = on_read,
                                   .arg = m};
    return model_source_open(&m->path, &s, &m->setup, &m->weights, err);
}

static bool open_template(struct served_model *m, const struct engine_options *o, struct error *err)
{
    const struct model_config *c = &m->model->config;
    const struct chat_template_file file = {.path = o->template_file,
                                            .name = o->template_name,
                                            .bos = c->bos,
                                            .eos = c->n_stop ? c->stop[0] : -1};
    const char *json = m->model->tokenizer_config_json;
    if (o->template_file)
        return chat_template_init_file(&m->template, m->tokenizer, json, &file, err);
    return chat_template_init(&m->template, m->tokenizer, json, err);
}

/* "models/phi-qins4.qins" -> "phi-qins4" */
static char *name_of(const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    size_t from = n;
    while (from > 0 && path[from - 1] != '/')
        from--;
    const char *const endings[] = {".qins", ".gguf"};
    for (int i = 0; i < 2; i++)
        if (n - from > 5 && strncmp(path + n - 5, endings[i], 5) == 0)
            n -= 5;
    return xstrndup(path + from, n - from);
}

static void ready_weights(struct served_model *m)
{
    weights_ready(&m->weights, m->model, m->setup.weights, &m->kernels, m->pool);
    while (m->weights.copies)
        weights_ready_step(&m->weights, m->pool);
}

static bool open_all(struct served_model *m, const struct engine_options *e, struct error *err)
{
    kernels_init(&m->kernels, m->setup.cpu_flags);
    m->pool = pool_new(e->n_threads);
    m->model = open_model(m, e->format ? e->format : "auto", err);
    if (!m->model)
        return false;
    ready_weights(m);
    m->tokenizer = model_tokenizer(m->model, err);
    if (!m->tokenizer)
        return false;
    m->no_thinking.tokenizer = m->template.thinking.tokenizer = m->tokenizer;
    thinking_init(&m->by_answers, "<think>", strlen("<think>"), m->tokenizer);
    const struct model_config *c = &m->model->config;
    const uint32_t n = tokenizer_size(m->tokenizer);
    m->n_pieces = n < c->vocab ? n : c->vocab;
    m->ctx_len = e->ctx_len ? e->ctx_len : session_usual_ctx(c);
    return open_template(m, e, err);
}

bool served_model_open(struct served_model *m, struct options *o, const char *path,
                       const atomic_int *stop, struct error *err)
{
    struct engine_options e;
    *m = (struct served_model){.stop = stop};
    if (!engine_settings(o, path, &e, err))
        return false;
    m->path = xstrdup(e.model);
    m->name = name_of(m->path);
    bool ok = engine_setup_read(&m->setup, &e, err) && open_all(m, &e, err);
    const char *json = ok ? safetensors_meta(&m->model->file, META_GENERATION) : NULL;
    if (json)
        options_from_generation(o, json);
    free(e.model);
    free(e.template_file);
    return ok;
}

void served_model_close(struct served_model *m)
{
    chat_template_free(&m->template);
    tokenizer_free(m->tokenizer);
    if (m->model) {
        weights_ready_end(&m->weights);
        model_close(m->model);
    }
    if (m->pool)
        pool_free(m->pool);
    free(m->name);
    free(m->path);
}
