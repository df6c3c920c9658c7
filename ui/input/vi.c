/* SPDX-License-Identifier: MIT */
#include "vi.h"

#include <string.h>

#include "editor.h"
#include "keys.h"
#include "motion.h"
#include "utf8.h"

enum { MAX_COUNT = 10000, KEY_WORK = 64, MAX_REPLAY_WORK = 128 << 20 };

/* Where a motion goes, for a caret and for an operator. */
struct target {
    size_t to;
    bool inclusive; /* an operator takes the character at `to` too */
    bool lines;     /* an operator takes whole lines */
};

/* ---- words ---------------------------------------------------------------------------- */

/* vi's classes: '_' belongs to words; for W B E there are only blanks and others. */
static enum motion_class class_at(const struct buf *t, size_t at, bool big)
{
    enum motion_class class = motion_class(t, at);
    if (class == CLASS_SIGN && (big || t->data[at] == '_'))
        return CLASS_WORD;
    return class;
}

static size_t run_end(const struct buf *t, size_t at, bool big)
{
    enum motion_class class = class_at(t, at, big);
    while (at < t->len && class_at(t, at, big) == class)
        at = motion_next(t, at);
    return at;
}

static size_t word_forward(const struct buf *t, size_t at, bool big)
{
    if (class_at(t, at, big) != CLASS_BLANK)
        at = run_end(t, at, big);
    while (at < t->len && class_at(t, at, big) == CLASS_BLANK)
        at = motion_next(t, at);
    return at;
}

static size_t word_back(const struct buf *t, size_t at, bool big)
{
    while (at > 0 && class_at(t, motion_previous(t, at), big) == CLASS_BLANK)
        at = motion_previous(t, at);
    if (at == 0)
        return 0;
    enum motion_class class = class_at(t, motion_previous(t, at), big);
    while (at > 0 && class_at(t, motion_previous(t, at), big) == class)
        at = motion_previous(t, at);
    return at;
}

static size_t word_end(const struct buf *t, size_t at, bool big)
{
    at = motion_next(t, at);
    while (at < t->len && class_at(t, at, big) == CLASS_BLANK)
        at = motion_next(t, at);
    return at < t->len ? motion_previous(t, run_end(t, at, big)) : motion_previous(t, at);
}

/* ---- motions -------------------------------------------------------------------------- */

static size_t first_dark(const struct buf *t, size_t at)
{
    size_t to = motion_line_start(t, at), end = motion_line_end(t, at);
    while (to < end && (t->data[to] == ' ' || t->data[to] == '\t'))
        to++;
    return to;
}

static bool is_char(const struct buf *t, size_t at, int32_t cp)
{
    char text[4];
    size_t n = utf8_encode(cp, text);
    return at + n <= t->len && memcmp(t->data + at, text, n) == 0;
}

/* f F t T: to the n-th such character of the line. `again`: t and T do not stay where they are. */
static bool find_char(const struct buf *t, size_t at, int32_t how, int32_t cp, unsigned n,
                      bool again, struct target *out)
{
    bool forward = how == 'f' || how == 't', before = how == 't' || how == 'T';
    size_t start = motion_line_start(t, at), end = motion_line_end(t, at), here = at;
    if (again && before && n == 1) {
        size_t beside = forward ? motion_next(t, at) : motion_previous(t, at);
        if (beside >= start && beside < end && is_char(t, beside, cp))
            here = beside;
    }
    while (n) {
        if (forward ? here >= end || (here = motion_next(t, here)) >= end : here <= start)
            return false;
        if (!forward)
            here = motion_previous(t, here);
        n -= is_char(t, here, cp);
    }
    if (before)
        here = forward ? motion_previous(t, here) : motion_next(t, here);
    *out = (struct target){.to = here, .inclusive = forward};
    return true;
}

static bool find_again(const struct editor *e, bool opposite, unsigned n, struct target *out)
{
    int32_t how = e->vi.find;
    if (!how)
        return false;
    if (opposite)
        how = how >= 'a' ? how - 'a' + 'A' : how - 'A' + 'a';
    return find_char(&e->text, e->caret, how, e->vi.found, n, true, out);
}

