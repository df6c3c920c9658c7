/* SPDX-License-Identifier: MIT */
#include "json_range.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_FRACTION = 15 };

static struct part digit(struct grammar *g, char first, char last)
{
    struct code_range range = {(uint32_t)first, (uint32_t)last};
    return part_characters(g, &range, 1);
}

static struct part digits(struct grammar *g, size_t n)
{
    return part_repeat(g, digit(g, '0', '9'), (int32_t)n, (int32_t)n);
}

/* n digits that are at least (up: at most) those of s. */
static struct part beyond(struct grammar *g, const char *s, size_t n, bool up)
{
    char end = up ? '9' : '0', next = (char)(up ? *s + 1 : *s - 1);
    if (n == 0)
        return part_empty(g);
    struct part same = part_text(g, s, 1);
    same = part_then(g, same, beyond(g, s + 1, n - 1, up));
    if (*s == end)
        return same;
    struct part further = up ? digit(g, next, end) : digit(g, end, next);
    return part_or(g, same, part_then(g, further, digits(g, n - 1)));
}

/* n digits from those of a to those of b. */
static struct part between(struct grammar *g, const char *a, const char *b, size_t n)
{
    if (n == 0)
        return part_empty(g);
    if (*a == *b) {
        struct part same = part_text(g, a, 1);
        return part_then(g, same, between(g, a + 1, b + 1, n - 1));
    }
    struct part low = part_text(g, a, 1);
    low = part_then(g, low, beyond(g, a + 1, n - 1, true));
    if (*a + 1 < *b) {
        struct part middle = digit(g, (char)(*a + 1), (char)(*b - 1));
        low = part_or(g, low, part_then(g, middle, digits(g, n - 1)));
    }
    struct part high = part_text(g, b, 1);
    high = part_then(g, high, beyond(g, b + 1, n - 1, false));
    return part_or(g, low, high);
}

/* Those of the same length together; 0 <= first <= last. */
static struct part natural_range(struct grammar *g, int64_t first, int64_t last)
{
    struct part all = {0};
    bool has_any = false;
    for (int64_t from = first, to, top = 9; from <= last; from = to + 1) {
        char a[24], b[24];
        while (top < from)
            top = top * 10 + 9;
        to = top < last ? top : last;
        snprintf(a, sizeof a, "%" PRId64, from);
        snprintf(b, sizeof b, "%" PRId64, to);
        struct part p = between(g, a, b, strlen(a));
        all = has_any ? part_or(g, all, p) : p;
        has_any = true;
    }
    return all;
}

struct part json_integer_range(struct grammar *g, int64_t first, int64_t last)
{
    if (first >= 0)
        return natural_range(g, first, last);
    struct part negative = part_text(g, "-", 1);
    negative = part_then(g, negative, natural_range(g, last < 0 ? -last : 1, -first));
    return last < 0 ? negative : part_or(g, negative, natural_range(g, 0, last));
}

/* ---- with fractions ------------------------------------------------------------------- */

struct sum {
    struct part part;
    bool has_any;
};

static void add(struct grammar *g, struct sum *s, struct part p)
{
    s->part = s->has_any ? part_or(g, s->part, p) : p;
    s->has_any = true;
}

/* Numbers without a sign. */
static struct part magnitudes(struct grammar *g, const struct number_range *r)
{
    struct sum sum = {0};
    int64_t first = r->first + r->without_first, last = r->last - r->without_last;
    if (first <= last)
        add(g, &sum, natural_range(g, first, last));
    if (first < r->last) {
        struct part p = natural_range(g, first, r->last - 1);
        p = part_then(g, p, part_text(g, ".", 1));
        add(g, &sum, part_then(g, p, part_repeat(g, digit(g, '0', '9'), 1, MAX_FRACTION)));
    }
    if (r->without_first && r->first < r->last) { /* the bound and a bit */
        struct part p = natural_range(g, r->first, r->first);
        p = part_then(g, p, part_text(g, ".", 1));
        p = part_then(g, p, part_repeat(g, digit(g, '0', '9'), 0, MAX_FRACTION - 1));
        add(g, &sum, part_then(g, p, digit(g, '1', '9')));
    }
    return sum.part;
}

struct part json_number_range(struct grammar *g, const struct number_range *r)
{
    struct sum sum = {0};
    struct number_range below = {r->last < 0 ? -r->last : 0, -r->first,
                                 r->last >= 0 || r->without_last, r->without_first};
    struct number_range above = {r->first > 0 ? r->first : 0, r->last,
                                 r->first >= 0 && r->without_first, r->without_last};
    if (r->first < 0) {
        struct part minus = part_text(g, "-", 1);
        add(g, &sum, part_then(g, minus, magnitudes(g, &below)));
    }
    if (r->last > 0 || (r->last == 0 && !r->without_last))
        add(g, &sum, magnitudes(g, &above));
    return sum.part;
}
