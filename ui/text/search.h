/* SPDX-License-Identifier: MIT
 *
 * search: finds text; case matters only if the text to find has a capital.
 */
#ifndef QINS_SEARCH_H
#define QINS_SEARCH_H

#include "layout.h"

struct pattern {
    char *text; /* sanitised; folded unless exact; NULL: nothing is looked for */
    size_t n;
    bool exact;
};

void pattern_set(struct pattern *p, const char *text, size_t n); /* "" forgets it */
void pattern_free(struct pattern *p);
/* First hit in s[0..n) at or behind `from`: -> its start, *end; or n. */
size_t pattern_find(const struct pattern *p, const char *s, size_t n, size_t from, size_t *end);

/* Part of a hit in one row of a layout. */
struct hit {
    uint32_t line;       /* of the layout */
    uint32_t start, end; /* bytes of that row */
    uint32_t number;     /* of the hit in the layout, from 0; one that goes over rows has parts */
};

struct hits {
    struct hit *hits; /* [n], in order */
    size_t n, cap;
    size_t n_whole; /* hits, not parts */
};

/* All hits of a layout, also if a row ends within; prefixes are no text. */
void hits_find(struct hits *h, const struct pattern *p, const struct layout *l);
void hits_free(struct hits *h);

#endif