static size_t repeat_word(size_t (*step)(const struct buf *, size_t, bool), const struct editor *e,
                          unsigned n, bool big)
{
    size_t at = e->caret;
    while (n--)
        at = step(&e->text, at, big);
    return at;
}

/* The line n below (above): its start; false when there is none. */
static bool other_line(const struct buf *t, size_t at, unsigned n, bool below, size_t *out)
{
    size_t to = below ? motion_line_end(t, at) : motion_line_start(t, at);
    for (; n; n--) {
        if (below ? to >= t->len : to == 0)
            return false;
        to = below ? motion_line_end(t, to + 1) : motion_line_start(t, to - 1);
    }
    *out = motion_line_start(t, to);
    return true;
}

static bool motion_of(const struct editor *e, int32_t key, unsigned n, struct target *out)
{
    const struct buf *t = &e->text;
    size_t to = e->caret, end = motion_line_end(t, to), start = motion_line_start(t, to);
    *out = (struct target){0};
    switch (key) {
    case 'h':
    case K_LEFT:
    case K_BACKSPACE:
        while (n-- && to > start)
            to = motion_previous(t, to);
        break;
    case 'l':
    case ' ':
    case K_RIGHT:
        while (n-- && to < end)
            to = motion_next(t, to);
        break;
    case 'w': to = repeat_word(word_forward, e, n, false); break;
    case 'W': to = repeat_word(word_forward, e, n, true); break;
    case 'b': to = repeat_word(word_back, e, n, false); break;
    case 'B': to = repeat_word(word_back, e, n, true); break;
    case 'e':
    case 'E':
        to = repeat_word(word_end, e, n, key == 'E');
        out->inclusive = true;
        break;
    case '0':
    case K_HOME: to = start; break;
    case '^': to = first_dark(t, to); break;
    case '$':
    case K_END: to = end; break;
    case 'j':
    case 'k':
        out->lines = true;
        if (!other_line(t, to, n, key == 'j', &to))
            return false;
        break;
    case 'G':
        out->lines = true;
        to = motion_line_start(t, t->len);
        break;
    case ';':
    case ',': return find_again(e, key == ',', n, out);
    default: return false;
    }
    out->to = to;
    return true;
}

/* ---- operators ------------------------------------------------------------------------ */

static void insert_mode(struct editor *e)
{
    e->vi.normal = false;
    e->vi.changes = true;
}

/* Lines go into the kill ring with a '\n' behind the last one. */
static void operate_on_lines(struct editor *e, size_t from, size_t to)
{
    const struct buf *t = &e->text;
    size_t start = motion_line_start(t, from), end = motion_line_end(t, to);
    int32_t op = e->vi.op;
    editor_copy(e, start, end);
    if (start == end) { /* an empty line */
        editor_copy(e, start, end < t->len ? end + 1 : end);
    } else {
        buf_puts(&e->kills[e->kill], "\n");
    }
    if (op == 'y') {
        e->caret = from < e->caret ? from : e->caret;
        return;
    }
    e->vi.changes = true;
    if (op == 'c') {
        editor_change(e, start, end - start, NULL, 0);
        e->caret = start;
        insert_mode(e);
        return;
    }
    if (end < t->len)
        end++;
    else if (start > 0)
        start--; /* the last line takes the line end before it along */
    editor_change(e, start, end - start, NULL, 0);
    e->caret = first_dark(t, start < t->len ? start : t->len);
}

static void operate(struct editor *e, const struct target *target)
{
    size_t from = e->caret, to = target->to;
    if (to < from) {
        size_t other = from;
        from = to;
        to = other;
    }
    if (target->lines) {
        operate_on_lines(e, from, to);
        return;
    }
    if (target->inclusive)
        to = motion_next(&e->text, to);
    if (e->vi.op == 'y') {
        editor_copy(e, from, to);
        e->caret = from;
        return;
    }
    e->vi.changes = true;
    bool change = e->vi.op == 'c';
    e->caret = from; /* so that the cut counts as one forwards */
    editor_cut(e, from, to, false);
    if (change)
        insert_mode(e);
}

