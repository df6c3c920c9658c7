/* SPDX-License-Identifier: MIT */
#include "grammar_file.h"

#include <string.h>

#include "gbnf.h"
#include "json_schema.h"
#include "recogniser.h"

enum { MAX_FILE_BYTES = 256 << 10 };

static struct grammar *read_schema(const char *text, size_t n, const char *name, struct error *err)
{
    struct grammar *g = json_schema_read(text, n, name, err);
    if (g)
        g->schema = xstrndup(text, n);
    return g;
}

static bool can_begin(const struct grammar *g)
{
    struct recogniser r;
    recogniser_init(&r, g);
    recogniser_start(&r);
    bool ok = !r.overflow;
    recogniser_free(&r);
    return ok;
}

struct grammar *grammar_read_file(const char *path, enum grammar_language language,
                                  struct error *err)
{
    struct buf text = {0};
    struct grammar *g = NULL;
    if (read_file(&text, path, MAX_FILE_BYTES, err))
        g = (language == GRAMMAR_GBNF ? gbnf_read : read_schema)(text.len ? text.data : "",
                                                                 text.len, path, err);
    buf_free(&text);
    if (!g || can_begin(g))
        return g;
    grammar_free(g);
    return error_set_null(err, EX_DATAERR,
                          "%s: its texts can begin in too many ways: rules that begin alike should "
                          "be one",
                          path);
}

struct grammar *grammar_of_json(void)
{
    static const char schema[] = "{\"type\": \"object\"}";
    struct error err;
    return read_schema(schema, strlen(schema), "any JSON object", &err);
}
