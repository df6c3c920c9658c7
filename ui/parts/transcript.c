/* SPDX-License-Identifier: MIT */
#include "transcript.h"

#include <stdlib.h>
#include <string.h>

#include "aside.h"
#include "markdown.h"
#include "page.h"
#include "sanitise.h"

enum { KEEP_BYTES = 4 << 20 }; /* of layouts */

/* An item takes the rows of its blocks, those of its thought first; then, as one more block, a row
 * for its mark and a blank row. */

void transcript_init(struct transcript *t)
{
    *t = (struct transcript){
        .look = {.width = 80}, .height = 24, .follow = true, .current = SIZE_MAX};
}

void transcript_drop_layout(struct transcript *t, struct block *b)
{
    if (!b->layout)
        return;
    t->drawn_bytes -= b->layout->drawn.text.cap + b->layout->urls.cap;
    layout_free(b->layout);
    free(b->layout);
    b->layout = NULL;
}

void transcript_drop_layouts(struct transcript *t, const struct blocks *blocks)
{
    for (size_t c = 0; c < blocks->n_chunks; c++)
        for (size_t b = 0; blocks->chunks[c].blocks && b < CHUNK_BLOCKS; b++)
            transcript_drop_layout(t, &blocks->chunks[c].blocks[b]);
}

static void drop_layouts(struct transcript *t)
{
    for (size_t i = 0; i < t->n; i++) {
        transcript_drop_layouts(t, &t->items[i].thought.blocks);
        transcript_drop_layouts(t, &t->items[i].blocks);
    }
}

void transcript_clear(struct transcript *t)
{
    drop_layouts(t);
    for (size_t i = 0; i < t->n; i++) {
        free(t->items[i].mark);
        buf_free(&t->items[i].text);
        blocks_free(&t->items[i].blocks);
        buf_free(&t->items[i].thought.text);
        blocks_free(&t->items[i].thought.blocks);
    }
    t->n = 0;
    t->top = (struct row_place){0};
    t->anchor = (struct anchor){0};
    t->current = SIZE_MAX;
    t->follow = true;
    t->unseen = false;
    transcript_search_free(t);
}

void transcript_free(struct transcript *t)
{
    transcript_clear(t);
    free(t->items);
    *t = (struct transcript){0};
}

void transcript_add(struct transcript *t, enum item_kind kind, const char *text, size_t n)
{
    t->items = xgrow(t->items, t->n, &t->cap, sizeof *t->items);
    struct item *item = &t->items[t->n++];
    *item = (struct item){.kind = kind, .waits = true};
    buf_append(&item->text, text, n);
    t->unseen |= !t->follow && n > 0;
}

/* The item, with its blocks. */
static struct item *item_at(struct transcript *t, size_t i)
{
    struct item *item = &t->items[i];
    if (!item->waits)
        return item;
    item->waits = false;
    blocks_update(&item->blocks, item->text.data, item->text.len, item->ended);
    if (item->thought.open)
        thought_update(t, i);
    return item;
}

/* What a block is a block of. */
struct part {
    const struct buf *text;
    struct blocks *blocks;
    size_t first; /* number of its first block in the item */
    bool ended;
};

static struct part part_of(struct item *item, size_t block)
{
    size_t first = thought_blocks(item);
    if (block < first)
        return (struct part){&item->thought.text, &item->thought.blocks, 1, !item->thought.running};
    return (struct part){&item->text, &item->blocks, first, item->ended};
}

static bool is_line(const struct item *item, size_t block)
{
    return item->thought.there && block == 0;
}

static struct block *block_at(const struct part *p, size_t i)
{
    return blocks_at(p->blocks, p->text->data, p->text->len, i - p->first);
}

/* The text has grown or ended: borders are found, and what was laid out of the open block holds no
 * more. */
static void update(struct transcript *t)
{
    struct item *item = &t->items[t->n - 1];
    size_t open = item->blocks.n ? item->blocks.n - 1 : 0, first = thought_blocks(item);
    if (item->waits)
        return;
    blocks_update(&item->blocks, item->text.data, item->text.len, item->ended);
    if (item->blocks.n)
        transcript_drop_layout(t, blocks_at(&item->blocks, item->text.data, item->text.len, open));
    transcript_search_changed(t, t->n - 1, first + open);
}

/* The item had ended and goes on: its last line has no border yet. */
static void open_again(struct transcript *t, struct item *item)
{
    transcript_drop_layouts(t, &item->blocks);
    blocks_free(&item->blocks);
    item->ended = false;
    item->waits = true;
    transcript_search_changed(t, t->n - 1, 0);
}

void transcript_append(struct transcript *t, const char *text, size_t n)
{
    struct item *item = &t->items[t->n - 1];
    if (item->ended)
        open_again(t, item);
    buf_append(&item->text, text, n);
    t->unseen |= !t->follow && n > 0;
    if (n)
        thought_ends(t);
    update(t);
}

void transcript_finish(struct transcript *t, const char *mark)
{
    struct item *item = &t->items[t->n - 1];
    free(item->mark);
    item->mark = mark ? xstrdup(mark) : NULL;
    item->ended = true;
    thought_ends(t);
    update(t);
}

