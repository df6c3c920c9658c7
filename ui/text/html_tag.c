/* SPDX-License-Identifier: MIT */
#include "html_tag.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 2048 }; /* bytes of a tag or a comment */

static bool is_letter(char c)
{
    return isalpha((unsigned char)c) && (unsigned char)c < 0x80;
}

static size_t skip_blanks(const char *s, size_t n, size_t at)
{
    while (at < n && strchr(" \t\n", s[at]) && s[at])
        at++;
    return at;
}

static size_t skip_name(const char *s, size_t n, size_t at, const char *more)
{
    while (at < n && s[at] && (isalnum((unsigned char)s[at]) || strchr(more, s[at])))
        at++;
    return at;
}

/* -> behind `closing`, or 0 */
static size_t behind(const char *s, size_t n, size_t at, const char *closing)
{
    const char *found = at < n ? memmem(s + at, n - at, closing, strlen(closing)) : NULL;
    return found ? (size_t)(found - s) + strlen(closing) : 0;
}

/* "= value", if there is one. -> behind it; 0: it is no value */
static size_t behind_value(const char *s, size_t n, size_t at)
{
    size_t i = skip_blanks(s, n, at);
    if (i >= n || s[i] != '=')
        return at;
    i = skip_blanks(s, n, i + 1);
    if (i >= n)
        return 0;
    if (s[i] == '"' || s[i] == '\'') {
        const char *quote = memchr(s + i + 1, s[i], n - i - 1);
        return quote ? (size_t)(quote - s) + 1 : 0;
    }
    size_t start = i;
    while (i < n && s[i] && !strchr(" \t\n\"'=<>`", s[i]))
        i++;
    return i > start ? i : 0;
}

static size_t behind_open_tag(const char *s, size_t n)
{
    size_t at = skip_name(s, n, 1, "-");
    for (;;) {
        size_t next = skip_blanks(s, n, at);
        if (next < n && s[next] == '/')
            return next + 1 < n && s[next + 1] == '>' ? next + 2 : 0;
        if (next < n && s[next] == '>')
            return next + 1;
        if (next == at || next >= n || !(is_letter(s[next]) || s[next] == '_' || s[next] == ':'))
            return 0;
        at = behind_value(s, n, skip_name(s, n, next, "_.:-"));
        if (!at)
            return 0;
    }
}

static size_t behind_tag(const char *s, size_t n)
{
    if (n < 3)
        return 0;
    if (is_letter(s[1]))
        return behind_open_tag(s, n);
    if (s[1] == '/' && is_letter(s[2])) {
        size_t at = skip_blanks(s, n, skip_name(s, n, 2, "-"));
        return at < n && s[at] == '>' ? at + 1 : 0;
    }
    if (s[1] == '?')
        return behind(s, n, 2, "?>");
    if (n >= 4 && memcmp(s, "<!--", 4) == 0)
        return behind(s, n, 4, "-->");
    if (n >= 9 && memcmp(s, "<![CDATA[", 9) == 0)
        return behind(s, n, 9, "]]>");
    return s[1] == '!' && is_letter(s[2]) ? behind(s, n, 2, ">") : 0;
}

/* -> behind the closing tag of an element whose content is no Markdown, or behind the text if it
 * has none; 0: another element */
static size_t behind_element(const char *s, size_t n)
{
    static const char *const names[] = {"script", "pre", "style", "textarea"};
    for (size_t i = 0; i < 4; i++) {
        size_t length = strlen(names[i]);
        if (n < length + 2 || strncasecmp(s + 1, names[i], length) != 0 ||
            !strchr(" \t\n>", s[length + 1]))
            continue;
        for (size_t at = length; at + length + 2 < n; at++)
            if (s[at] == '<' && s[at + 1] == '/' && strncasecmp(s + at + 2, names[i], length) == 0)
                return at + length + 2;
        return n;
    }
    return 0;
}

size_t html_tag_length(const char *s, size_t n, bool begins_line)
{
    size_t element = begins_line ? behind_element(s, n) : 0;
    return element ? element : behind_tag(s, n < LONGEST ? n : LONGEST);
}
