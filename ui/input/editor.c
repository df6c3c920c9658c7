/* SPDX-License-Identifier: MIT */
#include "editor.h"

#include <stdlib.h>
#include <string.h>

#include "motion.h"
#include "utf8.h"

enum { MAX_FOLDED_BYTES = 4 * EDITOR_MAX_BYTES };

/* ---- whole texts ---------------------------------------------------------------------- */

/* A mark in the kill ring can still come back. */
static bool kills_hold_pastes(const struct editor *e)
{
    for (int i = 0; i < KILL_RING; i++)
        if (e->kills[i].len && memchr(e->kills[i].data, FOLDED_PASTE_START, e->kills[i].len))
            return true;
    return false;
}

void editor_clear(struct editor *e)
{
    editor_begin(e);
    editor_forget_changes(e);
    buf_free(&e->text);
    e->caret = e->n_same = 0;
    e->full = false;
    e->history_at = e->history.n;
    vi_reset(&e->vi);
    if (!kills_hold_pastes(e))
        folded_pastes_free(&e->folded_pastes);
}

void editor_free(struct editor *e)
{
    editor_clear(e);
    folded_pastes_free(&e->folded_pastes);
    free(e->changes);
    rows_free(&e->rows);
    for (int i = 0; i < KILL_RING; i++)
        buf_free(&e->kills[i]);
    buf_free(&e->pasted);
    history_free(&e->history);
    free(e->draft);
    buf_free(&e->search.pattern);
    buf_free(&e->search.last);
    free(e->search.draft);
    vi_free(&e->vi);
    *e = (struct editor){0};
}

char *editor_expand(const struct editor *e)
{
    struct buf out = {0};
    buf_puts(&out, "");
    folded_pastes_expand(&e->folded_pastes, e->text.data, e->text.len, &out);
    return out.data;
}

/* ---- pastes --------------------------------------------------------------------------- */

void editor_paste_start(struct editor *e)
{
    editor_begin(e);
    editor_drop_paste(e);
}

void editor_paste(struct editor *e, const char *bytes, size_t n)
{
    if (e->pasted.len > EDITOR_MAX_BYTES)
        return; /* refused as a whole when it is over; what follows needs no room */
    paste_filter_add(&e->filter, bytes, n, &e->pasted);
}

void editor_paste_end(struct editor *e)
{
    paste_filter_end(&e->filter, &e->pasted);
}

size_t editor_pasted_lines(const struct editor *e)
{
    const struct buf *p = &e->pasted;
    size_t n = p->len && p->data[p->len - 1] != '\n';
    for (size_t i = 0; i < p->len; i++)
        n += p->data[i] == '\n';
    return n;
}

static bool is_long(const struct editor *e)
{
    size_t chars = 0;
    for (size_t i = 0; i < e->pasted.len; i++)
        chars += ((unsigned char)e->pasted.data[i] & 0xc0) != 0x80;
    return chars > EDITOR_FOLD_CHARS || editor_pasted_lines(e) > EDITOR_FOLD_LINES;
}

void editor_take_paste(struct editor *e)
{
    struct buf mark = {0};
    if (e->pasted.len > EDITOR_MAX_BYTES)
        e->full = true;
    else if (!is_long(e))
        editor_insert(e, e->pasted.data, e->pasted.len);
    else if (e->folded_pastes.bytes + e->pasted.len <= MAX_FOLDED_BYTES &&
             folded_pastes_add(&e->folded_pastes, e->pasted.data, e->pasted.len, &mark))
        editor_insert(e, mark.data, mark.len);
    else
        e->full = true;
    buf_free(&mark);
    editor_drop_paste(e);
}

void editor_drop_paste(struct editor *e)
{
    buf_free(&e->pasted);
    e->filter = (struct paste_filter){0};
}

