/* SPDX-License-Identifier: MIT */
#include "copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clipboard.h"
#include "code_block.h"
#include "item_message.h"
#include "question.h"
#include "screen.h"

static void copy_to_file(struct app *a, const char *what, const char *why, const char *text,
                         size_t n)
{
    struct error err;
    char *path = clipboard_file(text, n, &err);
    if (path)
        app_notice(a, "%s: copied %s (%zu bytes) to %s", why, what, n, path);
    else
        app_notice(a, "%s", err.text);
    free(path);
}

static void copy_by_program(struct app *a, const char *program, const char *what, const char *text,
                            size_t n)
{
    struct error err;
    const char *name = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
    if (clipboard_run(program, text, n, &err))
        app_notice(a, "Copied %s (%zu bytes, via %s)", what, n, name);
    else
        app_notice(a, "%s", err.text);
}

static void copy_by_terminal(struct app *a, bool tmux, const char *what, const char *text, size_t n)
{
    struct buf sequence = {0};
    if (!screen_has_osc()) {
        copy_to_file(a, what, "This terminal has no clipboard", text, n);
    } else if (n > CLIPBOARD_MAX) {
        copy_to_file(a, what, "Too long for a terminal's clipboard", text, n);
    } else {
        clipboard_sequence(tmux ? CLIPBOARD_TMUX : CLIPBOARD_OSC52, text, n, &sequence);
        screen_send(sequence.data, sequence.len);
        app_notice(a, "Copied %s (%zu bytes, via OSC 52%s; not every terminal takes it)", what, n,
                   tmux ? " through tmux" : "");
        buf_free(&sequence);
    }
}

static void copy_text(struct app *a, const char *what, const char *text, size_t n)
{
    const char *how = options_text(a->chat.options, OPT_CLIPBOARD);
    const bool automatic = strcmp(how, "auto") == 0;
    const char *program =
        automatic || strcmp(how, "pbcopy") == 0 ? clipboard_program(automatic) : NULL;
    if (strcmp(how, "off") == 0)
        app_notice(a, "Copying is off (clipboard: off)");
    else if (program)
        copy_by_program(a, program, what, text, n);
    else if (automatic && clipboard_tmux(text, n))
        app_notice(a, "Copied %s (%zu bytes) to tmux's buffer, and to the clipboard if tmux may",
                   what, n);
    else
        copy_by_terminal(a, strcmp(how, "tmux") == 0, what, text, n);
}

static void copy_message(struct app *a, size_t item)
{
    if (item == SIZE_MAX && a->reader.transcript.n) {
        app_notice(a, "There is no such message");
        return;
    }
    const struct message *m = item_message(a, item);
    if (m && m->text.len)
        copy_text(a, m->role == CHAT_USER ? "your message" : "the answer", m->text.data,
                  m->text.len);
    else
        app_notice(a, "Nothing to copy");
}

/* Each time the next code block of the message, then the first again. */
static void copy_code(struct app *a, size_t item)
{
    const struct message *m = item_message(a, item);
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
    snprintf(what, sizeof what, "code block %zu", ++a->reader.code_next);
    if (found && code.len)
        copy_text(a, what, code.data, code.len);
    else
        app_notice(a, "This message has no code block");
    buf_free(&code);
}

static void copy_code_number(struct app *a, size_t item, size_t number)
{
    const struct message *m = item_message(a, item);
    struct buf code = {0};
    char what[40];
    snprintf(what, sizeof what, "code block %zu", number);
    if (m && code_of(m->text.data, m->text.len, number - 1, &code) && code.len)
        copy_text(a, what, code.data, code.len);
    else
        app_notice(a, "The last answer has no code block %zu", number);
    buf_free(&code);
}

static size_t last_answer(const struct app *a)
{
    size_t i = a->reader.transcript.n;
    while (i > 0 &&
           (a->reader.transcript.items[i - 1].kind != ITEM_ANSWER || !item_message(a, i - 1)))
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

void copy_command(struct app *a, const char *what)
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

void copy_current(struct app *a)
{
    copy_message(a, transcript_current(&a->reader.transcript));
}

void copy_current_code(struct app *a)
{
    copy_code(a, transcript_current(&a->reader.transcript));
}
