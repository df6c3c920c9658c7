/* SPDX-License-Identifier: MIT */
#include "token_layer.h"

#include "chat_tokens.h"
#include "frame.h"
#include "screen.h"
#include "view_parts.h"

void token_layer_open(struct app *a, int32_t message, bool compares)
{
    token_view_open(&a->tokens, &a->chat, message, compares);
    layers_push(&a->layers, LAYER_TOKENS);
    a->wants |= REACT_DIRTY;
}

void token_layer_close(struct app *a)
{
    layers_close(&a->layers, LAYER_TOKENS);
    token_view_free(&a->tokens);
}

/* With a new version the path changes, which closes the layer. */
static void take(struct app *a, size_t choice)
{
    struct frame f = frame_of(a, screen_rows(), screen_columns());
    if (choice <= view_tokens_choices(a, &f))
        chat_tokens_take(&a->chat, a->tokens.message, a->tokens.at + 1, choice);
}

static int text_cells(struct app *a)
{
    struct frame f = frame_of(a, screen_rows(), screen_columns());
    return frame_text_cells(&f);
}

unsigned token_layer_key(struct app *a, int32_t key)
{
    struct token_view *v = &a->tokens;
    switch (key) {
    case K_LEFT: v->at -= v->at > 0; break;
    case K_RIGHT: v->at += v->at + 1 < v->n; break;
    case K_UP: token_view_move(v, text_cells(a), -1); break;
    case K_DOWN: token_view_move(v, text_cells(a), 1); break;
    case K_PAGE_UP: token_view_move(v, text_cells(a), -10); break;
    case K_PAGE_DOWN: token_view_move(v, text_cells(a), 10); break;
    case K_HOME: v->at = 0; break;
    case K_END: v->at = v->n - 1; break;
    case 'e': v->by_entropy = !v->by_entropy; break;
    case 'n':
    case 'N': token_view_seek(v, &a->chat, key == 'n'); break;
    case K_ESC:
    case 'q':
    case K_CTRL | 'c': token_layer_close(a); break;
    default:
        if (key >= '1' && key <= '8' && !v->compares)
            take(a, (size_t)(key - '0'));
    }
    return REACT_TAKEN | REACT_DIRTY;
}
