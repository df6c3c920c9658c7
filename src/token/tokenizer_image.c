/* SPDX-License-Identifier: MIT */
#include "tokenizer_image.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "images are used as they stand");
_Static_assert(sizeof(struct image_header) == 88, "the header has no gaps");
_Static_assert(sizeof(struct step) == 32 && sizeof(struct merge) == 16, "no gaps");

enum { IDS_MAX = 1 << 22, SLOTS_MAX = 1 << 26, BYTES_MAX = 1 << 30 };

/* ---- pieces by text -------------------------------------------------------------------------- */

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t image_hash(uint64_t seed, const char *text, size_t n)
{
    uint64_t hash = seed ^ n * 0xD6E8FEB86659FD93u;
    for (; n > 8; text += 8, n -= 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        hash = fold(hash ^ word, 0x9E3779B97F4A7C15u);
    }
    uint64_t word = 0;
    memcpy(&word, text, n);
    hash = fold(hash ^ word, 0x9E3779B97F4A7C15u);
    return fold(hash, 0xBF58476D1CE4E5B9u);
}

int32_t image_find(const struct image *m, const char *text, size_t n)
{
    const uint32_t *slot =
        m->piece_slots + hash_slot(image_hash(m->header->seed, text, n), m->header->n_piece_slots);
    for (int i = 0; i < PROBES && slot[i]; i++) {
        size_t len;
        const char *piece = image_piece(m, slot[i] - 1, &len);
        if (len == n && memcmp(piece, text, n) == 0)
            return (int32_t)(slot[i] - 1);
    }
    return NO_ID;
}

/* ---- sections -------------------------------------------------------------------------------- */

static const void *section(const void *bytes, uint64_t *at, uint64_t n, size_t size)
{
    const void *p = (const char *)bytes + *at;
    *at = (*at + n * size + 7) & ~(uint64_t)7;
    return p;
}

uint64_t image_bind(struct image *m, const void *bytes)
{
    const struct image_header *h = bytes;
    uint64_t at = sizeof *h;
    if (h->n_ids > IDS_MAX || h->n_piece_slots > SLOTS_MAX || h->n_merge_slots > SLOTS_MAX ||
        h->n_join_bits > SLOTS_MAX || h->n_pair_bits > SLOTS_MAX || h->n_steps > MAX_STEPS ||
        h->n_added > IDS_MAX || h->n_prefix > IDS_MAX || h->n_suffix > IDS_MAX ||
        h->n_text > BYTES_MAX || h->n_strings > BYTES_MAX)
        return 0;
    m->header = h;
    m->piece_at = section(bytes, &at, (uint64_t)h->n_ids + 1, sizeof *m->piece_at);
    m->piece_slots =
        section(bytes, &at, (uint64_t)h->n_piece_slots + PROBES, sizeof *m->piece_slots);
    m->merges.slots =
        section(bytes, &at, (uint64_t)h->n_merge_slots + PROBES, sizeof *m->merges.slots);
    m->merges.pairs = section(bytes, &at, h->n_pair_bits / 32, sizeof *m->merges.pairs);
    m->merges.n_pair_bits = h->n_pair_bits;
    m->merges.joins = section(bytes, &at, h->n_join_bits / 32, sizeof *m->merges.joins);
    m->merges.n_slots = h->n_merge_slots;
    m->merges.n_join_bits = h->n_join_bits;
    m->steps = section(bytes, &at, h->n_steps, sizeof *m->steps);
    m->added = section(bytes, &at, h->n_added, sizeof *m->added);
    m->frame = section(bytes, &at, (uint64_t)h->n_prefix + h->n_suffix, sizeof *m->frame);
    m->piece_flags = section(bytes, &at, h->n_ids, 1);
    m->text = section(bytes, &at, h->n_text, 1);
    m->strings = section(bytes, &at, h->n_strings, 1);
    return (at + IMAGE_ALIGN - 1) & ~(uint64_t)(IMAGE_ALIGN - 1);
}

/* ---- checks ---------------------------------------------------------------------------------- */

struct check {
    const struct image *m;
    const char *name;
    struct error *err;
};

static bool bad(const struct check *c, const char *what, uint64_t i)
{
    return error_set(c->err, EX_DATAERR,
                     "%s: compiled tokenizer: %s %llu is out of range: damaged file", c->name, what,
                     (unsigned long long)i);
}

static bool check_pieces(const struct check *c)
{
    const struct image *m = c->m;
    const struct image_header *h = m->header;
    if (m->piece_at[0] != 0 || m->piece_at[h->n_ids] != h->n_text)
        return bad(c, "offset of piece", m->piece_at[0] ? 0 : h->n_ids);
    for (uint32_t i = 0; i < h->n_ids; i++)
        if (m->piece_at[i] > m->piece_at[i + 1] || m->piece_flags[i] >= PIECE_N_FLAGS)
            return bad(c, "piece", i);
    for (uint32_t i = 0; i < h->n_piece_slots + PROBES; i++)
        if (m->piece_slots[i] > h->n_ids)
            return bad(c, "slot of a piece", i);
    return true;
}

