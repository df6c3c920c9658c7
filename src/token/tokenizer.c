/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tokenizer_internal.h"
#include "utf8.h"

/* ---- ids ------------------------------------------------------------------------------ */

void ids_push(struct ids *v, int32_t id)
{
    if (v->n == v->cap) {
        v->cap = v->cap ? v->cap * 2 : 64;
        v->ids = xrealloc(v->ids, v->cap, sizeof *v->ids);
    }
    v->ids[v->n++] = id;
}

void ids_free(struct ids *v)
{
    free(v->ids);
    *v = (struct ids){0};
}

/* ---- pieces --------------------------------------------------------------------------- */

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t tokenizer_hash(const struct tokenizer *t, const char *text, size_t len)
{
    uint64_t hash = t->hash_key ^ len;
    for (size_t at = 0; at < len; at += 8) {
        uint64_t word = 0;
        memcpy(&word, text + at, len - at < 8 ? len - at : 8);
        hash = fold(hash ^ word, 0x9E3779B97F4A7C15u);
    }
    return fold(hash, 0xBF58476D1CE4E5B9u);
}

int32_t tokenizer_lookup(const struct tokenizer *t, const char *text, size_t len)
{
    size_t slot = tokenizer_hash(t, text, len) & (t->n_slots - 1);
    for (; t->slots[slot]; slot = (slot + 1) & (t->n_slots - 1)) {
        const struct piece *p = &t->pieces[t->slots[slot] - 1];
        if (p->len == len && memcmp(t->text.data + p->at, text, len) == 0)
            return (int32_t)(t->slots[slot] - 1);
    }
    return -1;
}

int32_t tokenizer_find(const struct tokenizer *t, const char *text)
{
    return tokenizer_lookup(t, text, strlen(text));
}

uint32_t tokenizer_size(const struct tokenizer *t)
{
    return t->n_pieces;
}

static const struct piece *piece_of(const struct tokenizer *t, int32_t id)
{
    return id >= 0 && (uint32_t)id < t->n_pieces ? &t->pieces[id] : NULL;
}

bool tokenizer_is_special(const struct tokenizer *t, int32_t id)
{
    const struct piece *p = piece_of(t, id);
    return p && p->special;
}

bool tokenizer_goes_on(const struct tokenizer *t, int32_t id)
{
    const struct piece *p = piece_of(t, id);
    int32_t cp = -1;
    if (!p || p->added || p->kind == PIECE_NONE)
        return false;
    if (p->kind == PIECE_BYTE)
        return p->byte >= 0x80;
    utf8_decode(t->text.data + p->at, p->len, &cp);
    return cp != META_SPACE && utf8_is_word(cp);
}

void tokenizer_push_prefix(const struct tokenizer *t, struct ids *out)
{
    for (size_t i = 0; i < t->prefix.n; i++)
        ids_push(out, t->prefix.ids[i]);
}

/* Id of a one-character piece, or -1. */
static int32_t find_single(const struct tokenizer *t, int32_t cp)
{
    if (cp >= 0 && cp < 128)
        return t->ascii[cp];
    size_t low = 0, high = t->n_singles;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (t->singles[middle].cp < cp)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->n_singles && t->singles[low].cp == cp ? t->singles[low].id : -1;
}

/* ---- merging: a heap of candidate pairs, stale ones recognised when they come out ----- */

enum { NO_SYMBOL = UINT32_MAX, NO_MERGE = UINT32_MAX };

/* Characters merged at once. Longer text without a space is cut: memory stays bounded. */
enum { WORD_MAX = 1 << 24 };

struct symbol {
    int32_t id; /* -1: was merged into the one before */
    uint32_t prev, next;
};

struct word {
    struct symbol *symbols;
    size_t n, cap;
    uint64_t *heap; /* rank << 32 | position of the left one: lowest rank, then leftmost */
    size_t n_heap, cap_heap;
};

static void word_add(struct word *w, int32_t id)
{
    if (w->n == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 64;
        w->symbols = xrealloc(w->symbols, w->cap, sizeof *w->symbols);
    }
    uint32_t i = (uint32_t)w->n++;
    w->symbols[i] = (struct symbol){id, i ? i - 1 : NO_SYMBOL, NO_SYMBOL};
    if (i)
        w->symbols[i - 1].next = i;
}

