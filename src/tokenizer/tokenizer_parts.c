/* SPDX-License-Identifier: MIT */
#include "tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

enum { N_SEEDS = 16, ID_GAP_MAX = 1 << 20, IDS_MAX = 1 << 22 };

void parts_init(struct parts *p, const char *name, uint32_t vocab, size_t n, struct error *err)
{
    *p = (struct parts){.name = name, .err = err, .vocab = vocab ? vocab : IDS_MAX, .unk = NO_ID};
    if (p->vocab > IDS_MAX)
        p->vocab = IDS_MAX;
    p->table.n = (uint32_t)(n < IDS_MAX ? 2 * n + 64 : 2 * IDS_MAX);
    p->table.slots = xcalloc((size_t)p->table.n + PROBES, sizeof *p->table.slots);
    buf_append(&p->text, "", 0);
    buf_append(&p->strings, "", 0);
}

void parts_free(struct parts *p)
{
    buf_free(&p->text);
    buf_free(&p->strings);
    ids_free(&p->prefix);
    ids_free(&p->suffix);
    free(p->pieces);
    free(p->table.slots);
    free(p->merges);
    free(p->added);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static const char *text_of(const struct parts *p, uint32_t id)
{
    return p->text.data + p->pieces[id].at;
}

int32_t parts_find(const struct parts *p, const char *text, size_t n)
{
    const struct id_table *t = &p->table;
    const uint32_t *slot = t->slots + hash_slot(image_hash(t->seed, text, n), t->n);
    for (int i = 0; i < PROBES && slot[i]; i++) {
        uint32_t id = slot[i] - 1;
        if (p->pieces[id].len == n && memcmp(text_of(p, id), text, n) == 0)
            return (int32_t)id;
    }
    return NO_ID;
}

static bool place(const struct parts *p, struct id_table *t, uint32_t id)
{
    uint64_t hash = image_hash(t->seed, text_of(p, id), p->pieces[id].len);
    uint32_t *slot = t->slots + hash_slot(hash, t->n);
    for (int i = 0; i < PROBES; i++)
        if (!slot[i]) {
            slot[i] = id + 1;
            t->n_used++;
            return true;
        }
    return false;
}

/* Of ids with the same text only one is found by it. */
static bool is_found_by_text(const struct parts *p, uint32_t id)
{
    int32_t found = parts_find(p, text_of(p, id), p->pieces[id].len);
    return found == NO_ID || found == (int32_t)id;
}

/* Another table where the pieces have room. One seed after the other, in case that somebody chose
 * them so that they collide. */
static bool rehash(struct parts *p, uint32_t n)
{
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        struct id_table t = {.n = n, .seed = seed};
        bool ok = true;
        t.slots = xcalloc((size_t)n + PROBES, sizeof *t.slots);
        for (uint32_t id = 0; ok && id < p->n_ids; id++)
            if (p->pieces[id].flags && is_found_by_text(p, id))
                ok = place(p, &t, id);
        if (ok) {
            free(p->table.slots);
            p->table = t;
            return true;
        }
        free(t.slots);
    }
    return error_set(p->err, EX_DATAERR, "%s: its pieces collide: nobody trained them", p->name);
}

static bool grow_ids(struct parts *p, uint32_t id)
{
    if (id >= p->n_ids + ID_GAP_MAX)
        return error_set(p->err, EX_DATAERR, "%s: id %u stands far behind the others", p->name, id);
    if (id >= p->cap_ids) {
        uint32_t cap = p->cap_ids ? p->cap_ids : 1024;
        while (cap <= id)
            cap *= 2;
        p->pieces = xrealloc(p->pieces, cap, sizeof *p->pieces);
        memset(p->pieces + p->cap_ids, 0, (cap - p->cap_ids) * sizeof *p->pieces);
        p->cap_ids = cap;
    }
    if (id >= p->n_ids)
        p->n_ids = id + 1;
    return true;
}