/* The folded paste before or behind the caret becomes plain text. */
static void unfold(struct editor *e)
{
    struct buf text = {0};
    size_t n = folded_paste_at(e->text.data, e->text.len, e->caret), at = e->caret;
    if (!n && (n = folded_paste_before(e->text.data, at)))
        at -= n;
    if (n)
        folded_pastes_expand(&e->folded_pastes, e->text.data + at, n, &text);
    editor_begin(e);
    editor_change(e, at, n, text.data, text.len);
    buf_free(&text);
}

/* ---- kill ring ------------------------------------------------------------------------ */

static void yank(struct editor *e, unsigned index, size_t at, size_t n_removed)
{
    const struct buf *k = &e->kills[index];
    editor_change(e, at, n_removed, k->data, k->len);
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

/* ---- swapping, letters ---------------------------------------------------------------- */

/* Swaps [a, b) with [c, d); the caret goes behind. */
static void swap_parts(struct editor *e, size_t a, size_t b, size_t c, size_t d)
{
    struct buf swapped = {0};
    buf_append(&swapped, e->text.data + c, d - c);
    buf_append(&swapped, e->text.data + b, c - b);
    buf_append(&swapped, e->text.data + a, b - a);
    editor_change(e, a, d - a, swapped.data, swapped.len);
    buf_free(&swapped);
}

static void transpose(struct editor *e)
{
    const struct buf *t = &e->text;
    size_t right = e->caret;
    if (right > 0 && (right == t->len || t->data[right] == '\n'))
        right = motion_previous(t, right);
    if (right == 0 || right == t->len || t->data[right] == '\n')
        return;
    size_t left = motion_previous(t, right);
    if (t->data[left] != '\n')
        swap_parts(e, left, right, right, motion_next(t, right));
}

static void transpose_words(struct editor *e)
{
    const struct buf *t = &e->text;
    size_t end2 = motion_word_right(t, e->caret), start2 = motion_word_left(t, end2);
    size_t start1 = motion_word_left(t, start2), end1 = motion_word_right(t, start1);
    if (start1 < start2 && end1 <= start2)
        swap_parts(e, start1, end1, start2, end2);
}

/* To the end of the word: capitals, small letters, or one capital at the start of each word. */
static void change_case(struct editor *e, enum action action)
{
    size_t from = e->caret, to = motion_word_right(&e->text, from);
    struct buf out = {0};
    bool inside = false;
    for (size_t i = from, used; i < to; i += used) {
        const char *s = e->text.data + i;
        int32_t cp;
        char letter[4];
        used = folded_paste_at(e->text.data, e->text.len, i);
        if (used) {
            buf_append(&out, s, used);
            continue;
        }
        used = utf8_decode(s, to - i, &cp);
        bool upper = action == ACT_UPCASE || (action == ACT_CAPITALIZE && !inside);
        inside = utf8_is_word(cp);
        if (cp < 0)
            buf_append(&out, s, used);
        else
            buf_append(&out, letter, utf8_encode(utf8_to_case(cp, upper), letter));
    }
    editor_change(e, from, to - from, out.data, out.len);
    buf_free(&out);
}

/* Blanks and tabs around the caret go. */
static void delete_blanks(struct editor *e)
{
    size_t from = e->caret, to = e->caret;
    while (from > 0 && (e->text.data[from - 1] == ' ' || e->text.data[from - 1] == '\t'))
        from--;
    while (to < e->text.len && (e->text.data[to] == ' ' || e->text.data[to] == '\t'))
        to++;
    editor_change(e, from, to - from, NULL, 0);
}

/* ---- rows ----------------------------------------------------------------------------- */

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

/* Up and down by the rows of the last layout; beyond them through the history. */
static void move_row(struct editor *e, int step)
{
    size_t row;
    int column, goal = e->goal;
    editor_layout(e, e->rows.width ? e->rows.width : 80, &row, &column);
    if (goal < 0)
        goal = column;
    if (step < 0 && row == 0) {
        editor_show_older(e);
        return;
    }
    if (step > 0 && row + 1 == e->rows.n) {
        editor_show_newer(e);
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
        at = motion_previous(&e->text, at);
    editor_move(e, folded_paste_snap(e->text.data, e->text.len, at));
    e->goal = goal;
}

/* ---- actions -------------------------------------------------------------------------- */

static bool act_on_kills(struct editor *e, enum action action)
{
    const struct buf *t = &e->text;
    size_t at = e->caret, end;
    bool joins = e->killed, yanked = e->yanked;
    switch (action) {
    case ACT_KILL_LINE:
        end = motion_line_end(t, at);
        editor_begin(e);
        editor_cut(e, at, end == at ? motion_next(t, at) : end, joins);
        return true;
    case ACT_KILL_TO_START:
        editor_begin(e);
        editor_cut(e, motion_line_start(t, at), at, joins);
        return true;
    case ACT_KILL_WORD:
        editor_begin(e);
        editor_cut(e, at, motion_word_right(t, at), joins);
        return true;
    case ACT_KILL_WORD_LEFT:
        editor_begin(e);
        editor_cut(e, motion_word_left(t, at), at, joins);
        return true;
    case ACT_KILL_BLANK_LEFT:
        editor_begin(e);
        editor_cut(e, motion_blank_left(t, at), at, joins);
        return true;
    case ACT_YANK:
        editor_begin(e);
        yank(e, e->yank_index, at, 0);
        return true;
    case ACT_YANK_OLDER:
        editor_begin(e);
        if (yanked)
            yank_older(e);
        return true;
    default: return false;
    }
}

static bool act_on_caret(struct editor *e, enum action action)
{
    const struct buf *t = &e->text;
    size_t to;
    switch (action) {
    case ACT_LEFT: to = motion_previous(t, e->caret); break;
    case ACT_RIGHT: to = motion_next(t, e->caret); break;
    case ACT_WORD_LEFT: to = motion_word_left(t, e->caret); break;
    case ACT_WORD_RIGHT: to = motion_word_right(t, e->caret); break;
    case ACT_LINE_START: to = motion_line_start(t, e->caret); break;
    case ACT_LINE_END: to = motion_line_end(t, e->caret); break;
    default: return false;
    }
    editor_move(e, to);
    return true;
}

static bool act_on_text(struct editor *e, enum action action)
{
    const struct buf *t = &e->text;
    size_t at = e->caret, to;
    switch (action) {
    case ACT_NEWLINE: editor_insert(e, "\n", 1); return true;
    case ACT_BACKSPACE:
        editor_begin(e);
        to = motion_previous(t, at);
        editor_change(e, to, at - to, NULL, 0);
        return true;
    case ACT_DELETE:
    case ACT_DELETE_OR_QUIT:
        editor_begin(e);
        editor_change(e, at, motion_next(t, at) - at, NULL, 0);
        return true;
    case ACT_DELETE_BLANKS:
        editor_begin(e);
        delete_blanks(e);
        return true;
    case ACT_TRANSPOSE:
        editor_begin(e);
        transpose(e);
        return true;
    case ACT_TRANSPOSE_WORDS:
        editor_begin(e);
        transpose_words(e);
        return true;
    case ACT_UPCASE:
    case ACT_DOWNCASE:
    case ACT_CAPITALIZE:
        editor_begin(e);
        change_case(e, action);
        return true;
    case ACT_UNFOLD: unfold(e); return true;
    default: return false;
    }
}

bool editor_act(struct editor *e, enum action action)
{
    if (act_on_caret(e, action) || act_on_kills(e, action) || act_on_text(e, action))
        return true;
    switch (action) {
    case ACT_UP:
    case ACT_DOWN: move_row(e, action == ACT_UP ? -1 : 1); return true;
    case ACT_UNDO:
        editor_begin_same(e);
        editor_undo(e);
        return true;
    case ACT_REDO:
        editor_begin_same(e);
        editor_redo(e);
        return true;
    case ACT_SEARCH_HISTORY: editor_search_start(e); return true;
    default: return false;
    }
}
