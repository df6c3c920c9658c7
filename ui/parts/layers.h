/* SPDX-License-Identifier: MIT
 *
 * layers: what lies over what on the screen, and who gets a key first. The topmost layer is asked
 * first; what it does not take goes to the one below, down to the base, which is always there.
 * A layer acts on its own state and says by reactions what else is to happen: the stack acts on
 * CLOSE, the loop on all others.
 */
#ifndef QINS_LAYERS_H
#define QINS_LAYERS_H

#include "keys.h"

struct app;
struct frame;

enum layer_id {
    LAYER_BASE,     /* chat pane, input and sidebar; the focus says which of them has the keys */
    LAYER_PAGER,    /* help and other pages, instead of the chat */
    LAYER_TOKENS,   /* the tokens of an answer, instead of the chat */
    LAYER_FIND,     /* the line in which the text to find is typed */
    LAYER_PICKER,   /* a list over the whole screen */
    LAYER_QUESTION, /* yes or no */
    N_LAYERS
};

/* What a layer wants, as bits. */
enum reaction {
    REACT_PASS = 0,         /* not mine: for the layer below */
    REACT_TAKEN = 1 << 0,   /* done; no other layer hears of it */
    REACT_CLOSE = 1 << 1,   /* taken, and this layer is over */
    REACT_DIRTY = 1 << 2,   /* something is to be drawn */
    REACT_REDRAW = 1 << 3,  /* the terminal may show something else: send every cell anew */
    REACT_SUSPEND = 1 << 4, /* stop the process, as Ctrl-Z does elsewhere */
    REACT_QUIT = 1 << 5,
};

struct screen_layer {
    bool modal;  /* every key is for it */
    bool covers; /* nothing below it is drawn */
    unsigned (*key)(struct app *a, int32_t key);
    unsigned (*input)(struct app *a, const struct input *in);  /* pastes, mouse; NULL: passes all */
    void (*draw)(const struct app *a, const struct frame *f);  /* NULL: nothing but its hints */
    void (*hints)(const struct app *a, const struct frame *f); /* NULL: those below stay */
};

struct layers {
    const struct screen_layer *table; /* [N_LAYERS] */
    enum layer_id open[N_LAYERS];
    size_t n;
};

/* The base alone. */
void layers_init(struct layers *l, const struct screen_layer *table);
/* On top of all others; each layer is there at most once. */
void layers_push(struct layers *l, enum layer_id id);
void layers_close(struct layers *l, enum layer_id id);
bool layers_has(const struct layers *l, enum layer_id id);
const struct screen_layer *layers_top(const struct layers *l);

/* Gives a key, or something else from the terminal, to the first layer that takes it. -> what it
 * wants; CLOSE is done already. */
unsigned layers_key(struct layers *l, struct app *a, int32_t key);
unsigned layers_input(struct layers *l, struct app *a, const struct input *in);
/* Draws from the topmost one that covers all others upwards, then the hints of the topmost that has
 * any. */
void layers_draw(const struct layers *l, const struct app *a, const struct frame *f);

#endif
