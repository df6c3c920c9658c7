/* SPDX-License-Identifier: MIT */
#include "preset.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "named_file.h"
#include "places.h"
#include "yaml_reader.h"

/* ---- one YAML text -------------------------------------------------------------------- */

enum file_kind { KIND_CONFIG, KIND_PRESET };

struct file {
    enum file_kind kind;
    enum option_source source;
    struct options read; /* only its layer `source` */
    bool seen_description;
};

static bool take_description(struct file *f, struct yaml_reader *r, const yaml_event_t *key,
                             const yaml_event_t *value)
{
    if (f->seen_description)
        return reader_refuse(r, key->start_mark, "description: given twice");
    f->seen_description = true;
    return reader_check_text(r, "description", value);
}

static bool find_option(struct file *f, struct yaml_reader *r, const yaml_event_t *key, int *id)
{
    const char *name = reader_text(key), *guess;
    *id = options_find(name, &guess);
    if (*id < 0)
        return reader_refuse(r, key->start_mark, "unknown key \"%.100s\"%s%s%s", name,
                             guess ? "; did you mean " : "; qins.yaml(5) lists them",
                             guess ? guess : "", guess ? "?" : "");
    if (*id == OPT_PRESET && f->kind == KIND_PRESET)
        return reader_refuse(r, key->start_mark,
                             "preset: a preset cannot name another; config.yaml can");
    if (f->kind == KIND_PRESET && options_is_of_server((enum option_id) * id))
        return reader_refuse(r, key->start_mark,
                             "%s: a preset cannot say where your words go; config.yaml can", name);
    if (f->read.layers[*id][f->source].set)
        return reader_refuse(r, key->start_mark, "%s: given twice%s%s", name,
                             strcmp(name, option_table[*id].name) ? ", it is the same as " : "",
                             strcmp(name, option_table[*id].name) ? option_table[*id].name : "");
    return true;
}

static bool check_value(struct yaml_reader *r, const struct option_row *row, const yaml_event_t *e)
{
    if (row->type == OPTION_STRING)
        return reader_check_text(r, row->name, e);
    return row->type == OPTION_CHOICE || reader_is_plain(e) ||
           reader_refuse(r, e->start_mark, "%s: write the value without quotes", row->name);
}

static bool take_stop(void *context, struct yaml_reader *r, const yaml_event_t *item)
{
    struct file *f = context;
    struct error inner;
    return options_add_stop(&f->read, OPT_STOP, reader_text(item), f->source, &inner) ||
           reader_refuse(r, item->start_mark, "%s", inner.text);
}

/* An empty list is a value too: it takes weaker sources' texts away. */
static bool take_stops(struct file *f, struct yaml_reader *r)
{
    struct error inner;
    return options_set(&f->read, OPT_STOP, "", f->source, &inner) &&
           reader_items(r, option_table[OPT_STOP].name, take_stop, f);
}

static bool check_url(struct yaml_reader *r, enum option_id id, const yaml_event_t *value)
{
    const char *text = reader_text(value);
    return id != OPT_SERVER || !*text || strcmp(text, "none") == 0 ||
           strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0 ||
           reader_refuse(r, value->start_mark,
                         "engine: url: begins with http:// or https://, or is none");
}

/* engine: {url: ..., model: ..., key_command: ..., key_file: ..., timeout: ...} */
static bool take_engine(void *context, struct yaml_reader *r, const yaml_event_t *key,
                        const yaml_event_t *value)
{
    static const struct {
        const char *key;
        enum option_id id;
    } members[] = {{"url", OPT_SERVER},
                   {"model", OPT_SERVER_MODEL},
                   {"key_command", OPT_KEY_COMMAND},
                   {"key_file", OPT_KEY_FILE},
                   {"timeout", OPT_SERVER_TIMEOUT}};
    struct file *f = context;
    struct error inner;
    size_t n = sizeof members / sizeof *members, i = 0;
    while (i < n && strcmp(members[i].key, reader_text(key)) != 0)
        i++;
    if (i == n)
        return reader_refuse(r, key->start_mark,
                             "engine: unknown key \"%.100s\"; it has url, model, key_command, "
                             "key_file and timeout",
                             reader_text(key));
    enum option_id id = members[i].id;
    if (f->read.layers[id][f->source].set)
        return reader_refuse(r, key->start_mark, "engine: %s: given twice", members[i].key);
    return reader_check_scalar(r, members[i].key, value) && check_url(r, id, value) &&
           check_value(r, &option_table[id], value) &&
           (options_set(&f->read, id, reader_text(value), f->source, &inner) ||
            reader_refuse(r, value->start_mark, "%s", inner.text));
}

