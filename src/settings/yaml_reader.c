/* SPDX-License-Identifier: MIT */
#include "yaml_reader.h"

#include <stdarg.h>
#include <string.h>

#include "utf8.h"

/* ---- errors --------------------------------------------------------------------------- */

bool reader_refuse(struct yaml_reader *r, yaml_mark_t at, const char *format, ...)
{
    char what[600];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    for (char *c = what; *c; c++) /* of a text from the file: a message is one line */
        if (*c > 0 && *c < ' ')
            *c = ' ';
    return error_set(r->err, EX_CONFIG, "%.350s:%zu:%zu: %s", r->name, at.line + 1, at.column + 1,
                     what);
}

static yaml_mark_t mark_of_offset(const struct yaml_reader *r, size_t offset)
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

static bool tab_indents_line(const struct yaml_reader *r, size_t line)
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
static bool refuse_problem(struct yaml_reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        die(EX_OSERR, "out of memory");
    if (p->error == YAML_READER_ERROR)
        return reader_refuse(r, mark_of_offset(r, p->problem_offset),
                             "%s; the file must be UTF-8 text", p->problem);
    if (tab_indents_line(r, p->problem_mark.line))
        return reader_refuse(r, p->problem_mark, "a tab in the indentation; use spaces");
    return reader_refuse(r, p->problem_mark, "%s", p->problem ? p->problem : "not YAML");
}

/* ---- events --------------------------------------------------------------------------- */

static bool next_event(struct yaml_reader *r, yaml_event_t *event)
{
    memset(event, 0, sizeof *event);
    return yaml_parser_parse(&r->parser, event) || refuse_problem(r);
}

/* What a file of settings has no use for, and what could make it grow without bound. */
static bool check_node(struct yaml_reader *r, const yaml_event_t *e)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (e->type == YAML_ALIAS_EVENT)
        return reader_refuse(r, e->start_mark, "aliases are not supported; write the value out");
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
        return reader_refuse(r, e->start_mark, "anchors are not supported; write the value out");
    if (tag)
        return reader_refuse(r, e->start_mark, "tags are not supported; write the plain value");
    return true;
}

/* Takes one event that must be of this type. */
static bool expect(struct yaml_reader *r, yaml_event_type_t type, const char *otherwise)
{
    yaml_event_t e;
    if (!next_event(r, &e))
        return false;
    bool ok = check_node(r, &e);
    if (ok && e.type != type)
        ok = reader_refuse(r, e.start_mark, "%s", otherwise);
    yaml_event_delete(&e);
    return ok;
}

/* ---- values --------------------------------------------------------------------------- */

const char *reader_text(const yaml_event_t *scalar)
{
    return (const char *)scalar->data.scalar.value;
}

