/* SPDX-License-Identifier: MIT
 *
 * What a terminal sends. Keys and pastes are the same however the bytes come in.
 */
#include "fuzz.h"
#include "keys.h"

struct heard {
    struct buf text;
    bool in_paste;
};

static void hear(struct heard *h, const struct input *in)
{
    switch (in->type) {
    case INPUT_KEY:
        FUZZ_CHECK(in->key > 0 || in->key == 0);
        FUZZ_CHECK((in->key & ~K_MODIFIERS) <= K_LAST);
        FUZZ_CHECK((in->key & ~K_MODIFIERS) < 0xd800 || (in->key & ~K_MODIFIERS) > 0xdfff);
        FUZZ_CHECK((in->key & ~K_MODIFIERS) != K_NONE);
        buf_printf(&h->text, "k%x ", (unsigned)in->key);
        break;
    case INPUT_PASTE_START:
    case INPUT_PASTE_END:
        FUZZ_CHECK(h->in_paste == (in->type == INPUT_PASTE_END));
        h->in_paste = in->type == INPUT_PASTE_START;
        buf_puts(&h->text, h->in_paste ? "<" : ">");
        break;
    case INPUT_PASTE:
        FUZZ_CHECK(h->in_paste);
        buf_append(&h->text, in->text, in->n);
        break;
    case INPUT_MOUSE:
        FUZZ_CHECK(in->row >= 0 && in->column >= 0);
        buf_printf(&h->text, "m%d,%d,%d ", in->button, in->row, in->column);
        break;
    case INPUT_FOCUS: buf_puts(&h->text, in->is_here ? "+" : "-"); break;
    }
}

static void take_all(struct keys *k, struct heard *h)
{
    struct input in;
    while (keys_next(k, &in))
        hear(h, &in);
}

static struct heard hear_all(struct feed *f, bool in_pieces)
{
    struct keys k = {0};
    struct heard h = {0};
    for (size_t at = 0, n; at < f->n; at += n) {
        n = in_pieces ? fuzz_piece(f, f->n - at) : f->n;
        keys_feed(&k, f->text + at, n);
        take_all(&k, &h);
    }
    if (keys_waiting(&k)) {
        keys_timeout(&k);
        take_all(&k, &h);
    }
    keys_end_paste(&k);
    take_all(&k, &h);
    keys_free(&k);
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t choice;
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, &choice, 1);
    struct heard whole = hear_all(&f, false), pieces = hear_all(&f, true);
    FUZZ_CHECK(whole.text.len == pieces.text.len);
    FUZZ_CHECK(!whole.text.len || memcmp(whole.text.data, pieces.text.data, whole.text.len) == 0);
    buf_free(&whole.text);
    buf_free(&pieces.text);
    fuzz_feed_free(&f);
    return 0;
}
