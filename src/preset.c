/* SPDX-License-Identifier: MIT */
#include "preset.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "nearest.h"
#include "places.h"
#include "utf8.h"

/* ---- one YAML text --------------------------------------------------------------------------- */

enum file_kind { KIND_CONFIG, KIND_PRESET };

struct reader {
    yaml_parser_t parser;
    const char *text;
    size_t n;
    const char *name;
    enum file_kind kind;
    enum option_source source;
    struct options read; /* only its layer `source` */
    bool seen_description;
    struct error *err;
};

__attribute__((format(printf, 3, 4))) static bool refuse_at(struct reader *r, yaml_mark_t at,
                                                            const char *format, ...)
{
    char what[600];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return refuse(r->err, EX_CONFIG, "%.350s:%zu:%zu: %s", r->name, at.line + 1, at.column + 1,
                  what);
}

static yaml_mark_t mark_of_offset(const struct reader *r, size_t offset)
{
    yaml_mark_t at = {0};
    for (size_t i = 0; i < offset && i < r->n; i++) {
        if (r->text[i] == '\n') {
            at.line++;
            at.column = 0;
        } else if (((unsigned char)r->text[i] & 0xC0) != 0x80) {
            at.column++;
        }
    }
    return at;
}

static bool tab_indents_line(const struct reader *r, size_t line)
{
    const char *s = r->text, *end = r->text + r->n;
    while (line-- > 0 && s) {
        s = memchr(s, '\n', (size_t)(end - s));
        s = s ? s + 1 : NULL;
    }
    while (s && s < end && *s == ' ')
        s++;
    return s && s < end && *s == '\t';
}

/* libyaml could not go on. */
static bool refuse_problem(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        die(EX_OSERR, "qins: out of memory");
    if (p->error == YAML_READER_ERROR)
        return refuse_at(r, mark_of_offset(r, p->problem_offset), "%s; the file must be UTF-8 text",
                         p->problem);
    if (tab_indents_line(r, p->problem_mark.line))
        return refuse_at(r, p->problem_mark, "a tab in the indentation; use spaces");
    return refuse_at(r, p->problem_mark, "%s", p->problem ? p->problem : "not YAML");
}

static bool next_event(struct reader *r, yaml_event_t *event)
{
    memset(event, 0, sizeof *event);
    return yaml_parser_parse(&r->parser, event) || refuse_problem(r);
}

/* What a flat file of settings has no use for, and what could make it grow without bound. */
static bool check_node(struct reader *r, const yaml_event_t *e)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (e->type == YAML_ALIAS_EVENT)
        return refuse_at(r, e->start_mark, "aliases are not supported; write the value out");
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    }
    if (anchor)
        return refuse_at(r, e->start_mark, "anchors are not supported; write the value out");
    if (tag)
        return refuse_at(r, e->start_mark, "tags are not supported; write the plain value");
    return true;
}