/* dw does not take a line end along; cw leaves the blanks behind the word. */
static void trim_word(const struct editor *e, int32_t key, unsigned n, struct target *target)
{
    const struct buf *t = &e->text;
    bool big = key == 'W';
    if (e->vi.op == 'c' && class_at(t, e->caret, big) != CLASS_BLANK) {
        size_t at = e->caret;
        while (n--) {
            at = run_end(t, at, big);
            while (n && at < t->len && class_at(t, at, big) == CLASS_BLANK)
                at = motion_next(t, at);
        }
        target->to = at;
        return;
    }
    for (size_t i = target->to; i > e->caret && class_at(t, i - 1, big) == CLASS_BLANK; i--)
        if (t->data[i - 1] == '\n')
            target->to = i - 1;
}

/* ---- commands ------------------------------------------------------------------------- */

static void put(struct editor *e, unsigned n, bool behind)
{
    const struct buf *k = &e->kills[e->kill], *t = &e->text;
    struct buf text = {0};
    size_t at = e->caret;
    if (!k->len)
        return;
    if (n > (EDITOR_MAX_BYTES - t->len) / k->len) {
        e->full = true;
        return;
    }
    bool lines = k->data[k->len - 1] == '\n';
    while (n--)
        buf_append(&text, k->data, k->len);
    e->vi.changes = true;
    if (lines && behind && motion_line_end(t, at) == t->len) { /* below the last line */
        at = t->len;
        editor_change(e, at, 0, "\n", 1);
        editor_change(e, at + 1, 0, text.data, text.len - 1);
        e->caret = first_dark(t, at + 1);
    } else if (lines) {
        at = behind ? motion_line_end(t, at) + 1 : motion_line_start(t, at);
        editor_change(e, at, 0, text.data, text.len);
        e->caret = first_dark(t, at);
    } else {
        if (behind && at < motion_line_end(t, at))
            at = motion_next(t, at);
        editor_change(e, at, 0, text.data, text.len);
        e->caret = motion_previous(t, e->caret);
    }
    buf_free(&text);
}

static void replace_chars(struct editor *e, int32_t cp, unsigned n)
{
    struct buf text = {0};
    char c[4];
    size_t n_c = utf8_encode(cp, c), to = e->caret, end = motion_line_end(&e->text, to);
    for (unsigned i = 0; i < n; i++) {
        if (to >= end) { /* fewer are there: nothing happens */
            buf_free(&text);
            return;
        }
        to = motion_next(&e->text, to);
        buf_append(&text, c, n_c);
    }
    e->vi.changes = true;
    editor_change(e, e->caret, to - e->caret, text.data, text.len);
    e->caret = motion_previous(&e->text, e->caret);
    buf_free(&text);
}

static void swap_case(struct editor *e, unsigned n)
{
    struct buf text = {0};
    size_t from = e->caret, to = from, end = motion_line_end(&e->text, from);
    while (n-- && to < end) {
        int32_t cp;
        char c[4];
        size_t next = motion_next(&e->text, to);
        size_t used = utf8_decode(e->text.data + to, next - to, &cp);
        int32_t other = cp < 0 ? cp : utf8_to_case(cp, utf8_to_case(cp, false) == cp);
        if (other != cp)
            buf_append(&text, c, utf8_encode(other, c));
        else
            buf_append(&text, e->text.data + to, used);
        buf_append(&text, e->text.data + to + used, next - to - used);
        to = next;
    }
    if (to > from) {
        e->vi.changes = true;
        editor_change(e, from, to - from, text.data, text.len);
    }
    buf_free(&text);
}

static void open_line(struct editor *e, bool below)
{
    size_t at = below ? motion_line_end(&e->text, e->caret) : motion_line_start(&e->text, e->caret);
    insert_mode(e);
    editor_change(e, at, 0, "\n", 1);
    e->caret = below ? at + 1 : at;
}