bool parts_add_piece(struct parts *p, int64_t id, const char *text, size_t n, unsigned flags)
{
    if (id < 0)
        return error_set(p->err, EX_DATAERR, "%s: piece \"%.60s\": id is not an integer of 0..%u",
                         p->name, text, p->vocab - 1);
    if (id >= p->vocab)
        return error_set(p->err, EX_DATAERR,
                         "%s: piece \"%.60s\": id %lld is beyond the model's %u embeddings",
                         p->name, text, (long long)id, p->vocab);
    if (n == 0 || n > UINT32_MAX || p->text.len + n > INT32_MAX)
        return error_set(p->err, EX_DATAERR, "%s: id %lld has an empty or endless piece", p->name,
                         (long long)id);
    if (!grow_ids(p, (uint32_t)id))
        return false;
    struct part_piece *piece = &p->pieces[id];
    if (piece->flags)
        return error_set(p->err, EX_DATAERR, "%s: id %lld is both \"%.60s\" and \"%.*s\"", p->name,
                         (long long)id, text, (int)(piece->len < 60 ? piece->len : 60),
                         text_of(p, (uint32_t)id));
    bool is_new = parts_find(p, text, n) == NO_ID;
    *piece = (struct part_piece){p->text.len, (uint32_t)n, (uint8_t)(flags | PIECE_EXISTS)};
    buf_append(&p->text, text, n);
    if (!is_new) /* reached by its id alone */
        return true;
    if (p->table.n_used >= p->table.n / 2 && !rehash(p, p->table.n * 2))
        return false;
    return parts_find(p, text, n) != NO_ID || place(p, &p->table, (uint32_t)id) ||
           rehash(p, p->table.n);
}

/* ---- the rest -------------------------------------------------------------------------------- */

bool parts_add_merge(struct parts *p, int32_t left, int32_t right, int32_t result, uint32_t rank)
{
    if (p->pieces[left].flags & PIECE_SPECIAL || p->pieces[right].flags & PIECE_SPECIAL ||
        p->pieces[result].flags & PIECE_SPECIAL)
        return error_set(p->err, EX_DATAERR,
                         "%s: merge %u: \"%.*s\" would make special tokens out of text", p->name,
                         rank, (int)(p->pieces[result].len < 60 ? p->pieces[result].len : 60),
                         text_of(p, (uint32_t)result));
    p->merges = xgrow(p->merges, p->n_merges, &p->cap_merges, sizeof *p->merges);
    p->merges[p->n_merges++] =
        (struct merge){(uint32_t)left, (uint32_t)right, rank, (uint32_t)result};
    return true;
}

uint32_t parts_put(struct parts *p, const char *text, size_t n)
{
    uint32_t at = (uint32_t)p->strings.len;
    if (n)
        buf_append(&p->strings, text, n);
    return at;
}

void parts_add_token(struct parts *p, int32_t id, const char *text, size_t n, unsigned flags)
{
    p->added = xgrow(p->added, p->n_added, &p->cap_added, sizeof *p->added);
    p->added[p->n_added++] = (struct added_entry){parts_put(p, text, n), (uint32_t)n, id, flags};
}

struct step *parts_add_step(struct parts *p, enum stage stage, enum step_kind kind)
{
    if (p->n_steps == MAX_STEPS)
        return error_set_null(p->err, EX_DATAERR, "%s: more than %d steps", p->name, MAX_STEPS);
    struct step *s = &p->steps[p->n_steps++];
    *s = (struct step){.stage = (uint8_t)stage, .kind = (uint8_t)kind};
    return s;
}

void parts_set_pattern(struct parts *p, struct step *s, const char *text, size_t n)
{
    s->pattern_at = parts_put(p, text, n);
    s->pattern_len = (uint32_t)n;
}

/* ---- merges as a table ----------------------------------------------------------------------- */

/* Length of the first character of s[0..n), by its first byte. */
static size_t first_character(const char *s, size_t n)
{
    unsigned char c = (unsigned char)s[0];
    size_t len = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    return len < n ? len : n;
}

