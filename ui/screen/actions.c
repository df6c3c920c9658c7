/* SPDX-License-Identifier: MIT */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include "chat_command.h"
#include "chat_turn.h"
#include "chat_versions.h"
#include "lists.h"
#include "utf8.h"
#include "view.h"

/* ---- sliders -------------------------------------------------------------------------- */

static void select_slider(struct app *a, int step)
{
    a->sliders.selected = (a->sliders.selected + step + N_SLIDERS) % N_SLIDERS;
    a->sliders.typed[0] = '\0';
}

static void slider_changed(struct app *a)
{
    a->sliders.typed[0] = '\0';
    chat_apply_options(&a->chat);
}

static void move_slider(struct app *a, int n_steps)
{
    options_step(a->chat.options, sliders[a->sliders.selected], n_steps);
    slider_changed(a);
}

/* Moves further than the slider is long: to its end. */
static void slide_to_end(struct app *a, int direction)
{
    const struct option_row *row = &option_table[sliders[a->sliders.selected]];
    move_slider(a, direction * (int)((row->slider_max - row->slider_min) / row->step + 2));
}

static void accept_typed(struct app *a)
{
    struct error err;
    if (a->sliders.typed[0] && options_set(a->chat.options, sliders[a->sliders.selected],
                                           a->sliders.typed, SOURCE_USER, &err))
        slider_changed(a);
    else if (a->sliders.typed[0])
        app_notice(a, "%s", err.text);
    a->sliders.typed[0] = '\0';
}

static void type_digit(struct app *a, int32_t key)
{
    size_t n = strlen(a->sliders.typed);
    if (n + 1 < sizeof a->sliders.typed) {
        a->sliders.typed[n] = (char)key;
        a->sliders.typed[n + 1] = '\0';
    }
}

static bool act_on_sliders(struct app *a, enum action action)
{
    switch (action) {
    case ACT_SELECT_PREVIOUS: select_slider(a, -1); return true;
    case ACT_SELECT_NEXT: select_slider(a, 1); return true;
    case ACT_LOWER: move_slider(a, -1); return true;
    case ACT_RAISE: move_slider(a, 1); return true;
    case ACT_SLIDER_MIN: slide_to_end(a, -1); return true;
    case ACT_SLIDER_MAX: slide_to_end(a, 1); return true;
    case ACT_ACCEPT: accept_typed(a); return true;
    case ACT_RESET:
        options_reset(a->chat.options, sliders[a->sliders.selected]);
        slider_changed(a);
        return true;
    case ACT_ERASE_DIGIT:
        if (a->sliders.typed[0])
            a->sliders.typed[strlen(a->sliders.typed) - 1] = '\0';
        return true;
    default: return false;
    }
}

/* ---- chat pane ------------------------------------------------------------------------ */

static bool act_on_pane(struct app *a, enum action action)
{
    struct transcript *t = a->reader.pager_open ? &a->reader.pager : &a->reader.transcript;
    int page = t->height > 2 ? t->height - 1 : 1, half = page / 2 > 0 ? page / 2 : 1;
    switch (action) {
    case ACT_PAGE_UP: transcript_scroll(t, -page); return true;
    case ACT_PAGE_DOWN: transcript_scroll(t, page); return true;
    case ACT_HALF_UP: transcript_scroll(t, -half); return true;
    case ACT_HALF_DOWN: transcript_scroll(t, half); return true;
    case ACT_LINE_UP: transcript_scroll(t, -1); return true;
    case ACT_LINE_DOWN: transcript_scroll(t, 1); return true;
    case ACT_SCROLL_TOP: transcript_top(t); return true;
    case ACT_SCROLL_BOTTOM: transcript_bottom(t); return true;
    default: return false;
    }
}

/* ---- everywhere ----------------------------------------------------------------------- */

static void stop_rewriting(struct app *a)
{
    a->composer.rewriting = false;
    editor_clear(&a->composer.editor);
    app_notice(a, "It stays as it was");
}

static void go_back(struct app *a)
{
    a->reader.pager_open = false;
    a->sliders.typed[0] = '\0';
    a->focus = FOCUS_INPUT;
}

/* Esc: what is nearest first: the page over the chat, the number being typed, the answer. */
static void escape(struct app *a)
{
    if (a->reader.pager_open)
        go_back(a);
    else if (a->sliders.typed[0])
        a->sliders.typed[0] = '\0';
    else if (chat_is_busy(&a->chat))
        chat_stop(&a->chat);
    else if (a->composer.rewriting && a->focus == FOCUS_INPUT)
        stop_rewriting(a);
    else if (a->reader.transcript.search.pattern.text)
        app_find(a, "");
    else
        a->focus = FOCUS_INPUT;
}

static void interrupt(struct app *a)
{
    if (chat_is_busy(&a->chat)) {
        chat_stop(&a->chat);
    } else if (a->composer.editor.text.len) {
        char *text = editor_expand(&a->composer.editor);
        editor_remember(&a->composer.editor, text); /* Up brings it back */
        free(text);
        editor_clear(&a->composer.editor);
        a->composer.rewriting = false;
    } else {
        a->reader.pager_open = false;
        app_notice(a, "Ctrl-D or /quit to quit");
    }
    a->focus = FOCUS_INPUT;
}

