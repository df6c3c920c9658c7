/* SPDX-License-Identifier: MIT */
#include "motion.h"

#include "folded_paste.h"
#include "utf8.h"
#include "wrap.h"

size_t motion_next(const struct buf *t, size_t at)
{
    int cells;
    if (at >= t->len)
        return t->len;
    size_t paste = folded_paste_at(t->data, t->len, at);
    return at + (paste ? paste : wrap_cluster(t->data + at, t->len - at, 0, &cells));
}

size_t motion_previous(const struct buf *t, size_t at)
{
    if (at == 0)
        return 0;
    size_t paste = folded_paste_before(t->data, at);
    if (paste)
        return at - paste;
    /* Clusters are only found forwards: start where one surely starts, not far before. */
    size_t start = at > 512 ? at - 512 : 0;
    while (start > 0 && start < at && ((unsigned char)t->data[start] & 0xc0) == 0x80)
        start++;
    size_t here = at - 1;
    while (here > start && t->data[here - 1] != '\n' && t->data[here - 1] != FOLDED_PASTE_END)
        here--;
    size_t before = here;
    while (here < at) {
        before = here;
        here = motion_next(t, here);
    }
    return before;
}

size_t motion_line_start(const struct buf *t, size_t at)
{
    while (at > 0 && t->data[at - 1] != '\n')
        at--;
    return at;
}

size_t motion_line_end(const struct buf *t, size_t at)
{
    while (at < t->len && t->data[at] != '\n')
        at++;
    return at;
}

enum motion_class motion_class(const struct buf *t, size_t at)
{
    int32_t cp;
    if (at >= t->len)
        return CLASS_BLANK;
    if (t->data[at] == FOLDED_PASTE_START)
        return CLASS_WORD;
    utf8_decode(t->data + at, t->len - at, &cp);
    return utf8_is_space(cp) ? CLASS_BLANK : utf8_is_word(cp) ? CLASS_WORD : CLASS_SIGN;
}

static size_t skip_left(const struct buf *t, size_t at, enum motion_class class, bool same)
{
    while (at > 0) {
        size_t before = motion_previous(t, at);
        if ((motion_class(t, before) == class) != same)
            break;
        at = before;
    }
    return at;
}

size_t motion_word_left(const struct buf *t, size_t at)
{
    return skip_left(t, skip_left(t, at, CLASS_WORD, false), CLASS_WORD, true);
}

size_t motion_blank_left(const struct buf *t, size_t at)
{
    return skip_left(t, skip_left(t, at, CLASS_BLANK, true), CLASS_BLANK, false);
}

size_t motion_word_right(const struct buf *t, size_t at)
{
    while (at < t->len && motion_class(t, at) != CLASS_WORD)
        at = motion_next(t, at);
    while (at < t->len && motion_class(t, at) == CLASS_WORD)
        at = motion_next(t, at);
    return at;
}
