/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "external_editor.h"
#include "plain_internal.h"

enum {
    STEP_MS = 20,       /* between looks whether the editor has ended */
    MAX_TEXT = 1 << 20, /* bytes from it */
};

/* Waits for the editor's end. -> its status */
static int wait_for(struct external_editor *editor)
{
    struct sigaction ours, ignore = {.sa_handler = SIG_IGN};
    int status;
    sigaction(SIGINT, &ignore, &ours); /* Ctrl-C is the editor's */
    while (!external_editor_ended(editor, &status))
        poll(NULL, 0, STEP_MS);
    sigaction(SIGINT, &ours, NULL);
    return status;
}

static bool run(const char *text, struct buf *written, struct error *err)
{
    struct external_editor editor;
    bool repaired;
    external_editor_prepare(&editor);
    if (!external_editor_start(&editor, text, strlen(text), err)) {
        external_editor_over(&editor);
        return false;
    }
    int status = wait_for(&editor);
    external_editor_over(&editor);
    return external_editor_end(&editor, status, MAX_TEXT, written, &repaired, err);
}

char *line_chat_edit(struct plain *p, const char *text)
{
    struct buf written = {0};
    struct error err;
    if (!plain_has_user(p)) {
        line_chat_say(p, "The editor needs a terminal; use /system TEXT instead");
        return NULL;
    }
    terminal_lines_end(); /* until the next line is asked for */
    if (run(text, &written, &err))
        return written.data ? written.data : xstrdup("");
    line_chat_say(p, "%s", err.text);
    buf_free(&written);
    return NULL;
}
