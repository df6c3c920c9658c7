/* SPDX-License-Identifier: MIT */
#include "keymap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "keys.h"
#include "system.h"
#include "utf8.h"

#define CTRL(c) (K_CTRL | (c))
#define ALT(c) (K_ALT | (c))
#define CTRL_X(k) (K_CTRL_X | (k))
#define F(n) (K_F1 + (n)-1)

/* Rows of one action stand together: help prints their keys on one line. */
const struct binding keymap[] = {
    {IN_INPUT, K_ENTER, ACT_SEND, "send the message"},
    {IN_INPUT, CTRL('j'), ACT_NEWLINE, "new line"},
    {IN_INPUT, ALT(K_ENTER), ACT_NEWLINE, NULL},
    {IN_INPUT, K_SHIFT | K_ENTER, ACT_NEWLINE, NULL},
    {IN_INPUT, CTRL('a'), ACT_LINE_START, "start of the line"},
    {IN_INPUT, K_HOME, ACT_LINE_START, NULL},
    {IN_INPUT, CTRL('e'), ACT_LINE_END, "end of the line"},
    {IN_INPUT, K_END, ACT_LINE_END, NULL},
    {IN_INPUT, CTRL('b'), ACT_LEFT, "one character left"},
    {IN_INPUT, K_LEFT, ACT_LEFT, NULL},
    {IN_INPUT, CTRL('f'), ACT_RIGHT, "one character right"},
    {IN_INPUT, K_RIGHT, ACT_RIGHT, NULL},
    {IN_INPUT, ALT('b'), ACT_WORD_LEFT, "one word left"},
    {IN_INPUT, CTRL(K_LEFT), ACT_WORD_LEFT, NULL},
    {IN_INPUT, ALT('f'), ACT_WORD_RIGHT, "one word right"},
    {IN_INPUT, CTRL(K_RIGHT), ACT_WORD_RIGHT, NULL},
    {IN_INPUT, K_UP, ACT_UP, "one line up, then older messages"},
    {IN_INPUT, CTRL('p'), ACT_UP, NULL},
    {IN_INPUT, K_DOWN, ACT_DOWN, "one line down, then newer messages"},
    {IN_INPUT, CTRL('n'), ACT_DOWN, NULL},
    {IN_INPUT, K_BACKSPACE, ACT_BACKSPACE, "delete the character to the left"},
    {IN_INPUT, CTRL('h'), ACT_BACKSPACE, NULL},
    {IN_INPUT, K_DELETE, ACT_DELETE, "delete the character to the right"},
    {IN_INPUT, CTRL('d'), ACT_DELETE_OR_QUIT,
     "delete the character to the right; quit if there is no text"},
    {IN_INPUT, CTRL('k'), ACT_KILL_LINE, "cut to the end of the line"},
    {IN_INPUT, CTRL('u'), ACT_KILL_TO_START, "cut to the start of the line"},
    {IN_INPUT, CTRL('w'), ACT_KILL_BLANK_LEFT, "cut back to a space"},
    {IN_INPUT, ALT(K_BACKSPACE), ACT_KILL_WORD_LEFT, "cut the word to the left"},
    {IN_INPUT, ALT(CTRL('h')), ACT_KILL_WORD_LEFT, NULL},
    {IN_INPUT, ALT('d'), ACT_KILL_WORD, "cut the word to the right"},
    {IN_INPUT, CTRL('y'), ACT_YANK, "insert what was cut"},
    {IN_INPUT, ALT('y'), ACT_YANK_OLDER, "replace it with the previous cut"},
    {IN_INPUT, CTRL('t'), ACT_TRANSPOSE, "swap two characters"},
    {IN_INPUT, ALT('t'), ACT_TRANSPOSE_WORDS, "swap two words"},
    {IN_INPUT, ALT('u'), ACT_UPCASE, "uppercase the word"},
    {IN_INPUT, ALT('l'), ACT_DOWNCASE, "lowercase the word"},
    {IN_INPUT, ALT('c'), ACT_CAPITALIZE, "capitalize the word"},
    {IN_INPUT, ALT('\\'), ACT_DELETE_BLANKS, "delete the spaces around the cursor"},
    {IN_INPUT, CTRL('_'), ACT_UNDO, "undo"},
    {IN_INPUT, CTRL_X(CTRL('u')), ACT_UNDO, NULL},
    {IN_INPUT, ALT('_'), ACT_REDO, "redo"},
    {IN_INPUT, CTRL('r'), ACT_SEARCH_HISTORY, "search the messages you sent before"},
    {IN_INPUT, CTRL('g'), ACT_EDIT_IN_EDITOR, "write in $VISUAL or $EDITOR"},
    {IN_INPUT, CTRL_X(CTRL('e')), ACT_EDIT_IN_EDITOR, NULL},
    {IN_INPUT, CTRL('o'), ACT_UNFOLD, "unfold the paste at the cursor"},
    {IN_INPUT, CTRL('q'), ACT_QUOTED_INSERT, "insert the next key literally, such as Tab"},
    {IN_INPUT, K_TAB, ACT_COMPLETE, "complete a /command; else go to the sliders"},
    {IN_INPUT, ALT('1'), ACT_EXAMPLE_1, "insert an example, while the chat is empty"},
    {IN_INPUT, ALT('2'), ACT_EXAMPLE_2, NULL},
    {IN_INPUT, ALT('3'), ACT_EXAMPLE_3, NULL},
    {IN_INPUT, ALT('4'), ACT_EXAMPLE_4, NULL},

    {IN_ALL, K_ESC, ACT_STOP, "stop the answer; close this page"},
    {IN_ALL, CTRL('c'), ACT_INTERRUPT, "stop the answer; else clear the input"},
    {IN_ALL, K_F1, ACT_HELP, "toggle this help"},
    {IN_ALL, F(2), ACT_CONVERSATIONS, "list the conversations"},
    {IN_ALL, ALT(','), ACT_VERSION_PREVIOUS, "previous version of an answer or message"},
    {IN_ALL, ALT('.'), ACT_VERSION_NEXT, "next version of it"},
    {IN_ALL, K_PAGE_UP, ACT_PAGE_UP, "scroll the chat one page up"},
    {IN_ALL, ALT('v'), ACT_PAGE_UP, NULL},
    {IN_ALL, K_PAGE_DOWN, ACT_PAGE_DOWN, "scroll the chat one page down"},
    {IN_ALL, CTRL('v'), ACT_PAGE_DOWN, NULL},
    {IN_ALL, ALT('<'), ACT_SCROLL_TOP, "first line of the chat"},
    {IN_ALL, CTRL(K_HOME), ACT_SCROLL_TOP, NULL},
    {IN_ALL, ALT('>'), ACT_SCROLL_BOTTOM, "last line of the chat; follow it again"},
    {IN_ALL, CTRL(K_END), ACT_SCROLL_BOTTOM, NULL},
    {IN_ALL, ALT(K_UP), ACT_SELECT_PREVIOUS, "slider above"},
    {IN_ALL, F(5), ACT_SELECT_PREVIOUS, NULL},
    {IN_ALL, ALT(K_DOWN), ACT_SELECT_NEXT, "slider below"},
    {IN_ALL, F(6), ACT_SELECT_NEXT, NULL},
    {IN_ALL, ALT(K_LEFT), ACT_LOWER, "slider one step down"},
    {IN_ALL, F(7), ACT_LOWER, NULL},
    {IN_ALL, ALT(K_RIGHT), ACT_RAISE, "slider one step up"},
    {IN_ALL, F(8), ACT_RAISE, NULL},
    {IN_SIDEBAR | IN_CHAT, K_TAB, ACT_FOCUS_NEXT, "next part of the screen"},
    {IN_ALL, K_SHIFT | K_TAB, ACT_FOCUS_PREVIOUS, "previous part of the screen"},
    {IN_ALL, F(3), ACT_SHOW_THINKING, "show or hide what the model thought before its answer"},
    {IN_ALL, ALT('r'), ACT_SHOW_THINKING, NULL},
    {IN_ALL, F(4), ACT_BARE, "text only, to select it with the mouse"},
    {IN_ALL, ALT('s'), ACT_SIDEBAR, "show or hide the sidebar"},
    {IN_ALL, F(9), ACT_THINK, "switch thinking on or off, or to the next effort"},
    {IN_SIDEBAR | IN_CHAT, '?', ACT_HELP, "help"},
    {IN_SIDEBAR | IN_CHAT, 'q', ACT_BACK, "close this page; else back to the input"},
    {IN_ALL, CTRL('l'), ACT_REDRAW, "redraw the screen"},
    {IN_ALL, CTRL('z'), ACT_SUSPEND, "suspend; fg brings it back"},

    {IN_SIDEBAR, K_UP, ACT_SELECT_PREVIOUS, "slider above"},
    {IN_SIDEBAR, K_DOWN, ACT_SELECT_NEXT, "slider below"},
    {IN_SIDEBAR, K_LEFT, ACT_LOWER, "a step down"},
    {IN_SIDEBAR, '-', ACT_LOWER, NULL},
    {IN_SIDEBAR, K_RIGHT, ACT_RAISE, "a step up"},
    {IN_SIDEBAR, '+', ACT_RAISE, NULL},
    {IN_SIDEBAR, K_HOME, ACT_SLIDER_MIN, "lowest value"},
    {IN_SIDEBAR, K_END, ACT_SLIDER_MAX, "highest value"},
    {IN_SIDEBAR, 'r', ACT_RESET, "restore the value it had before you moved it"},
    {IN_SIDEBAR, K_ENTER, ACT_ACCEPT, "apply the typed number"},
    {IN_SIDEBAR, 't', ACT_THINK, "switch thinking"},
    {IN_SIDEBAR, K_BACKSPACE, ACT_ERASE_DIGIT, "delete the last digit"},
    {IN_SIDEBAR, CTRL('h'), ACT_ERASE_DIGIT, NULL},

    {IN_CHAT, K_LEFT, ACT_VERSION_PREVIOUS, "previous version"},
    {IN_CHAT, K_RIGHT, ACT_VERSION_NEXT, "next version"},
    {IN_CHAT, K_UP, ACT_LINE_UP, "one line up"},
    {IN_CHAT, 'k', ACT_LINE_UP, NULL},
    {IN_CHAT, K_DOWN, ACT_LINE_DOWN, "one line down"},
    {IN_CHAT, 'j', ACT_LINE_DOWN, NULL},
    {IN_CHAT, CTRL('u'), ACT_HALF_UP, "half a page up"},
    {IN_CHAT, CTRL('d'), ACT_HALF_DOWN, "half a page down"},
    {IN_CHAT, 'b', ACT_PAGE_UP, "one page up"},
    {IN_CHAT, ' ', ACT_PAGE_DOWN, "one page down"},
    {IN_CHAT, K_HOME, ACT_SCROLL_TOP, "first line"},
    {IN_CHAT, 'g', ACT_SCROLL_TOP, NULL},
    {IN_CHAT, K_END, ACT_SCROLL_BOTTOM, "last line, and follow it again"},
    {IN_CHAT, 'G', ACT_SCROLL_BOTTOM, NULL},
    {IN_CHAT, '[', ACT_MESSAGE_PREVIOUS, "previous message"},
    {IN_CHAT, ']', ACT_MESSAGE_NEXT, "next message"},
    {IN_CHAT, '/', ACT_FIND, "find text; case matters only if you type a capital"},
    {IN_CHAT, CTRL('s'), ACT_FIND, NULL},
    {IN_CHAT, 'n', ACT_FIND_NEXT, "next match"},
    {IN_CHAT, 'N', ACT_FIND_PREVIOUS, "previous match"},
    {IN_CHAT, 'y', ACT_COPY, "copy the marked message"},
    {IN_CHAT, 'Y', ACT_COPY_CODE, "copy its code block; again for the next one"},
    {IN_CHAT, 'v', ACT_RAW, "answers as written, or as Markdown"},
    {IN_CHAT, 't', ACT_SHOW_THINKING, "show or hide the thinking"},
    {IN_CHAT, 'p', ACT_TOKENS, "how likely each token of the last answer was"},
};
const size_t n_keymap = sizeof keymap / sizeof *keymap;