static void replay_key(struct editor *e, int32_t key)
{
    if (vi_key(e, key))
        return;
    if (key >= 0x20 && key < K_NONE)
        editor_type(e, key);
    else
        editor_act(e, keymap_find(FOCUS_INPUT, key));
}

/* Keys wait for it, so that it ends where it would take long, as if the text was full: after 10^6
 * keys in a short text, or some thirty in the longest. */
static void replay(struct editor *e, unsigned n)
{
    struct vi *v = &e->vi;
    size_t work = 0;
    v->replaying = true;
    for (; n && !e->full; n--)
        for (size_t i = 0; i < v->last.n && !e->full; i++) {
            replay_key(e, v->last.keys[i]);
            work += KEY_WORK + e->text.len;
            e->full |= work > MAX_REPLAY_WORK;
        }
    v->normal |= e->full;
    v->replaying = false;
}

/* An operator and its motion, as one command. */
static void act(struct editor *e, int32_t op, int32_t motion, unsigned n)
{
    struct target target;
    e->vi.op = op;
    if (motion_of(e, motion, n, &target))
        operate(e, &target);
}

/* -> false: no command. */
static bool command(struct editor *e, int32_t key, unsigned n)
{
    const struct buf *t = &e->text;
    size_t at = e->caret, end = motion_line_end(t, at);
    switch (key) {
    case 'x':
    case K_DELETE: act(e, 'd', 'l', n); break;
    case 'X': act(e, 'd', 'h', n); break;
    case 'D': act(e, 'd', '$', 1); break;
    case 'C':
        act(e, 'c', '$', 1);
        insert_mode(e);
        break;
    case 's':
        act(e, 'c', 'l', n);
        insert_mode(e);
        break;
    case 'S':
        e->vi.op = 'c';
        operate_on_lines(e, at, at);
        break;
    case 'Y':
        e->vi.op = 'y';
        operate_on_lines(e, at, at);
        break;
    case 'p': put(e, n, true); break;
    case 'P': put(e, n, false); break;
    case 'i': insert_mode(e); break;
    case 'a':
        insert_mode(e);
        e->caret = at < end ? motion_next(t, at) : at;
        break;
    case 'I':
        insert_mode(e);
        e->caret = first_dark(t, at);
        break;
    case 'A':
        insert_mode(e);
        e->caret = end;
        break;
    case 'o': open_line(e, true); break;
    case 'O': open_line(e, false); break;
    case '~': swap_case(e, n); break;
    case 'u':
        while (n--)
            editor_undo(e);
        if (e->n_done < e->n_changes)
            e->caret = e->changes[e->n_done].at;
        break;
    case K_CTRL | 'r':
        while (n--)
            editor_redo(e);
        break;
    default: return false;
    }
    return true;
}

/* ---- keys ----------------------------------------------------------------------------- */

/* In normal mode the caret stands on a character, not behind the last one. */
static void settle(struct editor *e)
{
    const struct buf *t = &e->text;
    if (e->vi.normal && e->caret > motion_line_start(t, e->caret) &&
        e->caret == motion_line_end(t, e->caret))
        e->caret = motion_previous(t, e->caret);
}

static unsigned full_count(const struct vi *v)
{
    unsigned n = (v->count ? v->count : 1) * (v->outer_count ? v->outer_count : 1);
    return n < MAX_COUNT ? n : MAX_COUNT;
}

static void take_pending(struct editor *e, int32_t key, unsigned n)
{
    struct vi *v = &e->vi;
    struct target target = {.lines = true};
    int32_t pending = v->pending;
    v->pending = 0;
    if (pending == 'r' && key >= 0x20 && key < K_NONE) {
        replace_chars(e, key, n);
    } else if (pending == 'g' && key == 'g') {
        if (v->op)
            operate(e, &target);
        else
            e->caret = 0;
    } else if (pending != 'r' && pending != 'g' && key >= 0x20 && key < K_NONE) {
        v->find = pending;
        v->found = key;
        if (!find_char(&e->text, e->caret, pending, key, n, false, &target))
            return;
        if (v->op)
            operate(e, &target);
        else
            e->caret = target.to;
    }
}

