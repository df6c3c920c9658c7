/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "clipboard.h"
#include "code_block.h"
#include "sanitise.h"
#include "screen.h"
#include "utf8.h"

static struct transcript *pane(struct app *a)
{
    return a->reader.pager_open ? &a->reader.pager : &a->reader.transcript;
}

/* ---- views ---------------------------------------------------------------------------- */

bool app_is_bare(const struct app *a)
{
    return a->reader.bare && a->focus == FOCUS_CHAT;
}

bool app_shows_raw(const struct app *a)
{
    return a->reader.raw != (strcmp(options_text(a->chat.options, OPT_MARKDOWN), "true") != 0);
}

enum emoji app_emoji(const struct app *a)
{
    const char *how = options_text(a->chat.options, OPT_EMOJI);
    return strcmp(how, "safe") == 0    ? EMOJI_SAFE
           : strcmp(how, "ascii") == 0 ? EMOJI_ASCII
                                       : EMOJI_NATIVE;
}

static void toggle_bare(struct app *a)
{
    a->reader.bare = !app_is_bare(a);
    a->focus = a->reader.bare ? FOCUS_CHAT : FOCUS_INPUT;
    if (a->reader.bare)
        app_notice(a, "Select with the mouse; Esc brings everything back");
}

static void toggle_raw(struct app *a)
{
    a->reader.raw = !a->reader.raw;
    app_notice(a, app_shows_raw(a) ? "Answers as they were written" : "Answers as Markdown");
}

/* ---- finding -------------------------------------------------------------------------- */

void app_find(struct app *a, const char *text)
{
    enum { FIRST_MS = 20 };
    transcript_find(pane(a), text, strlen(text));
    transcript_search_step(pane(a), FIRST_MS);
    if (*text)
        a->focus = FOCUS_CHAT; /* n and N hold there */
    a->dirty = true;
}

static void erase(struct buf *b)
{
    while (b->len && ((unsigned char)b->data[--b->len] & 0xC0) == 0x80)
        continue;
}

bool app_find_key(struct app *a, int32_t key)
{
    char bytes[4];
    if (!a->reader.finding)
        return false;
    if (key == K_ENTER || key == (K_CTRL | 'j')) {
        a->reader.finding = false;
        buf_append(&a->reader.find, "", 0);
        char *text = xstrndup(a->reader.find.data, a->reader.find.len);
        app_find(a, text);
        free(text);
    } else if (key == K_ESC || key == (K_CTRL | 'c') || key == (K_CTRL | 'g')) {
        a->reader.finding = false;
    } else if (key == K_BACKSPACE || key == (K_CTRL | 'h')) {
        a->reader.finding = a->reader.find.len > 0;
        erase(&a->reader.find);
    } else if (key == (K_CTRL | 'u')) {
        a->reader.find.len = 0;
    } else if (key >= 0x20 && key < K_NONE) {
        char *clean = sanitise_text(bytes, utf8_encode(key, bytes), true);
        buf_puts(&a->reader.find, clean);
        free(clean);
    }
    return true;
}

static void find_next(struct app *a, int step)
{
    if (!pane(a)->search.pattern.text)
        app_notice(a, "Nothing is looked for: / or /find TEXT");
    transcript_find_next(pane(a), step);
}

/* ---- copying -------------------------------------------------------------------------- */

/* The message behind an item, or NULL: an answer without text has none. */
static const struct message *message_of(const struct app *a, size_t item)
{
    const struct conversation *c = &a->chat.conversation;
    size_t at = 0;
    for (size_t i = 0; i <= item && i < a->reader.transcript.n && at < c->n_path; i++) {
        const struct message *m = &c->messages[c->path[at]];
        enum item_kind kind = a->reader.transcript.items[i].kind;
        if (kind == ITEM_NOTE || m->role != (kind == ITEM_USER ? CHAT_USER : CHAT_ASSISTANT))
            continue;
        if (i == item)
            return m;
        at++;
    }
    return NULL;
}

static void copy_to_file(struct app *a, const char *what, const char *why, const char *text,
                         size_t n)
{
    struct error err;
    char *path = clipboard_file(text, n, &err);
    if (path)
        app_notice(a, "%s, %zu bytes: %s; written to %s", what, n, why, path);
    else
        app_notice(a, "%s", err.text);
    free(path);
}