static bool is_plain(const yaml_event_t *e)
{
    return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static const char *scalar_text(const yaml_event_t *e)
{
    return (const char *)e->data.scalar.value;
}

static bool is_one_of(const char *text, const char *const *words)
{
    while (*words && strcmp(text, *words) != 0)
        words++;
    return *words != NULL;
}

/* Plain scalars that YAML does not take for texts. */
static bool check_text(struct reader *r, const char *key, const yaml_event_t *e)
{
    static const char *const nothing[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const truth[] = {"yes",  "Yes",   "YES",   "no",    "No",  "NO",   "on",
                                        "On",   "ON",    "off",   "Off",   "OFF", "true", "True",
                                        "TRUE", "false", "False", "FALSE", NULL};
    if (is_plain(e) && is_one_of(scalar_text(e), nothing))
        return refuse_at(r, e->start_mark, "%s: no value; write \"\" for an empty text", key);
    if (is_plain(e) && is_one_of(scalar_text(e), truth))
        return refuse_at(r, e->start_mark, "%s: to YAML %s is a truth value; put it in quotes", key,
                         scalar_text(e));
    return true;
}

static bool check_value(struct reader *r, const char *key, const struct option_row *row,
                        const yaml_event_t *e)
{
    if (strlen(scalar_text(e)) != e->data.scalar.length)
        return refuse_at(r, e->start_mark, "%s: a NUL character inside the text", key);
    if (!row || row->type == OPTION_STRING)
        return check_text(r, key, e);
    if (row->type != OPTION_CHOICE && !is_plain(e))
        return refuse_at(r, e->start_mark, "%s: write the value without quotes", key);
    return true;
}

static bool take_description(struct reader *r, const yaml_event_t *key, const yaml_event_t *value)
{
    if (r->seen_description)
        return refuse_at(r, key->start_mark, "description: given twice");
    r->seen_description = true;
    return check_value(r, "description", NULL, value);
}

static bool find_option(struct reader *r, const yaml_event_t *key, int *id)
{
    const char *name = scalar_text(key), *guess;
    *id = options_find(name, &guess);
    if (strcmp(name, "<<") == 0)
        return refuse_at(r, key->start_mark, "merge keys are not supported; repeat the lines");
    if (*id < 0)
        return refuse_at(r, key->start_mark, "unknown key \"%.100s\"%s%s%s", name,
                         guess ? "; did you mean " : "; qins.yaml(5) lists them",
                         guess ? guess : "", guess ? "?" : "");
    if (*id == OPT_PRESET && r->kind == KIND_PRESET)
        return refuse_at(r, key->start_mark,
                         "preset: a preset cannot name another; config.yaml can");
    if (r->read.layers[*id][r->source].set)
        return refuse_at(r, key->start_mark, "%s: given twice%s%s", name,
                         strcmp(name, option_table[*id].name) ? ", it is the same as " : "",
                         strcmp(name, option_table[*id].name) ? option_table[*id].name : "");
    return true;
}

static bool take_pair(struct reader *r, const yaml_event_t *key, const yaml_event_t *value)
{
    struct error inner;
    int id;
    if (!check_node(r, value))
        return false;
    if (value->type != YAML_SCALAR_EVENT)
        return refuse_at(r, value->start_mark, "%.100s: one value is expected, not a list or a map",
                         scalar_text(key));
    if (strcmp(scalar_text(key), "description") == 0)
        return take_description(r, key, value);
    if (!find_option(r, key, &id) ||
        !check_value(r, option_table[id].name, &option_table[id], value))
        return false;
    return options_set(&r->read, (enum option_id)id, scalar_text(value), r->source, &inner) ||
           refuse_at(r, value->start_mark, "%s", inner.text);
}

/* One `key: value`; *more is false at the end of the mapping. */
static bool read_pair(struct reader *r, bool *more)
{
    yaml_event_t key, value;
    if (!next_event(r, &key))
        return false;
    *more = key.type != YAML_MAPPING_END_EVENT;
    bool ok = !*more || check_node(r, &key);
    if (ok && *more && key.type != YAML_SCALAR_EVENT)
        ok = refuse_at(r, key.start_mark, "the name of an option is expected here");
    if (ok && *more) {
        ok = next_event(r, &value);
        if (ok) {
            ok = take_pair(r, &key, &value);
            yaml_event_delete(&value);
        }
    }
    yaml_event_delete(&key);
    return ok;
}

/* Takes one event that must be of this type. */
static bool expect(struct reader *r, yaml_event_type_t type, const char *otherwise)
{
    yaml_event_t e;
    if (!next_event(r, &e))
        return false;
    bool ok = check_node(r, &e);
    if (ok && e.type != type)
        ok = refuse_at(r, e.start_mark, "%s", otherwise);
    yaml_event_delete(&e);
    return ok;
}

/* *empty: a file of comments alone, which sets nothing. */
static bool read_start(struct reader *r, bool *empty)
{
    yaml_event_t e;
    if (!expect(r, YAML_STREAM_START_EVENT, "not YAML") || !next_event(r, &e))
        return false;
    *empty = e.type == YAML_STREAM_END_EVENT;
    bool ok = true;
    if (!*empty &&
        (e.data.document_start.version_directive ||
         e.data.document_start.tag_directives.start != e.data.document_start.tag_directives.end))
        ok = refuse_at(r, e.start_mark, "directives are not supported; leave out the %% line");
    yaml_event_delete(&e);
    return ok && (*empty || expect(r, YAML_MAPPING_START_EVENT,
                                   "lines of the form \"temperature: 0.7\" are expected"));
}

static bool read_document(struct reader *r)
{
    bool empty, more = true;
    if (!read_start(r, &empty))
        return false;
    if (empty)
        return true;
    while (more)
        if (!read_pair(r, &more))
            return false;
    return expect(r, YAML_DOCUMENT_END_EVENT, "only one map is expected") &&
           expect(r, YAML_STREAM_END_EVENT, "a second document; only one is expected");
}

static bool check_encoding(struct reader *r)
{
    const yaml_mark_t start = {0};
    if (r->n > PRESET_MAX_BYTES)
        return refuse_at(r, start, "%zu bytes; at most %d are read", r->n, (int)PRESET_MAX_BYTES);
    if (r->n >= 3 && memcmp(r->text, "\xEF\xBB\xBF", 3) == 0)
        return refuse_at(r, start, "a byte order mark; save as UTF-8 without one");
    if (r->n >= 2 && (memcmp(r->text, "\xFF\xFE", 2) == 0 || memcmp(r->text, "\xFE\xFF", 2) == 0))
        return refuse_at(r, start, "UTF-16; save as UTF-8");
    for (size_t i = 0; i < r->n;) {
        int32_t cp;
        size_t used = utf8_decode(r->text + i, r->n - i, &cp);
        if (cp < 0)
            return refuse_at(r, mark_of_offset(r, i), "invalid UTF-8; save as UTF-8");
        i += used;
    }
    return true;
}

static bool read_yaml(struct options *o, const char *yaml, size_t n, const char *name,
                      enum file_kind kind, enum option_source source, struct error *err)
{
    struct reader r = {
        .text = yaml, .n = n, .name = name, .kind = kind, .source = source, .err = err};
    if (!check_encoding(&r))
        return false;
    if (!yaml_parser_initialize(&r.parser))
        die(EX_OSERR, "qins: out of memory");
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)yaml, n);
    bool ok = read_document(&r);
    if (ok)
        options_move_layer(o, &r.read, source);
    yaml_parser_delete(&r.parser);
    options_free(&r.read);
    return ok;
}

