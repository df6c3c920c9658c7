/* SPDX-License-Identifier: MIT */
#include "sse.h"

#include <string.h>

static bool give_out(struct sse *s, sse_take *take, void *arg)
{
    bool go_on = !s->has_data || take(arg, s->data.len ? s->data.data : "", s->data.len);
    s->has_data = false;
    s->data.len = 0;
    return go_on;
}

/* "data", "data:x", "data: x" */
static void take_field(struct sse *s, const char *line, size_t n)
{
    const char *colon = n ? memchr(line, ':', n) : NULL;
    size_t name = colon ? (size_t)(colon - line) : n, at = colon ? name + 1 : n;
    if (name != 4 || memcmp(line, "data", 4) != 0)
        return;
    at += at < n && line[at] == ' ';
    if (s->has_data)
        buf_append(&s->data, "\n", 1);
    buf_append(&s->data, line + at, n - at);
    s->has_data = true;
}

static bool take_line(struct sse *s, sse_take *take, void *arg, bool *too_long)
{
    static const char mark[] = "\xef\xbb\xbf";
    const char *line = s->line.len ? s->line.data : "";
    size_t n = s->line.len, skip = !s->begun && n >= 3 && memcmp(line, mark, 3) == 0 ? 3 : 0;
    bool go_on = true;
    s->begun = true;
    if (n == skip)
        go_on = give_out(s, take, arg);
    else
        take_field(s, line + skip, n - skip);
    s->line.len = 0;
    *too_long = s->data.len > SSE_MAX_BYTES;
    return go_on && !*too_long;
}

static size_t line_bytes(const char *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && bytes[i] != '\n' && bytes[i] != '\r')
        i++;
    return i;
}

bool sse_push(struct sse *s, const char *bytes, size_t n, sse_take *take, void *arg, bool *too_long)
{
    *too_long = false;
    for (size_t at = 0; at < n;) {
        if (s->skips_lf && bytes[at] == '\n')
            at++;
        s->skips_lf = false;
        size_t line = line_bytes(bytes + at, n - at);
        *too_long = s->line.len + line > SSE_MAX_BYTES;
        if (*too_long)
            return false;
        buf_append(&s->line, bytes + at, line);
        at += line;
        if (at == n)
            break;
        s->skips_lf = bytes[at++] == '\r';
        if (!take_line(s, take, arg, too_long))
            return false;
    }
    return true;
}

bool sse_end(struct sse *s, sse_take *take, void *arg)
{
    return give_out(s, take, arg);
}

void sse_free(struct sse *s)
{
    buf_free(&s->line);
    buf_free(&s->data);
    *s = (struct sse){0};
}
