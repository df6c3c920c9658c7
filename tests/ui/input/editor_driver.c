/* SPDX-License-Identifier: MIT
 *
 * editor_driver [vi]: the editor without a screen. Each line of stdin is the keys of one text, in
 * hex, with a '.' where time passes; the answer is a line with the caret, counted in characters,
 * and the text in hex. The kill ring goes on from text to text, as in a shell.
 */
#include <string.h>

#include "base.h"
#include "editor.h"
#include "keymap.h"
#include "keys.h"
#include "vi.h"

static void press(struct editor *e, int32_t key)
{
    if ((e->search.on && editor_search_key(e, key)) || vi_key(e, key))
        return;
    enum action action = keymap_find(FOCUS_INPUT, key);
    if (action != ACT_NONE)
        editor_act(e, action);
    else if (key >= ' ' && key < K_NONE)
        editor_type(e, key);
}

static void press_all(struct editor *e, struct keys *k)
{
    struct input in;
    while (keys_next(k, &in))
        if (in.type == INPUT_KEY)
            press(e, in.key);
}

static void type_line(struct editor *e, const char *hex)
{
    struct keys k = {0};
    unsigned byte;
    while (*hex && *hex != '\n') {
        if (*hex == '.') {
            hex++;
        } else if (sscanf(hex, "%2x", &byte) == 1) {
            keys_feed(&k, &(char){(char)byte}, 1);
            press_all(e, &k);
            hex += 2;
            continue;
        }
        keys_timeout(&k);
        press_all(e, &k);
    }
    keys_timeout(&k);
    press_all(e, &k);
    keys_free(&k);
}

static void tell(const struct editor *e)
{
    unsigned caret = 0;
    for (size_t i = 0; i < e->caret; i++)
        caret += ((unsigned char)e->text.data[i] & 0xc0) != 0x80;
    printf("%u ", caret);
    for (size_t i = 0; i < e->text.len; i++)
        printf("%02x", (unsigned char)e->text.data[i]);
    printf("\n");
}

int main(int argc, char **argv)
{
    struct editor e = {0};
    static char line[1 << 16];
    e.vi.on = argc > 1 && strcmp(argv[1], "vi") == 0;
    while (fgets(line, sizeof line, stdin)) {
        type_line(&e, line);
        tell(&e);
        editor_clear(&e);
    }
    editor_free(&e);
    return 0;
}