void transcript_versions(struct transcript *t, int which, int n)
{
    struct item *item = &t->items[t->n - 1];
    item->versions[0] = '\0';
    if (n > 1)
        snprintf(item->versions, sizeof item->versions, "%d/%d", which, n);
}

/* ---- rows ----------------------------------------------------------------------------- */

size_t transcript_block_count(struct transcript *t, size_t item)
{
    const struct item *it = item_at(t, item);
    return thought_blocks(it) + it->blocks.n;
}

static bool is_last(const struct part *p, size_t block)
{
    return block + 1 == p->first + p->blocks->n;
}

/* The text of a block, sanitised. What the next bytes may complete or change is not in it yet. */
static void clean_block(struct transcript *t, const struct part *p, size_t index, struct buf *out)
{
    size_t start = block_at(p, index)->start;
    size_t end = is_last(p, index) ? p->text->len : block_at(p, index + 1)->start;
    struct sanitiser gate = {0};
    sanitise(&gate, p->text->data + start, end - start, out);
    if (!is_last(p, index) || p->ended)
        sanitise_end(&gate, out);
    t->cleaned_bytes += end - start;
}

static void lay_out(struct transcript *t, struct item *item, size_t index, struct layout *l)
{
    struct part part = part_of(item, index);
    struct buf text = {0};
    bool thought = index < thought_blocks(item), last = is_last(&part, index);
    clean_block(t, &part, index, &text);
    size_t n = text.len;
    if (item->kind == ITEM_ANSWER && !t->raw && !thought) {
        markdown_layout(l, &t->look, block_at(&part, index), index == part.first, text.data, n);
        buf_free(&text);
        return;
    }
    while (last && n && text.data[n - 1] == '\n')
        n--; /* newlines at the end are not shown */
    if (thought)
        aside_layout(l, &t->look, text.data, n, index == part.first, last && item->text.len);
    else if (n && item->kind == ITEM_NOTE)
        page_layout(l, &t->look, text.data, n);
    else if (n)
        markdown_raw(l, &t->look, text.data, n);
    buf_free(&text);
}

const struct layout *transcript_layout(struct transcript *t, size_t item, size_t block)
{
    static const struct layout none;
    struct item *it = item_at(t, item);
    if (is_line(it, block))
        return &none; /* its row is no text */
    struct part part = part_of(it, block);
    struct block *b = block_at(&part, block);
    if (!b->layout) {
        b->layout = xcalloc(1, sizeof *b->layout);
        lay_out(t, it, block, b->layout);
        t->drawn_bytes += b->layout->drawn.text.cap + b->layout->urls.cap;
    }
    return b->layout;
}

void transcript_forget(struct transcript *t)
{
    if (t->drawn_bytes > KEEP_BYTES)
        drop_layouts(t);
}

/* Is there anything to see of the item? Blanks alone make one block without rows. */
static bool has_rows(struct transcript *t, size_t item)
{
    size_t n = transcript_block_count(t, item);
    return n > 1 ||
           (n == 1 && (t->items[item].thought.there || transcript_layout(t, item, 0)->n > 0));
}

/* Rows of a block; the one behind the last is the mark (or a row for an answer that has not begun)
 * and a blank row between items. */
static size_t rows_of(struct transcript *t, size_t item, size_t block)
{
    if (is_line(item_at(t, item), block))
        return 1;
    if (block < transcript_block_count(t, item))
        return transcript_layout(t, item, block)->n;
    return (t->items[item].mark || !has_rows(t, item)) + (item + 1 < t->n);
}

static bool step_back(struct transcript *t, struct row_place *p)
{
    if (p->block > 0) {
        p->block--;
    } else if (p->item > 0) {
        p->item--;
        p->block = transcript_block_count(t, p->item);
    } else {
        return false;
    }
    p->row = rows_of(t, p->item, p->block);
    return true;
}

static bool step_on(struct transcript *t, struct row_place *p)
{
    if (p->block < transcript_block_count(t, p->item)) {
        p->block++;
    } else if (p->item + 1 < t->n) {
        p->item++;
        p->block = 0;
    } else {
        return false;
    }
    p->row = 0;
    return true;
}

/* Moves a place up or down; stops at the first and the last row. */
static void move(struct transcript *t, struct row_place *p, long n)
{
    while (n < 0) {
        size_t step = p->row < (size_t)-n ? p->row : (size_t)-n;
        p->row -= step;
        n += (long)step;
        struct row_place before = *p;
        if (n < 0 && !step_back(t, p)) {
            *p = before;
            break;
        }
    }
    while (n >= 0) { /* also from a row that there is not */
        size_t rows = rows_of(t, p->item, p->block);
        if (p->row + (size_t)n < rows) {
            p->row += (size_t)n;
            return;
        }
        struct row_place before = *p;
        size_t left = p->row + (size_t)n - rows;
        if (!step_on(t, p)) {
            *p = before;
            p->row = rows ? rows - 1 : 0;
            return;
        }
        n = (long)left;
    }
    if (p->row >= rows_of(t, p->item, p->block))
        move(t, p, 0);
}

