/* SPDX-License-Identifier: MIT */
#include "template_arguments.h"

#include <string.h>

#include "template_map.h"

/* The i-th name of "a,/b,c". -> its length, 0 behind the last one. */
static size_t parameter(const char *names, uint32_t i, const char **name, bool *positional)
{
    while (*names && i--) {
        names += strcspn(names, ",");
        names += *names == ',';
    }
    *positional = *names == '/';
    *name = names + *positional;
    return strcspn(*name, ",");
}

static void bind_keyword(struct work *w, const struct keyword *k, const char *what,
                         const char *names, struct value *out)
{
    const char *name;
    bool positional;
    size_t n;
    for (uint32_t i = 0; (n = parameter(names, i, &name, &positional)); i++) {
        if (positional || n != k->n || memcmp(name, k->name, n) != 0)
            continue;
        if (out[i].kind != KIND_MISSING)
            work_fail(w, "%s() got multiple values for argument '%.*s'", what, (int)n, name);
        out[i] = k->value;
        return;
    }
    work_fail(w, "%s() got an unexpected keyword argument '%.*s'", what, (int)k->n, k->name);
}

void arguments_bind(struct work *w, const struct arguments *a, const char *what,
                    struct signature signature, struct value *out)
{
    const char *name;
    bool positional;
    uint32_t n = 0;
    while (parameter(signature.names, n, &name, &positional))
        out[n++].kind = KIND_MISSING;
    for (uint32_t i = n; i < MAX_PARAMETERS; i++)
        out[i].kind = KIND_MISSING;
    if (a->positional->n > n)
        work_fail(w, "%s() takes at most %u arguments, %u given", what, n, a->positional->n);
    for (uint32_t i = 0; i < a->positional->n; i++)
        out[i] = a->positional->items[i];
    for (uint32_t i = 0; i < a->n_keywords; i++)
        bind_keyword(w, &a->keywords[i], what, signature.names, out);
    for (uint32_t i = 0; i < signature.n_required; i++)
        if (out[i].kind == KIND_MISSING) {
            size_t length = parameter(signature.names, i, &name, &positional);
            work_fail(w, "%s() missing argument '%.*s'", what, (int)length, name);
        }
}

struct value *arguments_keyword(const struct arguments *a, const char *name)
{
    for (uint32_t i = 0; i < a->n_keywords; i++)
        if (a->keywords[i].n == strlen(name) &&
            memcmp(a->keywords[i].name, name, a->keywords[i].n) == 0)
            return &a->keywords[i].value;
    return NULL;
}

int64_t argument_int(struct work *w, struct value v, int64_t missing)
{
    int64_t i;
    if (v.kind == KIND_MISSING)
        return missing;
    if (!value_as_int(v, &i))
        work_fail(w, "'%s' object cannot be interpreted as an integer", value_type(v));
    return i;
}

bool argument_bool(struct work *w, struct value v, bool missing)
{
    return v.kind == KIND_MISSING ? missing : value_truth(w, v);
}

bool argument_given(struct value v)
{
    return v.kind != KIND_MISSING && v.kind != KIND_NONE;
}
