/* SPDX-License-Identifier: MIT */
#include "edit.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

enum { UNDO_MAX_CHANGES = 1000, UNDO_MAX_BYTES = 16 << 20 };

/* ---- changes and undo ----------------------------------------------------------------- */

static void free_change(struct editor *e, struct change *c)
{
    e->undo_bytes -= c->other.len;
    buf_free(&c->other);
}

static void drop_oldest(struct editor *e, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free_change(e, &e->changes[i]);
    if (n)
        memmove(e->changes, e->changes + n, (e->n_changes - n) * sizeof *e->changes);
    e->n_changes -= n;
    e->n_done -= n < e->n_done ? n : e->n_done;
}

void editor_forget_changes(struct editor *e)
{
    drop_oldest(e, e->n_changes);
}

static void drop_undone(struct editor *e)
{
    while (e->n_changes > e->n_done)
        free_change(e, &e->changes[--e->n_changes]);
}

static void replace(struct editor *e, size_t at, size_t n_removed, const char *text, size_t n)
{
    struct buf *t = &e->text;
    size_t tail = t->len - at - n_removed;
    if (n > n_removed)
        buf_append(t, text, n - n_removed); /* for the room; what it holds is overwritten */
    if (t->data)
        memmove(t->data + at + n, t->data + at + n_removed, tail);
    if (n)
        memcpy(t->data + at, text, n);
    t->len = at + n + tail;
    if (t->data)
        t->data[t->len] = '\0';
    e->caret = at + n;
    if (at < e->n_same)
        e->n_same = at;
}

static struct change *push_change(struct editor *e)
{
    drop_undone(e);
    if (e->n_changes == UNDO_MAX_CHANGES || e->undo_bytes > UNDO_MAX_BYTES)
        drop_oldest(e, e->n_changes / 2 + 1);
    e->changes = xgrow(e->changes, e->n_changes, &e->cap_changes, sizeof *e->changes);
    e->n_done = ++e->n_changes;
    return &e->changes[e->n_done - 1];
}

static void change(struct editor *e, size_t at, size_t n_removed, const char *text, size_t n,
                   bool typing)
{
    if (!n_removed && !n)
        return;
    if (n > n_removed && e->text.len - n_removed + n > EDITOR_MAX_BYTES) {
        e->full = true;
        return;
    }
    struct change *last = e->n_done ? &e->changes[e->n_done - 1] : NULL;
    if (typing && last && last->typing && last->at + last->n == at && !n_removed) {
        drop_undone(e);
        last->n += n;
        last->group = e->group;
    } else {
        last = push_change(e);
        *last = (struct change){at, n, {0}, e->group, typing};
        buf_append(&last->other, e->text.data ? e->text.data + at : "", n_removed);
        e->undo_bytes += n_removed;
    }
    replace(e, at, n_removed, text, n);
}

void editor_change(struct editor *e, size_t at, size_t n_removed, const char *text, size_t n)
{
    change(e, at, n_removed, text, n, false);
}

/* Swaps what stands in the text with what a change holds; the caret goes behind it. */
static void swap_change(struct editor *e, struct change *c)
{
    struct buf now = {0};
    buf_append(&now, e->text.data ? e->text.data + c->at : "", c->n);
    replace(e, c->at, c->n, c->other.data, c->other.len);
    c->n = c->other.len;
    e->undo_bytes += now.len;
    e->undo_bytes -= c->other.len;
    buf_free(&c->other);
    c->other = now;
    c->typing = false;
}

void editor_undo(struct editor *e)
{
    if (!e->n_done)
        return;
    unsigned group = e->changes[e->n_done - 1].group;
    while (e->n_done && e->changes[e->n_done - 1].group == group)
        swap_change(e, &e->changes[--e->n_done]);
}

void editor_redo(struct editor *e)
{
    if (e->n_done == e->n_changes)
        return;
    unsigned group = e->changes[e->n_done].group;
    while (e->n_done < e->n_changes && e->changes[e->n_done].group == group)
        swap_change(e, &e->changes[e->n_done++]);
}

void editor_begin_same(struct editor *e)
{
    e->goal = -1;
    e->killed = e->yanked = false;
}

void editor_begin(struct editor *e)
{
    if (!e->vi.on || e->vi.normal) /* what vi's insert mode does is one undo unit */
        e->group++;
    editor_begin_same(e);
}

void editor_move(struct editor *e, size_t to)
{
    editor_begin(e);
    e->caret = to;
    if (e->n_done)
        e->changes[e->n_done - 1].typing = false;
}

/* ---- text in -------------------------------------------------------------------------- */

void editor_insert(struct editor *e, const char *text, size_t n)
{
    editor_begin(e);
    change(e, e->caret, 0, text, n, false);
}

void editor_type(struct editor *e, int32_t cp)
{
    char text[4];
    struct change *last = e->n_done ? &e->changes[e->n_done - 1] : NULL;
    editor_begin(e);
    if (last && last->typing && cp == ' ') /* undo goes by words */
        last->typing = false;
    change(e, e->caret, 0, text, utf8_encode(cp, text), true);
}

void editor_set(struct editor *e, const char *text, size_t n)
{
    editor_begin(e);
    change(e, 0, e->text.len, text, n, false);
}

/* ---- kill ring ------------------------------------------------------------------------ */

static void new_kill(struct editor *e)
{
    e->kill = e->yank_index = (e->kill + 1) % KILL_RING;
    buf_free(&e->kills[e->kill]);
}

void editor_copy(struct editor *e, size_t from, size_t to)
{
    if (from == to)
        return;
    new_kill(e);
    buf_append(&e->kills[e->kill], e->text.data + from, to - from);
}

void editor_cut(struct editor *e, size_t from, size_t to, bool joins)
{
    if (from == to)
        return;
    bool backwards = to == e->caret;
    if (!joins)
        new_kill(e);
    struct buf *k = &e->kills[e->kill], joined = {0};
    if (backwards) {
        buf_append(&joined, e->text.data + from, to - from);
        buf_append(&joined, k->data, k->len);
        buf_free(k);
        *k = joined;
    } else {
        buf_append(k, e->text.data + from, to - from);
    }
    change(e, from, to - from, NULL, 0, false);
    e->killed = true;
}
