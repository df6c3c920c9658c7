/* SPDX-License-Identifier: MIT */
#include "keys.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

enum {
    MORE = 0,          /* bytes used by a decoder: none, it needs more */
    MAX_SEQUENCE = 64, /* a CSI longer than this is noise */
    MAX_STRING = 4096, /* a reply string (OSC, DCS) longer than this is noise */
};

static const char paste_start[] = "\033[200~";
static const char paste_end[] = "\033[201~";

void keys_free(struct keys *k)
{
    buf_free(&k->in);
    free(k->extra);
    *k = (struct keys){0};
}

void keys_add(struct keys *k, const char *sequence, int32_t key)
{
    size_t n = sequence ? strlen(sequence) : 0;
    if (n < 2 || n > sizeof k->extra->bytes || sequence[0] != '\033')
        return;
    k->extra = xgrow(k->extra, k->n_extra, &k->cap_extra, sizeof *k->extra);
    struct key_sequence *s = &k->extra[k->n_extra++];
    *s = (struct key_sequence){.n = n, .key = key};
    memcpy(s->bytes, sequence, n);
}

void keys_feed(struct keys *k, const char *bytes, size_t n)
{
    if (k->at == k->in.len)
        k->in.len = k->at = 0;
    else if (k->at) {
        memmove(k->in.data, k->in.data + k->at, k->in.len - k->at);
        k->in.len -= k->at;
        k->at = 0;
    }
    buf_append(&k->in, bytes, n);
    k->timed_out = false;
}

size_t keys_waiting(const struct keys *k)
{
    return k->in_paste ? 0 : k->in.len - k->at;
}

void keys_timeout(struct keys *k)
{
    k->timed_out = true;
}

void keys_end_paste(struct keys *k)
{
    k->end_paste = k->in_paste;
}

/* ---- sequences ------------------------------------------------------------------------ */

/* The modifier parameter of xterm and kitty: 1 + bits (1 shift, 2 alt, 4 ctrl, 8 meta). */
static int32_t modifiers(unsigned parameter)
{
    unsigned bits = parameter ? parameter - 1 : 0;
    return (bits & 1 ? K_SHIFT : 0) | (bits & (2 | 8) ? K_ALT : 0) | (bits & 4 ? K_CTRL : 0);
}

static int32_t key_of_letter(char final)
{
    switch (final) {
    case 'A': return K_UP;
    case 'B': return K_DOWN;
    case 'C': return K_RIGHT;
    case 'D': return K_LEFT;
    case 'F': return K_END;
    case 'H': return K_HOME;
    case 'M': return K_ENTER; /* keypad, after ESC O */
    case 'P': return K_F1;
    case 'Q': return K_F1 + 1;
    case 'R': return K_F1 + 2;
    case 'S': return K_F1 + 3;
    case 'Z': return K_TAB | K_SHIFT;
    default: return K_NONE;
    }
}

static int32_t key_of_number(unsigned number)
{
    static const int32_t keys[] = {
        [1] = K_HOME,      [2] = K_INSERT,  [3] = K_DELETE,  [4] = K_END,      [5] = K_PAGE_UP,
        [6] = K_PAGE_DOWN, [7] = K_HOME,    [8] = K_END,     [11] = K_F1,      [12] = K_F1 + 1,
        [13] = K_F1 + 2,   [14] = K_F1 + 3, [15] = K_F1 + 4, [17] = K_F1 + 5,  [18] = K_F1 + 6,
        [19] = K_F1 + 7,   [20] = K_F1 + 8, [21] = K_F1 + 9, [23] = K_F1 + 10, [24] = K_F1 + 11,
    };
    return number < sizeof keys / sizeof *keys && keys[number] ? keys[number] : K_NONE;
}