static bool act_on_program(struct app *a, enum action action)
{
    switch (action) {
    case ACT_STOP: escape(a); return true;
    case ACT_BACK: go_back(a); return true;
    case ACT_INTERRUPT: interrupt(a); return true;
    case ACT_HELP:
        if (a->reader.pager_open)
            go_back(a);
        else
            chat_help(&a->chat);
        return true;
    case ACT_QUIT: a->quit = true; return true;
    case ACT_CONVERSATIONS: app_pick_conversation(a); return true;
    case ACT_VERSION_PREVIOUS: chat_next_version(&a->chat, -1); return true;
    case ACT_VERSION_NEXT: chat_next_version(&a->chat, 1); return true;
    case ACT_REDRAW: a->redraw = true; return true;
    case ACT_SUSPEND: a->suspend = true; return true;
    case ACT_FOCUS_NEXT: a->focus = (a->focus + 1) % N_FOCUS; return true;
    case ACT_FOCUS_PREVIOUS: a->focus = (a->focus + N_FOCUS - 1) % N_FOCUS; return true;
    default: return false;
    }
}

/* A character that is bound to nothing: a number for the slider, or text. */
static void type(struct app *a, int32_t key)
{
    if (a->focus == FOCUS_SIDEBAR && ((key >= '0' && key <= '9') || key == '.')) {
        type_digit(a, key);
        return;
    }
    a->focus = FOCUS_INPUT; /* who types means the input */
    editor_type(&a->composer.editor, key);
}

/* ---- lists ---------------------------------------------------------------------------- */

void app_open_picker(struct app *a, void (*act)(struct app *, enum picker_result, int32_t))
{
    a->list.open = a->dirty = true;
    a->list.act = act;
}

void app_close_picker(struct app *a)
{
    picker_free(&a->list.picker);
    a->list.open = false;
    a->dirty = true;
}

static void paste_into_picker(struct app *a, const char *text, size_t n)
{
    for (size_t i = 0; i < n && a->list.open;) {
        int32_t cp;
        i += utf8_decode(text + i, n - i, &cp);
        if (cp >= 0x20)
            a->list.act(a, picker_key(&a->list.picker, cp), cp);
    }
}

/* ---- mouse ---------------------------------------------------------------------------- */

enum { WHEEL_ROWS = 3 };

/* The slider's step that is nearest to this part of its track. */
static void slide_to(struct app *a, double fraction)
{
    const struct option_row *row = &option_table[sliders[a->sliders.selected]];
    double to = row->slider_min + fraction * (row->slider_max - row->slider_min);
    double steps = (to - options_number(a->chat.options, sliders[a->sliders.selected])) / row->step;
    if (steps <= -0.5 || steps >= 0.5)
        move_slider(a, (int)(steps + (steps < 0 ? -0.5 : 0.5)));
}

static void click(struct app *a, const struct place *at)
{
    if (at->kind == PLACE_CHAT)
        a->focus = FOCUS_CHAT;
    else if (at->kind == PLACE_INPUT)
        a->focus = FOCUS_INPUT;
    else if (at->kind == PLACE_SIDEBAR)
        a->focus = FOCUS_SIDEBAR;
    if (at->slider < 0)
        return;
    select_slider(a, at->slider - a->sliders.selected);
    if (at->fraction >= 0)
        slide_to(a, at->fraction);
}

static void mouse(struct app *a, const struct input *in)
{
    struct transcript *t = a->reader.pager_open ? &a->reader.pager : &a->reader.transcript;
    struct place at = view_at(a, in->row, in->column);
    int direction = in->button == MOUSE_WHEEL_UP ? 1 : in->button == MOUSE_WHEEL_DOWN ? -1 : 0;
    if (strcmp(options_text(a->chat.options, OPT_MOUSE), "true") != 0)
        return; /* not asked for: noise */
    a->dirty = true;
    if (direction && at.slider >= 0) {
        select_slider(a, at.slider - a->sliders.selected);
        move_slider(a, direction);
    } else if (direction) {
        transcript_scroll(t, -direction * WHEEL_ROWS);
    } else if (in->button == MOUSE_LEFT) {
        click(a, &at);
    }
}

/* ---- from the terminal ---------------------------------------------------------------- */

void app_key(struct app *a, int32_t key)
{
    enum action action = keymap_find(a->focus, key);
    a->dirty = true;
    if (!a->prompt.answer)
        a->prompt.notice.len = 0;
    if (a->list.open && action != ACT_REDRAW && action != ACT_SUSPEND) {
        a->list.act(a, picker_key(&a->list.picker, key), key);
        return;
    }
    if (app_find_key(a, key) || app_input_key(a, &key)) {
        app_tell_if_full(a);
        return;
    }
    action = keymap_find(a->focus, key);
    if (action == ACT_NONE && key >= 0x20 && key < K_NONE)
        type(a, key);
    else if (!act_on_program(a, action) && !act_on_sliders(a, action) && !act_on_pane(a, action) &&
             !app_reader_action(a, action))
        app_input_action(a, action);
    if (a->focus != FOCUS_CHAT)
        a->reader.bare = false; /* it is over, not in wait */
    app_tell_if_full(a);
}

void app_input(struct app *a, const struct input *in)
{
    if (a->list.open && in->type != INPUT_KEY) {
        if (in->type == INPUT_PASTE)
            paste_into_picker(a, in->text, in->n);
        a->dirty = true;
        return;
    }
    switch (in->type) {
    case INPUT_KEY: app_key(a, in->key); return;
    case INPUT_PASTE_START: app_paste_start(a); return;
    case INPUT_PASTE: editor_paste(&a->composer.editor, in->text, in->n); break;
    case INPUT_PASTE_END: app_paste_end(a); break;
    case INPUT_MOUSE: mouse(a, in); return;
    }
    app_tell_if_full(a);
    a->dirty = true;
}
