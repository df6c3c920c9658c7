/* SPDX-License-Identifier: MIT
 *
 * sliders: the sampling values that the sidebar lets the user move, by steps, by the mouse or as
 * a number that is typed.
 */
#ifndef QINS_SLIDERS_H
#define QINS_SLIDERS_H

#include "keymap.h"
#include "sidebar.h"

struct slider_state {
    int selected;   /* index into sliders */
    char typed[12]; /* number typed for it */
    bool thinks;    /* the model thinks: the last slider, the limit of that, is there */
};

/* What an action did. */
enum slider_result {
    SLIDER_OTHER,   /* the action is not about sliders */
    SLIDER_DONE,    /* no value has changed */
    SLIDER_CHANGED, /* the engine has to hear of it */
    SLIDER_REFUSED, /* what was typed is no value; err says why */
};

enum slider_result sliders_act(struct slider_state *s, struct options *o, enum action action,
                               struct error *err);
/* A key that is part of a number goes to the selected slider. -> false: it is none. */
bool sliders_type(struct slider_state *s, int32_t key);
/* What was typed counts no more. */
void sliders_forget(struct slider_state *s);
/* Another model may have another number of sliders. */
void sliders_for_model(struct slider_state *s, const struct status *f);
void sliders_select(struct slider_state *s, int index);
void sliders_step(struct slider_state *s, struct options *o, int n_steps);
/* To the step that is nearest to this part of the selected slider's track, 0..1. -> it has moved */
bool sliders_slide_to(struct slider_state *s, struct options *o, double fraction);

#endif
