/* SPDX-License-Identifier: MIT
 *
 * keys: what a terminal sends -> keys, text and pastes. Knows the sequences of xterm, its
 * relatives, the Linux console and VT100, the kitty and modifyOtherKeys forms, and those that
 * terminfo adds. Everything else that looks like a sequence (replies, releases of the mouse) is
 * swallowed, never typed.
 */
#ifndef QINS_KEYS_H
#define QINS_KEYS_H

#include "base.h"

/* A key is a code point or one of these, plus modifiers. Ctrl-A is K_CTRL | 'a'. */
enum {
    K_NONE = 0x110000, /* above every code point */
    K_ENTER,
    K_TAB,
    K_ESC,
    K_BACKSPACE,
    K_DELETE,
    K_INSERT,
    K_HOME,
    K_END,
    K_PAGE_UP,
    K_PAGE_DOWN,
    K_UP,
    K_DOWN,
    K_LEFT,
    K_RIGHT,
    K_F1, /* to K_F1 + 11 */
    K_LAST = K_F1 + 11,
    K_SHIFT = 1 << 24,
    K_ALT = 1 << 25,
    K_CTRL = 1 << 26,
    K_CTRL_X = 1 << 27, /* Ctrl-X came before: set by the composer, never by keys_next */
    K_MODIFIERS = K_SHIFT | K_ALT | K_CTRL | K_CTRL_X
};

enum input_type {
    INPUT_KEY,
    INPUT_PASTE_START,
    INPUT_PASTE,
    INPUT_PASTE_END,
    INPUT_MOUSE,
    INPUT_FOCUS, /* the terminal has the focus now, or not any more */
};
enum { MOUSE_LEFT = 0, MOUSE_WHEEL_UP = 64, MOUSE_WHEEL_DOWN = 65 };

struct input {
    enum input_type type;
    int32_t key;      /* INPUT_KEY */
    const char *text; /* INPUT_PASTE: raw bytes, valid until the next keys_feed */
    size_t n;
    int button, row, column; /* INPUT_MOUSE: pressed there; from 0 */
    bool is_here;            /* INPUT_FOCUS */
};

struct key_sequence {
    char bytes[16];
    size_t n;
    int32_t key;
};

struct keys {
    struct buf in; /* in.data[at..len) is not yet decoded */
    size_t at;
    bool in_paste;
    bool end_paste;             /* the end of the paste did not come: give out what is held */
    bool timed_out;             /* what is held will not be continued */
    struct key_sequence *extra; /* from terminfo */
    size_t n_extra, cap_extra;
};

void keys_free(struct keys *k);
/* A sequence of this terminal in particular; ignored unless it starts with ESC. */
void keys_add(struct keys *k, const char *sequence, int32_t key);
void keys_feed(struct keys *k, const char *bytes, size_t n);
/* -> false when nothing complete is there. */
bool keys_next(struct keys *k, struct input *out);
/* Bytes of the start of a sequence that are held; 0: none. When the rest does not come call
 * keys_timeout, then keys_next. */
size_t keys_waiting(const struct keys *k);
void keys_timeout(struct keys *k);
/* Ends a paste whose end marker was lost. */
void keys_end_paste(struct keys *k);

#endif
