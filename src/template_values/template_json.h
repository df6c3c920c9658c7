/* SPDX-License-Identifier: MIT
 *
 * template_json: values as JSON, as transformers' tojson (Python's json.dumps) writes it, and JSON
 * as values.
 */
#ifndef QINS_TEMPLATE_JSON_H
#define QINS_TEMPLATE_JSON_H

#include <jansson.h>

#include "template_text.h"

struct json_style {
    bool ascii; /* \u escapes for all that is not ASCII */
    bool sort_keys;
    bool lines;          /* one value per line, after `indent` for each level */
    struct value indent; /* a string, as long as lines is set */
    struct value comma, colon;
};

void json_print(struct work *w, struct text *to, struct value v, const struct json_style *style);
/* The value's strings are views of j, which has to outlive the work; they are data, but for
 * `role`, which is a json_word: templates build their markers with it. */
struct value json_value(struct work *w, const json_t *j);
/* What json.loads makes of a string. */
struct value json_load(struct work *w, struct value s);

/* A given text that is the template's own if it is a plain word (a role), else data. */
struct value json_word(struct work *w, const char *s, size_t n);

#endif
