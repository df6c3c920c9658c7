/* SPDX-License-Identifier: MIT */
#include "find.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "pager.h"
#include "question.h"
#include "sanitise.h"
#include "utf8.h"

void find_text(struct app *a, const char *text)
{
    enum { FIRST_MS = 20 };
    transcript_find(pager_pane(a), text, strlen(text));
    transcript_search_step(pager_pane(a), FIRST_MS);
    if (*text)
        a->focus = FOCUS_CHAT; /* the keys for the next match hold there */
    a->wants |= REACT_DIRTY;
}

void find_open(struct app *a)
{
    a->reader.find.len = 0;
    layers_push(&a->layers, LAYER_FIND);
}

void find_next(struct app *a, int step)
{
    if (!pager_pane(a)->search.pattern.text)
        app_notice(a, "Nothing to find yet: type / or /find TEXT");
    transcript_find_next(pager_pane(a), step);
}

/* ---- the line ------------------------------------------------------------------------- */

static void erase(struct buf *b)
{
    while (b->len && ((unsigned char)b->data[--b->len] & 0xC0) == 0x80)
        continue;
}

static void type(struct buf *b, int32_t cp)
{
    char bytes[4];
    char *clean = sanitise_text(bytes, utf8_encode(cp, bytes), true);
    buf_puts(b, clean);
    free(clean);
}

/* Over a page a slash begins a search, also for who meant a command. */
static void tell_command(struct app *a, const char *text)
{
    const char *argument;
    char *line = xasprintf("/%s", text);
    if (layers_has(&a->layers, LAYER_PAGER) && command_parse(line, &argument) == COMMAND_KNOWN)
        app_notice(a, "This searched the page for \"%s\"; Esc closes it, then /%s is a command",
                   text, text);
    free(line);
}

static void find_typed(struct app *a)
{
    char *text = a->reader.find.len ? xstrndup(a->reader.find.data, a->reader.find.len) : NULL;
    find_text(a, text ? text : "");
    tell_command(a, text ? text : "");
    free(text);
}

unsigned find_key(struct app *a, int32_t key)
{
    struct buf *text = &a->reader.find;
    bool nothing = text->len == 0;
    switch (key) {
    case K_ENTER:
    case K_CTRL | 'j': find_typed(a); return REACT_CLOSE;
    case K_ESC:
    case K_CTRL | 'c':
    case K_CTRL | 'g': return REACT_CLOSE;
    case K_BACKSPACE:
    case K_CTRL | 'h': erase(text); return nothing ? REACT_CLOSE : REACT_TAKEN;
    case K_CTRL | 'u': text->len = 0; return REACT_TAKEN;
    default:
        if (key >= 0x20 && key < K_NONE)
            type(text, key);
        return REACT_TAKEN;
    }
}

/* A paste is typed, without its line ends; the mouse is for the panes. */
unsigned find_input(struct app *a, const struct input *in)
{
    if (in->type == INPUT_MOUSE)
        return REACT_PASS;
    for (size_t i = 0; in->type == INPUT_PASTE && i < in->n;) {
        int32_t cp;
        i += utf8_decode(in->text + i, in->n - i, &cp);
        if (cp >= 0x20)
            type(&a->reader.find, cp);
    }
    return REACT_TAKEN | REACT_DIRTY;
}
