/* SPDX-License-Identifier: MIT */
#include "template_strings.h"

#include <string.h>

#include "template_unicode.h"
#include "template_walk.h"
#include "utf8.h"

static uint32_t decode(struct value s, uint32_t at, int32_t *cp)
{
    return (uint32_t)utf8_decode(string_bytes(s) + at, s.len - at, cp);
}

/* Bytes of the character that ends at `end`. */
static uint32_t decode_back(struct value s, uint32_t end, int32_t *cp)
{
    uint32_t n = 1;
    while (n < 4 && n < end && ((unsigned char)string_bytes(s)[end - n] & 0xc0) == 0x80)
        n++;
    if (utf8_decode(string_bytes(s) + end - n, n, cp) == n)
        return n;
    *cp = -1;
    return 1;
}

/* ---- searching ------------------------------------------------------------------------------ */

uint32_t string_search(struct work *w, struct value s, uint32_t from, struct value what)
{
    const char *bytes = string_bytes(s);
    if (from > s.len)
        return UINT32_MAX;
    const char *found =
        what.len ? memmem(bytes + from, s.len - from, string_bytes(what), what.len) : bytes + from;
    work_bytes(w, found ? (size_t)(found - bytes) - from : s.len - from);
    return found ? (uint32_t)(found - bytes) : UINT32_MAX;
}

uint32_t string_search_back(struct work *w, struct value s, uint32_t end, struct value what)
{
    work_bytes(w, end);
    for (uint32_t at = end; at >= what.len; at--)
        if (memcmp(string_bytes(s) + at - what.len, string_bytes(what), what.len) == 0)
            return at - what.len;
        else if (at == 0)
            break;
    return UINT32_MAX;
}

bool string_starts(struct value s, struct value with)
{
    return s.len >= with.len && memcmp(string_bytes(s), string_bytes(with), with.len) == 0;
}

bool string_ends(struct value s, struct value with)
{
    return s.len >= with.len &&
           memcmp(string_bytes(s) + s.len - with.len, string_bytes(with), with.len) == 0;
}

/* ---- cutting -------------------------------------------------------------------------------- */

static bool strips(struct value chars, const char *c, uint32_t n, int32_t cp)
{
    if (chars.kind != KIND_STRING)
        return unicode_is_space(cp);
    int32_t other;
    for (uint32_t at = 0, step; at < chars.len; at += step) {
        step = decode(chars, at, &other);
        if (step == n && memcmp(string_bytes(chars) + at, c, n) == 0)
            return true;
    }
    return false;
}

struct value string_strip(struct work *w, struct value s, struct value chars, int sides)
{
    uint32_t start = 0, end = s.len, n;
    int32_t cp;
    if (chars.kind != KIND_STRING && chars.kind != KIND_MISSING && chars.kind != KIND_NONE)
        work_fail(w, "strip arg must be None or str");
    for (; (sides & STRIP_LEFT) && start < end; start += n) {
        n = decode(s, start, &cp);
        if (!strips(chars, string_bytes(s) + start, n, cp))
            break;
        work_step(w, chars.kind == KIND_STRING ? 1 + chars.len / 8 : start % 8 == 0);
    }
    for (; (sides & STRIP_RIGHT) && start < end; end -= n) {
        n = decode_back(s, end, &cp);
        if (!strips(chars, string_bytes(s) + end - n, n, cp))
            break;
        work_step(w, chars.kind == KIND_STRING ? 1 + chars.len / 8 : end % 8 == 0);
    }
    return string_slice(s, start, end - start);
}

static struct list *split_spaces(struct work *w, struct value s, int64_t limit)
{
    struct list *l = list_new(w, 0);
    struct value none = {.kind = KIND_MISSING};
    int32_t cp;
    s = string_strip(w, s, none, STRIP_LEFT);
    while (s.len > 0) {
        uint32_t end = 0;
        for (uint32_t n; end < s.len; end += n) {
            n = decode(s, end, &cp);
            if (unicode_is_space(cp))
                break;
        }
        work_bytes(w, end * 4ull);
        if (limit == 0) /* the rest, as it is */
            end = s.len;
        list_push(w, l, string_slice(s, 0, end));
        s = string_strip(w, string_slice(s, end, s.len - end), none, STRIP_LEFT);
        limit -= limit > 0;
    }
    return l;
}

static void check_separator(struct work *w, struct value separator)
{
    if (separator.kind != KIND_STRING)
        work_fail(w, "must be str or None, not %s", value_type(separator));
    if (separator.len == 0)
        work_fail(w, "empty separator");
}