/* ---- what is in effect ---------------------------------------------------------------- */

static struct binding *effective; /* [n_effective]; NULL until it is asked for */
static size_t n_effective, cap_effective;

static void start_effective(void)
{
    const char *help = NULL;
    if (effective)
        return;
    effective = xcalloc(n_keymap, sizeof *effective);
    n_effective = cap_effective = n_keymap;
    for (size_t i = 0; i < n_keymap; i++) {
        effective[i] = keymap[i];
        help = effective[i].help = keymap[i].help ? keymap[i].help : help;
    }
}

const struct binding *keymap_bindings(size_t *n)
{
    start_effective();
    *n = n_effective;
    return effective;
}

void keymap_reset(void)
{
    free(effective);
    effective = NULL;
    n_effective = cap_effective = 0;
}

/* The row that a new binding of this action stands behind: of the same places, else of some of
 * them, else any. */
static size_t row_for(unsigned where, enum action action)
{
    size_t best = n_effective;
    int best_rank = 0;
    for (size_t i = 0; i < n_effective; i++) {
        const struct binding *b = &effective[i];
        int rank = b->action != action ? 0 : b->where == where ? 3 : b->where & where ? 2 : 1;
        if (rank && rank >= best_rank) {
            best = i;
            best_rank = rank;
        }
    }
    return best;
}