static uint32_t piece_len(const struct image *m, uint32_t id)
{
    return m->piece_at[id + 1] - m->piece_at[id];
}

/* Merges grow and make no special token, so that no text does either. */
static bool check_merges(const struct check *c)
{
    const struct image *m = c->m;
    uint32_t n_ids = m->header->n_ids;
    for (uint32_t i = 0; i < m->merges.n_slots + PROBES; i++) {
        const struct merge *s = &m->merges.slots[i];
        if (s->left == NO_MERGE)
            continue;
        if (s->left >= n_ids || s->right >= n_ids || s->result >= n_ids || s->rank > INT32_MAX ||
            (uint64_t)piece_len(m, s->left) + piece_len(m, s->right) != piece_len(m, s->result) ||
            m->piece_flags[s->result] & PIECE_SPECIAL)
            return bad(c, "merge", i);
    }
    return true;
}

static bool in_strings(const struct image *m, uint32_t at, uint32_t len)
{
    return (uint64_t)at + len <= m->header->n_strings;
}

static bool check_steps(const struct check *c)
{
    const struct image *m = c->m;
    for (uint32_t i = 0, stage = 0; i < m->header->n_steps; stage = m->steps[i++].stage) {
        const struct step *s = &m->steps[i];
        if (s->stage >= N_STAGES || s->stage < stage || s->kind >= N_STEP_KINDS ||
            s->behaviour >= N_BEHAVIOURS || !in_strings(m, s->pattern_at, s->pattern_len) ||
            !in_strings(m, s->content_at, s->content_len))
            return bad(c, "step", i);
    }
    return true;
}

static bool check_added(const struct check *c)
{
    const struct image *m = c->m;
    for (uint32_t i = 0; i < m->header->n_added; i++) {
        const struct added_entry *a = &m->added[i];
        if (!in_strings(m, a->at, a->len) || a->len == 0 || a->id < 0 ||
            (uint32_t)a->id >= m->header->n_ids || a->flags >= ADDED_N_FLAGS ||
            !(a->flags & ADDED_NORMALIZED) != (i < m->header->n_raw_added))
            return bad(c, "added token", i);
        if (i == 0 || i == m->header->n_raw_added)
            continue;
        const struct added_entry *b = a - 1;
        int order =
            memcmp(m->strings + b->at, m->strings + a->at, b->len < a->len ? b->len : a->len);
        if (order > 0 || (order == 0 && b->len >= a->len))
            return bad(c, "order of added token", i);
    }
    return true;
}

static bool check_frame(const struct check *c)
{
    const struct image_header *h = c->m->header;
    for (uint32_t i = 0; i < h->n_prefix + h->n_suffix; i++)
        if (c->m->frame[i] < 0 || (uint32_t)c->m->frame[i] >= h->n_ids)
            return bad(c, "id of the post-processor", i);
    return h->unk >= NO_ID && h->unk < (int64_t)h->n_ids ? true : bad(c, "unknown token", 0);
}

static bool is_bits(uint32_t n)
{
    return n >= 32 && (n & (n - 1)) == 0;
}

bool image_open(struct image *m, const void *bytes, size_t n, const char *name, uint32_t vocab,
                struct error *err)
{
    const struct image_header *h = bytes;
    struct check c = {m, name, err};
    if (n < sizeof *h || memcmp(h->magic, IMAGE_MAGIC, sizeof IMAGE_MAGIC) != 0)
        return error_set(err, EX_DATAERR, "%s: no compiled tokenizer", name);
    if (h->version != IMAGE_VERSION)
        return error_set(
            err, EX_DATAERR,
            "%s: compiled tokenizer of version %u; this program reads version %d: convert "
            "the model again",
            name, h->version, IMAGE_VERSION);
    if (h->n_bytes != n || h->flags >= IMAGE_N_FLAGS || h->n_ids == 0 || h->n_piece_slots == 0 ||
        h->n_merge_slots == 0 || !is_bits(h->n_join_bits) || !is_bits(h->n_pair_bits) ||
        h->n_raw_added > h->n_added || image_bind(m, bytes) != n)
        return error_set(err, EX_DATAERR,
                         "%s: compiled tokenizer: its counts are not those of %zu bytes: "
                         "damaged file",
                         name, n);
    if (h->n_ids > vocab)
        return error_set(err, EX_DATAERR, "%s: %u tokens, but the model has %u embeddings", name,
                         h->n_ids, vocab);
    return check_pieces(&c) && check_merges(&c) && check_steps(&c) && check_added(&c) &&
           check_frame(&c);
}
