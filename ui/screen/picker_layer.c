/* SPDX-License-Identifier: MIT */
#include "picker_layer.h"

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

/* A paste is typed into the filter, or the answer. */
unsigned picker_layer_input(struct app *a, const struct input *in)
{
    for (size_t i = 0; in->type == INPUT_PASTE && i < in->n;) {
        int32_t cp;
        i += utf8_decode(in->text + i, in->n - i, &cp);
        if (cp >= 0x20)
            picker_layer_key(a, cp);
    }
    return REACT_TAKEN | REACT_DIRTY;
}
