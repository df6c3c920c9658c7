/* SPDX-License-Identifier: MIT */
#include "engine_settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch.h"
#include "hub.h"
#include "models.h"
#include "named_file.h"
#include "places.h"

#define KEEP_WORTH_MS 3000 /* less is read again as quickly as one looks for it */
#define GIB ((double)(1 << 30))

/* A folder of Hugging Face's cache is left as a name, as is what has to be downloaded: the engine
 * converts it once, and keeps that. */
static char *find_asked(const char *asked, struct error *err)
{
    struct hub_ref ref;
    struct error why;
    char *path = models_find(asked, err), *of_hub = path ? hub_name(path) : NULL;
    bool is_path = access(asked, F_OK) == 0;
    if ((path && (!of_hub || !is_folder(path))) || is_path || !hub_ref_parse(&ref, asked)) {
        free(of_hub);
        return path;
    }
    char *name = hub_ref_name(&ref);
    if (!path && !fetch_is_possible(&why)) {
        error_set(err, EX_NOINPUT, "%s: not on this machine, and %s", name, why.text);
        free(name);
        name = NULL;
    }
    hub_ref_free(&ref);
    free(of_hub);
    free(path);
    return name;
}

static char *find_model(const struct options *options, const char *model, struct error *err)
{
    const char *asked = *model ? model : options_text(options, OPT_MODEL);
    if (!*asked)
        return models_default(err);
    char *typed = places_typed(asked), *path = find_asked(typed, err);
    free(typed);
    return path;
}

/* -> false: there is none of this name. */
static bool find_template(const struct options *options, char **path, struct error *err)
{
    const char *asked = options_text(options, OPT_TEMPLATE);
    bool is_own = !*asked || strcmp(asked, "own") == 0;
    *path = is_own ? NULL : named_file("template", asked, err);
    return *path || is_own;
}

/* ---- an engine elsewhere -------------------------------------------------------------- */

bool engine_settings_have_server(const struct options *options)
{
    const char *url = options_text(options, OPT_SERVER);
    return *url && strcmp(url, "none") != 0;
}

static bool is_remote_name(const char *model)
{
    return strncmp(model, ENGINE_REMOTE, strlen(ENGINE_REMOTE)) == 0;
}

/* The server that a value of this source was written for: what sources up to it name. */
static const char *server_up_to(const struct options *options, enum option_source source)
{
    const struct option_value *layers = options->layers[OPT_SERVER];
    int at = (int)source;
    while (at > 0 && !layers[at].set)
        at--;
    return layers[at].set && strcmp(layers[at].text, "none") != 0 ? layers[at].text : "";
}

/* The text of an option of the server, or "" if it belongs to another one: the key that config.yaml
 * has for its server goes to no other that the command line names. */
static const char *of_this_server(const struct options *options, enum option_id id)
{
    const char *meant = server_up_to(options, options_source(options, id));
    bool is_other = *meant && strcmp(meant, options_text(options, OPT_SERVER)) != 0;
    return is_other ? "" : options_text(options, id);
}

/* -> what is asked for there, or NULL: this machine computes. A model that was named after the
 * server, and not with it, is one of this machine: words stay here if that can be meant. Named
 * together on the command line, or by variables, it is the server's. */
static char *remote_model(const struct options *options, const char *model)
{
    const char *asked = *model ? model : options_text(options, OPT_MODEL);
    enum option_source of_server = options_source(options, OPT_SERVER),
                       of_model = options_source(options, OPT_MODEL);
    if (is_remote_name(asked))
        return xstrdup(asked);
    if (*model || !engine_settings_have_server(options))
        return NULL;
    if (*asked && of_model >= SOURCE_ENV && of_model > of_server)
        return NULL;
    if (*asked && of_model >= SOURCE_ENV && of_model == of_server)
        return xasprintf(ENGINE_REMOTE "%s", asked);
    return xasprintf(ENGINE_REMOTE "%s", of_this_server(options, OPT_SERVER_MODEL));
}

/* Takes the model's name. */
static bool remote_settings(const struct options *options, char *model, struct engine_options *out,
                            struct error *err)
{
    *out = (struct engine_options){
        .model = model,
        .remote = {.url = options_text(options, OPT_SERVER),
                   .key_command = of_this_server(options, OPT_KEY_COMMAND),
                   .key_file = of_this_server(options, OPT_KEY_FILE),
                   .silence_ms = options_number(options, OPT_SERVER_TIMEOUT) * 1e3},
    };
    bool ok = engine_settings_have_server(options)
                  ? engine_options_check(out, err)
                  : error_set(err, EX_USAGE, "%s: no server is set; --server URL does", model);
    if (!ok) {
        free(model);
        out->model = NULL;
    }
    return ok;
}

static bool check_key_file(const char *typed, struct error *err)
{
    char *path = places_typed(typed);
    bool ok = !*typed || access(path, R_OK) == 0 ||
              error_set(err, EX_CONFIG, "key_file: %s: cannot be read", path);
    free(path);
    return ok;
}

bool engine_settings_check_server(const struct options *options, struct error *err)
{
    struct engine_options o = {0};
    bool ok = check_key_file(options_text(options, OPT_KEY_FILE), err) &&
              (!engine_settings_have_server(options) ||
               remote_settings(options, xstrdup(ENGINE_REMOTE), &o, err));
    free(o.model);
    return ok;
}

bool engine_settings(const struct options *options, const char *model, struct engine_options *out,
                     struct error *err)
{
    char *remote = remote_model(options, model);
    if (remote)
        return remote_settings(options, remote, out, err);
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