/* The place from which the end just fits on the screen. */
static struct row_place last_top(struct transcript *t)
{
    struct row_place p = {0};
    if (!t->n)
        return p;
    p.item = t->n - 1;
    p.block = transcript_block_count(t, p.item);
    p.row = rows_of(t, p.item, p.block);
    move(t, &p, -(long)t->height);
    return p;
}

struct row_place transcript_top_place(struct transcript *t)
{
    return t->follow ? last_top(t) : t->top;
}

static bool is_before(const struct row_place *a, const struct row_place *b)
{
    if (a->item != b->item)
        return a->item < b->item;
    return a->block != b->block ? a->block < b->block : a->row < b->row;
}

int transcript_rows(struct transcript *t, struct shown_row *out)
{
    int n = 0;
    transcript_forget(t);
    if (!t->n)
        return 0;
    struct row_place p = transcript_top_place(t);
    for (bool more = true; more && n < t->height; more = step_on(t, &p)) {
        const struct item *item = item_at(t, p.item);
        bool text = p.block < transcript_block_count(t, p.item);
        size_t rows = rows_of(t, p.item, p.block);
        for (; p.row < rows && n < t->height; p.row++) {
            struct shown_row *s = &out[n++];
            *s = (struct shown_row){.kind = item->kind,
                                    .item = p.item,
                                    .block = p.block,
                                    .line = p.row,
                                    .versions = item->versions};
            s->first = p.row == 0 && (p.block == 0 || (!text && !has_rows(t, p.item)));
            if (is_line(item, p.block))
                s->thought = &item->thought;
            else if (text)
                s->layout = transcript_layout(t, p.item, p.block);
            else if (p.row == 0)
                s->mark = item->mark;
        }
    }
    return n;
}

/* ---- the reader ----------------------------------------------------------------------- */

/* Remembers the reader's place in a way that survives other widths. */
static void remember_place(struct transcript *t)
{
    bool text = t->top.item < t->n && t->top.block < transcript_block_count(t, t->top.item);
    t->anchor = text ? layout_anchor(transcript_layout(t, t->top.item, t->top.block), t->top.row)
                     : (struct anchor){0};
}

void transcript_set_look(struct transcript *t, const struct look_of_text *look, bool raw)
{
    bool same = look->width == t->look.width && look->unicode == t->look.unicode &&
                look->bare == t->look.bare && look->emoji == t->look.emoji && raw == t->raw;
    if (same)
        return;
    drop_layouts(t);
    t->look = *look;
    t->raw = raw;
    if (t->look.width < 1)
        t->look.width = 1;
    transcript_search_restart(t);
    if (t->follow || t->top.item >= t->n || t->top.block >= transcript_block_count(t, t->top.item))
        return;
    t->top.row = layout_find(transcript_layout(t, t->top.item, t->top.block), t->anchor);
    move(t, &t->top, 0);
}

void transcript_resize(struct transcript *t, int width, int height)
{
    struct look_of_text look = t->look;
    look.width = width > 0 ? width : 1;
    t->height = height > 0 ? height : 1;
    transcript_set_look(t, &look, t->raw);
}

void transcript_go_to(struct transcript *t, struct row_place p)
{
    struct row_place last = last_top(t);
    t->top = p;
    t->follow = !is_before(&p, &last);
    t->unseen &= !t->follow;
    remember_place(t);
}

void transcript_scroll(struct transcript *t, int n_rows)
{
    if (!t->n)
        return;
    struct row_place p = transcript_top_place(t);
    move(t, &p, n_rows);
    t->current = SIZE_MAX;
    transcript_go_to(t, p);
}

void transcript_top(struct transcript *t)
{
    t->follow = false;
    t->top = (struct row_place){0};
    transcript_scroll(t, 0); /* everything fits: follows */
}

void transcript_bottom(struct transcript *t)
{
    t->follow = true;
    t->unseen = false;
    t->current = SIZE_MAX;
}

void transcript_show(struct transcript *t, struct row_place p)
{
    move(t, &p, -(long)(t->height / 3));
    transcript_go_to(t, p);
}

size_t transcript_current(struct transcript *t)
{
    if (t->current < t->n)
        return t->current;
    struct shown_row *rows = xcalloc((size_t)t->height, sizeof *rows);
    size_t item = SIZE_MAX;
    for (int n = transcript_rows(t, rows), i = 0; i < n; i++)
        if (rows[i].kind != ITEM_NOTE && (rows[i].layout || rows[i].mark || rows[i].thought))
            item = rows[i].item;
    free(rows);
    return item;
}

void transcript_jump(struct transcript *t, int step)
{
    size_t at = transcript_current(t);
    if (at == SIZE_MAX)
        return;
    for (size_t i = at; step < 0 ? i > 0 : i + 1 < t->n;) {
        i = step < 0 ? i - 1 : i + 1;
        if (t->items[i].kind != ITEM_NOTE) {
            at = i;
            break;
        }
    }
    transcript_go_to(t, (struct row_place){.item = at});
    t->current = at;
}
