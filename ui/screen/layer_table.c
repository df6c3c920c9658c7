/* SPDX-License-Identifier: MIT */
#include "layer_table.h"

#include "actions.h"
#include "find.h"
#include "mouse.h"
#include "pager.h"
#include "paste.h"
#include "picker_layer.h"
#include "question.h"
#include "token_layer.h"
#include "view_parts.h"

/* Pastes are for the input, wherever the focus is. */
static unsigned base_input(struct app *a, const struct input *in)
{
    switch (in->type) {
    case INPUT_PASTE_START: paste_start(a); break;
    case INPUT_PASTE: editor_paste(&a->composer.editor, in->text, in->n); break;
    case INPUT_PASTE_END: paste_end(a); break;
    case INPUT_MOUSE: return mouse_input(a, in);
    case INPUT_KEY:
    case INPUT_FOCUS: break; /* app_key, app_input */
    }
    return REACT_TAKEN | REACT_DIRTY;
}

const struct screen_layer layer_table[N_LAYERS] = {
    [LAYER_BASE] = {.covers = true,
                    .key = actions_key,
                    .input = base_input,
                    .draw = view_base,
                    .hints = view_base_hints},
    [LAYER_PAGER] = {.key = pager_key, .draw = view_page, .hints = view_page_hints},
    [LAYER_TOKENS] = {.modal = true,
                      .key = token_layer_key,
                      .draw = view_tokens,
                      .hints = view_tokens_hints},
    [LAYER_FIND] = {.modal = true, .key = find_key, .input = find_input, .hints = view_find_line},
    [LAYER_PICKER] = {.modal = true,
                      .covers = true,
                      .key = picker_layer_key,
                      .input = picker_layer_input,
                      .draw = view_picker,
                      .hints = view_picker_hints},
    [LAYER_QUESTION] = {.modal = true, .key = question_key},
};

/* After whatever came from the terminal. -> what is left for the loop. */
static unsigned settle(struct app *a, unsigned reaction)
{
    if (a->focus != FOCUS_CHAT)
        a->reader.bare = false; /* text alone ends when the focus goes elsewhere */
    composer_tell_if_full(&a->composer, &a->prompt);
    return reaction & ~(unsigned)REACT_TAKEN;
}

/* Two actions that even a modal layer lets through. */
static unsigned act_always(const struct app *a, int32_t key)
{
    enum action action = keymap_find(a->focus, key);
    return action == ACT_REDRAW ? REACT_REDRAW : action == ACT_SUSPEND ? REACT_SUSPEND : REACT_PASS;
}

unsigned app_key(struct app *a, int32_t key)
{
    prompt_forget(&a->prompt);
    unsigned reaction = layers_top(&a->layers)->modal ? act_always(a, key) : REACT_PASS;
    if (!reaction)
        reaction = layers_key(&a->layers, a, key);
    return settle(a, reaction | REACT_DIRTY);
}

unsigned app_input(struct app *a, const struct input *in)
{
    if (in->type == INPUT_FOCUS) {
        a->sight = in->is_here ? SIGHT_HERE : SIGHT_AWAY;
        return REACT_TAKEN;
    }
    a->last_input = now_ms();
    if (in->type == INPUT_KEY)
        return app_key(a, in->key);
    unsigned reaction = layers_input(&a->layers, a, in);
    return settle(a, reaction);
}
