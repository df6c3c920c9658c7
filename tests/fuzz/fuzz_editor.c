/* SPDX-License-Identifier: MIT
 *
 * What a terminal sends, up to the line editor with readline's keys and vi's: the caret stands
 * between characters, the text is valid UTF-8, and undoing everything leads back to nothing.
 */
#include "editor.h"
#include "fuzz.h"
#include "keys.h"
#include "utf8.h"
#include "vi.h"

enum choice { WIDTH, MODE, N_CHOICES };

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

static void take(struct editor *e, const struct input *in)
{
    switch (in->type) {
    case INPUT_KEY: press(e, in->key); break;
    case INPUT_PASTE_START: editor_paste_start(e); break;
    case INPUT_PASTE: editor_paste(e, in->text, in->n); break;
    case INPUT_PASTE_END:
        editor_paste_end(e);
        editor_take_paste(e);
        break;
    case INPUT_MOUSE:
    case INPUT_FOCUS: break;
    }
}

static void check(struct editor *e, int width)
{
    size_t row;
    int column;
    FUZZ_CHECK(e->caret <= e->text.len);
    for (size_t at = 0; at < e->text.len;) {
        int32_t cp;
        FUZZ_CHECK(e->caret <= at || e->caret > at);
        size_t used = utf8_decode(e->text.data + at, e->text.len - at, &cp);
        FUZZ_CHECK(cp >= 0);
        FUZZ_CHECK(e->caret <= at || e->caret >= at + used);
        at += used;
    }
    editor_layout(e, width, &row, &column);
    FUZZ_CHECK(row < e->rows.n && column >= 0 && column <= width + 1);
    char *text = editor_expand(e);
    FUZZ_CHECK(strlen(text) + 1 >= 1);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t choices[N_CHOICES];
    struct editor e = {0};
    struct keys k = {0};
    struct input in;
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, choices, N_CHOICES);
    int width = 2 + choices[WIDTH];
    e.vi.on = choices[MODE] & 1;
    editor_remember(&e, "an earlier text");
    editor_remember(&e, "one\nof two lines");
    for (size_t at = 0, piece; at < f.n; at += piece) {
        piece = fuzz_piece(&f, f.n - at);
        keys_feed(&k, f.text + at, piece);
        while (keys_next(&k, &in)) {
            take(&e, &in);
        }
        if (keys_waiting(&k) && fuzz_below(&f, 2))
            keys_timeout(&k);
    }
    check(&e, width);
    for (size_t i = 0; i < 100000 && e.n_done; i++)
        editor_act(&e, ACT_UNDO);
    check(&e, width);
    keys_free(&k);
    editor_free(&e);
    fuzz_feed_free(&f);
    return 0;
}
