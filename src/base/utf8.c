/* SPDX-License-Identifier: MIT */
#include "utf8.h"

#include <utf8proc.h>

enum { VS16 = 0xFE0F };

/* ---- code points ---------------------------------------------------------------------- */

size_t utf8_decode(const char *s, size_t n, int32_t *cp)
{
    unsigned char first = (unsigned char)s[0];
    if (first < 0x80) {
        *cp = first;
        return 1;
    }
    utf8proc_int32_t value;
    utf8proc_ssize_t used =
        utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)(n < 4 ? n : 4), &value);
    if (used <= 0) {
        *cp = -1;
        return 1;
    }
    *cp = value;
    return (size_t)used;
}

size_t utf8_encode(int32_t cp, char out[4])
{
    return (size_t)utf8proc_encode_char(cp, (utf8proc_uint8_t *)out);
}

/* Could s[0..n), shorter than its lead byte asks for, still become a valid sequence? */
static bool can_be_completed(const unsigned char *s, size_t n)
{
    size_t need = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || n >= need)
        return false;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return false;
    if (n == 1)
        return true;
    return !((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
             (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F));
}

size_t utf8_complete(const char *s, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++)
        if (can_be_completed((const unsigned char *)s + n - back, back))
            return n - back;
    return n;
}

/* ---- characters ----------------------------------------------------------------------- */

bool utf8_is_pictograph(int32_t cp)
{
    return utf8proc_get_property(cp)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

bool utf8_is_keycap_base(int32_t cp)
{
    return (cp >= '0' && cp <= '9') || cp == '#' || cp == '*';
}

int utf8_char_width(int32_t cp)
{
    if (cp < 0)
        return 1; /* shown as U+FFFD */
    if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
        return 0;
    int class = (int)utf8proc_get_property(cp)->boundclass;
    if (class == UTF8PROC_BOUNDCLASS_V || class == UTF8PROC_BOUNDCLASS_T)
        return 0;
    return utf8proc_category(cp) == UTF8PROC_CATEGORY_MC ? 1 : utf8proc_charwidth(cp);
}

/* ---- grapheme clusters ---------------------------------------------------------------- */

size_t utf8_cluster(const char *s, size_t n)
{
    int32_t cp, next, state = 0;
    size_t at = utf8_decode(s, n, &cp);
    bool picture = cp >= 0 && utf8_is_pictograph(cp);
    int width = utf8_char_width(cp);
    for (int n_cp = 1; at < n && n_cp < UTF8_CLUSTER_MAX; n_cp++) {
        size_t used = utf8_decode(s + at, n - at, &next);
        if (cp < 0 || next < 0 || (cp < 0x80 && next < 0x80 && cp != '\r'))
            break;
        if (utf8proc_grapheme_break_stateful(cp, next, &state))
            break;
        width += utf8_char_width(next);
        if (!picture && width > 2)
            break;
        at += used;
        cp = next;
    }
    return at;
}

/* The sum of its parts, at most 2: that makes flags and ZWJ sequences 2. VS16 asks for the picture,
 * which is 2 wide, where a narrow character would stand. */
int utf8_cluster_width(const char *s, size_t n)
{
    int32_t cp, last = -1;
    int width = 0;
    for (size_t at = 0; at < n && width < 2; last = cp) {
        at += utf8_decode(s + at, n - at, &cp);
        width += utf8_char_width(cp);
        if (cp == VS16 && last >= 0 && (utf8_is_pictograph(last) || utf8_is_keycap_base(last)))
            width = 2;
    }
    return width > 2 ? 2 : width;
}

size_t utf8_width(const char *s, size_t n)
{
    size_t width = 0;
    for (size_t at = 0; at < n;) {
        size_t used = utf8_cluster(s + at, n - at);
        width += (size_t)utf8_cluster_width(s + at, used);
        at += used;
    }
    return width;
}

/* ---- classes -------------------------------------------------------------------------- */

bool utf8_is_space(int32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0D) || cp == 0x20 || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

bool utf8_is_word(int32_t cp)
{
    utf8proc_category_t category = cp < 0 ? UTF8PROC_CATEGORY_CN : utf8proc_category(cp);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

int32_t utf8_to_case(int32_t cp, bool upper)
{
    return upper ? utf8proc_toupper(cp) : utf8proc_tolower(cp);
}
