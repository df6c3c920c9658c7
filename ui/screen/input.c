/* SPDX-License-Identifier: MIT */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include "chat_command.h"
#include "command.h"
#include "model_name.h"
#include "screen.h"

/* ---- questions ------------------------------------------------------------------------ */

void app_ask(struct app *a, void (*answer)(struct app *, bool yes), const char *question)
{
    a->prompt.answer = answer;
    app_notice(a, "%s (y/n)", question);
}

static void answer_key(struct app *a, int32_t key)
{
    void (*answer)(struct app *, bool) = a->prompt.answer;
    bool yes = key == 'y' || key == 'Y';
    if (!yes && key != 'n' && key != 'N' && key != K_ESC && key != (K_CTRL | 'c'))
        return; /* the question stays */
    a->prompt.answer = NULL;
    a->prompt.notice.len = 0;
    answer(a, yes);
}

/* ---- pastes --------------------------------------------------------------------------- */

static void answer_paste(struct app *a, bool yes)
{
    if (yes)
        editor_take_paste(&a->composer.editor);
    else
        editor_drop_paste(&a->composer.editor);
    app_tell_if_full(a);
}

void app_paste_start(struct app *a)
{
    a->focus = FOCUS_INPUT;
    a->sliders.typed[0] = '\0';
    a->prompt.notice.len = 0;
    a->prompt.answer = NULL; /* a second paste takes the place of one that waits */
    a->composer.ctrl_x = a->composer.quoted = false;
    if (a->composer.editor.search.on)
        editor_search_key(&a->composer.editor, K_ESC);
    editor_paste_start(&a->composer.editor);
}

void app_paste_end(struct app *a)
{
    struct editor *e = &a->composer.editor;
    editor_paste_end(e);
    size_t lines = editor_pasted_lines(e);
    double most = options_number(a->chat.options, OPT_PASTE_CONFIRM);
    if (most > 0 && (double)lines > most && e->pasted.len <= EDITOR_MAX_BYTES) {
        char *question = xasprintf("Insert a paste of %zu lines?", lines);
        app_ask(a, answer_paste, question);
        free(question);
        return;
    }
    size_t n_chips = e->folded_pastes.n;
    editor_take_paste(e);
    if (e->folded_pastes.n > n_chips && n_chips == 0)
        app_notice(a, "A long paste is folded; it is sent as a whole, Ctrl-O unfolds it");
}

void app_tell_if_full(struct app *a)
{
    if (a->composer.editor.full)
        app_notice(a, "The input is full: it holds at most %d MB", EDITOR_MAX_BYTES >> 20);
    a->composer.editor.full = false;
}

/* ---- $EDITOR -------------------------------------------------------------------------- */

void app_compose(struct app *a, const char *text,
                 void (*done)(struct app *, const char *text, size_t n))
{
    struct error err;
    external_editor_prepare(&a->composer.external);
    screen_leave();
    if (external_editor_start(&a->composer.external, text, strlen(text), &err)) {
        a->composer.composed = done;
        return;
    }
    screen_enter();
    external_editor_over(&a->composer.external);
    app_notice(a, "%s", err.text);
}

void app_compose_check(struct app *a)
{
    struct buf text = {0};
    struct error err;
    int status;
    bool repaired;
    if (!a->composer.external.pid || !external_editor_ended(&a->composer.external, &status))
        return;
    screen_enter();
    external_editor_over(&a->composer.external);
    a->dirty = true;
    if (!external_editor_end(&a->composer.external, status, EDITOR_MAX_BYTES, &text, &repaired,
                             &err)) {
        app_notice(a, "%s", err.text);
        return;
    }
    a->composer.composed(a, text.data ? text.data : "", text.len);
    if (repaired)
        app_notice(a, "Bytes that are no UTF-8 stand as U+FFFD now");
    buf_free(&text);
}

static void take_composed(struct app *a, const char *text, size_t n)
{
    editor_set(&a->composer.editor, text, n);
}

static void external_editor_input(struct app *a)
{
    char *text = editor_expand(&a->composer.editor);
    app_compose(a, text, take_composed);
    free(text);
}

/* ---- sending -------------------------------------------------------------------------- */

/* In the file too, where one was opened. */
static void remember(struct app *a, const char *line)
{
    struct error err;
    if (!history_keep(&a->composer.editor.history, line, &err))
        app_notice(a, "%s", err.text);
}

static void send_input(struct app *a)
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
        app_notice(a, a->chat.queued ? "A message is waiting for the model already"
                                     : "An answer is running: Esc stops it, your text stays here");
    } else {
        if (id != COMMAND_UNKNOWN) {
            remember(a, line);
            editor_clear(e);
        }
        a->reader.pager_open = false;
        if (id == COMMAND_TEXT)
            app_send(a, argument, strlen(argument));
        else
            chat_command(&a->chat, line);
    }
    free(line);
}

/* ---- keys ----------------------------------------------------------------------------- */

static void insert_quoted(struct app *a, int32_t key)
{
    a->composer.quoted = false;
    if (key == K_TAB)
        editor_type(&a->composer.editor, '\t');
    else if (key == K_ENTER || key == (K_CTRL | 'j'))
        editor_type(&a->composer.editor, '\n');
    else if (key >= 0x20 && key < K_NONE)
        editor_type(&a->composer.editor, key);
    else
        app_notice(a, "Control characters are no part of a message");
}

bool app_input_key(struct app *a, int32_t *key)
{
    struct editor *e = &a->composer.editor;
    if (a->prompt.answer) {
        answer_key(a, *key);
        return true;
    }
    if (a->focus != FOCUS_INPUT)
        return false;
    if (e->search.on && editor_search_key(e, *key))
        return true;
    if (a->composer.quoted) {
        insert_quoted(a, *key);
        return true;
    }
    if (a->composer.ctrl_x) {
        a->composer.ctrl_x = false;
        *key |= K_CTRL_X;
        return false;
    }
    if (*key == (K_CTRL | 'x')) {
        a->composer.ctrl_x = true;
        app_notice(a, "Ctrl-X -");
        return true;
    }
    if (a->reader.pager_open && *key == K_ESC)
        return false;
    return vi_key(e, *key);
}

static void put_example(struct app *a, int i)
{
    const char *text = model_example(a->chat.model_name, i);
    if (a->chat.conversation.n_path == 0)
        editor_set(&a->composer.editor, text, strlen(text));
}

void app_input_action(struct app *a, enum action action)
{
    switch (action) {
    case ACT_SEND: send_input(a); break;
    case ACT_EXAMPLE_1:
    case ACT_EXAMPLE_2:
    case ACT_EXAMPLE_3:
    case ACT_EXAMPLE_4: put_example(a, (int)(action - ACT_EXAMPLE_1)); break;
    case ACT_COMPLETE:
        if (a->composer.editor.text.len && a->composer.editor.text.data[0] == '/')
            app_complete(a);
        else
            a->focus = FOCUS_SIDEBAR;
        break;
    case ACT_QUOTED_INSERT:
        a->composer.quoted = true;
        app_notice(a, "Ctrl-Q -");
        break;
    case ACT_EDIT_IN_EDITOR: external_editor_input(a); break;
    case ACT_DELETE_OR_QUIT:
        if (!a->composer.editor.text.len)
            a->quit = true;
        else
            editor_act(&a->composer.editor, action);
        break;
    default: editor_act(&a->composer.editor, action);
    }
}