/* The symbol that a piece begins (ends) with, before anything is merged: a character, or the piece
 * itself if its character is none. */
static uint32_t edge(const struct parts *p, uint32_t id, bool at_end)
{
    const char *s = text_of(p, id);
    size_t n = p->pieces[id].len, from = 0, len;
    if (at_end)
        for (from = n - 1; from && ((unsigned char)s[from] & 0xC0) == 0x80;)
            from--;
    len = first_character(s + from, n - from);
    int32_t symbol = parts_find(p, s + from, len);
    return symbol < 0 ? id : (uint32_t)symbol;
}

static bool is_byte_piece(const struct parts *p, uint32_t id)
{
    return p->pieces[id].len == 6 && memcmp(text_of(p, id), "<0x", 3) == 0;
}

static void set_join(uint32_t *joins, uint32_t n_bits, uint32_t left, uint32_t right)
{
    uint32_t bit = join_bit(left, right, n_bits);
    joins[bit / 32] |= 1u << bit % 32;
}

static void fill_pairs(const struct parts *p, uint32_t *pairs, uint32_t n_bits)
{
    for (uint32_t i = 0; i < p->n_merges; i++) {
        uint32_t bit = pair_bit(pair_hash(p->merges[i].left, p->merges[i].right), n_bits);
        pairs[bit / 32] |= 1u << bit % 32;
    }
}

static void fill_joins(const struct parts *p, uint32_t *joins, uint32_t n_bits)
{
    for (uint32_t i = 0; i < p->n_merges; i++) {
        const struct merge *m = &p->merges[i];
        uint32_t left = edge(p, m->left, true), right = edge(p, m->right, false);
        bool left_byte = is_byte_piece(p, m->left) || p->unk == (int32_t)m->left;
        bool right_byte = is_byte_piece(p, m->right) || p->unk == (int32_t)m->right;
        set_join(joins, n_bits, left, right);
        if (left_byte)
            set_join(joins, n_bits, m->left, right);
        if (right_byte)
            set_join(joins, n_bits, left, m->right);
        if (left_byte && right_byte)
            set_join(joins, n_bits, m->left, m->right);
    }
}

static bool fill_merges(const struct parts *p, struct merge *slots, uint32_t n_slots)
{
    for (uint32_t i = 0; i < n_slots + PROBES; i++)
        slots[i] = (struct merge){.left = NO_MERGE};
    for (uint32_t i = 0; i < p->n_merges; i++) {
        const struct merge *m = &p->merges[i];
        struct merge *slot = slots + hash_slot(pair_hash(m->left, m->right), n_slots);
        int k = 0;
        while (k < PROBES && slot[k].left != NO_MERGE &&
               (slot[k].left != m->left || slot[k].right != m->right))
            k++;
        if (k == PROBES)
            return error_set(p->err, EX_DATAERR, "%s: its merges collide: nobody trained them",
                             p->name);
        slot[k] = *m;
    }
    return true;
}

/* ---- image ----------------------------------------------------------------------------------- */

struct sorted_token {
    const char *text;
    struct added_entry entry;
};

static int compare_tokens(const void *a, const void *b)
{
    const struct sorted_token *x = a, *y = b;
    uint32_t n = x->entry.len, m = y->entry.len;
    int raw = !!(x->entry.flags & ADDED_NORMALIZED) - !!(y->entry.flags & ADDED_NORMALIZED);
    int order = raw ? raw : memcmp(x->text, y->text, n < m ? n : m);
    if (order)
        return order;
    return n != m ? (n > m) - (n < m) : (x->entry.id > y->entry.id) - (x->entry.id < y->entry.id);
}

