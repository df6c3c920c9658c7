/* SPDX-License-Identifier: MIT */
#include "pager.h"

#include <string.h>

void pager_open(struct app *a, const char *name, const char *text)
{
    struct transcript *page = &a->reader.pager;
    transcript_clear(page);
    transcript_add(page, ITEM_NOTE, text, strlen(text));
    transcript_finish(page, NULL);
    transcript_top(page);
    a->reader.pager_name = name;
    a->focus = FOCUS_CHAT; /* its keys scroll and find */
    layers_push(&a->layers, LAYER_PAGER);
    a->wants |= REACT_DIRTY;
}

struct transcript *pager_pane(struct app *a)
{
    return layers_has(&a->layers, LAYER_PAGER) ? &a->reader.pager : &a->reader.transcript;
}

unsigned pager_key(struct app *a, int32_t key)
{
    if (a->focus == FOCUS_INPUT && composer_waits(&a->composer))
        return REACT_PASS;
    switch (keymap_find(a->focus, key)) {
    case ACT_STOP:
    case ACT_BACK:
    case ACT_HELP:
        sliders_forget(&a->sliders);
        a->focus = FOCUS_INPUT;
        return REACT_CLOSE;
    default: return REACT_PASS;
    }
}
