/* SPDX-License-Identifier: MIT */
#include "transcript.h"

#include <stdlib.h>
#include <string.h>

/* An item takes its rows, a row for its mark, and a blank row below. */

void transcript_init(struct transcript *t)
{
    *t = (struct transcript){.width = 80, .height = 24, .follow = true};
}

void transcript_clear(struct transcript *t)
{
    for (size_t i = 0; i < t->n; i++) {
        buf_free(&t->items[i].text);
        rows_free(&t->items[i].rows);
    }
    t->n = t->top_item = t->top_row = 0;
    t->follow = true;
    t->unseen = false;
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
    t->items[t->n++] = (struct item){.kind = kind};
    transcript_append(t, text, n);
}

void transcript_append(struct transcript *t, const char *text, size_t n)
{
    struct item *item = &t->items[t->n - 1];
    sanitise(&item->gate, text, n, &item->text);
    t->unseen |= !t->follow && n > 0;
}

void transcript_finish(struct transcript *t, const char *mark)
{
    struct item *item = &t->items[t->n - 1];
    sanitise_end(&item->gate, &item->text);
    item->mark = mark;
}

void transcript_versions(struct transcript *t, int which, int n)
{
    struct item *item = &t->items[t->n - 1];
    item->versions[0] = '\0';
    if (n > 1)
        snprintf(item->versions, sizeof item->versions, "%d/%d", which, n);
}

/* ---- rows --------------------------------------------------------------------------------------- */

/* Newlines at the end are not shown. */
static size_t visible(const struct item *item)
{
    size_t n = item->text.len;
    while (n > 0 && item->text.data[n - 1] == '\n')
        n--;
    return n;
}

static size_t text_rows(struct transcript *t, size_t i)
{
    struct item *item = &t->items[i];
    size_t n = visible(item);
    if (item->rows.width != t->width || item->n_same != n || item->rows.n == 0) {
        rows_update(&item->rows, item->text.data, n, item->n_same < n ? item->n_same : n, t->width);
        item->n_same = n;
    }
    return item->rows.n;
}

/* Rows of text that are shown: none of an empty text that has a mark. */
static size_t shown_rows(struct transcript *t, size_t i)
{
    size_t n = text_rows(t, i);
    return t->items[i].mark && !visible(&t->items[i]) ? 0 : n;
}

static size_t item_rows(struct transcript *t, size_t i)
{
    return shown_rows(t, i) + (t->items[i].mark != NULL) + (i + 1 < t->n);
}

/* Moves a place up or down; stops at the first and behind the last row. */
static void move(struct transcript *t, size_t *item, size_t *row, long n)
{
    for (; n < 0; n++) {
        if (*row > 0) {
            size_t step = (size_t)-n < *row ? (size_t)-n : *row;
            *row -= step;
            n += (long)step - 1;
        } else if (*item > 0) {
            --*item;
            *row = item_rows(t, *item) - 1;
        } else {
            return;
        }
    }
    for (; n > 0; n--) {
        if (*row + 1 < item_rows(t, *item))
            ++*row;
        else if (*item + 1 < t->n) {
            ++*item;
            *row = 0;
        } else {
            return;
        }
    }
}

/* The place from which the end just fits on the screen. */
static void last_top(struct transcript *t, size_t *item, size_t *row)
{
    *item = *row = 0;
    if (!t->n)
        return;
    *item = t->n - 1;
    *row = item_rows(t, *item) - 1;
    move(t, item, row, 1 - (long)t->height);
}

static void current_top(struct transcript *t, size_t *item, size_t *row)
{
    if (t->follow) {
        last_top(t, item, row);
    } else {
        *item = t->top_item;
        *row = t->top_row;
    }
}

int transcript_rows(struct transcript *t, struct shown_row *out)
{
    size_t item, row;
    int n = 0;
    current_top(t, &item, &row);
    for (; item < t->n && n < t->height; item++, row = 0) {
        size_t n_rows = item_rows(t, item), n_text = shown_rows(t, item);
        const struct item *it = &t->items[item];
        for (; row < n_rows && n < t->height; row++) {
            struct shown_row *s = &out[n++];
            *s = (struct shown_row){.kind = it->kind, .first = row == 0,
                                     .versions = it->versions};
            if (row < n_text && it->text.len) {
                s->text = it->text.data + it->rows.rows[row].start;
                s->n = it->rows.rows[row].shown;
            } else if (row == n_text && it->mark) {
                s->mark = true;
                s->text = it->mark;
                s->n = strlen(it->mark);
            }
        }
    }
    return n;
}

/* ---- the reader ----------------------------------------------------------------------------------- */

void transcript_resize(struct transcript *t, int width, int height)
{
    size_t item, row, at = 0, below = 0;
    width = width > 0 ? width : 1;
    height = height > 0 ? height : 1;
    if (width == t->width && height == t->height)
        return;
    current_top(t, &item, &row);
    if (!t->follow && item < t->n) {
        size_t n_text = text_rows(t, item), text_row = row < n_text ? row : n_text - 1;
        at = t->items[item].rows.rows[text_row].start;
        below = row - text_row;
    }
    t->width = width;
    t->height = height;
    if (t->follow || item >= t->n)
        return;
    text_rows(t, item);
    t->top_item = item;
    t->top_row = rows_find(&t->items[item].rows, at) + below;
    if (t->top_row >= item_rows(t, item))
        t->top_row = item_rows(t, item) - 1;
}

void transcript_scroll(struct transcript *t, int n_rows)
{
    size_t item, row, last_item, last_row;
    if (!t->n)
        return;
    current_top(t, &item, &row);
    move(t, &item, &row, n_rows);
    last_top(t, &last_item, &last_row);
    t->top_item = item;
    t->top_row = row;
    t->follow = item > last_item || (item == last_item && row >= last_row);
    t->unseen &= !t->follow;
}

void transcript_top(struct transcript *t)
{
    t->top_item = t->top_row = 0;
    t->follow = false;
    transcript_scroll(t, 0); /* everything fits: follows */
}

void transcript_bottom(struct transcript *t)
{
    t->follow = true;
    t->unseen = false;
}