static void heap_push(struct word *w, uint64_t key)
{
    if (w->n_heap == w->cap_heap) {
        w->cap_heap = w->cap_heap ? w->cap_heap * 2 : 64;
        w->heap = xrealloc(w->heap, w->cap_heap, sizeof *w->heap);
    }
    size_t i = w->n_heap++;
    for (; i && w->heap[(i - 1) / 2] > key; i = (i - 1) / 2)
        w->heap[i] = w->heap[(i - 1) / 2];
    w->heap[i] = key;
}

static uint64_t heap_pop(struct word *w)
{
    uint64_t top = w->heap[0], key = w->heap[--w->n_heap];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < w->n_heap; i = child) {
        if (child + 1 < w->n_heap && w->heap[child + 1] < w->heap[child])
            child++;
        if (w->heap[child] >= key)
            break;
        w->heap[i] = w->heap[child];
    }
    w->heap[i] = key;
    return top;
}

static uint32_t find_rank(const struct tokenizer *t, int32_t left, int32_t right)
{
    uint32_t low = t->first[left], high = t->first[left + 1], end = high;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (t->by_left[middle].right < right)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && t->by_left[low].right == right ? t->by_left[low].rank : NO_MERGE;
}

/* Makes the pair that starts at symbol i a candidate, if there is a merge for it. */
static void propose(const struct tokenizer *t, struct word *w, uint32_t i)
{
    if (i == NO_SYMBOL || w->symbols[i].next == NO_SYMBOL)
        return;
    uint32_t rank = find_rank(t, w->symbols[i].id, w->symbols[w->symbols[i].next].id);
    if (rank != NO_MERGE)
        heap_push(w, (uint64_t)rank << 32 | i);
}

/* Merges the word, appends its ids and empties it. */
static void word_finish(const struct tokenizer *t, struct word *w, struct ids *out)
{
    if (!w->n)
        return;
    for (uint32_t i = 0; i < w->n; i++)
        propose(t, w, i);
    while (w->n_heap) {
        uint64_t key = heap_pop(w);
        const struct merge *m = &t->merges[key >> 32];
        struct symbol *left = &w->symbols[(uint32_t)key];
        if (left->id != m->left || left->next == NO_SYMBOL)
            continue;
        struct symbol *right = &w->symbols[left->next];
        if (right->id != m->right)
            continue;
        left->id = m->result;
        left->next = right->next;
        right->id = -1;
        if (left->next != NO_SYMBOL)
            w->symbols[left->next].prev = (uint32_t)key;
        propose(t, w, left->prev);
        propose(t, w, (uint32_t)key);
    }
    for (uint32_t i = 0; i != NO_SYMBOL; i = w->symbols[i].next)
        ids_push(out, w->symbols[i].id);
    w->n = 0;
}

/* ---- encoding ------------------------------------------------------------------------- */

static void word_add_character(const struct tokenizer *t, struct word *w, int32_t cp,
                               const char *bytes, size_t n)
{
    int32_t id = cp >= 0 ? find_single(t, cp) : -1;
    if (id >= 0)
        word_add(w, id);
    for (size_t i = 0; id < 0 && i < n; i++)
        word_add(w, t->byte_ids[(unsigned char)bytes[i]]);
}

/* Text between added tokens: "▁" before it, spaces as "▁", merged. Where no piece has "▁" behind
 * another character no merge crosses from a word to the next: they are merged one by one. */
static void encode_segment(const struct tokenizer *t, struct word *w, const char *s, size_t n,
                           struct ids *out)
{
    static const char meta_space[] = "▁";
    const size_t n_meta = sizeof meta_space - 1;
    int32_t before = META_SPACE;
    word_add_character(t, w, META_SPACE, meta_space, n_meta);
    for (size_t at = 0; at < n;) {
        int32_t cp;
        const char *bytes = s + at;
        size_t n_bytes = utf8_decode(bytes, n - at, &cp);
        at += n_bytes;
        if (cp == ' ') {
            cp = META_SPACE;
            bytes = meta_space;
            n_bytes = n_meta;
        }
        if ((cp == META_SPACE && before != META_SPACE && t->meta_space_leads) || w->n >= WORD_MAX)
            word_finish(t, w, out);
        word_add_character(t, w, cp, bytes, n_bytes);
        before = cp;
    }
    word_finish(t, w, out);
}

