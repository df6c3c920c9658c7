/* SPDX-License-Identifier: MIT */
#include "stops.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "utf8.h"

/* ---- the list ------------------------------------------------------------------------- */

static bool is_utf8(const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        int32_t cp;
        at += utf8_decode(text + at, len - at, &cp);
        if (cp < 0)
            return false;
    }
    return true;
}

bool stops_add(struct stops *s, const char *text, size_t len)
{
    if (s->n == MAX_STOPS || len == 0 || len > MAX_STOP_BYTES || !is_utf8(text, len))
        return false;
    memcpy(s->text[s->n], text, len);
    s->len[s->n++] = (uint8_t)len;
    return true;
}

bool stops_parse(struct stops *s, const char *text)
{
    struct error err;
    *s = (struct stops){0};
    if (*text == '\0')
        return true;
    if (*text != '[')
        return stops_add(s, text, strlen(text));
    json_t *list = json_parse(text, strlen(text), "stop", &err), *item;
    bool ok = json_is_array(list);
    size_t i;
    json_array_foreach(list, i, item) ok =
        ok && json_is_string(item) &&
        stops_add(s, json_string_value(item), json_string_length(item));
    json_decref(list);
    return ok;
}

void stops_format(const struct stops *s, struct buf *out)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < s->n; i++)
        json_array_append_new(list, json_stringn(s->text[i], s->len[i]));
    char *text = json_dumps(list, 0);
    buf_puts(out, s->n ? text : "");
    free(text);
    json_decref(list);
}

/* ---- the search ----------------------------------------------------------------------- */

/* The longest stop text that ends at `end`; -> its length, or 0. */
static size_t ends_here(const struct stops *s, const char *held, size_t end)
{
    size_t longest = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        size_t len = s->len[i];
        if (len > longest && len <= end && memcmp(held + end - len, s->text[i], len) == 0)
            longest = len;
    }
    return longest;
}

/* Bytes at the end of held that may begin a stop text. */
static size_t may_begin(const struct stops *s, const struct buf *held)
{
    size_t longest = 0;
    for (uint32_t i = 0; i < s->n; i++)
        for (size_t len = longest + 1; len < s->len[i] && len <= held->len; len++)
            if (memcmp(held->data + held->len - len, s->text[i], len) == 0)
                longest = len;
    return longest;
}

static void pass(struct stopper *s, size_t n, struct buf *out)
{
    if (n == 0)
        return;
    buf_append(out, s->held.data, n);
    s->n_passed += n;
    memmove(s->held.data, s->held.data + n, s->held.len - n);
    s->held.len -= n;
}

bool stopper_push(struct stopper *s, const char *text, size_t n, struct buf *out)
{
    size_t before = s->held.len;
    if (n == 0)
        return false;
    buf_append(&s->held, text, n);
    for (size_t end = before + 1; end <= s->held.len; end++) {
        size_t len = ends_here(&s->stops, s->held.data, end);
        if (len) {
            pass(s, end - len, out);
            s->held.len = 0;
            return true;
        }
    }
    pass(s, s->held.len - may_begin(&s->stops, &s->held), out);
    return false;
}

void stopper_end(struct stopper *s, struct buf *out)
{
    pass(s, s->held.len, out);
}

void stopper_free(struct stopper *s)
{
    buf_free(&s->held);
}
