/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "characters.h"
#include "normalizer.h"
#include "pretokenizer.h"
#include "tokenizer_internal.h"
#include "utf8.h"

/* ---- words that were seen before ------------------------------------------------------------- */

enum {
    CACHE_BITS = 13,
    CACHE_TEXT = 27,
    CACHE_IDS = 8,
    CACHE_FROM = 4096, /* bytes of a text that is worth a cache */
};

struct cached {
    uint32_t hash;
    uint8_t n_text, n_ids; /* n_text 0: nothing yet */
    char text[CACHE_TEXT - 1];
    int32_t ids[CACHE_IDS];
};
_Static_assert(sizeof(struct cached) == 64, "a cache line");

struct encoder {
    const struct tokenizer *t;
    struct ids *out;
    struct regexp_scratch *scratch;
    struct bpe_work work;
    struct cached *cache; /* [1 << CACHE_BITS], or NULL */
    struct pretokenizer pretokenizer;
    struct marked text, spare; /* the normal form of a segment */
    const struct marked *whole;
    bool at_start; /* no text stands before the whole one */
    bool gave_up;
};

/* ---- symbols of a word ----------------------------------------------------------------------- */

/* What no piece is becomes its bytes, or the unknown token; that waits for the next character that
 * is known, since unknown ones can fuse. */
struct unknown {
    bool waits;
};

static void add_known(struct encoder *e, struct unknown *u, int32_t id)
{
    if (u->waits)
        bpe_add(&e->work, (uint32_t)e->t->image.header->unk);
    u->waits = false;
    bpe_add(&e->work, (uint32_t)id);
}

static bool falls_back(const struct tokenizer *t, const char *s, size_t n)
{
    bool all = t->image.header->flags & IMAGE_BYTE_FALLBACK;
    for (size_t i = 0; all && i < n; i++)
        all = t->byte_ids[(unsigned char)s[i]] >= 0;
    return all;
}

static void add_unknown(struct encoder *e, struct unknown *u, const char *s, size_t n)
{
    const struct tokenizer *t = e->t;
    if (falls_back(t, s, n)) {
        for (size_t i = 0; i < n; i++)
            bpe_add(&e->work, (uint32_t)t->byte_ids[(unsigned char)s[i]]);
        return;
    }
    if (t->image.header->unk < 0)
        return;
    if (u->waits && !(t->image.header->flags & IMAGE_FUSE_UNK))
        bpe_add(&e->work, (uint32_t)t->image.header->unk);
    u->waits = true;
}

static void end_unknown(struct encoder *e, struct unknown *u)
{
    if (u->waits)
        bpe_add(&e->work, (uint32_t)e->t->image.header->unk);
}

static void add_bytes(struct encoder *e, const char *s, size_t n)
{
    struct unknown u = {0};
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)s[i];
        int32_t id = e->t->level_ids[byte];
        char c[2];
        if (id >= 0)
            add_known(e, &u, id);
        else
            add_unknown(e, &u, c, byte_level_encode(byte, c));
    }
    end_unknown(e, &u);
}

static void add_characters(struct encoder *e, const char *s, size_t n)
{
    struct unknown u = {0};
    for (size_t at = 0, used; at < n; at += used) {
        int32_t cp, id;
        used = utf8_decode(s + at, n - at, &cp);
        id = cp < 0     ? NO_ID
             : cp < 128 ? e->t->ascii[cp]
                        : tokenizer_model_piece(e->t, s + at, used);
        if (id >= 0)
            add_known(e, &u, id);
        else
            add_unknown(e, &u, s + at, used);
    }
    end_unknown(e, &u);
}

/* ---- words ----------------------------------------------------------------------------------- */

/* The id of a word that is a piece, or NO_ID. */
static int32_t whole_piece(const struct tokenizer *t, const char *s, size_t n)
{
    char text[256];
    size_t len = 0;
    if (!t->is_byte_level)
        return tokenizer_model_piece(t, s, n);
    if (n > sizeof text / 2) /* longer than any piece that somebody would train */
        return NO_ID;
    for (size_t i = 0; i < n; i++)
        len += byte_level_encode((uint8_t)s[i], text + len);
    return tokenizer_model_piece(t, text, len);
}

static void encode_word(struct encoder *e, const char *s, size_t n)
{
    const struct tokenizer *t = e->t;
    if (t->image.header->flags & IMAGE_IGNORE_MERGES) {
        int32_t id = whole_piece(t, s, n);
        if (id >= 0) {
            ids_push(e->out, id);
            return;
        }
    }
    bpe_reserve(&e->work, n);
    if (t->is_byte_level)
        add_bytes(e, s, n);
    else
        add_characters(e, s, n);
    bpe_finish(&t->image.merges, &e->work, e->out);
}

static bool on_word(void *arg, const char *s, size_t n)
{
    struct encoder *e = arg;
    if (!e->cache || n >= CACHE_TEXT) {
        encode_word(e, s, n);
        return true;
    }
    uint64_t hash = image_hash(0, s, n);
    struct cached *c = &e->cache[hash >> (64 - CACHE_BITS)];
    if (c->hash == (uint32_t)hash && c->n_text == n && memcmp(c->text, s, n) == 0) {
        ids_append(e->out, c->ids, c->n_ids);
        return true;
    }
    size_t before = e->out->n;
    encode_word(e, s, n);
    size_t n_ids = e->out->n - before;
    if (n_ids > CACHE_IDS)
        return true;
    c->hash = (uint32_t)hash;
    c->n_text = (uint8_t)n;
    c->n_ids = (uint8_t)n_ids;
    memcpy(c->text, s, n);
    if (n_ids)
        memcpy(c->ids, e->out->ids + before, n_ids * sizeof *c->ids);
    return true;
}

