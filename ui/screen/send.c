/* SPDX-License-Identifier: MIT */
#include "send.h"

#include <stdlib.h>
#include <string.h>

#include "chat_command.h"
#include "chat_face.h"
#include "command.h"
#include "question.h"

/* In memory, and in the history file if one is open. */
static void remember(struct app *a, const char *line)
{
    struct error err;
    if (!history_keep(&a->composer.editor.history, line, &err))
        app_notice(a, "%s", err.text);
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
        app_notice(a, a->chat.queued ? "A message is already waiting for the model"
                                     : "An answer is running: Esc stops it, your text stays here");
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
    }
    free(line);
}