/* A single character as a key: control characters become names or K_CTRL | letter. */
static int32_t key_of_code(int32_t cp)
{
    switch (cp) {
    case '\r': return K_ENTER;
    case '\t': return K_TAB;
    case 0x1b: return K_ESC;
    case 0x7f: return K_BACKSPACE;
    default: break;
    }
    if (cp >= 1 && cp <= 26)
        return K_CTRL | (cp + 'a' - 1);
    if (cp >= 0 && cp < 0x20)
        return K_CTRL | (cp + '@');
    return cp >= 0x80 && cp < 0xa0 ? K_NONE : cp;
}

/* Keys of the keypad as kitty numbers them, from 57399 on; the other keys of its private range
 * (volume, modifiers alone ...) are nothing to us. */
enum { KITTY_FIRST = 57344, KITTY_KEYPAD = 57399, KITTY_LAST = 63743 };

static int32_t key_of_kitty(int32_t code)
{
    static const int32_t keypad[] = {
        '0',  '1',    '2',       '3',         '4',    '5',     '6',      '7',     '8',    '9',
        '.',  '/',    '*',       '-',         '+',    K_ENTER, '=',      ',',     K_LEFT, K_RIGHT,
        K_UP, K_DOWN, K_PAGE_UP, K_PAGE_DOWN, K_HOME, K_END,   K_INSERT, K_DELETE};
    int32_t i = code - KITTY_KEYPAD;
    return i >= 0 && i < (int32_t)(sizeof keypad / sizeof *keypad) ? keypad[i] : K_NONE;
}

/* A code with modifiers, as kitty ("CSI code;m u") and modifyOtherKeys ("CSI 27;m;code ~") send. */
static int32_t key_of_modified(unsigned code, unsigned shifted, unsigned parameter)
{
    bool is_surrogate = code >= 0xd800 && code < 0xe000;
    int32_t key = code < 0x110000 && !is_surrogate ? key_of_code((int32_t)code) : K_NONE;
    int32_t mods = modifiers(parameter);
    if (code >= KITTY_FIRST && code <= KITTY_LAST)
        key = key_of_kitty((int32_t)code);
    if (key < K_NONE && key > 0x20 && (mods & K_SHIFT) && !(mods & K_CTRL))
        key = shifted > 0x20 && shifted < 0x110000 ? (int32_t)shifted : utf8_to_case(key, true);
    if (key < K_NONE && (mods & K_CTRL) && key >= 'A' && key <= 'Z')
        key += 'a' - 'A';
    if (key < K_NONE)
        mods &= ~K_SHIFT;
    return key == K_NONE ? K_NONE : key | mods;
}

/* shifted: what the key gives with Shift, where kitty tells it; or 0 */
static int32_t key_of_csi(const unsigned *p, unsigned shifted, char final)
{
    if (final == '~' && p[0] == 27)
        return key_of_modified(p[2], 0, p[1]);
    if (final == 'u')
        return key_of_modified(p[0], shifted, p[1]);
    if (final == 'M')
        return K_NONE;
    int32_t key = final == '~' ? key_of_number(p[0]) : key_of_letter(final);
    return key == K_NONE ? K_NONE : key | modifiers(p[1]);
}

/* CSI: s = ESC [ ... -> bytes used, 0 for more. */
static size_t decode_csi(const char *s, size_t n, int32_t *key)
{
    unsigned p[4] = {0};
    size_t n_p = 0, i = 2;
    unsigned shifted = 0, n_sub = 0; /* "98:66": of the first parameter, how many colons */
    bool private = false;
    if (n > 2 && s[2] == '[') { /* Linux console: ESC [ [ A is F1 */
        *key = n > 3 && s[3] >= 'A' && s[3] <= 'E' ? K_F1 + (s[3] - 'A') : K_NONE;
        return n > 3 ? 4 : MORE;
    }
    if (n > 2 && s[2] == 'M') /* old mouse report: three bytes follow */
        return n >= 6 ? 6 : MORE;
    for (; i < n && i < MAX_SEQUENCE; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c >= '0' && c <= '9' && n_sub) {
            if (n_p == 0 && n_sub == 1 && shifted < 1000000)
                shifted = shifted * 10 + (c - '0');
        } else if (c >= '0' && c <= '9')
            p[n_p] = p[n_p] < 1000000 ? p[n_p] * 10 + (c - '0') : p[n_p];
        else if (c == ';') {
            n_p += n_p < 3;
            n_sub = 0;
        } else if (c == ':')
            n_sub++;
        else if (c >= 0x40 && c <= 0x7e) {
            *key = private ? K_NONE : key_of_csi(p, shifted, (char)c);
            return i + 1;
        } else if (c < 0x20 || c > 0x7e)
            return i; /* not a sequence after all: drop its start, read on from here */
        else
        private = true;
    }
    return i < n ? i : MORE;
}

