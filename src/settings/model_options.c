/* SPDX-License-Identifier: MIT */
#include "model_options.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "number.h"
#include "weights_file.h"

enum { MAX_JSON = 1 << 20 };

void options_from_generation(struct options *o, const char *json)
{
    static const struct {
        const char *key;
        enum option_id id;
    } values[] = {
        {"temperature", OPT_TEMPERATURE},
        {"top_p", OPT_TOP_P},
        {"top_k", OPT_TOP_K},
        {"min_p", OPT_MIN_P},
        {"repetition_penalty", OPT_REPEAT_PENALTY},
    };
    struct error err;
    char text[32];
    json_t *root = json ? json_parse(json, strlen(json), "generation_config.json", &err) : NULL;
    bool samples = json_is_true(json_object_get(root, "do_sample"));
    for (size_t i = 0; samples && i < sizeof values / sizeof values[0]; i++) {
        const json_t *value = json_object_get(root, values[i].key);
        if (json_is_number(value))
            options_set(o, values[i].id, number_format(json_number_value(value), text),
                        SOURCE_MODEL, &err);
    }
    json_decref(root);
}

void options_from_path(struct options *o, const char *path)
{
    struct error err;
    struct safetensors st;
    struct buf json = {0};
    char *file = path_join(path, "generation_config.json");
    if (is_folder(path)) {
        if (read_file(&json, file, MAX_JSON, &err))
            options_from_generation(o, json.data);
    } else if (safetensors_open_header(&st, path, &err)) {
        options_from_generation(o, safetensors_meta(&st, META_GENERATION));
        safetensors_close(&st);
    }
    buf_free(&json);
    free(file);
}
