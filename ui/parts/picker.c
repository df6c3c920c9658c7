/* SPDX-License-Identifier: MIT */
#include "picker.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "keys.h"
#include "sanitise.h"
#include "utf8.h"

enum {
    MAX_LINE = 1024, /* bytes of filter or answer */
    MIN_TITLE = 24,  /* cells of the first column before others are left out */
    MAX_COLUMN = 28, /* cells of another column */
    GAP = 2,
    PAGE = 10, /* items */
};

/* ---- items ---------------------------------------------------------------------------- */

void picker_init(struct picker *p, const char *heading, const char *nothing)
{
    *p = (struct picker){.heading = heading, .nothing = nothing};
}

void picker_clear(struct picker *p)
{
    for (size_t i = 0; i < p->n; i++) {
        for (int c = 0; c < PICKER_COLUMNS; c++)
            free(p->items[i].columns[c]);
        free(p->items[i].detail);
    }
    p->n = p->n_shown = 0;
}

void picker_free(struct picker *p)
{
    picker_clear(p);
    free(p->items);
    free(p->shown);
    buf_free(&p->filter);
    buf_free(&p->answer);
    *p = (struct picker){0};
}

struct picker_item *picker_add(struct picker *p, int64_t key, const char *title, size_t n)
{
    p->items = xgrow(p->items, p->n, &p->cap, sizeof *p->items);
    p->shown = xgrow(p->shown, p->n, &p->cap_shown, sizeof *p->shown);
    struct picker_item *item = &p->items[p->n++];
    *item = (struct picker_item){.key = key, .columns = {sanitise_text(title, n, true)}};
    return item;
}

void picker_text(char **to, const char *text)
{
    free(*to);
    *to = sanitise_text(text, strlen(text), true);
}

static bool holds(const struct picker_item *item, const char *word)
{
    for (int c = 0; c < PICKER_COLUMNS; c++)
        if (item->columns[c] && strcasestr(item->columns[c], word))
            return true;
    return item->detail && strcasestr(item->detail, word);
}

static bool matches(const struct picker_item *item, const char *filter)
{
    char words[MAX_LINE + 1], *rest = NULL;
    snprintf(words, sizeof words, "%s", filter);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (!holds(item, word))
            return false;
    return true;
}

void picker_ready(struct picker *p)
{
    bool all = p->opener_filters || !p->filter.len;
    p->n_shown = 0;
    for (size_t i = 0; i < p->n; i++)
        if (all || matches(&p->items[i], p->filter.data))
            p->shown[p->n_shown++] = i;
    if (p->selected >= p->n_shown)
        p->selected = p->n_shown ? p->n_shown - 1 : 0;
}

void picker_select(struct picker *p, int64_t key)
{
    for (size_t i = 0; i < p->n_shown; i++)
        if (p->items[p->shown[i]].key == key)
            p->selected = i;
}

const struct picker_item *picker_selected(const struct picker *p)
{
    return p->selected < p->n_shown ? &p->items[p->shown[p->selected]] : NULL;
}

/* ---- keys ----------------------------------------------------------------------------- */

static void cut_to(struct buf *line, size_t n)
{
    line->len = n;
    line->data[n] = '\0';
}

static void erase_cluster(struct buf *line)
{
    size_t last = 0;
    for (size_t i = 0; i < line->len; i += utf8_cluster(line->data + i, line->len - i))
        last = i;
    cut_to(line, last);
}

static void erase_word(struct buf *line)
{
    size_t n = line->len;
    while (n > 0 && line->data[n - 1] == ' ')
        n--;
    while (n > 0 && line->data[n - 1] != ' ')
        n--;
    cut_to(line, n);
}

/* A line of text that is written at its end. -> the key was for it */
static bool edit(struct buf *line, int32_t key)
{
    char bytes[4];
    if (key >= 0x20 && key < K_NONE && key != 0x7f) {
        if (line->len + sizeof bytes <= MAX_LINE)
            buf_append(line, bytes, utf8_encode(key, bytes));
        return true;
    }
    bool erases = key == K_BACKSPACE || key == (K_CTRL | 'h') || key == (K_CTRL | 'w') ||
                  key == (K_CTRL | 'u') || key == (K_ALT | K_BACKSPACE);
    if (erases && line->len) {
        if (key == (K_CTRL | 'u'))
            cut_to(line, 0);
        else if (key == K_BACKSPACE || key == (K_CTRL | 'h'))
            erase_cluster(line);
        else
            erase_word(line);
    }
    return erases;
}

