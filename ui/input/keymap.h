/* SPDX-License-Identifier: MIT
 *
 * keymap: one table of what each key does where. Help (F1), the hint line and the manual come from
 * its rows; nothing else binds a key, but for vi's (vi.h). The user's keys.yaml changes a copy of
 * it (keyfile.h).
 */
#ifndef QINS_KEYMAP_H
#define QINS_KEYMAP_H

#include "base.h"

enum focus { FOCUS_INPUT, FOCUS_SIDEBAR, FOCUS_CHAT, N_FOCUS };

enum action {
    ACT_NONE,
    /* everywhere */
    ACT_STOP,
    ACT_BACK,
    ACT_INTERRUPT,
    ACT_HELP,
    ACT_REDRAW,
    ACT_SUSPEND,
    ACT_FOCUS_NEXT,
    ACT_FOCUS_PREVIOUS,
    ACT_PAGE_UP,
    ACT_PAGE_DOWN,
    ACT_SCROLL_TOP,
    ACT_SCROLL_BOTTOM,
    ACT_SELECT_PREVIOUS,
    ACT_SELECT_NEXT,
    ACT_LOWER,
    ACT_RAISE,
    ACT_CONVERSATIONS,
    ACT_VERSION_PREVIOUS,
    ACT_VERSION_NEXT,
    ACT_EXAMPLE_1,
    ACT_EXAMPLE_2,
    ACT_EXAMPLE_3,
    ACT_EXAMPLE_4,
    /* input */
    ACT_SEND,
    ACT_NEWLINE,
    ACT_COMPLETE,
    ACT_LEFT,
    ACT_RIGHT,
    ACT_WORD_LEFT,
    ACT_WORD_RIGHT,
    ACT_LINE_START,
    ACT_LINE_END,
    ACT_UP,
    ACT_DOWN,
    ACT_BACKSPACE,
    ACT_DELETE,
    ACT_DELETE_OR_QUIT,
    ACT_KILL_LINE,
    ACT_KILL_TO_START,
    ACT_KILL_WORD,
    ACT_KILL_WORD_LEFT,
    ACT_KILL_BLANK_LEFT,
    ACT_YANK,
    ACT_YANK_OLDER,
    ACT_TRANSPOSE,
    ACT_TRANSPOSE_WORDS,
    ACT_UNDO,
    ACT_REDO,
    ACT_UPCASE,
    ACT_DOWNCASE,
    ACT_CAPITALIZE,
    ACT_DELETE_BLANKS,
    ACT_UNFOLD,
    ACT_QUOTED_INSERT,
    ACT_SEARCH_HISTORY,
    ACT_EDIT_IN_EDITOR,
    /* sidebar */
    ACT_SLIDER_MIN,
    ACT_SLIDER_MAX,
    ACT_RESET,
    ACT_ACCEPT,
    ACT_ERASE_DIGIT,
    /* chat */
    ACT_LINE_UP,
    ACT_LINE_DOWN,
    ACT_HALF_UP,
    ACT_HALF_DOWN,
    ACT_QUIT,
    ACT_MESSAGE_PREVIOUS,
    ACT_MESSAGE_NEXT,
    ACT_FIND,
    ACT_FIND_NEXT,
    ACT_FIND_PREVIOUS,
    ACT_COPY,
    ACT_COPY_CODE,
    ACT_RAW,
    ACT_BARE,
    ACT_SHOW_THINKING,
    ACT_TOKENS,
    ACT_THINK,
    ACT_SIDEBAR,
    N_ACTIONS
};

/* Where a binding holds, as bits of 1 << enum focus. */
enum { IN_INPUT = 1, IN_SIDEBAR = 2, IN_CHAT = 4, IN_ALL = 7 };

struct binding {
    unsigned where;
    int32_t key; /* keys.h */
    enum action action;
    const char *help; /* NULL: same action as the row before */
};

extern const struct binding keymap[]; /* as built in */
extern const size_t n_keymap;

/* The bindings in effect, each with its help. */
const struct binding *keymap_bindings(size_t *n);
/* Binds a key in these places to an action, or to none, instead of what it did there. */
void keymap_bind(unsigned where, int32_t key, enum action action);
void keymap_reset(void); /* as built in */

enum action keymap_find(enum focus focus, int32_t key);
/* "edit-in-editor"; every action but ACT_NONE has one. */
const char *action_name(enum action action);
/* "Ctrl-A", "Alt-Left", "Ctrl-X Ctrl-E", "F1" into out; -> out. */
char *key_name(int32_t key, char *out, size_t size);
/* The same as keys.yaml writes it: "ctrl-a", "alt-left", "k", "G". */
char *key_word(int32_t key, char *out, size_t size);
/* What a word of keys.yaml means; K_NONE: no key. */
int32_t key_parse(const char *word);
/* The bindings in effect as text: a heading for each place, a line for each action with its keys.
 */
void keymap_help(struct buf *out);

#endif
