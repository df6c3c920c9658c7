/* SPDX-License-Identifier: MIT */
#include "editor.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

enum { UNDO_MAX_CHANGES = 1000, UNDO_MAX_BYTES = 16 << 20 };

/* ---- changes and undo ------------------------------------------------------------------------ */

static void drop_changes(struct editor *e, size_t n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n; i++) {
        e->undo_bytes -= e->changes[i].removed.len;
        buf_free(&e->changes[i].removed);
    }
    memmove(e->changes, e->changes + n, (e->n_changes - n) * sizeof *e->changes);
    e->n_changes -= n;
}

static void replace(struct editor *e, size_t at, size_t n_removed, const char *text, size_t n)
{
    struct buf *t = &e->text;
    size_t tail = t->len - at - n_removed;
    if (n > n_removed)
        buf_append(t, text, n - n_removed); /* for the room; what it holds is overwritten */
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

/* Replaces text and notes how to undo it. */
static void change(struct editor *e, size_t at, size_t n_removed, const char *text, size_t n,
                   bool typing)
{
    if (!n_removed && !n)
        return;
    if (n > n_removed && e->text.len - n_removed + n > EDITOR_MAX_BYTES) {
        e->full = true;
        return;
    }
    struct change *last = e->n_changes ? &e->changes[e->n_changes - 1] : NULL;
    if (typing && last && last->typing && last->at + last->n_inserted == at && !n_removed) {
        last->n_inserted += n;
    } else {
        if (e->n_changes == UNDO_MAX_CHANGES || e->undo_bytes > UNDO_MAX_BYTES)
            drop_changes(e, e->n_changes / 2 + 1);
        if (e->n_changes == e->cap_changes) {
            e->cap_changes = e->cap_changes ? e->cap_changes * 2 : 16;
            e->changes = xrealloc(e->changes, e->cap_changes, sizeof *e->changes);
        }
        last = &e->changes[e->n_changes++];
        *last = (struct change){at, n, {0}, e->caret, e->group, typing};
        buf_append(&last->removed, e->text.data ? e->text.data + at : "", n_removed);
        e->undo_bytes += n_removed;
    }
    replace(e, at, n_removed, text, n);
}

static void undo(struct editor *e)
{
    if (!e->n_changes)
        return;
    unsigned group = e->changes[e->n_changes - 1].group;
    while (e->n_changes && e->changes[e->n_changes - 1].group == group) {
        struct change *c = &e->changes[--e->n_changes];
        replace(e, c->at, c->n_inserted, c->removed.data, c->removed.len);
        e->caret = c->caret;
        e->undo_bytes -= c->removed.len;
        buf_free(&c->removed);
    }
}

/* Every action begins here: what the action before left open is closed. */
static void begin(struct editor *e)
{
    e->group++;
    e->goal = -1;
    e->killed = e->yanked = false;
}

void editor_insert(struct editor *e, const char *text, size_t n)
{
    begin(e);
    change(e, e->caret, 0, text, n, false);
}

void editor_type(struct editor *e, int32_t cp)
{
    char text[4];
    struct change *last = e->n_changes ? &e->changes[e->n_changes - 1] : NULL;
    begin(e);
    if (last && last->typing && cp == ' ') /* undo goes by words */
        last->typing = false;
    change(e, e->caret, 0, text, utf8_encode(cp, text), true);
}

void editor_set(struct editor *e, const char *text, size_t n)
{
    begin(e);
    change(e, 0, e->text.len, text, n, false);
}

void editor_clear(struct editor *e)
{
    begin(e);
    drop_changes(e, e->n_changes);
    buf_free(&e->text);
    e->caret = e->n_same = 0;
    e->full = false;
    e->history_at = e->n_history;
}

void editor_free(struct editor *e)
{
    editor_clear(e);
    free(e->changes);
    rows_free(&e->rows);
    for (int i = 0; i < KILL_RING; i++)
        buf_free(&e->kills[i]);
    for (size_t i = 0; i < e->n_history; i++)
        free(e->history[i]);
    free(e->history);
    free(e->draft);
    *e = (struct editor){0};
}

/* ---- pastes ----------------------------------------------------------------------------------- */

void editor_paste_start(struct editor *e)
{
    begin(e);
    e->in_paste = true;
    e->paste_cr = false;
    e->n_paste_held = 0;
}

/* The clean form of s[0..n) behind what is in `out`; -> bytes taken (less than n only at the start
 * of a character that the end of s cuts off). */
static size_t clean(struct editor *e, const char *s, size_t n, struct buf *out)
{
    size_t i = 0;
    while (i < n) {
        unsigned char c = (unsigned char)s[i];
        bool lf_of_crlf = c == '\n' && e->paste_cr;
        e->paste_cr = c == '\r';
        if (c == '\r' || (c == '\n' && !lf_of_crlf) || c == '\t')
            buf_append(out, c == '\t' ? "\t" : "\n", 1);
        else if (c >= 0x20 && c < 0x7f)
            buf_append(out, s + i, 1);
        if (c < 0x80) {
            i++;
            continue;
        }
        int32_t cp;
        if (utf8_complete(s + i, n - i < 4 ? n - i : 4) == 0)
            break;
        size_t used = utf8_decode(s + i, n - i, &cp);
        if (cp < 0)
            buf_puts(out, "\xef\xbf\xbd");
        else if (cp >= 0xa0)
            buf_append(out, s + i, used);
        i += used;
    }
    return i;
}

void editor_paste(struct editor *e, const char *bytes, size_t n)
{
    struct buf in = {0}, out = {0};
    buf_append(&in, e->paste_held, e->n_paste_held);
    buf_append(&in, bytes, n);
    size_t used = clean(e, in.data, in.len, &out);
    e->n_paste_held = in.len - used;
    memcpy(e->paste_held, in.data + used, e->n_paste_held);
    change(e, e->caret, 0, out.data, out.len, false);
    buf_free(&in);
    buf_free(&out);
}

void editor_paste_end(struct editor *e)
{
    for (size_t i = 0; i < e->n_paste_held; i++)
        change(e, e->caret, 0, "\xef\xbf\xbd", 3, false);
    e->n_paste_held = 0;
    e->in_paste = false;
}

/* ---- places ------------------------------------------------------------------------------------ */

static size_t line_start(const struct editor *e, size_t at)
{
    while (at > 0 && e->text.data[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(const struct editor *e, size_t at)
{
    while (at < e->text.len && e->text.data[at] != '\n')
        at++;
    return at;
}

static size_t next_cluster(const struct editor *e, size_t at)
{
    int cells;
    return at < e->text.len ? at + wrap_cluster(e->text.data + at, e->text.len - at, 0, &cells) : at;
}

static size_t previous_cluster(const struct editor *e, size_t at)
{
    /* Clusters are only found forwards: start where one surely starts, not far before. */
    size_t start = at > 512 ? at - 512 : 0;
    while (start > 0 && start < at && ((unsigned char)e->text.data[start] & 0xc0) == 0x80)
        start++;
    size_t here = at - (at > 0);
    while (here > start && e->text.data[here - 1] != '\n')
        here--;
    size_t before = here;
    while (here < at) {
        before = here;
        here = next_cluster(e, here);
    }
    return before;
}

static bool is_word(const struct editor *e, size_t at)
{
    unsigned char c = (unsigned char)e->text.data[at];
    return c >= 0x80 || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool is_blank(const struct editor *e, size_t at)
{
    char c = e->text.data[at];
    return c == ' ' || c == '\t' || c == '\n';
}

static bool is_dark(const struct editor *e, size_t at)
{
    return !is_blank(e, at);
}

static size_t word_left(const struct editor *e, size_t at,
                        bool (*inside)(const struct editor *, size_t))
{
    while (at > 0 && !inside(e, at - 1))
        at--;
    while (at > 0 && inside(e, at - 1))
        at--;
    return at;
}

static size_t word_right(const struct editor *e, size_t at)
{
    while (at < e->text.len && !is_word(e, at))
        at++;
    while (at < e->text.len && is_word(e, at))
        at++;
    return at;
}

/* ---- kill ring ---------------------------------------------------------------------------------- */

static void cut(struct editor *e, size_t from, size_t to, bool joins)
{
    if (from == to)
        return;
    bool backwards = to == e->caret;
    if (!joins) {
        e->kill = (e->kill + 1) % KILL_RING;
        buf_free(&e->kills[e->kill]);
    }
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

static void yank(struct editor *e, unsigned index, size_t at, size_t n_removed)
{
    const struct buf *k = &e->kills[index];
    change(e, at, n_removed, k->data, k->len, false);
    e->yanked = true;
    e->yank_at = at;
    e->yank_n = e->caret - at;
    e->yank_index = index;
}

static void yank_older(struct editor *e)
{
    unsigned index = e->yank_index;
    for (int i = 0; i < KILL_RING; i++) {
        index = (index + KILL_RING - 1) % KILL_RING;
        if (e->kills[index].len) {
            yank(e, index, e->yank_at, e->yank_n);
            return;
        }
    }
}

static void transpose(struct editor *e)
{
    size_t right = e->caret;
    if (right > 0 && (right == e->text.len || e->text.data[right] == '\n'))
        right = previous_cluster(e, right);
    if (right == 0 || right == e->text.len || e->text.data[right] == '\n')
        return;
    size_t left = previous_cluster(e, right), end = next_cluster(e, right);
    if (e->text.data[left] == '\n')
        return;
    struct buf swapped = {0};
    buf_append(&swapped, e->text.data + right, end - right);
    buf_append(&swapped, e->text.data + left, right - left);
    change(e, left, end - left, swapped.data, swapped.len, false);
    buf_free(&swapped);
}

/* ---- rows and history ---------------------------------------------------------------------------- */

static int column_of(const struct editor *e, size_t row, size_t at)
{
    int column = 0, cells;
    for (size_t i = e->rows.rows[row].start; i < at; column += cells)
        i += wrap_cluster(e->text.data + i, e->text.len - i, column, &cells);
    return column;
}

void editor_layout(struct editor *e, int width, size_t *row, int *column)
{
    rows_update(&e->rows, e->text.data, e->text.len, e->n_same, width);
    e->n_same = e->text.len;
    *row = rows_find(&e->rows, e->caret);
    *column = column_of(e, *row, e->caret);
}

void editor_remember(struct editor *e, const char *text)
{
    if (e->n_history && strcmp(e->history[e->n_history - 1], text) == 0)
        return;
    if (e->n_history == HISTORY_MAX) {
        free(e->history[0]);
        memmove(e->history, e->history + 1, (HISTORY_MAX - 1) * sizeof *e->history);
        e->n_history--;
    }
    e->history = xrealloc(e->history, e->n_history + 1, sizeof *e->history);
    e->history[e->n_history++] = xstrdup(text);
    e->history_at = e->n_history;
}

static void show_history(struct editor *e, size_t index)
{
    if (e->history_at == e->n_history) {
        free(e->draft);
        e->draft = xstrndup(e->text.data ? e->text.data : "", e->text.len);
    }
    e->history_at = index;
    const char *text = index < e->n_history ? e->history[index] : e->draft;
    change(e, 0, e->text.len, text, strlen(text), false);
}

/* Up and down by the rows of the last layout; beyond them through the history. */
static void move_row(struct editor *e, int step)
{
    size_t row;
    int column, goal = e->goal;
    editor_layout(e, e->rows.width ? e->rows.width : 80, &row, &column);
    if (goal < 0)
        goal = column;
    begin(e);
    if (step < 0 && row == 0) {
        if (e->history_at > 0)
            show_history(e, e->history_at - 1);
        return;
    }
    if (step > 0 && row + 1 == e->rows.n) {
        if (e->history_at < e->n_history)
            show_history(e, e->history_at + 1);
        return;
    }
    const struct row *r = &e->rows.rows[step < 0 ? row - 1 : row + 1];
    size_t at = r->start;
    for (int c = 0, cells; at < r->start + r->shown; c += cells) {
        size_t used = wrap_cluster(e->text.data + at, e->text.len - at, c, &cells);
        if (c + cells > goal)
            break;
        at += used;
    }
    /* The end of a row that was cut is the start of the next: stay on this one. */
    if (at > r->start && rows_find(&e->rows, at) != rows_find(&e->rows, r->start))
        at = previous_cluster(e, at);
    e->caret = at;
    e->goal = goal;
}

/* ---- actions --------------------------------------------------------------------------------------- */

static bool act_on_kills(struct editor *e, enum action action)
{
    size_t at = e->caret, end;
    bool joins = e->killed, yanked = e->yanked;
    switch (action) {
    case ACT_KILL_LINE:
        end = line_end(e, at);
        begin(e);
        cut(e, at, end == at ? next_cluster(e, at) : end, joins);
        return true;
    case ACT_KILL_TO_START:
        begin(e);
        cut(e, line_start(e, at), at, joins);
        return true;
    case ACT_KILL_WORD:
        begin(e);
        cut(e, at, word_right(e, at), joins);
        return true;
    case ACT_KILL_WORD_LEFT:
        begin(e);
        cut(e, word_left(e, at, is_word), at, joins);
        return true;
    case ACT_KILL_BLANK_LEFT:
        begin(e);
        cut(e, word_left(e, at, is_dark), at, joins);
        return true;
    case ACT_YANK:
        begin(e);
        yank(e, e->kill, at, 0);
        return true;
    case ACT_YANK_OLDER:
        begin(e);
        if (yanked)
            yank_older(e);
        return true;
    default:
        return false;
    }
}

static bool act_on_caret(struct editor *e, enum action action)
{
    size_t to;
    switch (action) {
    case ACT_LEFT: to = previous_cluster(e, e->caret); break;
    case ACT_RIGHT: to = next_cluster(e, e->caret); break;
    case ACT_WORD_LEFT: to = word_left(e, e->caret, is_word); break;
    case ACT_WORD_RIGHT: to = word_right(e, e->caret); break;
    case ACT_LINE_START: to = line_start(e, e->caret); break;
    case ACT_LINE_END: to = line_end(e, e->caret); break;
    default: return false;
    }
    begin(e);
    e->caret = to;
    if (e->n_changes)
        e->changes[e->n_changes - 1].typing = false;
    return true;
}

bool editor_act(struct editor *e, enum action action)
{
    size_t at = e->caret;
    if (act_on_caret(e, action) || act_on_kills(e, action))
        return true;
    switch (action) {
    case ACT_UP:
    case ACT_DOWN:
        move_row(e, action == ACT_UP ? -1 : 1);
        return true;
    case ACT_NEWLINE:
        editor_insert(e, "\n", 1);
        return true;
    case ACT_BACKSPACE:
        begin(e);
        change(e, previous_cluster(e, at), at - previous_cluster(e, at), NULL, 0, false);
        return true;
    case ACT_DELETE:
    case ACT_DELETE_OR_QUIT:
        begin(e);
        change(e, at, next_cluster(e, at) - at, NULL, 0, false);
        return true;
    case ACT_TRANSPOSE:
        begin(e);
        transpose(e);
        return true;
    case ACT_UNDO:
        e->goal = -1;
        e->killed = e->yanked = false;
        undo(e);
        return true;
    default:
        return false;
    }
}
