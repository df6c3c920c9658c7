/* SPDX-License-Identifier: MIT
 *
 * Markdown and its layout, at widths of 1 to 500: rows are not wider than the screen, hold nothing
 * that a terminal would take for a command, and are the same however the answer streamed in.
 */
#include "fuzz.h"
#include "transcript.h"
#include "utf8.h"

enum choice { WIDTH_LOW, WIDTH_HIGH, LOOK, SPLIT, N_CHOICES };

static void check_rows(struct transcript *t)
{
    const size_t widest = t->look.width < 2 ? 2 : (size_t)t->look.width; /* a wide character */
    for (size_t b = 0; b < transcript_block_count(t, 0); b++) {
        const struct layout *l = transcript_layout(t, 0, b);
        for (size_t i = 0; l && i < l->n; i++) {
            const char *row = l->drawn.text.data + l->lines[i].start;
            size_t n = l->lines[i].n;
            FUZZ_CHECK(l->lines[i].start + n <= l->drawn.text.len);
            FUZZ_CHECK(!n || (fuzz_is_fit_to_print(row, n) && !memchr(row, '\n', n)));
            FUZZ_CHECK(!n || utf8_width(row, n) <= widest);
            FUZZ_CHECK(l->lines[i].prefix <= n);
        }
    }
}

static void check_same(struct transcript *a, struct transcript *b)
{
    FUZZ_CHECK(transcript_block_count(a, 0) == transcript_block_count(b, 0));
    for (size_t i = 0; i < transcript_block_count(a, 0); i++) {
        const struct layout *x = transcript_layout(a, 0, i), *y = transcript_layout(b, 0, i);
        FUZZ_CHECK(!x == !y);
        if (!x)
            continue;
        FUZZ_CHECK(x->n == y->n && x->drawn.text.len == y->drawn.text.len);
        FUZZ_CHECK(!x->drawn.text.len ||
                   memcmp(x->drawn.text.data, y->drawn.text.data, x->drawn.text.len) == 0);
    }
}

static void begin(struct transcript *t, const uint8_t *choices)
{
    transcript_init(t);
    struct look_of_text look = t->look;
    look.width = 1 + (choices[WIDTH_LOW] | choices[WIDTH_HIGH] << 8) % 500;
    look.unicode = choices[LOOK] & 1;
    look.bare = choices[LOOK] & 2;
    look.emoji = (enum emoji)(choices[LOOK] >> 2 & 1);
    transcript_set_look(t, &look, choices[LOOK] & 8);
    transcript_resize(t, look.width, 30);
    transcript_add(t, ITEM_ANSWER, "", 0);
}

static void stream(struct transcript *t, struct feed *f, size_t n_thought)
{
    struct shown_row rows[30];
    for (size_t at = 0, n; at < f->n; at += n) {
        n = fuzz_piece(f, (at < n_thought ? n_thought : f->n) - at);
        if (at < n_thought)
            transcript_think(t, f->text + at, n);
        else
            transcript_append(t, f->text + at, n);
        if (fuzz_below(f, 4) == 0)
            transcript_rows(t, rows);
    }
    transcript_finish(t, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t choices[N_CHOICES];
    struct transcript whole, pieces;
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, choices, N_CHOICES);
    size_t n_thought = choices[LOOK] & 16 ? f.n / 2 : 0;
    begin(&whole, choices);
    begin(&pieces, choices);
    transcript_think(&whole, f.text, n_thought);
    transcript_append(&whole, f.text + n_thought, f.n - n_thought);
    transcript_finish(&whole, NULL);
    stream(&pieces, &f, n_thought);
    transcript_open(&whole, 0, true);
    transcript_open(&pieces, 0, true);
    check_rows(&whole);
    check_same(&whole, &pieces);
    transcript_free(&whole);
    transcript_free(&pieces);
    fuzz_feed_free(&f);
    return 0;
}