bool preset_read(struct options *o, const char *yaml, size_t n, const char *name,
                 enum option_source source, struct error *err)
{
    return read_yaml(o, yaml, n, name, KIND_CONFIG, source, err);
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool load_file(struct options *o, const char *path, enum file_kind kind,
                      enum option_source source, struct error *err)
{
    struct buf yaml = {0};
    bool ok = read_file(&yaml, path, PRESET_MAX_BYTES, err);
    if (!ok)
        err->code = EX_CONFIG;
    ok = ok && read_yaml(o, yaml.data, yaml.len, path, kind, source, err);
    buf_free(&yaml);
    return ok;
}

static bool ends_in_yaml(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".yaml") == 0;
}

/* A name that is safe inside a path and on a line. */
static bool is_plain_name(const char *name)
{
    if (*name == '\0' || *name == '.' || *name == '-' || strlen(name) > 64)
        return false;
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '/')
            return false;
    return true;
}

static char *user_file(const char *name)
{
    char *folder = places_user_folder();
    char *path = folder ? path_join(folder, name) : NULL;
    free(folder);
    return path;
}

static char *refuse_preset(const char *name, struct error *err)
{
    struct buf list = {0};
    size_t n;
    char **names = preset_names(&n);
    const char *guess = nearest(name, (const char *const *)names, n);
    for (size_t i = 0; i < n; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    if (guess)
        refuse(err, EX_CONFIG, "preset \"%.64s\": not found; did you mean %s?", name, guess);
    else
        refuse(err, EX_CONFIG, "preset \"%.64s\": not found; there are: %.600s", name,
               n ? list.data : "none");
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    buf_free(&list);
    return NULL;
}

char *preset_find(const char *name, struct error *err)
{
    if (strchr(name, '/') || ends_in_yaml(name))
        return xstrdup(name);
    if (!is_plain_name(name))
        return refuse_null(err, EX_CONFIG, "preset \"%.64s\": not a name", name);
    char *file = xasprintf("presets/%s.yaml", name);
    char *path = user_file(file);
    if (!path || !is_file(path)) {
        free(path);
        path = places_data_file(file);
    }
    free(file);
    if (is_file(path))
        return path;
    free(path);
    return refuse_preset(name, err);
}

bool preset_load(struct options *o, const char *name, struct error *err)
{
    char *path = preset_find(name, err);
    bool ok = path && load_file(o, path, KIND_PRESET, SOURCE_PRESET, err);
    free(path);
    return ok;
}

static bool load_user_config(struct options *o, struct error *err)
{
    char *path = user_file("config.yaml");
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

/* ---- the list of presets --------------------------------------------------------------------- */

struct name_list {
    char **names;
    size_t n;
};

static void list_folder(struct name_list *list, const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        size_t len = strlen(entry->d_name);
        if (!ends_in_yaml(entry->d_name) || !is_plain_name(entry->d_name))
            continue;
        list->names = xrealloc(list->names, list->n + 1, sizeof *list->names);
        list->names[list->n++] = xstrndup(entry->d_name, len - 5);
    }
    if (dir)
        closedir(dir);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **preset_names(size_t *n)
{
    struct name_list list = {0};
    char *user = user_file("presets"), *data = places_data_file("presets");
    size_t kept = 0;
    if (user)
        list_folder(&list, user);
    list_folder(&list, data);
    free(user);
    free(data);
    if (list.n)
        qsort(list.names, list.n, sizeof *list.names, compare_names);
    for (size_t i = 0; i < list.n; i++) {
        if (kept && strcmp(list.names[kept - 1], list.names[i]) == 0)
            free(list.names[i]);
        else
            list.names[kept++] = list.names[i];
    }
    *n = kept;
    return list.names;
}
