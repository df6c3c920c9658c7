/* SPDX-License-Identifier: MIT */
#include "mouse.h"

#include <string.h>

#include "fold.h"
#include "frame.h"
#include "pager.h"
#include "screen.h"

enum { WHEEL_ROWS = 3 };

static void click(struct app *a, const struct place *at)
{
    if (at->kind == PLACE_CHAT)
        a->focus = FOCUS_CHAT;
    else if (at->kind == PLACE_INPUT)
        a->focus = FOCUS_INPUT;
    else if (at->kind == PLACE_SIDEBAR)
        a->focus = FOCUS_SIDEBAR;
    if (at->thought != SIZE_MAX)
        fold_click(a, at->thought);
    if (at->slider < 0)
        return;
    sliders_select(&a->sliders, at->slider);
    if (at->fraction >= 0 && sliders_slide_to(&a->sliders, a->chat.options, at->fraction))
        chat_apply_options(&a->chat);
}

static void turn_wheel(struct app *a, const struct place *at, int direction)
{
    if (at->slider < 0) {
        transcript_scroll(pager_pane(a), -direction * WHEEL_ROWS);
        return;
    }
    sliders_select(&a->sliders, at->slider);
    sliders_step(&a->sliders, a->chat.options, direction);
    chat_apply_options(&a->chat);
}

bool mouse_is_on(const struct app *a)
{
    return strcmp(options_text(a->chat.options, OPT_MOUSE), "true") == 0;
}

unsigned mouse_input(struct app *a, const struct input *in)
{
    if (!mouse_is_on(a))
        return REACT_TAKEN;
    struct frame f = frame_of(a, screen_rows(), screen_columns());
    frame_fill(&f, a, screen_glyphs()->full[1] != 0);
    struct place at = frame_at(a, &f, in->row, in->column);
    if (in->button == MOUSE_WHEEL_UP || in->button == MOUSE_WHEEL_DOWN)
        turn_wheel(a, &at, in->button == MOUSE_WHEEL_UP ? 1 : -1);
    else if (in->button == MOUSE_LEFT)
        click(a, &at);
    frame_free(&f);
    return REACT_TAKEN | REACT_DIRTY;
}
