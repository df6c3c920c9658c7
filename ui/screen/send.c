/* SPDX-License-Identifier: MIT */
#include "send.h"

#include <stdlib.h>
#include <string.h>

#include "chat_command.h"
#include "chat_face.h"
#include "chat_files.h"
#include "command.h"
#include "complete.h"
#include "message_parts.h"
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
static void wait_with(struct app *a, const char *line, const struct buf *message)
{
    if (a->composer.waiting.len || a->composer.rewriting) {
        app_notice(a, a->composer.waiting.len
                          ? "A message is waiting already: Esc takes it back"
                          : "An answer is running: Esc stops it, your text stays here");
        return;
    }
    remember(a, line);
    buf_append(&a->composer.waiting, message->data, message->len);
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
    struct buf message = a->composer.waiting, text = {0};
    size_t parts = message_parts_length(message.data, message.len);
    a->composer.waiting = (struct buf){0};
    buf_append(&text, message.data + parts, message.len - parts);
    buf_free(&message);
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

/* Files are put into what the user says, not into what he writes in the model's place. -> false:
 * one cannot be put in, and why */
static bool join_files(struct app *a, const char *text, struct buf *message, struct error *err)
{
    const struct composer *c = &a->composer;
    bool answers =
        c->rewriting && a->chat.conversation.messages[c->rewritten].role == CHAT_ASSISTANT;
    if (!answers)
        return chat_files_join(c->editor.text.data, text, strlen(text), message, err);
    buf_puts(message, text);
    return true;
}

/* The whole line, and what of it is the message. */
static void send_text(struct app *a, const char *line, const char *text)
{
    struct buf message = {0};
    struct error err;
    if (!join_files(a, text, &message, &err)) {
        app_notice(a, "%s", err.text);
    } else if (chat_is_busy(&a->chat)) {
        wait_with(a, line, &message);
    } else {
        remember(a, line);
        editor_clear(&a->composer.editor);
        layers_close(&a->layers, LAYER_PAGER);
        chat_face_send(a, message.data, message.len);
        tell_hidden(a, line);
    }
    buf_free(&message);
}

static void send_command(struct app *a, const char *line, bool known)
{
    if (known) {
        remember(a, line);
        editor_clear(&a->composer.editor);
    }
    layers_close(&a->layers, LAYER_PAGER);
    chat_command(&a->chat, line);
    tell_hidden(a, line);
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
    } else if (id == COMMAND_TEXT) {
        send_text(a, line, argument);
    } else {
        send_command(a, line, id == COMMAND_KNOWN);
    }
    free(line);
}

/* ---- Tab ------------------------------------------------------------------------------ */

/* What was typed begins with a quote now. */
static void replace(struct editor *e, const struct completion *c)
{
    struct buf text = {0};
    buf_puts(&text, c->before);
    buf_append(&text, c->words[0], c->n_common);
    editor_begin(e);
    editor_change(e, c->from, e->caret - c->from, text.data, text.len);
    buf_free(&text);
}

void complete_input(struct app *a)
{
    struct editor *e = &a->composer.editor;
    struct completion c;
    struct buf list = {0};
    complete(e->text.data, e->caret, &c);
    size_t typed = e->caret - c.from;
    if (c.n && *c.before && c.n_common >= typed)
        replace(e, &c);
    else if (c.n && c.n_common > typed)
        editor_insert(e, c.words[0] + typed, c.n_common - typed);
    else if (c.n > 1)
        for (size_t i = 0; i < c.n && list.len < 1000; i++)
            buf_printf(&list, "%s%s", i ? "  " : "", c.words[i] + c.n_folder);
    if (c.n == 1)
        editor_insert(e, c.after, strlen(c.after));
    if (list.len)
        app_notice(a, "%s", list.data);
    completion_free(&c);
    buf_free(&list);
}