void picker_ask(struct picker *p, const char *question, const char *text)
{
    p->question = question;
    p->wants_text = text != NULL;
    buf_free(&p->answer);
    buf_puts(&p->answer, text ? text : "");
}

static enum picker_result answer(struct picker *p, int32_t key)
{
    bool yes = p->wants_text ? key == K_ENTER : key == 'y' || key == 'Y';
    if (p->wants_text && edit(&p->answer, key))
        return PICKER_HANDLED;
    p->question = NULL;
    return yes ? PICKER_ANSWERED : PICKER_HANDLED;
}

/* -> false: no key that moves. */
static bool move(struct picker *p, int32_t key)
{
    size_t last = p->n_shown ? p->n_shown - 1 : 0, at = p->selected;
    switch (key) {
    case K_UP:
    case K_CTRL | 'p': at = at > 0 ? at - 1 : 0; break;
    case K_DOWN:
    case K_CTRL | 'n': at++; break;
    case K_PAGE_UP: at = at > PAGE ? at - PAGE : 0; break;
    case K_PAGE_DOWN: at += PAGE; break;
    case K_HOME: at = 0; break;
    case K_END: at = last; break;
    default: return false;
    }
    p->selected = at < last ? at : last;
    return true;
}

enum picker_result picker_key(struct picker *p, int32_t key)
{
    if (p->question)
        return answer(p, key);
    if (key == K_ESC || key == (K_CTRL | 'c'))
        return PICKER_CLOSED;
    if (key == K_ENTER)
        return picker_selected(p) ? PICKER_CHOSEN : PICKER_HANDLED;
    if (move(p, key))
        return PICKER_HANDLED;
    if (!edit(&p->filter, key))
        return PICKER_OTHER;
    p->selected = p->top = 0;
    picker_ready(p);
    return PICKER_FILTERED;
}

/* ---- layout --------------------------------------------------------------------------- */

static int item_rows(const struct picker *p, size_t i)
{
    return 1 + (p->items[p->shown[i]].detail != NULL);
}

void picker_scroll(struct picker *p, int height)
{
    int used = 0;
    if (p->top > p->selected)
        p->top = p->selected;
    for (size_t i = p->selected + 1; i-- > p->top && p->n_shown;) { /* as many above as fit */
        used += item_rows(p, i);
        if (used > height && i < p->selected)
            p->top = i + 1;
    }
}

int picker_rows(const struct picker *p, int height, struct picker_row *rows)
{
    int n = 0;
    for (size_t i = p->top; i < p->n_shown && n < height; i++) {
        const struct picker_item *item = &p->items[p->shown[i]];
        rows[n++] = (struct picker_row){item, false, i == p->selected};
        if (item->detail && n < height)
            rows[n++] = (struct picker_row){item, true, i == p->selected};
    }
    return n;
}

void picker_layout(const struct picker *p, int width, struct picker_column out[PICKER_COLUMNS])
{
    int left = width;
    memset(out, 0, PICKER_COLUMNS * sizeof *out);
    for (size_t i = 0; i < p->n_shown; i++) {
        for (int c = 1; c < PICKER_COLUMNS; c++) {
            const char *text = p->items[p->shown[i]].columns[c];
            int cells = text ? (int)utf8_width(text, strlen(text)) : 0;
            if (cells > out[c].cells)
                out[c].cells = cells < MAX_COLUMN ? cells : MAX_COLUMN;
        }
    }
    for (int c = 1; c < PICKER_COLUMNS; c++) { /* from the left, as long as the title has room */
        if (out[c].cells && left - GAP - out[c].cells < MIN_TITLE)
            out[c].cells = 0;
        left -= out[c].cells ? out[c].cells + GAP : 0;
    }
    out[0].cells = left > 0 ? left : 0;
    for (int c = 1, at = out[0].cells; c < PICKER_COLUMNS; c++) {
        out[c].at = at + GAP;
        at += out[c].cells ? out[c].cells + GAP : 0;
    }
}
