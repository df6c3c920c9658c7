/* SPDX-License-Identifier: MIT */
#include "request_shape.h"

#include <stdlib.h>
#include <string.h>

#include "gbnf.h"
#include "grammar_file.h"
#include "json_schema.h"
#include "request_fields.h"

static struct grammar *of_schema(const json_t *schema, struct error *err)
{
    char *text = json_dumps(schema, JSON_COMPACT | JSON_ENCODE_ANY);
    struct grammar *g =
        text ? json_schema_read(text, strlen(text), "the schema", err)
             : error_set_null(err, EX_DATAERR, "the schema: cannot be written as JSON");
    free(text);
    return g;
}

/* {"type": "json_schema", "json_schema": {"name": ..., "schema": {...}}}; llama.cpp's clients put
 * the schema beside the type. */
static bool read_schema(struct grammar **grammar, const json_t *format, struct request_fault *f)
{
    struct error err;
    const char *param = "response_format.json_schema.schema";
    const json_t *inner = json_object_get(format, "json_schema");
    const json_t *schema = json_object_get(inner, "schema");
    if (!schema && json_object_get(format, "schema")) {
        param = "response_format.schema";
        schema = json_object_get(format, "schema");
    }
    if (!json_is_object(schema) && !json_is_boolean(schema))
        return request_fault_set(f, param, "%s is not there, or no object", param);
    *grammar = of_schema(schema, &err);
    return *grammar || request_fault_set(f, param, "%s", err.text);
}

static bool read_format(struct grammar **grammar, const json_t *format, struct request_fault *f)
{
    const char *type = json_string_value(json_object_get(format, "type"));
    if (!json_is_object(format))
        return request_fault_set(f, "response_format", "response_format is %s, not an object",
                                 field_type(format));
    if (type && strcmp(type, "text") == 0)
        return true;
    if (type && strcmp(type, "json_schema") == 0)
        return read_schema(grammar, format, f);
    if (!type || strcmp(type, "json_object") != 0)
        return request_fault_set(f, "response_format.type",
                                 "response_format.type is none of text, json_object, json_schema");
    if (json_object_get(format, "schema"))
        return read_schema(grammar, format, f);
    *grammar = grammar_of_json();
    return true;
}

bool request_shape_read(struct grammar **grammar, const json_t *body, struct request_fault *f)
{
    struct error err;
    const json_t *format = json_object_get(body, "response_format");
    const json_t *gbnf = json_object_get(body, "grammar");
    *grammar = NULL;
    if (format && !json_is_null(format) && !read_format(grammar, format, f))
        return false;
    if (!gbnf || json_is_null(gbnf))
        return true;
    if (!json_is_string(gbnf))
        return request_fault_set(f, "grammar", "grammar is %s, not a text in GBNF",
                                 field_type(gbnf));
    if (json_string_length(gbnf) == 0)
        return true;
    if (*grammar)
        return request_fault_set(f, "grammar", "grammar and response_format: one of them");
    *grammar = gbnf_read(json_string_value(gbnf), json_string_length(gbnf), "grammar", &err);
    return *grammar || request_fault_set(f, "grammar", "%s", err.text);
}
