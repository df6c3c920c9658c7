/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"
#include "wrong_file.h"

/* Out of memory is no other reason: jansson's allocations end the program as ours do. */
__attribute__((constructor)) static void use_our_memory(void)
{
    json_set_alloc_funcs(xmalloc, free);
}

json_t *json_parse(const char *text, size_t n, const char *name, struct error *err)
{
    json_error_t where;
    json_t *value = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
    const char *kind = value ? NULL : wrong_file_kind(text, n);
    if (kind)
        return error_set_null(err, EX_DATAERR, "%s: %s", name, kind);
    if (!value)
        return error_set_null(err, EX_DATAERR, "%s:%d:%d: not valid JSON: %s", name, where.line,
                              where.column, where.text);
    return value;
}

json_t *json_clean_text(const char *text, size_t n)
{
    struct buf clean = {0};
    for (size_t i = 0, used; i < n; i += used) {
        int32_t cp;
        used = utf8_decode(text + i, n - i, &cp);
        buf_append(&clean, cp < 0 ? "\xef\xbf\xbd" : text + i, cp < 0 ? 3 : used);
    }
    json_t *value = json_stringn(clean.len ? clean.data : "", clean.len);
    buf_free(&clean);
    return value;
}

/* -> the member, or NULL with *ok telling whether its absence is allowed. */
static const json_t *member(const json_t *object, const char *key, bool optional, bool *ok,
                            const char *name, struct error *err)
{
    const json_t *v = json_object_get(object, key);
    if (v && !json_is_null(v))
        return v;
    *ok = optional || error_set(err, EX_DATAERR, "%s: \"%s\" is missing", name, key);
    return NULL;
}

bool json_get_u32(const json_t *object, const char *key, bool optional, uint32_t *out,
                  const char *name, struct error *err)
{
    bool ok = true;
    const json_t *v = member(object, key, optional, &ok, name, err);
    if (!v)
        return ok;
    json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;
    if (n < 0 || n > UINT32_MAX)
        return error_set(err, EX_DATAERR, "%s: \"%s\" is not an integer of 0..%u", name, key,
                         UINT32_MAX);
    *out = (uint32_t)n;
    return true;
}

bool json_get_number(const json_t *object, const char *key, bool optional, double *out,
                     const char *name, struct error *err)
{
    bool ok = true;
    const json_t *v = member(object, key, optional, &ok, name, err);
    if (!v)
        return ok;
    if (!json_is_number(v) || !isfinite(json_number_value(v)))
        return error_set(err, EX_DATAERR, "%s: \"%s\" is not a number", name, key);
    *out = json_number_value(v);
    return true;
}

bool json_get_bool(const json_t *object, const char *key, bool optional, bool *out,
                   const char *name, struct error *err)
{
    bool ok = true;
    const json_t *v = member(object, key, optional, &ok, name, err);
    if (!v)
        return ok;
    if (!json_is_boolean(v))
        return error_set(err, EX_DATAERR, "%s: \"%s\" is not true or false", name, key);
    *out = json_is_true(v);
    return true;
}
