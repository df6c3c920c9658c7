/* SPDX-License-Identifier: MIT */
#include "transcript.h"

#include <stdlib.h>
#include <string.h>

#include "markdown.h"
#include "page.h"

enum { KEEP_BYTES = 4 << 20 }; /* of layouts */

/* An item takes the rows of its blocks; then, as one more block, a row for its mark and a blank row. */

void transcript_init(struct transcript *t)
{
    *t = (struct transcript){.look = {.width = 80}, .height = 24, .follow = true, .current = SIZE_MAX};
}

static void drop_layout(struct transcript *t, struct block *b)
{
    if (!b->sheet)
        return;
    t->drawn_bytes -= b->sheet->drawn.text.cap;
    sheet_free(b->sheet);
    free(b->sheet);
    b->sheet = NULL;
}

static void drop_layouts(struct transcript *t)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t b = 0; b < t->items[i].blocks.n; b++)
            drop_layout(t, &t->items[i].blocks.blocks[b]);
}

void transcript_clear(struct transcript *t)
{
    drop_layouts(t);
    for (size_t i = 0; i < t->n; i++) {
        buf_free(&t->items[i].raw);
        buf_free(&t->items[i].text);
        blocks_free(&t->items[i].blocks);
    }
    t->n = 0;
    t->top = (struct row_place){0};
    t->ink = (struct ink){0};
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
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 16;
        t->items = xrealloc(t->items, t->cap, sizeof *t->items);
    }
    struct item *item = &t->items[t->n++];
    *item = (struct item){.kind = kind};
    if (n)
        buf_append(&item->raw, text, n);
    t->unseen |= !t->follow && n > 0;
}

/* The item, with its text and blocks. */
static struct item *item_at(struct transcript *t, size_t i)
{
    struct item *item = &t->items[i];
    struct buf *raw = &item->raw;
    if (!raw->len)
        return item;
    size_t plain = sanitise_plain(&item->gate, raw->data, raw->len);
    if (plain == raw->len) {
        item->text = *raw;
        *raw = (struct buf){0};
    } else {
        buf_append(&item->text, raw->data, plain);
        sanitise(&item->gate, raw->data + plain, raw->len - plain, &item->text);
        buf_free(raw);
    }
    if (item->ended)
        sanitise_end(&item->gate, &item->text);
    blocks_update(&item->blocks, item->text.data, item->text.len, item->ended);
    return item;
}

/* New text is in: borders are found, and what was laid out of the open block holds no more. */
static void update(struct transcript *t, bool end)
{
    struct item *item = &t->items[t->n - 1];
    size_t open = item->blocks.n ? item->blocks.n - 1 : 0;
    blocks_update(&item->blocks, item->text.data, item->text.len, end);
    if (item->blocks.n)
        drop_layout(t, &item->blocks.blocks[open]);
    transcript_search_changed(t, t->n - 1, open);
}

void transcript_append(struct transcript *t, const char *text, size_t n)
{
    struct item *item = item_at(t, t->n - 1);
    sanitise(&item->gate, text, n, &item->text);
    t->unseen |= !t->follow && n > 0;
    update(t, false);
}

void transcript_finish(struct transcript *t, const char *mark)
{
    struct item *item = &t->items[t->n - 1];
    item->mark = mark;
    if (item->raw.len) {
        item->ended = true;
        return;
    }
    sanitise_end(&item->gate, &item->text);
    update(t, true);
}

void transcript_versions(struct transcript *t, int which, int n)
{
    struct item *item = &t->items[t->n - 1];
    item->versions[0] = '\0';
    if (n > 1)
        snprintf(item->versions, sizeof item->versions, "%d/%d", which, n);
}

/* ---- rows --------------------------------------------------------------------------------------- */

size_t transcript_block_count(struct transcript *t, size_t item)
{
    return item_at(t, item)->blocks.n;
}

