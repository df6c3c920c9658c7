/* SPDX-License-Identifier: MIT */
#include "mention.h"

#include <string.h>

/* Blanks, line ends, the marks of folded pastes: no part of a path without quotes. */
static bool is_gap(char c)
{
    return (unsigned char)c <= ' ';
}

static bool begins_word(const char *s, size_t at)
{
    return at == 0 || is_gap(s[at - 1]) || strchr("([{\"'", s[at - 1]);
}

/* The path from `at` on, behind the @. */
static bool take_path(const char *s, size_t n, size_t at, struct mention *m)
{
    m->quote = at < n && (s[at] == '"' || s[at] == '\'') ? s[at] : 0;
    m->path = at + (m->quote != 0);
    size_t end = m->path;
    while (end < n && (m->quote ? s[end] != m->quote && (unsigned char)s[end] >= ' '
                                : !is_gap(s[end]) && !strchr("\"'", s[end])))
        end++;
    m->n_path = end - m->path;
    m->open = m->quote && (end == n || s[end] != m->quote);
    m->to = end + (m->quote && !m->open);
    return m->quote || (m->n_path > 0 && s[m->path] != '@');
}

bool mention_next(const char *s, size_t n, size_t *at, struct mention *out)
{
    for (const char *p; *at < n && (p = memchr(s + *at, '@', n - *at));) {
        size_t from = (size_t)(p - s);
        *at = from + 1;
        if (!begins_word(s, from) || !take_path(s, n, from + 1, out))
            continue;
        if (out->open && out->to < n)
            continue;
        out->from = from;
        *at = out->to;
        return true;
    }
    return false;
}

bool mention_before(const char *s, size_t n, struct mention *out)
{
    size_t line = n, at;
    while (line > 0 && s[line - 1] != '\n')
        line--;
    for (at = line; mention_next(s, n, &at, out);)
        if (out->to == n && (!out->quote || out->open))
            return true;
    if (n > line && s[n - 1] == '@' && begins_word(s, n - 1)) {
        *out = (struct mention){.from = n - 1, .to = n, .path = n};
        return true;
    }
    return false;
}

bool mention_shorten(const char *s, struct mention *m)
{
    if (m->quote || m->n_path < 2 || !strchr(".,;:!?)]}", s[m->path + m->n_path - 1]))
        return false;
    m->n_path--;
    m->to--;
    return true;
}