void keymap_bind(unsigned where, int32_t key, enum action action)
{
    start_effective();
    size_t row = row_for(where, action);
    for (size_t i = 0; i < n_effective; i++)
        if (effective[i].key == key)
            effective[i].where &= ~where;
    if (action == ACT_NONE)
        return;
    struct binding b = {where, key, action,
                        row < n_effective ? effective[row].help : action_name(action)};
    row += row < n_effective;
    effective = xgrow(effective, n_effective, &cap_effective, sizeof *effective);
    memmove(effective + row + 1, effective + row, (n_effective - row) * sizeof *effective);
    effective[row] = b;
    n_effective++;
}

enum action keymap_find(enum focus focus, int32_t key)
{
    start_effective();
    for (size_t i = 0; i < n_effective; i++)
        if (effective[i].key == key && (effective[i].where & (1u << focus)))
            return effective[i].action;
    /* For keyboards whose Alt types characters: Ctrl-X does what Alt does. */
    return key & K_CTRL_X ? keymap_find(focus, (key & ~K_CTRL_X) | K_ALT) : ACT_NONE;
}

/* ---- names ---------------------------------------------------------------------------- */

static const char *const action_names[N_ACTIONS] = {
    [ACT_NONE] = "none",
    [ACT_STOP] = "stop",
    [ACT_BACK] = "back",
    [ACT_INTERRUPT] = "interrupt",
    [ACT_HELP] = "help",
    [ACT_REDRAW] = "redraw",
    [ACT_SUSPEND] = "suspend",
    [ACT_FOCUS_NEXT] = "focus-next",
    [ACT_FOCUS_PREVIOUS] = "focus-previous",
    [ACT_PAGE_UP] = "page-up",
    [ACT_PAGE_DOWN] = "page-down",
    [ACT_SCROLL_TOP] = "first-line",
    [ACT_SCROLL_BOTTOM] = "last-line",
    [ACT_SELECT_PREVIOUS] = "slider-above",
    [ACT_SELECT_NEXT] = "slider-below",
    [ACT_LOWER] = "lower",
    [ACT_RAISE] = "raise",
    [ACT_CONVERSATIONS] = "conversations",
    [ACT_VERSION_PREVIOUS] = "version-previous",
    [ACT_VERSION_NEXT] = "version-next",
    [ACT_EXAMPLE_1] = "example-1",
    [ACT_EXAMPLE_2] = "example-2",
    [ACT_EXAMPLE_3] = "example-3",
    [ACT_EXAMPLE_4] = "example-4",
    [ACT_SEND] = "send",
    [ACT_NEWLINE] = "newline",
    [ACT_COMPLETE] = "complete",
    [ACT_LEFT] = "left",
    [ACT_RIGHT] = "right",
    [ACT_WORD_LEFT] = "word-left",
    [ACT_WORD_RIGHT] = "word-right",
    [ACT_LINE_START] = "line-start",
    [ACT_LINE_END] = "line-end",
    [ACT_UP] = "up",
    [ACT_DOWN] = "down",
    [ACT_BACKSPACE] = "backspace",
    [ACT_DELETE] = "delete",
    [ACT_DELETE_OR_QUIT] = "delete-or-quit",
    [ACT_KILL_LINE] = "cut-to-line-end",
    [ACT_KILL_TO_START] = "cut-to-line-start",
    [ACT_KILL_WORD] = "cut-word",
    [ACT_KILL_WORD_LEFT] = "cut-word-left",
    [ACT_KILL_BLANK_LEFT] = "cut-to-blank",
    [ACT_YANK] = "yank",
    [ACT_YANK_OLDER] = "yank-older",
    [ACT_TRANSPOSE] = "swap-characters",
    [ACT_TRANSPOSE_WORDS] = "swap-words",
    [ACT_UNDO] = "undo",
    [ACT_REDO] = "redo",
    [ACT_UPCASE] = "upper-case",
    [ACT_DOWNCASE] = "lower-case",
    [ACT_CAPITALIZE] = "capitalize",
    [ACT_DELETE_BLANKS] = "delete-blanks",
    [ACT_UNFOLD] = "unfold-paste",
    [ACT_QUOTED_INSERT] = "quoted-insert",
    [ACT_SEARCH_HISTORY] = "search-history",
    [ACT_EDIT_IN_EDITOR] = "edit-in-editor",
    [ACT_SLIDER_MIN] = "lowest",
    [ACT_SLIDER_MAX] = "highest",
    [ACT_RESET] = "reset",
    [ACT_ACCEPT] = "accept",
    [ACT_ERASE_DIGIT] = "erase-digit",
    [ACT_LINE_UP] = "line-up",
    [ACT_LINE_DOWN] = "line-down",
    [ACT_HALF_UP] = "half-page-up",
    [ACT_HALF_DOWN] = "half-page-down",
    [ACT_QUIT] = "quit",
    [ACT_MESSAGE_PREVIOUS] = "message-before",
    [ACT_MESSAGE_NEXT] = "message-next",
    [ACT_FIND] = "find",
    [ACT_FIND_NEXT] = "find-next",
    [ACT_FIND_PREVIOUS] = "find-before",
    [ACT_COPY] = "copy",
    [ACT_COPY_CODE] = "copy-code",
    [ACT_RAW] = "raw",
    [ACT_BARE] = "bare",
    [ACT_SHOW_THINKING] = "show-thinking",
    [ACT_TOKENS] = "tokens",
    [ACT_THINK] = "think",
    [ACT_SIDEBAR] = "sidebar",
};

