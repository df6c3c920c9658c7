/* SPDX-License-Identifier: MIT */
#include "message_parts.h"

#include <stdlib.h>
#include <string.h>

#define HEAD "<file name=\""
#define MIDDLE "\" bytes=\""
#define HEAD_END "\">\n"
#define TAIL "\n</file>\n\n"

static const struct {
    char sign;
    const char *name;
} signs[] = {{'&', "&amp;"}, {'"', "&quot;"}, {'<', "&lt;"}};
enum { N_SIGNS = sizeof signs / sizeof *signs };

/* ---- writing -------------------------------------------------------------------------- */

static void add_name(struct buf *out, const char *name)
{
    for (; *name; name++) {
        int i = 0;
        while (i < N_SIGNS && signs[i].sign != *name)
            i++;
        if (i < N_SIGNS)
            buf_puts(out, signs[i].name);
        else
            buf_append(out, name, 1);
    }
}

void message_part_add(struct buf *out, const char *name, const char *text, size_t n)
{
    buf_puts(out, HEAD);
    add_name(out, name);
    buf_printf(out, MIDDLE "%zu" HEAD_END, n);
    buf_append(out, text, n);
    buf_puts(out, TAIL);
}

void message_add_typed(struct buf *out, const char *text, size_t n)
{
    size_t at = 0;
    struct message_part part;
    if (message_part_next(text, n, &at, &part)) {
        message_part_free(&part);
        buf_puts(out, "\n");
    }
    buf_append(out, text, n);
}

/* ---- reading -------------------------------------------------------------------------- */

/* Passes over a text. */
static bool take(const char *s, size_t n, size_t *at, const char *what)
{
    size_t m = strlen(what);
    if (n - *at < m || memcmp(s + *at, what, m) != 0)
        return false;
    *at += m;
    return true;
}

static bool take_name(const char *s, size_t n, size_t *at, struct buf *name)
{
    buf_puts(name, "");
    while (*at < n && s[*at] != '"' && s[*at] != '\n' && s[*at]) {
        int i = 0;
        while (i < N_SIGNS && !take(s, n, at, signs[i].name))
            i++;
        buf_append(name, i < N_SIGNS ? &signs[i].sign : s + *at, 1);
        *at += i == N_SIGNS;
    }
    return take(s, n, at, MIDDLE);
}

static bool take_number(const char *s, size_t n, size_t *at, size_t *number)
{
    size_t start = *at;
    for (*number = 0; *at < n && s[*at] >= '0' && s[*at] <= '9' && *at < start + 12; (*at)++)
        *number = *number * 10 + (size_t)(s[*at] - '0');
    return *at > start && take(s, n, at, HEAD_END);
}

bool message_part_next(const char *s, size_t n, size_t *at, struct message_part *out)
{
    size_t end = *at, n_text = 0, text = 0;
    struct buf name = {0};
    bool ok = take(s, n, &end, HEAD) && take_name(s, n, &end, &name) &&
              take_number(s, n, &end, &n_text) && n_text <= n - end;
    if (ok) {
        text = end;
        end += n_text;
        ok = take(s, n, &end, TAIL);
    }
    if (!ok) {
        buf_free(&name);
        return false;
    }
    *out = (struct message_part){name.data, s + text, n_text};
    *at = end;
    return true;
}

void message_part_free(struct message_part *p)
{
    free(p->name);
}

size_t message_parts_length(const char *s, size_t n)
{
    size_t at = 0;
    struct message_part part;
    while (n && message_part_next(s, n, &at, &part))
        message_part_free(&part);
    return at;
}
