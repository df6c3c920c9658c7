/* SPDX-License-Identifier: MIT
 *
 * app: the state of the screen. It is changed by what the keys do (ui/screen) and by the engine's
 * events; it is drawn from const state alone (ui/view), by the loop alone (ui/screen/loop.h).
 */
#ifndef QINS_APP_H
#define QINS_APP_H

#include "chat_session.h"
#include "composer.h"
#include "layers.h"
#include "models.h"
#include "picker.h"
#include "prompt.h"
#include "reader.h"
#include "sidebar.h"
#include "sliders.h"
#include "token_view.h"

/* A list over everything (LAYER_PICKER). */
struct list {
    struct picker picker;
    void (*act)(struct app *a, enum picker_result result, int32_t key); /* its opener */
    struct model_list models;                                           /* of the list of models */
};

struct app {
    struct chat_session chat;
    struct composer composer;
    struct reader reader;
    struct slider_state sliders;
    struct prompt prompt;
    struct list list;
    struct token_view tokens; /* LAYER_TOKENS */
    struct layers layers;
    enum focus focus;
    enum { SIGHT_UNKNOWN, SIGHT_HERE, SIGHT_AWAY } sight; /* the terminal's focus */
    double last_input;                                    /* now_ms */
    char *look;     /* theme and colour that are on the screen */
    unsigned wants; /* reactions that the loop has not acted on yet */
};

#endif
