/* SPDX-License-Identifier: MIT */
#include "template_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "template_map.h"
#include "template_print.h"
#include "utf8.h"

enum { MAX_LOADED = 1 << 20 };

/* ---- values as JSON ------------------------------------------------------------------------- */

static void print_escape(struct work *w, struct text *to, int32_t cp, bool from_template)
{
    static const char short_for[] = "\"\"\\\\\nn\rr\tt\bb\ff";
    char e[16];
    work_step(w, 2);
    const char *s = cp < 0x80 ? memchr(short_for, cp, sizeof short_for - 1) : NULL;
    if (s && (s - short_for) % 2 == 0)
        snprintf(e, sizeof e, "\\%c", s[1]);
    else if (cp < 0x10000)
        snprintf(e, sizeof e, "\\u%04x", (unsigned)cp);
    else
        snprintf(e, sizeof e, "\\u%04x\\u%04x", 0xd7c0 + ((unsigned)cp >> 10),
                 0xdc00 + ((unsigned)cp & 0x3ff));
    text_append(w, to, e, strlen(e), from_template);
}

static void print_string(struct work *w, struct text *to, struct value s, bool ascii)
{
    const char *bytes = string_bytes(s);
    uint32_t plain = 0;
    int32_t cp;
    work_bytes(w, s.len * 2ull);
    text_puts(w, to, "\"");
    for (uint32_t i = 0, n; i < s.len; i += n) {
        n = (uint32_t)utf8_decode(bytes + i, s.len - i, &cp);
        if (cp < 0 || (cp >= 0x20 && cp != '"' && cp != '\\' && (cp < 0x7f || !ascii)))
            continue;
        text_append_string(w, to, string_slice(s, plain, i - plain));
        print_escape(w, to, cp, string_from_template(s, i));
        plain = i + n;
    }
    text_append_string(w, to, string_slice(s, plain, s.len - plain));
    text_puts(w, to, "\"");
}

static void print_scalar(struct work *w, struct text *to, struct value v)
{
    if (v.kind == KIND_NONE)
        text_puts(w, to, "null");
    else if (v.kind == KIND_BOOL)
        text_puts(w, to, v.yes ? "true" : "false");
    else if (v.kind == KIND_FLOAT && !isfinite(v.f))
        text_puts(w, to, isnan(v.f) ? "NaN" : v.f < 0 ? "-Infinity" : "Infinity");
    else
        print_repr(w, to, v);
}

static void new_line(struct work *w, struct text *to, const struct json_style *style,
                     uint32_t level)
{
    if (!style->lines)
        return;
    text_puts(w, to, "\n");
    while (level--)
        text_append_string(w, to, style->indent);
}

static void print_json(struct work *w, struct text *to, struct value v,
                       const struct json_style *style, uint32_t level);

static void print_list(struct work *w, struct text *to, const struct list *l,
                       const struct json_style *style, uint32_t level)
{
    text_puts(w, to, "[");
    for (uint32_t i = 0; i < l->n; i++) {
        if (i)
            text_append_string(w, to, style->comma);
        new_line(w, to, style, level + 1);
        print_json(w, to, l->items[i], style, level + 1);
    }
    if (l->n)
        new_line(w, to, style, level);
    text_puts(w, to, "]");
}

static int compare_keys(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    uint32_t n = x->key.len < y->key.len ? x->key.len : y->key.len;
    int order = memcmp(string_bytes(x->key), string_bytes(y->key), n);
    return order ? order : (x->key.len > y->key.len) - (x->key.len < y->key.len);
}

/* Python cannot sort keys of several types; those of one type that is not str are rare. */
static const struct entry *sorted_entries(struct work *w, const struct map *m)
{
    struct entry *entries = work_grow_array(w, m->entries, m->n, m->n, sizeof *entries);
    for (uint32_t i = 0; i < m->n; i++)
        if (entries[i].key.kind != KIND_STRING)
            work_fail(w, "sort_keys: only keys of type str can be sorted");
    work_step(w, m->n * 4ull);
    qsort(entries, m->n, sizeof *entries, compare_keys);
    return entries;
}

static void print_key(struct work *w, struct text *to, struct value key, bool ascii)
{
    if (key.kind == KIND_STRING) {
        print_string(w, to, key, ascii);
    } else if (key.kind == KIND_NONE || value_is_number(key)) {
        text_puts(w, to, "\"");
        print_scalar(w, to, key);
        text_puts(w, to, "\"");
    } else {
        work_fail(w, "keys must be str, int, float, bool or None, not %s", value_type(key));
    }
}

static void print_map(struct work *w, struct text *to, const struct map *m,
                      const struct json_style *style, uint32_t level)
{
    const struct entry *entries = style->sort_keys && m->n ? sorted_entries(w, m) : m->entries;
    text_puts(w, to, "{");
    for (uint32_t i = 0; i < m->n; i++) {
        if (i)
            text_append_string(w, to, style->comma);
        new_line(w, to, style, level + 1);
        print_key(w, to, entries[i].key, style->ascii);
        text_append_string(w, to, style->colon);
        print_json(w, to, entries[i].value, style, level + 1);
    }
    if (m->n)
        new_line(w, to, style, level);
    text_puts(w, to, "}");
}