struct list *string_split(struct work *w, struct value s, struct value separator, int64_t limit)
{
    if (separator.kind == KIND_MISSING || separator.kind == KIND_NONE)
        return split_spaces(w, s, limit);
    check_separator(w, separator);
    struct list *l = list_new(w, 0);
    uint32_t at = 0, found;
    for (; limit != 0 && (found = string_search(w, s, at, separator)) != UINT32_MAX; limit--) {
        list_push(w, l, string_slice(s, at, found - at));
        at = found + separator.len;
    }
    list_push(w, l, string_slice(s, at, s.len - at));
    return l;
}

static struct list *reversed(struct list *l)
{
    for (uint32_t i = 0; i < l->n / 2; i++) {
        struct value v = l->items[i];
        l->items[i] = l->items[l->n - 1 - i];
        l->items[l->n - 1 - i] = v;
    }
    return l;
}

static struct list *rsplit_spaces(struct work *w, struct value s, int64_t limit)
{
    struct list *l = list_new(w, 0);
    struct value none = {.kind = KIND_MISSING};
    int32_t cp;
    s = string_strip(w, s, none, STRIP_RIGHT);
    while (s.len > 0) {
        uint32_t start = s.len;
        for (uint32_t n; start > 0; start -= n) {
            n = decode_back(s, start, &cp);
            if (unicode_is_space(cp))
                break;
        }
        work_bytes(w, (s.len - start) * 4ull);
        if (limit == 0)
            start = 0;
        list_push(w, l, string_slice(s, start, s.len - start));
        s = string_strip(w, string_slice(s, 0, start), none, STRIP_RIGHT);
        limit -= limit > 0;
    }
    return reversed(l);
}

struct list *string_rsplit(struct work *w, struct value s, struct value separator, int64_t limit)
{
    if (separator.kind == KIND_MISSING || separator.kind == KIND_NONE)
        return rsplit_spaces(w, s, limit);
    check_separator(w, separator);
    struct list *l = list_new(w, 0);
    uint32_t end = s.len, found;
    for (; limit != 0 && (found = string_search_back(w, s, end, separator)) != UINT32_MAX;
         limit--) {
        list_push(w, l, string_slice(s, found + separator.len, end - found - separator.len));
        end = found;
    }
    list_push(w, l, string_slice(s, 0, end));
    return reversed(l);
}

struct list *string_splitlines(struct work *w, struct value s, bool keep_ends)
{
    struct list *l = list_new(w, 0);
    uint32_t start = 0, n;
    int32_t cp;
    work_bytes(w, s.len * 4ull);
    for (uint32_t at = 0; at < s.len; at += n) {
        n = decode(s, at, &cp);
        if (!unicode_is_line_end(cp))
            continue;
        uint32_t end = at;
        if (cp == '\r' && at + 1 < s.len && string_bytes(s)[at + 1] == '\n')
            n = 2;
        list_push(w, l, string_slice(s, start, (keep_ends ? at + n : end) - start));
        start = at + n;
    }
    if (start < s.len)
        list_push(w, l, string_slice(s, start, s.len - start));
    return l;
}

/* ---- putting together ----------------------------------------------------------------------- */

/* An empty `old` is found in front of every character and at the end. */
static struct value replace_empty(struct work *w, struct value s, struct value new, int64_t count)
{
    struct text *t = text_new(w);
    int32_t cp;
    uint32_t at = 0, n;
    for (; count != 0 && at < s.len; at += n, count--) {
        n = decode(s, at, &cp);
        text_append_string(w, t, new);
        text_append_string(w, t, string_slice(s, at, n));
        work_step(w, 1);
    }
    text_append_string(w, t, string_slice(s, at, s.len - at));
    if (count != 0)
        text_append_string(w, t, new);
    return text_string(t);
}

struct value string_replace(struct work *w, struct value s, struct value old, struct value new,
                            int64_t count)
{
    uint32_t at = 0, found;
    if (old.len == 0)
        return replace_empty(w, s, new, count);
    found = count ? string_search(w, s, 0, old) : UINT32_MAX;
    if (found == UINT32_MAX)
        return string_plain(s);
    struct text *t = text_new(w);
    for (; count != 0 && found != UINT32_MAX; count--) {
        text_append_string(w, t, string_slice(s, at, found - at));
        text_append_string(w, t, new);
        at = found + old.len;
        found = string_search(w, s, at, old);
    }
    text_append_string(w, t, string_slice(s, at, s.len - at));
    return text_string(t);
}

struct value string_join(struct work *w, struct value separator, struct value items)
{
    struct text *t = text_new(w);
    struct walk walk = walk_start(w, items);
    struct value item;
    for (uint32_t i = 0; walk_next(w, &walk, &item); i++) {
        if (item.kind != KIND_STRING)
            work_fail(w, "sequence item %u: expected str instance, %s found", i, value_type(item));
        if (i)
            text_append_string(w, t, separator);
        text_append_string(w, t, item);
    }
    return text_string(t);
}

