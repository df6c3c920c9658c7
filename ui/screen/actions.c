/* SPDX-License-Identifier: MIT */
#include "actions.h"

#include <stdlib.h>
#include <string.h>

#include "chat_command.h"
#include "chat_model.h"
#include "chat_thinking.h"
#include "chat_tokens.h"
#include "chat_turn.h"
#include "chat_versions.h"
#include "compose.h"
#include "copy.h"
#include "find.h"
#include "fold.h"
#include "lists.h"
#include "look.h"
#include "mention.h"
#include "model_name.h"
#include "pager.h"
#include "question.h"
#include "send.h"

enum { WORD_MS = 600 }; /* between two letters of a word */

/* ---- everywhere ----------------------------------------------------------------------- */

/* A number that was typed counts when its slider is left. */
static void take_typed(struct app *a)
{
    struct error err;
    switch (sliders_act(&a->sliders, a->chat.options, ACT_ACCEPT, &err)) {
    case SLIDER_CHANGED: chat_apply_options(&a->chat); break;
    case SLIDER_REFUSED: app_notice(a, "%s", err.text); break;
    default: break;
    }
}

static void go_back(struct app *a)
{
    take_typed(a);
    a->focus = FOCUS_INPUT;
}

static void move_focus(struct app *a, int step)
{
    take_typed(a);
    a->focus = (a->focus + (unsigned)(N_FOCUS + step)) % N_FOCUS;
}

static void stop_rewriting(struct app *a)
{
    a->composer.rewriting = false;
    editor_clear(&a->composer.editor);
    app_notice(a, "Nothing changed");
}

/* Esc: what is nearest first: the number being typed, the answer, the new version, the search. A
 * page over the chat has closed itself before. */
static void escape(struct app *a)
{
    if (a->sliders.typed[0])
        sliders_forget(&a->sliders);
    else if (a->composer.waiting.len)
        send_take_back(a);
    else if (chat_is_busy(&a->chat))
        chat_stop(&a->chat);
    else if (a->chat.next_engine)
        chat_stop_loading(&a->chat);
    else if (a->composer.rewriting && a->focus == FOCUS_INPUT)
        stop_rewriting(a);
    else if (a->reader.transcript.search.pattern.text)
        find_text(a, "");
    else
        a->focus = FOCUS_INPUT;
}

static void interrupt(struct app *a)
{
    if (chat_is_busy(&a->chat)) {
        chat_stop(&a->chat);
    } else if (a->chat.next_engine) {
        chat_stop_loading(&a->chat);
    } else if (a->composer.editor.text.len) {
        char *text = editor_expand(&a->composer.editor);
        editor_remember(&a->composer.editor, text); /* Up brings it back */
        free(text);
        editor_clear(&a->composer.editor);
        a->composer.rewriting = false;
    } else {
        layers_close(&a->layers, LAYER_PAGER);
        app_notice(a, "Ctrl-D or /quit to quit");
    }
    a->focus = FOCUS_INPUT;
}

static unsigned act_on_program(struct app *a, enum action action)
{
    switch (action) {
    case ACT_STOP: escape(a); return REACT_TAKEN;
    case ACT_BACK: go_back(a); return REACT_TAKEN;
    case ACT_INTERRUPT: interrupt(a); return REACT_TAKEN;
    case ACT_HELP: chat_help(&a->chat); return REACT_TAKEN;
    case ACT_QUIT: return REACT_QUIT;
    case ACT_REDRAW: return REACT_REDRAW;
    case ACT_SUSPEND: return REACT_SUSPEND;
    case ACT_CONVERSATIONS: lists_conversations(a); return REACT_TAKEN;
    case ACT_VERSION_PREVIOUS: chat_next_version(&a->chat, -1); return REACT_TAKEN;
    case ACT_VERSION_NEXT: chat_next_version(&a->chat, 1); return REACT_TAKEN;
    case ACT_THINK: chat_think_next(&a->chat); return REACT_TAKEN;
    case ACT_FOCUS_NEXT: move_focus(a, 1); return REACT_TAKEN;
    case ACT_FOCUS_PREVIOUS: move_focus(a, -1); return REACT_TAKEN;
    case ACT_SIDEBAR: a->reader.no_sidebar = !a->reader.no_sidebar; return REACT_TAKEN;
    default: return REACT_PASS;
    }
}

/* ---- sliders -------------------------------------------------------------------------- */