static void take_motion(struct editor *e, int32_t key, unsigned n, struct target target)
{
    if (!e->vi.op) {
        e->caret = target.to;
        return;
    }
    if (key == 'w' || key == 'W')
        trim_word(e, key, n, &target);
    operate(e, &target);
}

static bool take_digit(struct vi *v, int32_t key)
{
    if (key < '0' || key > '9' || (key == '0' && !v->count))
        return false;
    v->count = v->count * 10 + (unsigned)(key - '0');
    if (v->count > MAX_COUNT)
        v->count = MAX_COUNT;
    return true;
}

static bool insert_key(struct editor *e, int32_t key)
{
    struct vi *v = &e->vi;
    vi_note_key(v, key);
    if (key != K_ESC)
        return false;
    v->normal = true;
    if (e->caret > motion_line_start(&e->text, e->caret))
        e->caret = motion_previous(&e->text, e->caret);
    vi_command_over(v);
    return true;
}

static bool is_text(int32_t key)
{
    return key >= 0x20 && key < K_NONE;
}

/* An operator waits for its motion, and some keys for a character. -> false: not one of these. */
static bool waits_for_more(struct vi *v, int32_t key)
{
    if (key >= 0x80 || !is_text(key))
        return false;
    if (strchr("fFtTg", (char)key) || (!v->op && key == 'r')) {
        v->pending = key;
        return true;
    }
    if (v->op || !strchr("dcy", (char)key))
        return false;
    v->op = key;
    v->outer_count = v->count;
    v->count = 0;
    return true;
}

/* What the operator works on: whole lines if it is typed twice, else a motion. -> false: neither.
 */
static bool operand_key(struct editor *e, int32_t key, unsigned n)
{
    struct target target;
    size_t to = e->caret;
    if (key != e->vi.op) {
        if (!motion_of(e, key, n, &target))
            return false;
        take_motion(e, key, n, target);
        return true;
    }
    if (n > 1 && !other_line(&e->text, e->caret, n - 1, true, &to))
        to = e->text.len;
    operate_on_lines(e, e->caret, to);
    return true;
}

/* -> false: no command. */
static bool command_key(struct editor *e, int32_t key, unsigned n)
{
    struct target target;
    if ((key == 'j' || key == 'k') && n == 1) {
        editor_act(e, key == 'j' ? ACT_DOWN : ACT_UP); /* also through the history */
    } else if (motion_of(e, key, n, &target)) {
        take_motion(e, key, n, target);
    } else if (key == '.') {
        e->vi.typed.n = 0;
        e->vi.count = 0;
        replay(e, n);
    } else {
        return command(e, key, n);
    }
    return true;
}

static bool normal_key(struct editor *e, int32_t key)
{
    struct vi *v = &e->vi;
    unsigned n = full_count(v);
    bool known = true;
    if (key == K_ESC) {
        known = v->op || v->pending || v->count || v->outer_count;
        vi_command_over(v);
        return known;
    }
    vi_note_key(v, key);
    if (v->pending)
        take_pending(e, key, n);
    else if (take_digit(v, key) || waits_for_more(v, key))
        return true;
    else
        known = v->op ? operand_key(e, key, n) : command_key(e, key, n);
    if (v->normal)
        vi_command_over(v);
    return known || is_text(key); /* letters that mean nothing here are not typed */
}

bool vi_key(struct editor *e, int32_t key)
{
    if (!e->vi.on)
        return false;
    if (!e->vi.normal)
        return insert_key(e, key);
    bool waits = e->vi.op || e->vi.pending;
    if (e->vi.typed.n == 0 && !e->vi.replaying && !waits)
        editor_begin(e);
    bool taken = normal_key(e, key);
    settle(e);
    return taken;
}