/* A string that a terminal answers with: ESC ] (OSC), ESC P (DCS), ESC _ (APC), ESC ^ (PM). */
static size_t skip_string(const char *s, size_t n)
{
    for (size_t i = 2; i < n; i++) {
        if (s[i] == '\a')
            return i + 1;
        if (s[i] == '\033')
            return i + 1 == n ? MORE : s[i + 1] == '\\' ? i + 2 : i;
        if (i >= MAX_STRING)
            return i;
    }
    return MORE;
}

/* -> bytes of a terminfo sequence at s, 0 when none is there. *partial: more bytes could make one.
 */
static size_t decode_extra(const struct keys *k, const char *s, size_t n, int32_t *key,
                           bool *partial)
{
    for (size_t i = 0; i < k->n_extra; i++) {
        const struct key_sequence *e = &k->extra[i];
        if (memcmp(s, e->bytes, e->n < n ? e->n : n) != 0)
            continue;
        if (e->n <= n) {
            *key = e->key;
            return e->n;
        }
        *partial = true;
    }
    return 0;
}

static size_t decode_escape(const struct keys *k, const char *s, size_t n, int32_t *key)
{
    bool partial = false;
    size_t used = decode_extra(k, s, n, key, &partial);
    if (used || n < 2)
        return used;
    switch (s[1]) {
    case '[': return decode_csi(s, n, key);
    case 'O': /* SS3: keypad and application cursor keys */
        if (n < 3)
            return MORE;
        *key = key_of_letter(s[2]);
        return 3;
    case ']':
    case 'P':
    case '_':
    case '^':
        /* Alt-P and the like: typed, they come alone. */
        return n > 2 ? skip_string(s, n) : MORE;
    case '\033':
        if (n == 2)
            return MORE;
        if (s[2] != '[' && s[2] != 'O') { /* ESC twice: the first one is a key */
            *key = K_ESC;
            return 1;
        }
        used = decode_escape(k, s + 1, n - 1, key);
        if (used && *key != K_NONE)
            *key |= K_ALT;
        return used ? used + 1 : MORE;
    default: break;
    }
    int32_t cp;
    if (utf8_complete(s + 1, n - 1) == 0)
        return MORE;
    used = utf8_decode(s + 1, n - 1, &cp);
    *key = cp < 0 ? K_NONE : key_of_code(cp);
    if (*key != K_NONE)
        *key |= K_ALT;
    return 1 + used;
}

/* What a time-out makes of a held start: ESC alone is the key; two bytes are Alt and a letter. */
static size_t decode_held(const char *s, size_t n, int32_t *key)
{
    if (s[0] == '\033' && n == 1)
        *key = K_ESC;
    else if (s[0] == '\033' && n == 2)
        *key = s[1] == '\033' ? K_ESC : K_ALT | key_of_code((unsigned char)s[1]);
    return n;
}

static size_t decode(struct keys *k, const char *s, size_t n, int32_t *key)
{
    int32_t cp;
    *key = K_NONE;
    if (s[0] == '\033') {
        size_t used = decode_escape(k, s, n, key);
        return used || !k->timed_out ? used : decode_held(s, n, key);
    }
    if (utf8_complete(s, n < 4 ? n : 4) == 0)
        return k->timed_out ? n : MORE;
    size_t used = utf8_decode(s, n, &cp);
    if (cp >= 0)
        *key = key_of_code(cp);
    return used;
}