static void copy_text(struct app *a, const char *what, const char *text, size_t n)
{
    const char *how = options_text(a->chat.options, OPT_CLIPBOARD);
    struct buf sequence = {0};
    if (strcmp(how, "off") == 0) {
        app_notice(a, "Copying is off (clipboard: off)");
    } else if (!screen_has_osc()) {
        copy_to_file(a, what, "this terminal has no clipboard", text, n);
    } else if (n > CLIPBOARD_MAX) {
        copy_to_file(a, what, "too long for a terminal's clipboard", text, n);
    } else {
        bool tmux = strcmp(how, "tmux") == 0;
        clipboard_sequence(tmux ? CLIPBOARD_TMUX : CLIPBOARD_OSC52, text, n, &sequence);
        screen_send(sequence.data, sequence.len);
        app_notice(a, "%s sent to the terminal (OSC 52%s), %zu bytes", what,
                   tmux ? " through tmux" : "", n);
        buf_free(&sequence);
    }
}

static void copy_message(struct app *a, size_t item)
{
    const struct message *m = message_of(a, item);
    if (m && m->text.len)
        copy_text(a, m->role == CHAT_USER ? "Your message" : "Answer", m->text.data, m->text.len);
    else
        app_notice(a, "There is nothing to copy");
}

/* Each time the next code block of the message, then the first again. */
static void copy_code(struct app *a, size_t item)
{
    const struct message *m = message_of(a, item);
    struct buf code = {0};
    char what[40];
    if (item != a->reader.code_item)
        a->reader.code_next = 0;
    a->reader.code_item = item;
    bool found = m && code_of(m->text.data, m->text.len, a->reader.code_next, &code);
    if (m && !found && a->reader.code_next) {
        a->reader.code_next = 0;
        buf_free(&code);
        found = code_of(m->text.data, m->text.len, 0, &code);
    }
    snprintf(what, sizeof what, "Code %zu", ++a->reader.code_next);
    if (found && code.len)
        copy_text(a, what, code.data, code.len);
    else
        app_notice(a, "This message has no code");
    buf_free(&code);
}

static void copy_code_number(struct app *a, size_t item, size_t number)
{
    const struct message *m = message_of(a, item);
    struct buf code = {0};
    char what[40];
    snprintf(what, sizeof what, "Code %zu", number);
    if (m && code_of(m->text.data, m->text.len, number - 1, &code) && code.len)
        copy_text(a, what, code.data, code.len);
    else
        app_notice(a, "The last answer has no code %zu", number);
    buf_free(&code);
}

static size_t last_answer(const struct app *a)
{
    size_t i = a->reader.transcript.n;
    while (i > 0 &&
           (a->reader.transcript.items[i - 1].kind != ITEM_ANSWER || !message_of(a, i - 1)))
        i--;
    return i ? i - 1 : SIZE_MAX;
}

/* The item of the n-th message, from 1. */
static size_t item_number(const struct app *a, size_t n)
{
    for (size_t i = 0; i < a->reader.transcript.n; i++)
        if (a->reader.transcript.items[i].kind != ITEM_NOTE && --n == 0)
            return i;
    return SIZE_MAX;
}

void app_copy(struct app *a, const char *what)
{
    size_t digits = strspn(what, "0123456789");
    int block = 0, used = 0;
    if (strcmp(what, "code") == 0)
        copy_code(a, last_answer(a));
    else if (sscanf(what, "code %5d%n", &block, &used) == 1 && block > 0 && !what[used])
        copy_code_number(a, last_answer(a), (size_t)block);
    else if (!*what)
        copy_message(a, last_answer(a));
    else if (digits && digits < 9 && !what[digits] && atoi(what) > 0)
        copy_message(a, item_number(a, (size_t)atoi(what)));
    else
        app_notice(a, "/copy, /copy N with the number of a message, /copy code, or /copy code N");
}

/* ---- keys ----------------------------------------------------------------------------- */

bool app_reader_action(struct app *a, enum action action)
{
    switch (action) {
    case ACT_MESSAGE_PREVIOUS: transcript_jump(pane(a), -1); return true;
    case ACT_MESSAGE_NEXT: transcript_jump(pane(a), 1); return true;
    case ACT_FIND:
        a->reader.finding = true;
        a->reader.find.len = 0;
        return true;
    case ACT_FIND_NEXT: find_next(a, 1); return true;
    case ACT_FIND_PREVIOUS: find_next(a, -1); return true;
    case ACT_COPY: copy_message(a, transcript_current(&a->reader.transcript)); return true;
    case ACT_COPY_CODE: copy_code(a, transcript_current(&a->reader.transcript)); return true;
    case ACT_RAW: toggle_raw(a); return true;
    case ACT_BARE: toggle_bare(a); return true;
    default: return false;
    }
}