static void print_json(struct work *w, struct text *to, struct value v,
                       const struct json_style *style, uint32_t level)
{
    work_step(w, 1);
    if (level > WORK_MAX_DEPTH)
        work_fail(w, "tojson: nested deeper than %d levels", WORK_MAX_DEPTH);
    if (v.kind == KIND_STRING)
        print_string(w, to, v, style->ascii);
    else if (v.kind == KIND_LIST || v.kind == KIND_TUPLE)
        print_list(w, to, v.list, style, level);
    else if (v.kind == KIND_MAP)
        print_map(w, to, v.map, style, level);
    else if (v.kind == KIND_NONE || value_is_number(v))
        print_scalar(w, to, v);
    else
        work_fail(w, "Object of type %s is not JSON serializable", value_type(v));
}

void json_print(struct work *w, struct text *to, struct value v, const struct json_style *style)
{
    print_json(w, to, v, style, 0);
}

/* ---- JSON as values ------------------------------------------------------------------------- */

static bool is_word(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || s[i] == '_' ||
              s[i] == '-' || (s[i] >= '0' && s[i] <= '9')))
            return false;
    return n > 0;
}

struct value json_word(struct work *w, const char *s, size_t n)
{
    return string_of(w, s, n, is_word(s, n));
}

static struct value convert(struct work *w, const json_t *j, bool trusted, uint32_t level);

static struct value convert_map(struct work *w, const json_t *j, bool trusted, uint32_t level)
{
    struct map *m = map_new(w);
    const char *key;
    json_t *member;
    size_t n;
    json_object_keylen_foreach((json_t *)(uintptr_t)j, key, n, member)
    {
        bool marker = strcmp(key, "role") == 0 && json_is_string(member) &&
                      is_word(json_string_value(member), json_string_length(member));
        map_set(w, m, string_of(w, key, n, trusted),
                convert(w, member, trusted || marker, level + 1));
    }
    return value_map(m);
}

static struct value convert_list(struct work *w, const json_t *j, bool trusted, uint32_t level)
{
    size_t n = json_array_size(j);
    struct list *l = list_new(w, n < UINT32_MAX ? (uint32_t)n : UINT32_MAX);
    for (size_t i = 0; i < n; i++)
        list_push(w, l, convert(w, json_array_get(j, i), trusted, level + 1));
    return value_list(l);
}

static struct value convert(struct work *w, const json_t *j, bool trusted, uint32_t level)
{
    struct value v = value_none();
    work_step(w, 1);
    if (level > WORK_MAX_DEPTH)
        work_fail(w, "the values given are nested deeper than %d levels", WORK_MAX_DEPTH);
    switch (json_typeof(j)) {
    case JSON_OBJECT: return convert_map(w, j, trusted, level);
    case JSON_ARRAY: return convert_list(w, j, trusted, level);
    case JSON_STRING: return string_of(w, json_string_value(j), json_string_length(j), trusted);
    case JSON_INTEGER: v = value_int(json_integer_value(j)); break;
    case JSON_REAL: v = value_float(json_real_value(j)); break;
    case JSON_TRUE: return value_bool(true);
    case JSON_FALSE: return value_bool(false);
    case JSON_NULL: return v;
    }
    v.flags = trusted ? 0 : VALUE_DATA;
    return v;
}

struct value json_value(struct work *w, const json_t *j)
{
    return convert(w, j, false, 0);
}

/* A copy of what json_value gives that does not point into j. */
static void own(struct work *w, struct value *v)
{
    if (v->kind == KIND_STRING) {
        struct text *t = text_new(w);
        text_append_string(w, t, *v);
        *v = text_string(t);
    }
    for (uint32_t i = 0; v->kind == KIND_LIST && i < v->list->n; i++)
        own(w, &v->list->items[i]);
    for (uint32_t i = 0; v->kind == KIND_MAP && i < v->map->n; i++) {
        own(w, &v->map->entries[i].key);
        own(w, &v->map->entries[i].value);
    }
}

/* A failure in here must not lose the tree: it jumps through this place. */
static bool convert_and_own(struct work *w, const json_t *j, bool trusted, struct value *out)
{
    jmp_buf outer;
    memcpy(&outer, &w->stop, sizeof outer);
    bool ok = setjmp(w->stop) == 0;
    if (ok) {
        *out = convert(w, j, trusted, 0);
        own(w, out);
    }
    memcpy(&w->stop, &outer, sizeof outer);
    return ok;
}

struct value json_load(struct work *w, struct value s)
{
    json_error_t where;
    struct value v;
    if (s.kind != KIND_STRING)
        work_fail(w, "the JSON object must be str, not %s", value_type(s));
    if (s.len > MAX_LOADED)
        work_fail(w, "from_json: more than %d MiB", MAX_LOADED >> 20);
    work_step(w, s.len / 2);
    json_t *j = json_loadb(string_bytes(s), s.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &where);
    if (!j)
        work_fail(w, "from_json: not valid JSON: %s", where.text);
    bool ok = convert_and_own(w, j, string_all_from_template(s), &v);
    json_decref(j);
    if (!ok)
        longjmp(w->stop, 1);
    return v;
}