/* Sorts the added tokens; of those that are recognised by the same text the lowest id stays. */
static uint32_t sort_added(struct parts *p)
{
    uint32_t n = 0, n_raw = 0;
    struct sorted_token *list = xcalloc(p->n_added, sizeof *list);
    for (uint32_t i = 0; i < p->n_added; i++)
        list[i] = (struct sorted_token){p->strings.data + p->added[i].at, p->added[i]};
    qsort(list, p->n_added, sizeof *list, compare_tokens);
    for (uint32_t i = 0; i < p->n_added; i++) {
        const struct added_entry *e = &list[i].entry, *last = n ? &p->added[n - 1] : NULL;
        if (last && last->len == e->len && !((last->flags ^ e->flags) & ADDED_NORMALIZED) &&
            memcmp(p->strings.data + last->at, list[i].text, e->len) == 0)
            continue;
        n_raw += !(e->flags & ADDED_NORMALIZED);
        p->added[n++] = *e;
    }
    p->n_added = n;
    free(list);
    return n_raw;
}

static struct image_header header_of(struct parts *p)
{
    struct image_header h = {.magic = IMAGE_MAGIC,
                             .version = IMAGE_VERSION,
                             .flags = p->flags,
                             .seed = p->table.seed,
                             .n_ids = p->n_ids,
                             .n_piece_slots = p->table.n,
                             .n_merge_slots = p->n_merges + p->n_merges * 2 / 3 + 64,
                             .n_pair_bits = 1 << 12,
                             .n_join_bits = 1 << 12,
                             .n_steps = p->n_steps,
                             .n_raw_added = sort_added(p),
                             .n_prefix = (uint32_t)p->prefix.n,
                             .n_suffix = (uint32_t)p->suffix.n,
                             .unk = p->unk,
                             .n_strings = (uint32_t)p->strings.len,
                             .n_text = (uint32_t)p->text.len};
    h.n_added = p->n_added;
    while (h.n_join_bits < p->n_merges * 2)
        h.n_join_bits *= 2;
    while (h.n_pair_bits < p->n_merges * 6)
        h.n_pair_bits *= 2;
    return h;
}

static void copy(const void *to, const void *from, size_t n)
{
    if (n)
        memcpy((void *)(uintptr_t)to, from, n);
}

/* Pieces stand by id in the image. */
static void copy_pieces(const struct parts *p, const struct image *m)
{
    uint32_t *at = (uint32_t *)(uintptr_t)m->piece_at;
    uint8_t *flags = (uint8_t *)(uintptr_t)m->piece_flags;
    for (uint32_t id = 0; id < p->n_ids; id++) {
        const struct part_piece *piece = &p->pieces[id];
        flags[id] = piece->flags;
        copy(m->text + at[id], p->text.data + piece->at, piece->len);
        at[id + 1] = at[id] + piece->len;
    }
}

void *parts_image(struct parts *p, size_t *n)
{
    struct image m;
    struct image_header h = header_of(p);
    h.n_bytes = image_bind(&m, &h);
    if (!h.n_bytes || p->strings.len > INT32_MAX)
        return error_set_null(p->err, EX_DATAERR, "%s: too large for a tokenizer", p->name);
    char *bytes = xcalloc(1, h.n_bytes);
    memcpy(bytes, &h, sizeof h);
    image_bind(&m, bytes);
    copy_pieces(p, &m);
    copy(m.piece_slots, p->table.slots, ((size_t)p->table.n + PROBES) * sizeof *p->table.slots);
    copy(m.steps, p->steps, p->n_steps * sizeof *p->steps);
    copy(m.added, p->added, p->n_added * sizeof *p->added);
    copy(m.frame, p->prefix.ids, p->prefix.n * sizeof *p->prefix.ids);
    copy(m.frame + p->prefix.n, p->suffix.ids, p->suffix.n * sizeof *p->suffix.ids);
    copy(m.strings, p->strings.data, p->strings.len);
    fill_pairs(p, (uint32_t *)(uintptr_t)m.merges.pairs, h.n_pair_bits);
    fill_joins(p, (uint32_t *)(uintptr_t)m.merges.joins, h.n_join_bits);
    if (!fill_merges(p, (struct merge *)(uintptr_t)m.merges.slots, h.n_merge_slots)) {
        free(bytes);
        return NULL;
    }
    *n = (size_t)h.n_bytes;
    return bytes;
}