const char *action_name(enum action action)
{
    return action_names[action];
}

static const char *const key_names[] = {
    "",    "Enter", "Tab",  "Esc", "Backspace", "Del",  "Ins",   "Home",
    "End", "PgUp",  "PgDn", "Up",  "Down",      "Left", "Right",
};
enum { N_KEY_NAMES = sizeof key_names / sizeof *key_names };

char *key_name(int32_t key, char *out, size_t size)
{
    if (key & K_CTRL_X) {
        int n = snprintf(out, size, "Ctrl-X ");
        if ((size_t)n < size)
            key_name(key & ~K_CTRL_X, out + n, size - (size_t)n);
        return out;
    }
    int32_t base = key & ~K_MODIFIERS;
    const char *ctrl = key & K_CTRL ? "Ctrl-" : "", *alt = key & K_ALT ? "Alt-" : "";
    const char *shift = key & K_SHIFT ? "Shift-" : "";
    if (base >= K_F1 && base <= K_LAST)
        snprintf(out, size, "%s%s%sF%d", ctrl, alt, shift, base - K_F1 + 1);
    else if (base > K_NONE && base < K_F1)
        snprintf(out, size, "%s%s%s%s", ctrl, alt, shift, key_names[base - K_NONE]);
    else if (base == ' ')
        snprintf(out, size, "%s%sSpace", ctrl, alt);
    else {
        char text[5] = "";
        if (key & (K_CTRL | K_ALT) && base >= 'a' && base <= 'z')
            base += 'A' - 'a';
        utf8_encode(base, text);
        snprintf(out, size, "%s%s%s", ctrl, alt, text);
    }
    return out;
}

