/* SPDX-License-Identifier: MIT */
#include "table_pipes.h"

#include <string.h>

static size_t end_of_line(const char *s, size_t n, size_t at)
{
    const char *newline = at < n ? memchr(s + at, '\n', n - at) : NULL;
    return newline ? (size_t)(newline - s) : n;
}

/* Behind what quotes and lists begin a line with; `deep`: numbers and bullets, too. */
static size_t skip_prefix(const char *s, size_t at, size_t end, bool deep)
{
    const char *signs = deep ? " >-+*.)0123456789" : " >";
    size_t i = at;
    while (i < end && s[i] && strchr(signs, s[i]))
        i++;
    return i < end && s[i] == '|' ? i : at;
}

/* Cells of a row; pipes behind a backslash, and in code, are text. */
static size_t count_cells(const char *s, size_t at, size_t end)
{
    size_t cells = 1, from = skip_prefix(s, at, end, true);
    while (end > from && strchr(" \t\r", s[end - 1]))
        end--;
    from += from < end && s[from] == '|';
    end -= end > from && s[end - 1] == '|' && s[end - 2] != '\\';
    for (size_t i = from; i < end; i++) {
        if (s[i] == '\\') {
            i++;
        } else if (s[i] == '`') {
            const char *other = memchr(s + i + 1, '`', end - i - 1);
            i = other ? (size_t)(other - s) : i;
        } else {
            cells += s[i] == '|';
        }
    }
    return cells;
}

/* -> columns of a row of dashes, or 0 */
static size_t delimiters(const char *s, size_t at, size_t end)
{
    size_t columns = 0, dashes = 0, pipes = 0;
    for (size_t i = at; i < end; i++) {
        if (s[i] == '-') {
            columns += dashes++ == 0;
        } else if (s[i] == '|') {
            pipes++;
            dashes = 0;
        } else if (!strchr(" \t:>\r", s[i])) {
            return 0;
        }
    }
    return pipes ? columns : 0;
}

static bool is_blank(const char *s, size_t at, size_t end)
{
    while (at < end && strchr(" \t\r>", s[at]))
        at++;
    return at == end;
}

void table_pipes_line(struct table_pipes *p, const char *s, size_t n, size_t at)
{
    size_t end = end_of_line(s, n, at), next = end + 1;
    p->line_end = end;
    if (at > p->no_delimiters)
        p->no_delimiters = 0;
    if (at && p->no_delimiters == at) {
        p->left = 0;
        return;
    }
    if (p->columns && is_blank(s, at, end))
        p->columns = 0;
    if (!p->columns && memchr(s + at, '|', end - at)) {
        size_t columns = next < n ? delimiters(s, next, end_of_line(s, n, next)) : 0;
        if (columns && count_cells(s, at, end) > columns)
            p->no_delimiters = next;
        else
            p->columns = columns;
    }
    size_t first = skip_prefix(s, at, end, true);
    p->left = p->columns && !delimiters(s, at, end)
                  ? p->columns - 1 + (first < end && s[first] == '|')
                  : (size_t)-1;
}

bool table_pipes_are_text(struct table_pipes *p, const char *s, size_t at)
{
    if (p->left == (size_t)-1)
        return false;
    if (p->left) {
        p->left--;
        return false;
    }
    return p->no_delimiters || !is_blank(s, at + 1, p->line_end);
}
