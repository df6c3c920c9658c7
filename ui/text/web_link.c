/* SPDX-License-Identifier: MIT */
#include "web_link.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "utf8.h"

static const char *const schemes[] = {"https://", "http://", "mailto:"};
enum { N_SCHEMES = sizeof schemes / sizeof *schemes, N_WEB = N_SCHEMES - 1 };

/* -> bytes of the scheme at the start of a URL, of the first n_known ones; 0: another */
static size_t scheme_of(const char *s, size_t n, size_t n_known)
{
    for (size_t i = 0; i < n_known; i++) {
        const size_t len = strlen(schemes[i]);
        if (n > len && strncasecmp(s, schemes[i], len) == 0)
            return len;
    }
    return 0;
}

/* Begins a host, or an address, whichever its script. */
static bool is_name_start(char c)
{
    return isalnum((unsigned char)c) || c == '[' || (unsigned char)c >= 0x80;
}

/* ---- targets -------------------------------------------------------------------------- */

/* RFC 3986 has no place for the others. */
static bool is_uri_character(unsigned char c)
{
    return c > ' ' && c < 0x7f && !strchr("\"<>\\^`{|}", c);
}

bool web_link_target(const char *s, size_t n, struct buf *out)
{
    const size_t before = out->len, scheme = scheme_of(s, n, N_SCHEMES);
    if (!scheme || n > WEB_LINK_MAX || !is_name_start(s[scheme]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (is_uri_character((unsigned char)s[i]))
            buf_append(out, s + i, 1);
        else
            buf_printf(out, "%%%02X", (unsigned char)s[i]);
    if (out->len - before <= WEB_LINK_MAX)
        return true;
    out->len = before;
    return false;
}

/* ---- in a text ------------------------------------------------------------------------ */

/* Letters of Europe and around may be in a URL as they are read; signs of East Asia follow one
 * without a blank. */
static bool may_be_in_url(int32_t cp)
{
    enum { PUNCTUATION = 0x2000 }; /* dashes, quotes, bullets, and the scripts behind them */
    if (cp < 0x80)
        return cp >= 0 && is_uri_character((unsigned char)cp);
    return cp > 0xa0 && cp < PUNCTUATION && cp != 0xab && cp != 0xbb;
}

/* -> brackets that close what is not open */
static long surplus(const char *s, size_t n, char opens, char closes)
{
    long found = 0;
    for (size_t i = 0; i < n; i++)
        found += (s[i] == closes) - (s[i] == opens);
    return found;
}

/* -> n without the signs at the end that belong to the text around */
static size_t without_punctuation(const char *s, size_t n)
{
    long round = surplus(s, n, '(', ')'), square = surplus(s, n, '[', ']');
    for (; n > 0; n--) {
        const char last = s[n - 1];
        const bool ends_text = last == ')'   ? round-- > 0
                               : last == ']' ? square-- > 0
                                             : strchr(".,;:!?'*_~", last) != NULL;
        if (!ends_text)
            break;
    }
    return n;
}

/* -> bytes of the URL that begins s, without what belongs to the text; 0: none; beyond
 * WEB_LINK_MAX: so many of one that is too long */
static size_t url_bytes(const char *s, size_t n)
{
    const size_t scheme = scheme_of(s, n, N_WEB);
    size_t end = scheme;
    if (!scheme || !is_name_start(s[scheme]))
        return 0;
    while (end < n && end <= WEB_LINK_MAX) {
        int32_t cp;
        const size_t used = utf8_decode(s + end, n - end, &cp);
        if (!may_be_in_url(cp))
            break;
        end += used;
    }
    if (end <= WEB_LINK_MAX)
        end = without_punctuation(s, end);
    return end > scheme ? end : 0;
}

size_t web_link_find(const char *s, size_t n, size_t at, size_t *start)
{
    for (size_t bytes; at < n; at += bytes ? bytes : 1) {
        const bool in_word = at > 0 && isalnum((unsigned char)s[at - 1]);
        bytes = in_word ? 0 : url_bytes(s + at, n - at);
        if (bytes && bytes <= WEB_LINK_MAX) {
            *start = at;
            return bytes;
        }
    }
    return 0;
}
