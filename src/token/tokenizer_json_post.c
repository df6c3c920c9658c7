/* SPDX-License-Identifier: MIT
 *
 * tokenizer.json: post_processor, as what it puts before and behind one text.
 */
#include <string.h>

#include "tokenizer_json.h"

enum { NEST_MAX = 8, FRAME_MAX = 64 };

struct frame {
    struct ids prefix, suffix;
};

static bool push_special(struct parts *p, const json_t *post, const json_t *special,
                         struct ids *out)
{
    const char *name = json_string_value(json_object_get(special, "id"));
    const json_t *known = json_object_get(post, "special_tokens");
    const json_t *ids = name ? json_object_get(json_object_get(known, name), "ids") : NULL;
    if (json_array_size(ids) == 0)
        return error_set(p->err, EX_DATAERR, "%s: post_processor names \"%.60s\" without ids",
                         p->name, name ? name : "nothing");
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const json_t *id = json_array_get(ids, i);
        json_int_t value = json_is_integer(id) ? json_integer_value(id) : -1;
        if (value < 0 || value >= p->n_ids || out->n == FRAME_MAX)
            return error_set(p->err, EX_DATAERR,
                             "%s: post_processor: \"%.60s\" has an id that no token has", p->name,
                             name);
        ids_push(out, (int32_t)value);
    }
    return true;
}

/* Special tokens around the one sequence. */
static bool read_template(struct parts *p, const json_t *post, struct frame *f)
{
    const json_t *single = json_object_get(post, "single");
    size_t n_sequences = 0;
    for (size_t i = 0; i < json_array_size(single); i++) {
        const json_t *item = json_array_get(single, i);
        const json_t *special = json_object_get(item, "SpecialToken");
        if (json_object_get(item, "Sequence"))
            n_sequences++;
        else if (!push_special(p, post, special, n_sequences ? &f->suffix : &f->prefix))
            return false;
    }
    return n_sequences == 1 || error_set(p->err, EX_DATAERR,
                                         "%s: post_processor: TemplateProcessing has the text %zu "
                                         "times; once is expected",
                                         p->name, n_sequences);
}

static bool read_post(struct parts *p, const json_t *post, struct frame *f, int depth)
{
    const char *type = step_type(post);
    if (!post || json_is_null(post) || strcmp(type, "ByteLevel") == 0) /* about offsets */
        return true;
    if (strcmp(type, "TemplateProcessing") == 0)
        return read_template(p, post, f);
    const json_t *list = json_object_get(post, "processors");
    if (strcmp(type, "Sequence") != 0 || !json_is_array(list) || depth == NEST_MAX)
        return error_set(p->err, EX_DATAERR,
                         "%s: post_processor: type \"%.60s\" is not known; TemplateProcessing, "
                         "ByteLevel and Sequence are",
                         p->name, type);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!read_post(p, json_array_get(list, i), f, depth + 1))
            return false;
    return true;
}

bool tokenizer_json_post_processor(struct parts *p, const json_t *post)
{
    struct frame f = {0};
    bool ok = read_post(p, post, &f, 0);
    p->prefix = f.prefix;
    p->suffix = f.suffix;
    return ok;
}
