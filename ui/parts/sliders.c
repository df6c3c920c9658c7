/* SPDX-License-Identifier: MIT */
#include "sliders.h"

#include <string.h>

void sliders_forget(struct slider_state *s)
{
    s->typed[0] = '\0';
}

void sliders_for_model(struct slider_state *s, const struct status *f)
{
    s->thinks = f->can_think.kind != NULL;
    if (s->selected >= status_n_sliders(f))
        sliders_select(s, 0);
}

void sliders_select(struct slider_state *s, int index)
{
    int n = s->thinks ? N_SLIDERS : N_SLIDERS - 1;
    s->selected = (index + n) % n;
    sliders_forget(s);
}

void sliders_step(struct slider_state *s, struct options *o, int n_steps)
{
    options_step(o, sliders[s->selected], n_steps);
    sliders_forget(s);
}

/* Moves further than the slider is long: to its end. */
static void slide_to_end(struct slider_state *s, struct options *o, int direction)
{
    const struct option_row *row = &option_table[sliders[s->selected]];
    sliders_step(s, o, direction * (int)((row->slider_max - row->slider_min) / row->step + 2));
}

bool sliders_slide_to(struct slider_state *s, struct options *o, double fraction)
{
    const struct option_row *row = &option_table[sliders[s->selected]];
    double to = row->slider_min + fraction * (row->slider_max - row->slider_min);
    double steps = (to - options_number(o, sliders[s->selected])) / row->step;
    if (steps > -0.5 && steps < 0.5)
        return false;
    sliders_step(s, o, (int)(steps + (steps < 0 ? -0.5 : 0.5)));
    return true;
}

static enum slider_result accept_typed(struct slider_state *s, struct options *o, struct error *err)
{
    if (!s->typed[0])
        return SLIDER_DONE;
    bool ok = options_set(o, sliders[s->selected], s->typed, SOURCE_USER, err);
    sliders_forget(s);
    return ok ? SLIDER_CHANGED : SLIDER_REFUSED;
}

bool sliders_type(struct slider_state *s, int32_t key)
{
    size_t n = strlen(s->typed);
    if ((key < '0' || key > '9') && key != '.')
        return false;
    if (n + 1 < sizeof s->typed) {
        s->typed[n] = (char)key;
        s->typed[n + 1] = '\0';
    }
    return true;
}

enum slider_result sliders_act(struct slider_state *s, struct options *o, enum action action,
                               struct error *err)
{
    if (s->typed[0] && (action == ACT_SELECT_PREVIOUS || action == ACT_SELECT_NEXT)) {
        enum slider_result result = accept_typed(s, o, err); /* who goes on means the number */
        sliders_select(s, s->selected + (action == ACT_SELECT_NEXT ? 1 : -1));
        return result;
    }
    switch (action) {
    case ACT_SELECT_PREVIOUS: sliders_select(s, s->selected - 1); return SLIDER_DONE;
    case ACT_SELECT_NEXT: sliders_select(s, s->selected + 1); return SLIDER_DONE;
    case ACT_LOWER: sliders_step(s, o, -1); return SLIDER_CHANGED;
    case ACT_RAISE: sliders_step(s, o, 1); return SLIDER_CHANGED;
    case ACT_SLIDER_MIN: slide_to_end(s, o, -1); return SLIDER_CHANGED;
    case ACT_SLIDER_MAX: slide_to_end(s, o, 1); return SLIDER_CHANGED;
    case ACT_ACCEPT: return accept_typed(s, o, err);
    case ACT_RESET:
        options_reset(o, sliders[s->selected]);
        sliders_forget(s);
        return SLIDER_CHANGED;
    case ACT_ERASE_DIGIT:
        if (s->typed[0])
            s->typed[strlen(s->typed) - 1] = '\0';
        return SLIDER_DONE;
    default: return SLIDER_OTHER;
    }
}