char *key_word(int32_t key, char *out, size_t size)
{
    int32_t base = key & ~K_MODIFIERS;
    bool letter = base > ' ' && base < K_NONE;
    if (letter && !(key & K_MODIFIERS)) {
        key_name(key, out, size);
        return out;
    }
    /* A capital is told by shift, since words are the same in both cases. */
    bool capital = letter && base >= 'A' && base <= 'Z';
    key_name(capital ? (key | K_SHIFT) - 'A' + 'a' : key, out, size);
    for (char *c = out; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    if (capital) {
        size_t n = strlen(out);
        snprintf(out + n - 1, size - n + 1, "shift-%c", base - 'A' + 'a');
    }
    return out;
}

static int32_t parse_base(const char *word, int32_t modifiers)
{
    int32_t cp;
    size_t n = strlen(word);
    for (int i = 1; i < N_KEY_NAMES; i++)
        if (strcasecmp(word, key_names[i]) == 0)
            return (K_NONE + i) | modifiers;
    if ((*word == 'f' || *word == 'F') && n > 1 && n < 4 &&
        strspn(word + 1, "0123456789") == n - 1) {
        int number = atoi(word + 1);
        return number >= 1 && number <= 12 ? (K_F1 + number - 1) | modifiers : K_NONE;
    }
    if (strcasecmp(word, "space") == 0) {
        cp = ' ';
    } else if (!n || utf8_decode(word, n, &cp) != n || cp <= ' ' || (cp >= 0x7f && cp < 0xa0)) {
        return K_NONE;
    }
    if (cp >= 'A' && cp <= 'Z' && (modifiers & (K_CTRL | K_ALT)))
        cp += 'a' - 'A';
    if (cp >= 'a' && cp <= 'z' && (modifiers & K_SHIFT))
        cp -= 'a' - 'A';
    modifiers &= ~K_SHIFT;
    if (modifiers & K_CTRL) { /* what terminals send for these is another key */
        if (cp >= 'A' && cp <= 'Z')
            return K_NONE;
        if (cp == 'm' || cp == 'i')
            return (cp == 'm' ? K_ENTER : K_TAB) | (modifiers & ~K_CTRL);
        if (cp == '[')
            return K_ESC | (modifiers & ~K_CTRL);
    }
    return cp | modifiers;
}

int32_t key_parse(const char *word)
{
    static const struct {
        const char *text;
        int32_t bit;
    } prefixes[] = {{"ctrl-x ", K_CTRL_X}, {"ctrl-", K_CTRL}, {"alt-", K_ALT}, {"shift-", K_SHIFT}};
    int32_t modifiers = 0;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t n = strlen(prefixes[i].text);
        if (strncasecmp(word, prefixes[i].text, n) != 0 || !word[n] ||
            (modifiers & prefixes[i].bit))
            continue;
        modifiers |= prefixes[i].bit;
        word += n;
        i = (size_t)-1; /* in any order */
    }
    return parse_base(word, modifiers);
}

