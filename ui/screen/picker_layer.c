/* SPDX-License-Identifier: MIT */
#include "picker_layer.h"

#include "frame.h"
#include "mouse.h"
#include "screen.h"
#include "utf8.h"

void picker_layer_open(struct app *a, void (*act)(struct app *, enum picker_result, int32_t))
{
    a->list.act = act;
    layers_push(&a->layers, LAYER_PICKER);
    a->wants |= REACT_DIRTY;
}

void picker_layer_close(struct app *a)
{
    picker_free(&a->list.picker);
    layers_close(&a->layers, LAYER_PICKER);
    a->wants |= REACT_DIRTY;
}

unsigned picker_layer_key(struct app *a, int32_t key)
{
    a->list.act(a, picker_key(&a->list.picker, key), key);
    return REACT_TAKEN;
}

/* A click selects; on what is selected it is Enter. */
static void click(struct app *a, int row)
{
    struct frame f = frame_of(a, screen_rows(), screen_columns());
    frame_fill(&f, a, false);
    const int i = row - LIST_ROW;
    const bool is_item = i >= 0 && i < f.n_list;
    const bool chosen = is_item && f.list[i].selected;
    const int64_t key = is_item ? f.list[i].item->key : 0;
    frame_free(&f);
    if (chosen)
        picker_layer_key(a, K_ENTER);
    else if (is_item)
        picker_select(&a->list.picker, key);
}

static void take_mouse(struct app *a, const struct input *in)
{
    if (a->list.picker.question)
        return;
    if (in->button == MOUSE_WHEEL_UP || in->button == MOUSE_WHEEL_DOWN)
        picker_layer_key(a, in->button == MOUSE_WHEEL_UP ? K_UP : K_DOWN);
    else if (in->button == MOUSE_LEFT)
        click(a, in->row);
}

/* A paste is typed into the filter, or the answer. */
unsigned picker_layer_input(struct app *a, const struct input *in)
{
    if (in->type == INPUT_MOUSE && mouse_is_on(a))
        take_mouse(a, in);
    for (size_t i = 0; in->type == INPUT_PASTE && i < in->n;) {
        int32_t cp;
        i += utf8_decode(in->text + i, in->n - i, &cp);
        if (cp >= 0x20)
            picker_layer_key(a, cp);
    }
    return REACT_TAKEN | REACT_DIRTY;
}