/* ---- pastes --------------------------------------------------------------------------- */

/* Length of the longest end of s[0..n) that could be the start of the end marker. */
static size_t held_marker(const char *s, size_t n)
{
    size_t most = sizeof paste_end - 2;
    for (size_t k = n < most ? n : most; k > 0; k--)
        if (memcmp(s + n - k, paste_end, k) == 0)
            return k;
    return 0;
}

static bool next_paste(struct keys *k, struct input *out)
{
    const char *s = k->in.data + k->at;
    size_t n = k->in.len - k->at, marker = sizeof paste_end - 1;
    const char *end = n ? memmem(s, n, paste_end, marker) : NULL;
    size_t text = end ? (size_t)(end - s) : n - (k->end_paste ? 0 : held_marker(s, n));
    if (text) {
        *out = (struct input){.type = INPUT_PASTE, .text = s, .n = text};
        k->at += text;
        return true;
    }
    if (!end && !k->end_paste)
        return false;
    k->at += end ? marker : 0;
    k->in_paste = k->end_paste = false;
    *out = (struct input){.type = INPUT_PASTE_END};
    return true;
}

/* ---- mouse, focus ------------------------------------------------------------------------------
 */

/* A button pressed, as mode 1006 tells it: ESC [ < button ; column ; row M, from 1. -> bytes used,
 * 0: something else, or not all of it is there. */
static size_t decode_mouse(const char *s, size_t n, struct input *out)
{
    int p[3] = {0}, i_p = 0;
    size_t i = 3;
    if (n < 4 || memcmp(s, "\033[<", 3) != 0)
        return 0;
    for (; i < n && i < MAX_SEQUENCE && s[i] != 'M'; i++) {
        if (s[i] >= '0' && s[i] <= '9' && p[i_p] < 100000)
            p[i_p] = p[i_p] * 10 + (s[i] - '0');
        else if (s[i] == ';' && i_p < 2)
            i_p++;
        else
            return 0;
    }
    if (i == n || i == MAX_SEQUENCE || i_p < 2 || p[1] < 1 || p[2] < 1)
        return 0;
    *out = (struct input){.type = INPUT_MOUSE, .button = p[0], .column = p[1] - 1, .row = p[2] - 1};
    return i + 1;
}

/* Mode 1004: ESC [ I or ESC [ O. */
static size_t decode_focus(const char *s, size_t n, struct input *out)
{
    if (n < 3 || s[0] != '\033' || s[1] != '[' || (s[2] != 'I' && s[2] != 'O'))
        return 0;
    *out = (struct input){.type = INPUT_FOCUS, .is_here = s[2] == 'I'};
    return 3;
}

bool keys_next(struct keys *k, struct input *out)
{
    while (k->in_paste || k->at < k->in.len) {
        if (k->in_paste)
            return next_paste(k, out);
        const char *s = k->in.data + k->at;
        size_t n = k->in.len - k->at;
        if (n >= sizeof paste_start - 1 && memcmp(s, paste_start, sizeof paste_start - 1) == 0) {
            k->at += sizeof paste_start - 1;
            k->in_paste = true;
            *out = (struct input){.type = INPUT_PASTE_START};
            return true;
        }
        int32_t key;
        size_t used = decode_mouse(s, n, out);
        used = used ? used : decode_focus(s, n, out);
        if (used) {
            k->at += used;
            return true;
        }
        used = decode(k, s, n, &key);
        if (used == MORE)
            return false;
        k->at += used;
        if (key != K_NONE) {
            *out = (struct input){.type = INPUT_KEY, .key = key};
            return true;
        }
    }
    k->timed_out = false;
    return false;
}