/* The first of added[low..high), equal before `at`, whose byte there is `byte` or more. */
static uint32_t added_bound(const struct tokenizer *t, uint32_t low, uint32_t high, size_t at,
                            unsigned byte)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if ((unsigned char)t->added[middle].text[at] < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The longest added token that s starts with, or NULL: the sorted list is narrowed byte by byte. */
static const struct added_token *match_added(const struct tokenizer *t, const char *s, size_t n)
{
    uint32_t low = t->added_first[(unsigned char)s[0]];
    uint32_t high = t->added_first[(unsigned char)s[0] + 1];
    const struct added_token *found = NULL;
    for (size_t len = 1; low < high; len++) {
        if (t->added[low].len == len)
            found = &t->added[low++];
        if (len == n)
            break;
        unsigned byte = (unsigned char)s[len];
        low = added_bound(t, low, high, len, byte);
        high = added_bound(t, low, high, len, byte + 1);
    }
    return found;
}

static size_t leading_space(const char *s, size_t n)
{
    size_t at = 0;
    while (at < n) {
        int32_t cp;
        size_t used = utf8_decode(s + at, n - at, &cp);
        if (!utf8_is_space(cp))
            break;
        at += used;
    }
    return at;
}

/* Length of s without the white space at its end. */
static size_t without_trailing_space(const char *s, size_t n)
{
    while (n) {
        size_t start = n - 1;
        int32_t cp;
        while (start && n - start < 4 && ((unsigned char)s[start] & 0xC0) == 0x80)
            start--;
        if (utf8_decode(s + start, n - start, &cp) != n - start || !utf8_is_space(cp))
            break;
        n = start;
    }
    return n;
}

/* Text since the last added token, over the borders of spans. */
struct segment {
    struct buf text;
    bool strip_left; /* the token before it swallows white space */
    struct word word;
};

static void segment_finish(const struct tokenizer *t, struct segment *s, bool strip_right,
                           struct ids *out)
{
    const char *text = s->text.data;
    size_t n = s->text.len;
    size_t skip = s->strip_left && n ? leading_space(text, n) : 0;
    if (skip < n && strip_right)
        n = skip + without_trailing_space(text + skip, n - skip);
    if (skip < n)
        encode_segment(t, &s->word, text + skip, n - skip, out);
    s->text.len = 0;
}

static void encode_special(const struct tokenizer *t, struct segment *s, const char *text, size_t n,
                           struct ids *out)
{
    size_t start = 0, at = 0;
    while (at < n) {
        const struct added_token *a = match_added(t, text + at, n - at);
        if (!a) {
            at++;
            continue;
        }
        buf_append(&s->text, text + start, at - start);
        segment_finish(t, s, a->lstrip, out);
        ids_push(out, a->id);
        s->strip_left = a->rstrip;
        at += a->len;
        start = at;
    }
    buf_append(&s->text, text + start, n - start);
}

void tokenizer_encode(const struct tokenizer *t, const struct text_span *spans, size_t n_spans,
                      struct ids *out)
{
    struct segment s = {0};
    for (size_t i = 0; i < n_spans; i++) {
        if (!spans[i].len)
            continue;
        if (spans[i].special)
            encode_special(t, &s, spans[i].text, spans[i].len, out);
        else
            buf_append(&s.text, spans[i].text, spans[i].len);
    }
    segment_finish(t, &s, false, out);
    buf_free(&s.text);
    free(s.word.symbols);
    free(s.word.heap);
}

/* ---- decoding ------------------------------------------------------------------------- */

static const char replacement[] = "\uFFFD";

/* The piece with "▁" as space. */
static void append_piece(const struct tokenizer *t, const struct piece *p, struct buf *out)
{
    const char *s = t->text.data + p->at, *end = s + p->len;
    while (s < end) {
        const char *meta = memmem(s, (size_t)(end - s), "▁", 3);
        buf_append(out, s, (size_t)((meta ? meta : end) - s));
        if (meta)
            buf_append(out, " ", 1);
        s = meta ? meta + 3 : end;
    }
}

static void drop_first_space(struct buf *out, size_t start)
{
    if (out->len > start && out->data[start] == ' ') {
        memmove(out->data + start, out->data + start + 1, out->len - start);
        out->len--;
    }
}

/* Where one sequence is read: a byte of a token. */
struct reader {
    const int32_t *ids; /* [n] */
    size_t n, i, at;
};

static const struct piece *text_of(const struct tokenizer *t, const struct reader *r)
{
    const struct piece *p = r->i < r->n ? piece_of(t, r->ids[r->i]) : NULL;
    return p && p->kind != PIECE_NONE && !p->added ? p : NULL;
}

/* The next byte of the text, "▁" as a space. */
static char take_byte(const struct tokenizer *t, const struct piece *p, struct reader *r)
{
    const char *text = t->text.data + p->at + r->at;
    bool is_byte = p->kind == PIECE_BYTE;
    bool is_space = !is_byte && p->len - r->at >= 3 && memcmp(text, "▁", 3) == 0;
    r->at += is_space ? 3 : 1;
    if (is_byte || r->at == p->len) {
        r->at = 0;
        r->i++;
    }
    return is_byte ? (char)p->byte : is_space ? ' ' : *text;
}

static bool begins_text(const struct tokenizer *t, const struct reader *r)
{
    const struct piece *before = r->i > 0 ? piece_of(t, r->ids[r->i - 1]) : NULL;
    return before && before->added;
}

/* Behind an added token one space before a text is no part of it: decoding drops it. */
static void skip_space(const struct tokenizer *t, struct reader *x, struct reader *y)
{
    struct reader x_next = *x, y_next = *y;
    const struct piece *p = text_of(t, x), *q = text_of(t, y);
    if (!p || !q || !begins_text(t, x))
        return;
    bool x_leads = take_byte(t, p, &x_next) == ' ', y_leads = take_byte(t, q, &y_next) == ' ';
    if (x_leads && !y_leads)
        *x = x_next;
    if (y_leads && !x_leads)
        *y = y_next;
}

struct common_text tokenizer_common(const struct tokenizer *t, const int32_t *a, size_t n_a,
                                    const int32_t *b, size_t n_b)
{
    struct reader x = {.ids = a, .n = n_a}, y = {.ids = b, .n = n_b};
    struct common_text common = {0};
    for (;;) {
        bool whole = x.at == 0 && y.at == 0;
        if (whole)
            common = (struct common_text){x.i, y.i};
        if (whole && x.i < n_a && y.i < n_b && a[x.i] == b[y.i]) {
            x.i++;
            y.i++;
            continue;
        }
        if (whole)
            skip_space(t, &x, &y);
        const struct piece *p = text_of(t, &x), *q = text_of(t, &y);
        if (!p || !q || take_byte(t, p, &x) != take_byte(t, q, &y))
            return common;
    }
}

void detokenizer_init(struct detokenizer *d, const struct tokenizer *t, bool prompt_cache_special)
{
    *d = (struct detokenizer){
        .t = t, .at_start = true, .prompt_cache_special = prompt_cache_special};
}

/* Gives out the held bytes that are whole characters or cannot become one; all when at the end. */
static void release(struct detokenizer *d, bool end, struct buf *out)
{
    size_t at = 0;
    while (at < d->n_held) {
        int32_t cp;
        size_t rest = d->n_held - at, used = utf8_decode(d->held + at, rest, &cp);
        if (cp >= 0)
            buf_append(out, d->held + at, used);
        else if (end || utf8_complete(d->held + at, rest) != 0)
            buf_puts(out, replacement);
        else
            break;
        at += used;
    }
    memmove(d->held, d->held + at, d->n_held - at);
    d->n_held -= at;
}

void detokenizer_push(struct detokenizer *d, int32_t id, struct buf *out)
{
    const struct piece *p = piece_of(d->t, id);
    size_t start = out->len;
    if (!p || (p->special && !d->prompt_cache_special))
        return;
    if (p->kind == PIECE_BYTE) {
        d->held[d->n_held++] = (char)p->byte;
        release(d, false, out);
    } else {
        release(d, true, out);
        append_piece(d->t, p, out);
    }
    if (d->at_start && out->len > start) {
        drop_first_space(out, start);
        d->at_start = false;
    }
}

void detokenizer_end(struct detokenizer *d, struct buf *out)
{
    release(d, true, out);
}

/* A run of byte pieces is text when all of it is valid, and nothing but U+FFFD otherwise. */
static void append_bytes(const struct buf *run, struct buf *out)
{
    bool valid = true;
    for (size_t at = 0; valid && at < run->len;) {
        int32_t cp;
        at += utf8_decode(run->data + at, run->len - at, &cp);
        valid = cp >= 0;
    }
    if (valid)
        buf_append(out, run->data, run->len);
    for (size_t i = 0; !valid && i < run->len; i++)
        buf_puts(out, replacement);
}

void tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t n,
                      bool prompt_cache_special, struct buf *out)
{
    struct buf run = {0};
    size_t start = out->len;
    for (size_t i = 0; i < n; i++) {
        const struct piece *p = piece_of(t, ids[i]);
        if (!p || (p->special && !prompt_cache_special))
            continue;
        if (p->kind == PIECE_BYTE) {
            buf_append(&run, &p->byte, 1);
            continue;
        }
        append_bytes(&run, out);
        run.len = 0;
        append_piece(t, p, out);
    }
    append_bytes(&run, out);
    buf_free(&run);
    drop_first_space(out, start);
}