static void lay_out(struct transcript *t, const struct item *item, size_t index, struct sheet *l)
{
    const struct block *b = &item->blocks.blocks[index];
    bool last = index + 1 == item->blocks.n;
    size_t end = last ? item->text.len : b[1].start;
    const char *s = item->text.data + b->start;
    if (item->kind == ITEM_ANSWER && !t->raw) {
        markdown_layout(l, &t->look, b, index == 0, s, end - b->start);
        return;
    }
    while (last && end > b->start && item->text.data[end - 1] == '\n')
        end--; /* newlines at the end are not shown */
    if (end > b->start && item->kind == ITEM_NOTE)
        page_layout(l, &t->look, s, end - b->start);
    else if (end > b->start)
        markdown_raw(l, &t->look, s, end - b->start);
}

const struct sheet *transcript_sheet(struct transcript *t, size_t item, size_t block)
{
    struct block *b = &item_at(t, item)->blocks.blocks[block];
    if (!b->sheet) {
        b->sheet = xcalloc(1, sizeof *b->sheet);
        lay_out(t, &t->items[item], block, b->sheet);
        t->drawn_bytes += b->sheet->drawn.text.cap;
    }
    return b->sheet;
}

void transcript_forget(struct transcript *t)
{
    if (t->drawn_bytes > KEEP_BYTES)
        drop_layouts(t);
}

/* Is there anything to see of the text? Blanks alone make one block without rows. */
static bool has_rows(struct transcript *t, size_t item)
{
    size_t n = transcript_block_count(t, item);
    return n > 1 || (n == 1 && transcript_sheet(t, item, 0)->n > 0);
}

/* Rows of a block; the one behind the last is the mark (or a row for an answer that has not begun)
 * and a blank row between items. */
static size_t rows_of(struct transcript *t, size_t item, size_t block)
{
    if (block < transcript_block_count(t, item))
        return transcript_sheet(t, item, block)->n;
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
        bool text = p.block < item->blocks.n;
        size_t rows = rows_of(t, p.item, p.block);
        for (; p.row < rows && n < t->height; p.row++) {
            struct shown_row *s = &out[n++];
            *s = (struct shown_row){.kind = item->kind, .item = p.item, .block = p.block, .line = p.row,
                                     .versions = item->versions};
            s->first = p.row == 0 && (p.block == 0 || (!text && !has_rows(t, p.item)));
            if (text)
                s->sheet = transcript_sheet(t, p.item, p.block);
            else if (p.row == 0)
                s->mark = item->mark;
        }
    }
    return n;
}

/* ---- the reader ----------------------------------------------------------------------------------- */

/* Remembers the reader's place in a way that survives other widths. */
static void anchor(struct transcript *t)
{
    bool text = t->top.item < t->n && t->top.block < transcript_block_count(t, t->top.item);
    t->ink = text ? sheet_ink(transcript_sheet(t, t->top.item, t->top.block), t->top.row)
                  : (struct ink){0};
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
    t->top.row = sheet_find(transcript_sheet(t, t->top.item, t->top.block), t->ink);
    move(t, &t->top, 0);
}

void transcript_resize(struct transcript *t, int width, int height)
{
    struct look_of_text look = t->look;
    look.width = width > 0 ? width : 1;
    t->height = height > 0 ? height : 1;
    transcript_set_look(t, &look, t->raw);
}

/* The reader is at p now; follows where the end is on the screen. */
static void go_to(struct transcript *t, struct row_place p)
{
    struct row_place last = last_top(t);
    t->top = p;
    t->follow = !is_before(&p, &last);
    t->unseen &= !t->follow;
    anchor(t);
}

void transcript_scroll(struct transcript *t, int n_rows)
{
    if (!t->n)
        return;
    struct row_place p = transcript_top_place(t);
    move(t, &p, n_rows);
    t->current = SIZE_MAX;
    go_to(t, p);
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
    go_to(t, p);
}

size_t transcript_current(struct transcript *t)
{
    if (t->current < t->n)
        return t->current;
    struct shown_row *rows = xcalloc((size_t)t->height, sizeof *rows);
    size_t item = SIZE_MAX;
    for (int n = transcript_rows(t, rows), i = 0; i < n; i++)
        if (rows[i].kind != ITEM_NOTE && (rows[i].sheet || rows[i].mark))
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
    go_to(t, (struct row_place){.item = at});
    t->current = at;
}