/* ---- help ----------------------------------------------------------------------------- */

/* A row that no row before shows with it. */
static bool is_first(const struct binding *rows, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (rows[j].where == rows[i].where && rows[j].help == rows[i].help)
            return false;
    return true;
}

static void help_of(struct buf *out, unsigned where, const char *heading)
{
    size_t n, n_lines = 0;
    const struct binding *rows = keymap_bindings(&n);
    for (size_t i = 0; i < n; i++) {
        struct buf keys = {0};
        char name[40];
        if (rows[i].where != where || !is_first(rows, i))
            continue;
        for (size_t j = i; j < n; j++)
            if (rows[j].where == where && rows[j].help == rows[i].help)
                buf_printf(&keys, "%s%s", keys.len ? ", " : "",
                           key_name(rows[j].key, name, sizeof name));
        if (!n_lines++)
            buf_printf(out, "%s\n", heading);
        buf_printf(out, "  %-24s  %s\n", keys.data, rows[i].help);
        buf_free(&keys);
    }
    if (n_lines)
        buf_puts(out, "\n");
}

void keymap_help(struct buf *out)
{
    if (system_facts.option_types)
        buf_puts(out,
                 "If Option types characters: Ctrl-X and then the key does what Alt-key does\n\n");
    help_of(out, IN_ALL, "Everywhere");
    help_of(out, IN_INPUT, "In the input");
    help_of(out, IN_SIDEBAR, "On the sliders (Tab)");
    help_of(out, IN_SIDEBAR | IN_CHAT, "On the sliders and in the chat");
    help_of(out, IN_INPUT | IN_SIDEBAR, "In the input and on the sliders");
    help_of(out, IN_INPUT | IN_CHAT, "In the input and in the chat");
    help_of(out, IN_CHAT, "In the chat (Tab twice)");
}