static bool take_engine_of(struct file *f, struct yaml_reader *r, const yaml_event_t *key,
                           const yaml_event_t *value)
{
    if (f->kind == KIND_PRESET)
        return reader_refuse(r, key->start_mark,
                             "engine: a preset cannot say where your words go; config.yaml can");
    return value->type == YAML_MAPPING_START_EVENT
               ? reader_pairs(r, take_engine, f)
               : reader_refuse(r, value->start_mark,
                               "engine: a map is expected, such as {url: http://localhost:8080}");
}

static bool take_pair(void *context, struct yaml_reader *r, const yaml_event_t *key,
                      const yaml_event_t *value)
{
    struct file *f = context;
    struct error inner;
    int id;
    if (strcmp(reader_text(key), "engine") == 0)
        return take_engine_of(f, r, key, value);
    if (value->type == YAML_SEQUENCE_START_EVENT &&
        options_find(reader_text(key), NULL) == OPT_STOP)
        return find_option(f, r, key, &id) && take_stops(f, r);
    if (!reader_check_scalar(r, reader_text(key), value))
        return false;
    if (strcmp(reader_text(key), "description") == 0)
        return take_description(f, r, key, value);
    if (options_find(reader_text(key), NULL) == OPT_STOP)
        return find_option(f, r, key, &id) && reader_check_text(r, "stop", value) &&
               take_stop(f, r, value);
    return find_option(f, r, key, &id) && check_value(r, &option_table[id], value) &&
           (options_set(&f->read, (enum option_id)id, reader_text(value), f->source, &inner) ||
            reader_refuse(r, value->start_mark, "%s", inner.text));
}

static bool read_yaml(struct options *o, const char *yaml, size_t n, const char *name,
                      enum file_kind kind, enum option_source source, struct error *err)
{
    struct file f = {.kind = kind, .source = source};
    bool ok = reader_read(yaml, n, name, "temperature: 0.7", take_pair, &f, err);
    if (ok)
        options_move_layer(o, &f.read, source);
    options_free(&f.read);
    return ok;
}

bool preset_read(struct options *o, const char *yaml, size_t n, const char *name,
                 enum option_source source, struct error *err)
{
    return read_yaml(o, yaml, n, name, KIND_CONFIG, source, err);
}

/* ---- files ---------------------------------------------------------------------------- */

static bool load_file(struct options *o, const char *path, enum file_kind kind,
                      enum option_source source, struct error *err)
{
    struct buf yaml = {0};
    bool ok = read_file(&yaml, path, YAML_MAX_BYTES, err);
    if (!ok)
        err->code = EX_CONFIG;
    ok = ok && read_yaml(o, yaml.data, yaml.len, path, kind, source, err);
    buf_free(&yaml);
    return ok;
}

bool preset_load(struct options *o, const char *name, struct error *err)
{
    char *path = named_file("preset", name, err);
    bool ok = path && load_file(o, path, KIND_PRESET, SOURCE_PRESET, err);
    free(path);
    return ok;
}

static bool load_user_config(struct options *o, struct error *err)
{
    char *path = places_user_file("config.yaml");
    bool ok = !path || !is_file(path) || load_file(o, path, KIND_CONFIG, SOURCE_PRESET, err);
    free(path);
    return ok;
}

bool preset_load_defaults(struct options *o, struct error *err)
{
    char *path = places_data_file("default.yaml");
    bool ok = !is_file(path) || load_file(o, path, KIND_CONFIG, SOURCE_DEFAULT, err);
    free(path);
    return ok && load_user_config(o, err);
}

bool preset_choose(struct options *o, const char *name, struct error *err)
{
    struct options config = {0}, preset = {0};
    bool ok = load_user_config(&config, err) && preset_load(&preset, name, err) &&
              options_set(&preset, OPT_PRESET, name, SOURCE_PRESET, err);
    for (int id = 0; ok && id < N_OPTIONS; id++) {
        options_unset(o, (enum option_id)id, SOURCE_PRESET);
        for (int source = SOURCE_ENV; preset.layers[id][SOURCE_PRESET].set && source < N_SOURCES;
             source++)
            options_unset(o, (enum option_id)id, (enum option_source)source);
    }
    if (ok) {
        options_move_layer(o, &config, SOURCE_PRESET);
        options_move_layer(o, &preset, SOURCE_PRESET);
    }
    options_free(&config);
    options_free(&preset);
    return ok;
}

char **preset_names(size_t *n)
{
    return named_files("preset", n);
}

bool preset_list(struct buf *out)
{
    size_t n;
    char **names = preset_names(&n);
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%s%s", i ? ", " : "", names[i]);
        free(names[i]);
    }
    free(names);
    return n > 0;
}
