/* SPDX-License-Identifier: MIT */
#include "recipe.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "yaml_reader.h"

struct recipe {
    struct weight_list list;
    bool *is_set; /* [list.n] */
};

static bool fits(const char *pattern, const struct weight *w)
{
    char name[sizeof w->name];
    snprintf(name, sizeof name, "%s", w->name);
    char *end = strstr(name, ".weight");
    if (end && end[7] == '\0')
        *end = '\0';
    return !w->is_vector && fnmatch(pattern, name, 0) == 0;
}

static bool take(void *context, struct yaml_reader *r, const yaml_event_t *key,
                 const yaml_event_t *value)
{
    struct recipe *recipe = context;
    const char *pattern = reader_text(key);
    enum format format;
    bool any = false;
    if (!reader_check_scalar(r, pattern, value))
        return false;
    if (!format_from_name(reader_text(value), &format))
        return reader_refuse(r, value->start_mark,
                             "\"%s\" is no number format; known:" FORMAT_NAMES, reader_text(value));
    for (size_t i = 0; i < recipe->list.n; i++) {
        if (!fits(pattern, &recipe->list.items[i]))
            continue;
        any = true;
        if (!recipe->is_set[i])
            recipe->list.items[i].format = format;
        recipe->is_set[i] = true;
    }
    return any || reader_refuse(r, key->start_mark, "\"%s\" fits no matrix of this model", pattern);
}

bool recipe_read(const char *path, const struct model_config *c, enum format format, char **formats,
                 struct error *err)
{
    struct recipe recipe = {weight_list(c, format), NULL};
    struct weight_list plain = weight_list(c, format);
    struct buf text = {0};
    recipe.is_set = xcalloc(recipe.list.n, sizeof *recipe.is_set);
    bool ok = read_file(&text, path, YAML_MAX_BYTES, err) &&
              reader_read(text.data, text.len, path, "PATTERN: FORMAT", take, &recipe, err);
    json_t *differences = ok ? weight_list_differences(&recipe.list, &plain) : NULL;
    *formats = differences ? json_dumps(differences, JSON_COMPACT) : NULL;
    json_decref(differences);
    buf_free(&text);
    free(recipe.is_set);
    free(recipe.list.items);
    free(plain.items);
    return ok;
}