/* ---- segments -------------------------------------------------------------------------------- */

struct segment {
    struct encoder *e;
    const struct marked *text;
    bool at_start;
};

/* What a pattern gave up on is one word: no text is lost. */
static void encode_part(struct encoder *e, const char *s, size_t n, bool at_start)
{
    size_t before = e->out->n;
    if (pretokenize(&e->pretokenizer, s, n, at_start))
        return;
    e->gave_up = true;
    e->out->n = before;
    encode_word(e, s, n);
}

static bool on_normal_part(void *arg, size_t start, size_t end, int32_t id)
{
    const struct segment *s = arg;
    if (id == NO_ID)
        encode_part(s->e, s->text->text.data + start, end - start, s->at_start && start == 0);
    else
        ids_push(s->e->out, id);
    return true;
}

/* The normal form of whole[start..end), in e->text; as far as its patterns do not give up. */
static void normalize(struct encoder *e, size_t start, size_t end)
{
    const struct tokenizer *t = e->t;
    uint32_t first = t->stage_at[STAGE_NORMALIZER], last = t->stage_at[STAGE_NORMALIZER + 1];
    marked_clear(&e->text);
    e->text.all = e->whole->all;
    e->text.has_marks = e->whole->has_marks && t->added[ADDED_IN_NORMAL].first[256] > 0;
    marked_copy(&e->text, e->whole, start, end - start);
    for (uint32_t i = first; i < last; i++)
        if (!normalize_step(&t->image.steps[i], t->image.strings, &t->matchers[i], e->scratch,
                            (end - start) * 64 + (1 << 16), &e->text, &e->spare))
            e->gave_up = true;
}

/* Text between the added tokens that stand in the raw text. */
static bool on_raw_part(void *arg, size_t start, size_t end, int32_t id)
{
    struct encoder *e = arg;
    const struct tokenizer *t = e->t;
    if (id != NO_ID) {
        ids_push(e->out, id);
        return true;
    }
    bool at_start = e->at_start && start == 0;
    bool normalizes = t->stage_at[STAGE_NORMALIZER + 1] > 0;
    bool has_normal = t->added[ADDED_IN_NORMAL].first[256] > 0;
    if (!normalizes && !has_normal) {
        encode_part(e, e->whole->text.data + start, end - start, at_start);
        return true;
    }
    normalize(e, start, end);
    struct segment s = {e, &e->text, at_start};
    if (has_normal)
        added_split(t, ADDED_IN_NORMAL, &e->text, on_normal_part, &s);
    else
        encode_part(e, e->text.text.data, e->text.text.len, at_start);
    return true;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static void encoder_init(struct encoder *e, const struct tokenizer *t, struct ids *out, size_t n)
{
    uint32_t first = t->stage_at[STAGE_PRE_TOKENIZER], end = t->stage_at[STAGE_PRE_TOKENIZER + 1];
    *e = (struct encoder){.t = t, .out = out, .scratch = regexp_scratch_new(n)};
    if (n >= CACHE_FROM) {
        e->cache = xcalloc((size_t)1 << CACHE_BITS, sizeof *e->cache);
        bpe_remember(&e->work);
    }
    e->pretokenizer.steps = t->image.steps + first;
    e->pretokenizer.matchers = t->matchers + first;
    e->pretokenizer.n_steps = end - first;
    e->pretokenizer.strings = t->image.strings;
    e->pretokenizer.scratch = e->scratch;
    e->pretokenizer.word = on_word;
    e->pretokenizer.arg = e;
}

static void encoder_free(struct encoder *e)
{
    regexp_scratch_free(e->scratch);
    bpe_work_free(&e->work);
    pretokenizer_free(&e->pretokenizer);
    marked_free(&e->text);
    marked_free(&e->spare);
    free(e->cache);
}

/* Spans as one text; a single one is not copied. */
static bool join_spans(const struct text_span *spans, size_t n_spans, struct marked *out)
{
    bool any = false, all = true;
    for (size_t i = 0; i < n_spans; i++) {
        any = any || (spans[i].special && spans[i].len);
        all = all && (spans[i].special || !spans[i].len);
    }
    *out = (struct marked){.has_marks = any && !all, .all = all};
    if (n_spans == 1) {
        out->text = (struct buf){.data = (char *)spans[0].text, .len = spans[0].len};
        return false;
    }
    for (size_t i = 0; i < n_spans; i++)
        if (spans[i].len)
            marked_put(out, spans[i].text, spans[i].len, spans[i].special);
    return true;
}

static bool encode(const struct tokenizer *t, const struct text_span *spans, size_t n_spans,
                   bool at_start, struct ids *out)
{
    struct marked whole;
    struct encoder e;
    bool owned = join_spans(spans, n_spans, &whole), ok = true;
    if (whole.text.len) {
        encoder_init(&e, t, out, whole.text.len);
        e.whole = &whole;
        e.at_start = at_start;
        added_split(t, ADDED_IN_RAW, &whole, on_raw_part, &e);
        ok = !e.gave_up;
        encoder_free(&e);
    }
    if (owned)
        marked_free(&whole);
    return ok;
}

bool tokenizer_encode(const struct tokenizer *t, const struct text_span *spans, size_t n_spans,
                      struct ids *out)
{
    return encode(t, spans, n_spans, true, out);
}

bool tokenizer_encode_more(const struct tokenizer *t, const struct text_span *spans, size_t n_spans,
                           struct ids *out)
{
    return encode(t, spans, n_spans, false, out);
}

bool tokenizer_gave_up(struct error *err)
{
    return error_set(err, EX_DATAERR,
                     "tokenizer: one of its patterns takes too many steps on this text");
}