bool reader_is_plain(const yaml_event_t *scalar)
{
    return scalar->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

bool reader_check_scalar(struct yaml_reader *r, const char *key, const yaml_event_t *value)
{
    if (value->type != YAML_SCALAR_EVENT)
        return reader_refuse(r, value->start_mark,
                             "%.100s: one value is expected, not a list or a map", key);
    if (strlen(reader_text(value)) != value->data.scalar.length)
        return reader_refuse(r, value->start_mark, "%.100s: a NUL character inside the text", key);
    return true;
}

static bool is_one_of(const char *text, const char *const *words)
{
    while (*words && strcmp(text, *words) != 0)
        words++;
    return *words != NULL;
}

bool reader_check_text(struct yaml_reader *r, const char *key, const yaml_event_t *value)
{
    static const char *const nothing[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const truth[] = {"yes",  "Yes",   "YES",   "no",    "No",  "NO",   "on",
                                        "On",   "ON",    "off",   "Off",   "OFF", "true", "True",
                                        "TRUE", "false", "False", "FALSE", NULL};
    if (!reader_check_scalar(r, key, value))
        return false;
    if (reader_is_plain(value) && is_one_of(reader_text(value), nothing))
        return reader_refuse(r, value->start_mark, "%.100s: no value; write \"\" for an empty text",
                             key);
    if (reader_is_plain(value) && is_one_of(reader_text(value), truth))
        return reader_refuse(r, value->start_mark,
                             "%.100s: to YAML %s is a truth value; put it in quotes", key,
                             reader_text(value));
    return true;
}

/* ---- mappings ------------------------------------------------------------------------- */

static bool check_key(struct yaml_reader *r, const yaml_event_t *key)
{
    if (!check_node(r, key))
        return false;
    if (key->type != YAML_SCALAR_EVENT)
        return reader_refuse(r, key->start_mark, "the name of an option is expected here");
    if (strcmp(reader_text(key), "<<") == 0)
        return reader_refuse(r, key->start_mark, "merge keys are not supported; repeat the lines");
    return true;
}

/* One `key: value`; *more is false at the end of the mapping. */
static bool read_pair(struct yaml_reader *r, reader_take *take, void *context, bool *more)
{
    yaml_event_t key, value;
    if (!next_event(r, &key))
        return false;
    *more = key.type != YAML_MAPPING_END_EVENT;
    bool ok = !*more || check_key(r, &key);
    if (ok && *more && (ok = next_event(r, &value))) {
        ok = check_node(r, &value) && take(context, r, &key, &value);
        yaml_event_delete(&value);
    }
    yaml_event_delete(&key);
    return ok;
}

bool reader_pairs(struct yaml_reader *r, reader_take *take, void *context)
{
    bool more = true;
    while (more)
        if (!read_pair(r, take, context, &more))
            return false;
    return true;
}

bool reader_items(struct yaml_reader *r, const char *key, reader_take_item *take, void *context)
{
    yaml_event_t item;
    bool more = true, ok = true;
    while (ok && more && (ok = next_event(r, &item))) {
        more = item.type != YAML_SEQUENCE_END_EVENT;
        ok = !more ||
             (check_node(r, &item) && reader_check_text(r, key, &item) && take(context, r, &item));
        yaml_event_delete(&item);
    }
    return ok;
}

/* *empty: comments alone. */
static bool read_start(struct yaml_reader *r, const char *form, bool *empty)
{
    yaml_event_t e;
    if (!expect(r, YAML_STREAM_START_EVENT, "not YAML") || !next_event(r, &e))
        return false;
    *empty = e.type == YAML_STREAM_END_EVENT;
    bool ok = true;
    if (!*empty &&
        (e.data.document_start.version_directive ||
         e.data.document_start.tag_directives.start != e.data.document_start.tag_directives.end))
        ok = reader_refuse(r, e.start_mark, "directives are not supported; leave out the %% line");
    yaml_event_delete(&e);
    char otherwise[120];
    snprintf(otherwise, sizeof otherwise, "lines of the form \"%.80s\" are expected", form);
    return ok && (*empty || expect(r, YAML_MAPPING_START_EVENT, otherwise));
}

static bool check_encoding(struct yaml_reader *r)
{
    const yaml_mark_t start = {0};
    if (r->n > YAML_MAX_BYTES)
        return reader_refuse(r, start, "%zu bytes; at most %d are read", r->n, (int)YAML_MAX_BYTES);
    if (r->n >= 3 && memcmp(r->text, "\xEF\xBB\xBF", 3) == 0)
        return reader_refuse(r, start, "a byte order mark; save as UTF-8 without one");
    if (r->n >= 2 && (memcmp(r->text, "\xFF\xFE", 2) == 0 || memcmp(r->text, "\xFE\xFF", 2) == 0))
        return reader_refuse(r, start, "UTF-16; save as UTF-8");
    for (size_t i = 0; i < r->n;) {
        int32_t cp;
        size_t used = utf8_decode(r->text + i, r->n - i, &cp);
        if (cp < 0)
            return reader_refuse(r, mark_of_offset(r, i), "invalid UTF-8; save as UTF-8");
        i += used;
    }
    return true;
}

static bool read_document(struct yaml_reader *r, const char *form, reader_take *take, void *context)
{
    bool empty;
    if (!read_start(r, form, &empty))
        return false;
    return empty || (reader_pairs(r, take, context) &&
                     expect(r, YAML_DOCUMENT_END_EVENT, "only one map is expected") &&
                     expect(r, YAML_STREAM_END_EVENT, "a second document; only one is expected"));
}

bool reader_read(const char *text, size_t n, const char *name, const char *form, reader_take *take,
                 void *context, struct error *err)
{
    struct yaml_reader r = {.text = text, .n = n, .name = name, .err = err};
    if (!check_encoding(&r))
        return false;
    if (!yaml_parser_initialize(&r.parser))
        die(EX_OSERR, "out of memory");
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, n);
    bool ok = read_document(&r, form, take, context);
    yaml_parser_delete(&r.parser);
    return ok;
}

void yaml_put_text(struct buf *out, const char *text)
{
    buf_puts(out, "\"");
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            buf_printf(out, "\\%c", *c);
        else if (*c < 0x20 || *c == 0x7f)
            buf_printf(out, "\\x%02x", *c);
        else
            buf_append(out, c, 1);
    }
    buf_puts(out, "\"");
}