static unsigned act_on_sliders(struct app *a, enum action action)
{
    struct error err;
    switch (sliders_act(&a->sliders, a->chat.options, action, &err)) {
    case SLIDER_OTHER: return REACT_PASS;
    case SLIDER_CHANGED: chat_apply_options(&a->chat); break;
    case SLIDER_REFUSED: app_notice(a, "%s", err.text); break;
    case SLIDER_DONE: break;
    }
    return REACT_TAKEN;
}

/* ---- chat pane ------------------------------------------------------------------------ */

static unsigned act_on_reader(struct app *a, enum action action)
{
    switch (action) {
    case ACT_FIND: find_open(a); return REACT_TAKEN;
    case ACT_FIND_NEXT: find_next(a, 1); return REACT_TAKEN;
    case ACT_FIND_PREVIOUS: find_next(a, -1); return REACT_TAKEN;
    case ACT_COPY: copy_current(a); return REACT_TAKEN;
    case ACT_COPY_CODE: copy_current_code(a); return REACT_TAKEN;
    case ACT_RAW: look_toggle_raw(a); return REACT_TAKEN;
    case ACT_BARE: look_toggle_bare(a); return REACT_TAKEN;
    case ACT_SHOW_THINKING: fold_toggle(a); return REACT_TAKEN;
    case ACT_TOKENS: chat_tokens(&a->chat, ""); return REACT_TAKEN;
    default: return reader_scroll(pager_pane(a), action) ? REACT_TAKEN : REACT_PASS;
    }
}

/* ---- input ---------------------------------------------------------------------------- */

static void put_example(struct app *a, int i)
{
    const char *text = model_example(a->chat.model_name, i);
    if (a->chat.conversation.n_path == 0)
        editor_set(&a->composer.editor, text, strlen(text));
}

static unsigned act_on_input(struct app *a, enum action action)
{
    const struct buf *text = &a->composer.editor.text;
    struct mention mention;
    switch (action) {
    case ACT_SEND: send_input(a); return REACT_TAKEN;
    case ACT_EXAMPLE_1:
    case ACT_EXAMPLE_2:
    case ACT_EXAMPLE_3:
    case ACT_EXAMPLE_4: put_example(a, (int)(action - ACT_EXAMPLE_1)); return REACT_TAKEN;
    case ACT_EDIT_IN_EDITOR: compose_input(a); return REACT_TAKEN;
    case ACT_COMPLETE:
        if (text->len && (text->data[0] == '/' ||
                          mention_before(text->data, a->composer.editor.caret, &mention)))
            complete_input(a);
        else
            a->focus = FOCUS_SIDEBAR;
        return REACT_TAKEN;
    case ACT_DELETE_OR_QUIT:
        if (!text->len)
            return REACT_QUIT;
        break;
    default: break;
    }
    composer_act(&a->composer, action, &a->prompt);
    return REACT_TAKEN;
}

/* ---- keys ----------------------------------------------------------------------------- */

static bool is_letter(int32_t key)
{
    return (key >= 'a' && key <= 'z') || (key >= 'A' && key <= 'Z');
}

/* A character that is bound to nothing: a number for the slider, or text. */
static void type(struct app *a, int32_t key)
{
    if (a->focus == FOCUS_SIDEBAR && sliders_type(&a->sliders, key))
        return;
    bool goes_on = a->focus == FOCUS_CHAT && a->reader.letter && is_letter(key) &&
                   now_ms() - a->reader.letter_at < WORD_MS;
    a->focus = FOCUS_INPUT; /* who types means the input */
    if (goes_on)            /* the key before was the first letter of a word */
        editor_type(&a->composer.editor, a->reader.letter);
    editor_type(&a->composer.editor, key);
}

unsigned actions_key(struct app *a, int32_t key)
{
    if (a->focus == FOCUS_INPUT && composer_key(&a->composer, &key, &a->prompt))
        return REACT_TAKEN;
    enum action action = keymap_find(a->focus, key);
    if (action == ACT_NONE && key >= 0x20 && key < K_NONE) {
        type(a, key);
        return REACT_TAKEN;
    }
    a->reader.letter = a->focus == FOCUS_CHAT && is_letter(key) ? key : 0;
    a->reader.letter_at = now_ms();
    unsigned reaction = act_on_program(a, action);
    reaction = reaction ? reaction : act_on_sliders(a, action);
    reaction = reaction ? reaction : act_on_reader(a, action);
    return reaction ? reaction : act_on_input(a, action);
}