struct value string_pad(struct work *w, struct value s, int64_t width, struct value fill,
                        char align)
{
    uint32_t chars = string_chars(w, s);
    if (width > WORK_MAX_BYTES)
        work_fail(w, "a width of more than %d", WORK_MAX_BYTES);
    uint32_t n = width > chars ? (uint32_t)width - chars : 0;
    /* Python's str.center puts the odd one in front if the width is odd, too. */
    uint32_t before = align == '<' ? 0 : align == '>' ? n : n / 2 + (n & (uint32_t)width & 1);
    struct text *t = text_new(w);
    work_step(w, n);
    for (uint32_t i = 0; i < before; i++)
        text_append_string(w, t, fill);
    text_append_string(w, t, s);
    for (uint32_t i = before; i < n; i++)
        text_append_string(w, t, fill);
    return text_string(t);
}

/* ---- upper and lower case ------------------------------------------------------------------- */

/* A capital sigma at the end of a word becomes another letter. */
static bool final_sigma(struct value s, uint32_t at, uint32_t n)
{
    int32_t cp;
    bool letter_before = at > 0 && (decode_back(s, at, &cp), unicode_is_cased(cp));
    return letter_before && !(at + n < s.len && (decode(s, at + n, &cp), unicode_is_cased(cp)));
}

static uint32_t append_case(struct work *w, struct text *t, struct value s, uint32_t at,
                            enum letter_case to)
{
    int32_t cp, mapped[3];
    char bytes[12];
    uint32_t n = decode(s, at, &cp), length = 0;
    if (cp < 0) {
        text_append_string(w, t, string_slice(s, at, n));
        return n;
    }
    int letters = unicode_map_case(cp, to, mapped);
    if (cp == 0x3a3 && to == CASE_LOWER && final_sigma(s, at, n))
        mapped[0] = 0x3c2;
    for (int i = 0; i < letters; i++)
        length += (uint32_t)utf8_encode(mapped[i], bytes + length);
    text_append(w, t, bytes, length, string_from_template(s, at));
    return n;
}

static struct value map_case(struct work *w, struct value s, enum letter_case first,
                             enum letter_case rest)
{
    struct text *t = text_new(w);
    work_bytes(w, s.len * 8ull);
    for (uint32_t at = 0; at < s.len;)
        at += append_case(w, t, s, at, at == 0 ? first : rest);
    return text_string(t);
}

struct value string_upper(struct work *w, struct value s)
{
    return map_case(w, s, CASE_UPPER, CASE_UPPER);
}

struct value string_lower(struct work *w, struct value s)
{
    return map_case(w, s, CASE_LOWER, CASE_LOWER);
}

struct value string_capitalize(struct work *w, struct value s)
{
    return map_case(w, s, CASE_TITLE, CASE_LOWER);
}

struct value string_swapcase(struct work *w, struct value s)
{
    struct text *t = text_new(w);
    int32_t cp;
    work_bytes(w, s.len * 8ull);
    for (uint32_t at = 0; at < s.len;) {
        decode(s, at, &cp);
        at += append_case(w, t, s, at, unicode_is_upper(cp) ? CASE_LOWER : CASE_UPPER);
    }
    return text_string(t);
}

bool string_is_case(struct value s, bool upper)
{
    bool some = false;
    int32_t cp;
    for (uint32_t at = 0; at < s.len;) {
        at += (uint32_t)utf8_decode(string_bytes(s) + at, s.len - at, &cp);
        if (cp < 0 || !unicode_is_cased(cp))
            continue;
        if (!(upper ? unicode_is_upper(cp) : unicode_is_lower(cp)))
            return false;
        some = true;
    }
    return some;
}

struct value string_title(struct work *w, struct value s)
{
    struct text *t = text_new(w);
    bool in_word = false;
    int32_t cp;
    work_bytes(w, s.len * 8ull);
    for (uint32_t at = 0; at < s.len;) {
        decode(s, at, &cp);
        at += append_case(w, t, s, at, in_word ? CASE_LOWER : CASE_TITLE);
        in_word = unicode_is_cased(cp);
    }
    return text_string(t);
}

struct value string_title_words(struct work *w, struct value s)
{
    struct text *t = text_new(w);
    bool first = true;
    int32_t cp;
    work_bytes(w, s.len * 8ull);
    for (uint32_t at = 0; at < s.len;) {
        decode(s, at, &cp);
        bool between = unicode_is_space(cp) || (cp > 0 && cp < 0x80 && strchr("-({[<", cp));
        at += append_case(w, t, s, at, first || between ? CASE_UPPER : CASE_LOWER);
        first = between;
    }
    return text_string(t);
}
