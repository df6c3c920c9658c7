/* SPDX-License-Identifier: MIT */
#include "json_members.h"

#include <string.h>

static int no_json(const struct json_members *h, const char *why, struct error *err)
{
    error_set(err, EX_DATAERR, "%s: offset %zu of its header: not valid JSON: %s", h->file, h->at,
              why);
    return -1;
}

static void skip_blanks(struct json_members *h)
{
    while (h->at < h->n && h->s[h->at] && strchr(" \t\r\n", h->s[h->at]))
        h->at++;
}

static bool takes(struct json_members *h, char c)
{
    skip_blanks(h);
    if (h->at == h->n || h->s[h->at] != c)
        return false;
    h->at++;
    return true;
}

size_t json_behind_string(const char *s, size_t n, size_t at)
{
    for (at++; at < n && s[at] != '"'; at++)
        at += s[at] == '\\';
    return at < n ? at + 1 : n;
}

/* -> where the member that begins at h->at ends: at a comma or a bracket outside of it, or n */
static size_t end_of_member(const struct json_members *h)
{
    size_t depth = 0, at = h->at;
    while (at < h->n) {
        char c = h->s[at];
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            return at;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at = c == '"' ? json_behind_string(h->s, h->n, at) : at + 1;
    }
    return h->n;
}

/* The member as an object of its own. */
static bool parse(struct json_members *h, size_t end, struct json_member *m, struct error *err)
{
    struct buf text = {0};
    json_error_t where;
    buf_puts(&text, "{");
    buf_append(&text, h->s + h->at, end - h->at);
    buf_puts(&text, "}");
    m->all = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
    buf_free(&text);
    if (!m->all || json_object_size(m->all) != 1) {
        no_json(h, m->all ? "a member is missing" : where.text, err);
        json_decref(m->all);
        return false;
    }
    void *first = json_object_iter(m->all);
    m->name = json_object_iter_key(first);
    m->value = json_object_iter_value(first);
    return true;
}

static int end_object(struct json_members *h, struct error *err)
{
    skip_blanks(h);
    return h->at == h->n ? 0 : no_json(h, "something follows its last bracket", err);
}

int json_next_member(struct json_members *h, struct json_member *m, struct error *err)
{
    bool first = !h->begun;
    if (first && !takes(h, '{'))
        return no_json(h, "no object", err);
    h->begun = true;
    if (takes(h, '}'))
        return end_object(h, err);
    if (!first && !takes(h, ','))
        return no_json(h, "no comma between its members, or it is cut off", err);
    size_t end = end_of_member(h);
    if (!parse(h, end, m, err))
        return -1;
    h->at = end;
    return 1;
}
