/* SPDX-License-Identifier: MIT
 *
 * Added tokens in a text: leftmost first, the longest of those.
 */
#include <string.h>

#include "characters.h"
#include "tokenizer_internal.h"
#include "utf8.h"

static const struct added_entry *entries(const struct tokenizer *t, enum added_set set, uint32_t *n)
{
    const struct image_header *h = t->image.header;
    *n = set == ADDED_IN_RAW ? h->n_raw_added : h->n_added - h->n_raw_added;
    return t->image.added + (set == ADDED_IN_RAW ? 0 : h->n_raw_added);
}

void added_index_init(struct tokenizer *t)
{
    for (enum added_set set = 0; set < N_ADDED_SETS; set++) {
        struct added_index *index = &t->added[set];
        uint32_t n;
        const struct added_entry *list = entries(t, set, &n);
        for (uint32_t i = 0; i < n; i++) {
            unsigned char first = (unsigned char)t->image.strings[list[i].at];
            index->first[first + 1]++;
            index->begins[first] = true;
            if (list[i].flags & ADDED_ANYWHERE)
                index->has_anywhere = index->begins_any[first] = true;
        }
        for (int byte = 0; byte < 256; byte++)
            index->first[byte + 1] += index->first[byte];
    }
}

/* ---- one token ------------------------------------------------------------------------------- */

/* The first of list[low..high), equal before `at`, whose byte there is `byte` or more. */
static uint32_t bound(const struct added_entry *list, const char *strings, uint32_t low,
                      uint32_t high, size_t at, unsigned byte)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if ((unsigned char)strings[list[middle].at + at] < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_marked(const struct marked *m, size_t at)
{
    return m->has_marks ? m->marks.data[at] : m->all;
}

/* The longest added token that stands at text[at], or NULL: the sorted list is narrowed byte by
 * byte. */
static const struct added_entry *match(const struct tokenizer *t, enum added_set set,
                                       const struct marked *text, size_t at)
{
    const struct added_index *index = &t->added[set];
    const char *s = text->text.data + at, *strings = t->image.strings;
    size_t n = text->text.len - at;
    uint32_t n_list;
    const struct added_entry *list = entries(t, set, &n_list), *found = NULL;
    uint32_t low = index->first[(unsigned char)s[0]], high = index->first[(unsigned char)s[0] + 1];
    bool marked = true;
    for (size_t len = 1; low < high; len++) {
        marked = marked && is_marked(text, at + len - 1);
        if (!marked && !index->has_anywhere)
            break;
        if (list[low].len == len) {
            if (marked || list[low].flags & ADDED_ANYWHERE)
                found = &list[low];
            low++;
        }
        if (len == n)
            break;
        unsigned byte = (unsigned char)s[len];
        low = bound(list, strings, low, high, len, byte);
        high = bound(list, strings, low, high, len, byte + 1);
    }
    return found;
}

/* ---- what stands beside it ------------------------------------------------------------------- */

static bool is_within_word(const char *s, size_t n, size_t start, size_t end)
{
    int32_t before = ' ', behind = ' ';
    if (start)
        last_character(s, start, &before);
    if (end < n)
        utf8_decode(s + end, n - end, &behind);
    return char_is_word(before) || char_is_word(behind);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static size_t next_candidate(const struct added_index *index, const struct marked *text, size_t at)
{
    const unsigned char *s = (const unsigned char *)text->text.data;
    size_t n = text->text.len;
    if (!text->has_marks && !text->all) {
        if (!index->has_anywhere)
            return n;
        while (at < n && !index->begins_any[s[at]])
            at++;
        return at;
    }
    while (at < n && !(index->begins[s[at]] && (is_marked(text, at) || index->begins_any[s[at]])))
        at++;
    return at;
}

bool added_split(const struct tokenizer *t, enum added_set set, const struct marked *text,
                 added_fn *fn, void *arg)
{
    const struct added_index *index = &t->added[set];
    const char *s = text->text.data;
    size_t n = text->text.len, done = 0, at = 0;
    while (at < n && (at = next_candidate(index, text, at)) < n) {
        const struct added_entry *a = match(t, set, text, at);
        if (!a) {
            at++;
            continue;
        }
        size_t start = at, end = at + a->len;
        at = end;
        if (a->flags & ADDED_SINGLE_WORD && is_within_word(s, n, start, end))
            continue;
        if (a->flags & ADDED_LSTRIP)
            start = without_white_end(s, start, done);
        if (a->flags & ADDED_RSTRIP)
            end += white_at_start(s + end, n - end);
        if (done < start && !fn(arg, done, start, NO_ID))
            return false;
        if (!fn(arg, start, end, a->id))
            return false;
        done = end;
        at = end;
    }
    return done >= n || fn(arg, done, n, NO_ID);
}
