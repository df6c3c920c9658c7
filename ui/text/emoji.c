/* SPDX-License-Identifier: MIT */
#include "emoji.h"

#include "utf8.h"

enum { FIRST_REGION = 0x1F1E6, LAST_REGION = 0x1F1FF, KEYCAP = 0x20E3, VS16 = 0xFE0F };

/* clang-format off */
static const struct { int32_t cp; const char *text; } short_texts[] = {
    {0x2600, "[sun]"},    {0x2705, "[ok]"},      {0x2713, "[ok]"},     {0x2714, "[ok]"},
    {0x2717, "[x]"},      {0x2718, "[x]"},       {0x274C, "[x]"},      {0x2753, "[?]"},
    {0x2757, "[!]"},      {0x26A0, "[!]"},       {0x2728, "[*]"},      {0x2B50, "[*]"},
    {0x2764, "<3"},       {0x1F389, "[party]"},  {0x1F44D, "[+1]"},    {0x1F44E, "[-1]"},
    {0x1F4A1, "[idea]"},  {0x1F4DD, "[note]"},   {0x1F4E6, "[box]"},   {0x1F525, "[fire]"},
    {0x1F600, ":D"},      {0x1F602, ":'D"},      {0x1F609, ";)"},      {0x1F60A, ":)"},
    {0x1F60D, "<3"},      {0x1F614, ":("},       {0x1F622, ":'("},     {0x1F642, ":)"},
    {0x1F643, "(:"},      {0x1F64F, "[thanks]"}, {0x1F680, "[rocket]"}, {0x1F914, "[hm]"},
};
/* clang-format on */

static bool is_region(int32_t cp)
{
    return cp >= FIRST_REGION && cp <= LAST_REGION;
}

/* (c) and the like are pictographs too, but letters to every terminal unless VS16 says otherwise.
 */
static bool is_emoji(const char *s, size_t n, int32_t first)
{
    int32_t cp = 0;
    for (size_t i = 0; i < n;) {
        i += utf8_decode(s + i, n - i, &cp);
        if (cp == VS16 || cp == KEYCAP)
            return true;
    }
    return is_region(first) || (utf8_is_pictograph(first) && first >= 0x2600);
}

static void put_ascii(const char *s, size_t n, int32_t first, struct buf *out)
{
    if (first < 0x80 || is_region(first)) { /* a keycap's sign; a flag's letters */
        buf_puts(out, "[");
        for (size_t i = 0; i < n;) {
            int32_t cp;
            i += utf8_decode(s + i, n - i, &cp);
            if (cp < 0x80 || is_region(cp))
                buf_printf(out, "%c", cp < 0x80 ? (int)cp : (int)(cp - FIRST_REGION + 'A'));
        }
        buf_puts(out, "]");
        return;
    }
    const char *text = "[emoji]";
    for (size_t i = 0; i < sizeof short_texts / sizeof *short_texts; i++)
        if (short_texts[i].cp == first)
            text = short_texts[i].text;
    buf_puts(out, text);
}

static void put_safe(const char *s, size_t n, int32_t first, struct buf *out)
{
    if (is_region(first) || first < 0x80)
        put_ascii(s, n, first, out);
    else
        buf_append(out, s, utf8_decode(s, n, &first));
}

void emoji_replace(enum emoji how, const char *s, size_t n, struct buf *out)
{
    size_t done = 0;
    for (size_t i = 0, used; how != EMOJI_NATIVE && i < n; i += used) {
        int32_t cp;
        used = utf8_decode(s + i, n - i, &cp);
        bool keycap = utf8_is_keycap_base(cp) && i + 1 < n && (unsigned char)s[i + 1] >= 0x80;
        if (cp < 0x80 && !keycap)
            continue;
        used = utf8_cluster(s + i, n - i);
        if (!is_emoji(s + i, used, cp))
            continue;
        buf_append(out, s + done, i - done);
        (how == EMOJI_SAFE ? put_safe : put_ascii)(s + i, used, cp, out);
        done = i + used;
    }
    if (n > done)
        buf_append(out, s + done, n - done);
}
