/* SPDX-License-Identifier: MIT */
#include "characters.h"

#include <utf8proc.h>

#include "utf8.h"

static utf8proc_category_t category(int32_t cp)
{
    return cp < 0 ? UTF8PROC_CATEGORY_CN : utf8proc_category(cp);
}

bool char_is_numeric(int32_t cp)
{
    if (cp < 128)
        return cp >= '0' && cp <= '9';
    utf8proc_category_t c = category(cp);
    return c == UTF8PROC_CATEGORY_ND || c == UTF8PROC_CATEGORY_NL || c == UTF8PROC_CATEGORY_NO;
}

bool char_is_punctuation(int32_t cp)
{
    if (cp < 128)
        return (cp >= '!' && cp <= '/') || (cp >= ':' && cp <= '@') || (cp >= '[' && cp <= '`') ||
               (cp >= '{' && cp <= '~');
    utf8proc_category_t c = category(cp);
    return c >= UTF8PROC_CATEGORY_PC && c <= UTF8PROC_CATEGORY_PO;
}

/* Alphabetic, marks, decimal digits, connectors, joiners. Of what is Alphabetic only letters in
 * circles and squares are no letters, marks or letter numbers. */
bool char_is_word(int32_t cp)
{
    utf8proc_category_t c = category(cp);
    return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_NL) || c == UTF8PROC_CATEGORY_PC ||
           (cp >= 0x24B6 && cp <= 0x24E9) || (cp >= 0x1F130 && cp <= 0x1F149) ||
           (cp >= 0x1F150 && cp <= 0x1F169) || (cp >= 0x1F170 && cp <= 0x1F189) || cp == 0x200C ||
           cp == 0x200D;
}

bool char_is_white(int32_t cp)
{
    return utf8_is_space(cp);
}

/* ---- ByteLevel ------------------------------------------------------------------------------- */

size_t white_at_start(const char *s, size_t n)
{
    size_t at = 0;
    for (int32_t cp; at < n;) {
        size_t used = utf8_decode(s + at, n - at, &cp);
        if (!char_is_white(cp))
            break;
        at += used;
    }
    return at;
}

size_t last_character(const char *s, size_t n, int32_t *cp)
{
    size_t start = n - 1;
    while (start && n - start < 4 && ((unsigned char)s[start] & 0xC0) == 0x80)
        start--;
    if (utf8_decode(s + start, n - start, cp) == n - start)
        return start;
    *cp = -1;
    return n - 1;
}

size_t without_white_end(const char *s, size_t n, size_t least)
{
    while (n > least) {
        int32_t cp;
        size_t start = last_character(s, n, &cp);
        if (!char_is_white(cp) || start < least)
            break;
        n = start;
    }
    return n;
}

/* Bytes with a visible character of Latin-1 stand for themselves, the others follow from U+0100 on.
 */
static bool is_visible(unsigned byte)
{
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

size_t byte_level_encode(uint8_t byte, char out[2])
{
    int32_t cp = byte;
    if (!is_visible(byte))
        cp = 0x100 + (byte <= 0x20 ? byte : byte <= 0xA0 ? byte - 0x7F + 0x21 : 0x43);
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    out[0] = (char)(0xC0 | cp >> 6);
    out[1] = (char)(0x80 | (cp & 0x3F));
    return 2;
}

int byte_level_decode(int32_t cp)
{
    if (cp < 0 || cp > 0x143)
        return -1;
    if (cp < 0x100)
        return is_visible((unsigned)cp) ? cp : -1;
    int n = cp - 0x100;
    return n <= 0x20 ? n : n <= 0x42 ? n - 0x21 + 0x7F : 0xAD;
}
