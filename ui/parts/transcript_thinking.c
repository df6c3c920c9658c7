/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sanitise.h"
#include "transcript.h"
#include "utf8.h"
#include "wrap.h"

/* ---- blocks --------------------------------------------------------------------------- */

size_t thought_blocks(const struct item *item)
{
    return !item->thought.there ? 0 : 1 + (item->thought.open ? item->thought.blocks.n : 0);
}

static void drop_last_layout(struct transcript *t, struct thought *h)
{
    if (h->blocks.n)
        transcript_drop_layout(t,
                               blocks_at(&h->blocks, h->text.data, h->text.len, h->blocks.n - 1));
}

void thought_update(struct transcript *t, size_t item)
{
    struct thought *h = &t->items[item].thought;
    drop_last_layout(t, h);
    blocks_update(&h->blocks, h->text.data, h->text.len, !h->running);
}

void row_place_moved(struct row_place *p, size_t item, size_t before, size_t now)
{
    if (p->item != item)
        return;
    if (p->block >= before) {
        p->block += now - before;
    } else if (p->block >= now) { /* in what is closed now */
        p->block = 0;
        p->row = 0;
    }
}

/* The last item's thought has other text: the blocks behind it have other numbers. */
static void changed(struct transcript *t, size_t before)
{
    struct item *item = &t->items[t->n - 1];
    if (item->waits)
        return;
    if (item->thought.open)
        thought_update(t, t->n - 1);
    size_t now = thought_blocks(item);
    if (now == before && !item->thought.open)
        return;
    row_place_moved(&t->top, t->n - 1, before, now);
    transcript_search_changed(t, t->n - 1, before > 1 ? before - 1 : 0);
}

/* ---- text that comes in --------------------------------------------------------------- */

static bool is_blank(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] != ' ' && s[i] != '\t' && s[i] != '\n' && s[i] != '\r')
            return false;
    return true;
}

/* It had ended and goes on: its last line has no border yet. */
static void go_on(struct transcript *t, struct thought *h)
{
    h->running = true;
    transcript_drop_layouts(t, &h->blocks);
    blocks_free(&h->blocks);
}

void transcript_think(struct transcript *t, const char *text, size_t n)
{
    struct item *item = &t->items[t->n - 1];
    struct thought *h = &item->thought;
    size_t before = thought_blocks(item);
    if (!h->running)
        go_on(t, h);
    t->unseen |= !t->follow && n > 0 && (h->open || !h->there);
    h->there |= !is_blank(text, n);
    buf_append(&h->text, text, n);
    changed(t, before);
}

void transcript_thought(struct transcript *t, const char *line)
{
    struct thought *h = &t->items[t->n - 1].thought;
    snprintf(h->line, sizeof h->line, "%s", line);
}

void thought_ends(struct transcript *t)
{
    struct item *item = &t->items[t->n - 1];
    size_t before = thought_blocks(item);
    if (item->thought.running) {
        item->thought.running = false;
        changed(t, before);
    }
}

/* ---- open and closed ------------------------------------------------------------------ */

void transcript_open(struct transcript *t, size_t i, bool open)
{
    struct item *item = &t->items[i];
    bool shown = item->thought.there && !item->waits;
    if (!shown || item->thought.open == open) {
        item->thought.open = open;
        return;
    }
    struct row_place top = transcript_top_place(t);
    size_t before = thought_blocks(item);
    item->thought.open = open;
    if (open)
        thought_update(t, i);
    size_t now = thought_blocks(item);
    row_place_moved(&top, i, before, now);
    transcript_search_moved(t, i, before, now);
    if (!t->follow || !item->thought.running)
        transcript_go_to(t, top);
}

size_t transcript_current_thought(struct transcript *t)
{
    size_t at = transcript_current(t);
    for (size_t i = at < t->n ? at + 1 : 0; i-- > 0;)
        if (t->items[i].thought.there)
            return i;
    return SIZE_MAX;
}

/* ---- the last words ------------------------------------------------------------------- */

/* The end of the text, from a blank or a character on; blanks of all kinds are ' '. */
static char *tail_of(const struct buf *text, size_t most)
{
    size_t from = text->len > most ? text->len - most : 0;
    while (from < text->len && ((unsigned char)text->data[from] & 0xC0) == 0x80)
        from++;
    struct buf tail = {0};
    for (size_t i = from; i < text->len; i++) {
        char c = text->data[i] == '\n' || text->data[i] == '\t' || text->data[i] == '\r'
                     ? ' '
                     : text->data[i];
        if (c != ' ' || (tail.len && tail.data[tail.len - 1] != ' '))
            buf_append(&tail, &c, 1);
    }
    char *clean = sanitise_text(tail.data ? tail.data : "", tail.len, true);
    buf_free(&tail);
    return clean;
}

void thought_words(const struct thought *h, int cells, struct buf *out)
{
    enum { WORD = 24 }; /* bytes: longer ones are cut */
    char *tail = tail_of(&h->text, (size_t)(cells > 0 ? cells : 0) * 4);
    size_t n = strlen(tail), at = 0;
    int width = (int)utf8_width(tail, n), used;
    while (at < n && width > cells) {
        at += wrap_cluster(tail + at, n - at, 0, &used);
        width -= used;
    }
    const char *blank =
        at && tail[at - 1] != ' ' ? memchr(tail + at, ' ', n - at < WORD ? n - at : WORD) : NULL;
    at = blank ? (size_t)(blank - tail) + 1 : at;
    buf_append(out, tail + at, n - at);
    free(tail);
}
