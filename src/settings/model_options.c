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
    struct error err;
    char text[32];
    json_t *root = json ? json_parse(json, strlen(json), "generation_config.json", &err) : NULL;
    bool samples = json_is_true(json_object_get(root, "do_sample"));
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        int id = options_find(key, NULL);
        if (samples && id >= 0 && option_table[id].from_model && json_is_number(value))
            options_set(o, (enum option_id)id, number_format(json_number_value(value), text),
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
