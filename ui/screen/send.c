/* SPDX-License-Identifier: MIT */
#include "send.h"

#include <stdlib.h>
#include <string.h>

#include "chat_command.h"
#include "chat_face.h"
#include "command.h"
#include "question.h"
#include "screen.h"

/* In memory, and in the history file if one is open. */
static void remember(struct app *a, const char *line)
{
    struct error err;
    if (!history_keep(&a->composer.editor.history, line, &err))
        app_notice(a, "%s", err.text);
}

/* One message may wait; a new version of one is a matter of its own. */
static void wait_with(struct app *a, const char *line, const char *text)
{
    if (a->composer.waiting.len || a->composer.rewriting) {
        app_notice(a, a->composer.waiting.len
                          ? "A message is waiting already: Esc takes it back"
                          : "An answer is running: Esc stops it, your text stays here");
        return;
    }
    remember(a, line);
    buf_puts(&a->composer.waiting, text);
    editor_clear(&a->composer.editor);
    app_notice(a, "Your message is sent when the answer has ended; Esc takes it back");
}

void send_waiting(struct app *a)
{
    struct buf text = a->composer.waiting;
    if (!text.len || chat_is_busy(&a->chat) || a->prompt.answer)
        return;
    a->composer.waiting = (struct buf){0};
    chat_face_send(a, text.data, text.len);
    buf_free(&text);
}

void send_take_back(struct app *a)
{
    struct buf text = a->composer.waiting;
    a->composer.waiting = (struct buf){0};
    if (a->composer.editor.text.len) {
        buf_puts(&text, "\n");
        char *now = editor_expand(&a->composer.editor);
        buf_puts(&text, now);
        free(now);
    }
    editor_set(&a->composer.editor, text.data, text.len);
    a->focus = FOCUS_INPUT;
    buf_free(&text);
}

/* Once: what was sent is whole, but a '?' on the screen. */
static void tell_hidden(struct app *a, const char *text)
{
    bool is_hidden = false;
    for (; *text; text++)
        is_hidden |= (unsigned char)*text >= 0x80;
    if (!is_hidden || !screen_is_ascii() || a->composer.told_ascii)
        return;
    a->composer.told_ascii = true;
    app_notice(a, "Sent whole; ? stands for what this locale cannot show: LC_ALL=C.UTF-8 shows it");
}

void send_input(struct app *a)
{
    struct editor *e = &a->composer.editor;
    const char *argument;
    char *line = editor_expand(e);
    const char *start = line + strspn(line, " \t\n");
    /* A folded paste is text, whatever it begins with. */
    bool folded = e->text.len && e->text.data[strspn(e->text.data, " \t\n")] == FOLDED_PASTE_START;
    enum command_kind id = command_parse(line, &argument);
    if (folded) {
        id = COMMAND_TEXT;
        argument = line;
    }
    if (!*start) {
        /* nothing to send */
    } else if (strlen(line) > EDITOR_MAX_BYTES) {
        e->full = true;
    } else if (id == COMMAND_TEXT && chat_is_busy(&a->chat)) {
        wait_with(a, line, argument);
    } else {
        if (id != COMMAND_UNKNOWN) {
            remember(a, line);
            editor_clear(e);
        }
        layers_close(&a->layers, LAYER_PAGER);
        if (id == COMMAND_TEXT)
            chat_face_send(a, argument, strlen(argument));
        else
            chat_command(&a->chat, line);
        tell_hidden(a, line);
    }
    free(line);
}
