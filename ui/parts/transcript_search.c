/* SPDX-License-Identifier: MIT
 *
 * Blocks are looked through in order, a few milliseconds at a time; of each only the number of its
 * hits is kept. The hit that the reader is at is counted in its block.
 */
#include <stdio.h>
#include <stdlib.h>

#include "transcript.h"

static bool is_done(const struct finder *s, const struct transcript *t)
{
    return !s->pattern.text || s->at.item >= t->n;
}

bool transcript_searching(const struct transcript *t)
{
    return !is_done(&t->search, t);
}

void transcript_search_free(struct transcript *t)
{
    pattern_free(&t->search.pattern);
    free(t->search.found);
    t->search = (struct finder){0};
}

void transcript_search_restart(struct transcript *t)
{
    struct finder *s = &t->search;
    if (s->chosen) { /* rows have changed, but not what was found in a block */
        const struct found *f = &s->found[s->here];
        s->from = (struct row_place){.item = f->item, .block = f->block};
        s->from_number = s->number;
        s->chosen = false;
    }
    s->n = s->total = 0;
    s->at = (struct row_place){0};
}

void transcript_search_moved(struct transcript *t, size_t item, size_t before, size_t now)
{
    struct finder *s = &t->search;
    if (!s->pattern.text)
        return;
    transcript_search_restart(t);
    row_place_moved(&s->from, item, before, now);
    s->stays = true;
}

/* Text from this block on is new: looks there again. */
void transcript_search_changed(struct transcript *t, size_t item, size_t block)
{
    struct finder *s = &t->search;
    if (!s->pattern.text || s->at.item < item || (s->at.item == item && s->at.block <= block))
        return;
    s->at = (struct row_place){.item = item, .block = block};
    while (s->n && s->found[s->n - 1].item == item && s->found[s->n - 1].block >= block)
        s->total -= s->found[--s->n].n;
    if (s->here >= s->n)
        s->chosen = false;
}

void transcript_find(struct transcript *t, const char *text, size_t n)
{
    transcript_search_free(t);
    pattern_set(&t->search.pattern, text, n);
    t->search.from = t->n ? transcript_top_place(t) : (struct row_place){0};
}

/* Takes the reader to the hit that he is at, unless it is on the screen. */
static void show_hit(struct transcript *t)
{
    const struct finder *s = &t->search;
    const struct found *f = &s->found[s->here];
    struct hits hits = {0};
    struct row_place p = {.item = f->item, .block = f->block};
    hits_find(&hits, &s->pattern, transcript_layout(t, f->item, f->block));
    for (size_t i = hits.n; i-- > 0;)
        if (hits.hits[i].number == s->number)
            p.row = hits.hits[i].line;
    hits_free(&hits);
    struct shown_row *rows = xcalloc((size_t)t->height, sizeof *rows);
    bool seen = false;
    for (int n = transcript_rows(t, rows), i = 0; i < n; i++)
        seen |= rows[i].layout && rows[i].item == p.item && rows[i].block == p.block &&
                rows[i].line == p.row;
    free(rows);
    if (!seen)
        transcript_show(t, p);
}

static void choose(struct transcript *t, size_t here, size_t number)
{
    struct finder *s = &t->search;
    s->here = here;
    s->number = number;
    s->chosen = true;
    if (!s->stays) {
        show_hit(t);
        t->current = s->found[here].item; /* what y copies */
    }
    s->stays = false;
}

/* The first hit at or behind the place that the search began at. */
static void choose_first(struct transcript *t, struct hits *hits)
{
    struct finder *s = &t->search;
    const struct found *f = &s->found[s->n - 1];
    if (f->item < s->from.item || (f->item == s->from.item && f->block < s->from.block))
        return;
    size_t number = 0;
    if (f->item == s->from.item && f->block == s->from.block) {
        size_t i = 0;
        while (i < hits->n &&
               (hits->hits[i].line < s->from.row || hits->hits[i].number < s->from_number))
            i++;
        if (i == hits->n)
            return;
        number = hits->hits[i].number;
    }
    choose(t, s->n - 1, number);
}

static void look_at(struct transcript *t, struct hits *hits)
{
    struct finder *s = &t->search;
    hits_find(hits, &s->pattern, transcript_layout(t, s->at.item, s->at.block));
    if (!hits->n_whole)
        return;
    s->found = xgrow(s->found, s->n, &s->cap, sizeof *s->found);
    s->found[s->n++] = (struct found){s->at.item, s->at.block, hits->n_whole};
    s->total += hits->n_whole;
    if (!s->chosen)
        choose_first(t, hits);
}

bool transcript_search_step(struct transcript *t, double ms)
{
    struct finder *s = &t->search;
    struct hits hits = {0};
    double end = now_ms() + ms;
    while (!is_done(s, t) && now_ms() < end) {
        if (s->at.block < transcript_block_count(t, s->at.item)) {
            look_at(t, &hits);
            s->at.block++;
            transcript_forget(t);
        } else {
            s->at = (struct row_place){.item = s->at.item + 1};
        }
    }
    hits_free(&hits);
    if (is_done(s, t) && s->n && !s->chosen)
        choose(t, 0, 0); /* from the start again */
    return !is_done(s, t);
}

void transcript_find_next(struct transcript *t, int step)
{
    struct finder *s = &t->search;
    if (!s->n || !s->chosen)
        return;
    size_t here = s->here, number = s->number;
    if (step > 0 && number + 1 < s->found[here].n) {
        number++;
    } else if (step > 0) {
        here = (here + 1) % s->n;
        number = 0;
    } else if (number > 0) {
        number--;
    } else {
        here = (here + s->n - 1) % s->n;
        number = s->found[here].n - 1;
    }
    choose(t, here, number);
}

void transcript_search_status(const struct transcript *t, char *out, size_t n)
{
    const struct finder *s = &t->search;
    size_t before = s->number + 1;
    for (size_t i = 0; s->chosen && i < s->here; i++)
        before += s->found[i].n;
    const char *more = is_done(s, t) ? "" : "+";
    if (!s->pattern.text)
        out[0] = '\0';
    else if (s->chosen)
        snprintf(out, n, "%zu/%zu%s", before, s->total, more);
    else
        snprintf(out, n, "%s", is_done(s, t) ? "not found" : "looking");
}

void transcript_hits(const struct transcript *t, const struct shown_row *row, struct hits *hits,
                     long *here)
{
    const struct finder *s = &t->search;
    const struct found *f = s->chosen ? &s->found[s->here] : NULL;
    *here = f && f->item == row->item && f->block == row->block ? (long)s->number : -1;
    if (row->layout)
        hits_find(hits, &s->pattern, row->layout);
    else
        hits->n = 0;
}
