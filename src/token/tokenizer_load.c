/* SPDX-License-Identifier: MIT
 *
 * tokenizer.json -> struct tokenizer. Everything that would change ids and that is not implemented
 * is refused; nothing is sized by a number that the file merely states.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "json.h"
#include "tokenizer_internal.h"
#include "utf8.h"

enum { FILE_MAX = 64 << 20 };

#define SUPPORTED "only SentencePiece-style BPE with byte fallback is supported"

struct loader {
    struct tokenizer *t;
    const char *name;
    uint32_t vocab; /* ids must be below */
    uint32_t n_max; /* pieces that the file lists: ids must be below, too */
    struct error *err;
};

/* ---- shape ---------------------------------------------------------------------------- */

static bool same_as(const json_t *value, const char *expected_json)
{
    json_t *expected = json_loads(expected_json, JSON_DECODE_ANY, NULL);
    bool same = json_equal(value, expected);
    json_decref(expected);
    return same;
}

/* A member that is absent, null, or an empty string. */
static bool is_unset(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return !v || json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0);
}

static bool check_model(const struct loader *l, const json_t *model)
{
    const json_t *type = json_object_get(model, "type");
    const json_t *dropout = json_object_get(model, "dropout");
    if (!json_is_object(model))
        return error_set(l->err, EX_DATAERR, "%s: \"model\" is missing; " SUPPORTED, l->name);
    if (!json_is_string(type) || strcmp(json_string_value(type), "BPE") != 0)
        return error_set(l->err, EX_DATAERR, "%s: model type is \"%.60s\"; " SUPPORTED, l->name,
                         json_is_string(type) ? json_string_value(type) : "not given");
    if (!json_is_true(json_object_get(model, "byte_fallback")))
        return error_set(l->err, EX_DATAERR, "%s: model has no byte_fallback; " SUPPORTED, l->name);
    if (json_is_true(json_object_get(model, "ignore_merges")))
        return error_set(l->err, EX_DATAERR, "%s: ignore_merges is not supported", l->name);
    if (dropout && !json_is_null(dropout) && json_number_value(dropout) != 0)
        return error_set(l->err, EX_DATAERR, "%s: dropout is not supported", l->name);
    if (!is_unset(model, "continuing_subword_prefix") || !is_unset(model, "end_of_word_suffix"))
        return error_set(l->err, EX_DATAERR, "%s: sub-word prefix or suffix; " SUPPORTED, l->name);
    return true;
}

/* Truncation and padding concern batches; they do not change ids, and are not looked at. */
static bool check_shape(const struct loader *l, const json_t *root)
{
    if (!json_is_object(root))
        return error_set(l->err, EX_DATAERR, "%s: not an object", l->name);
    if (!check_model(l, json_object_get(root, "model")))
        return false;
    if (!same_as(json_object_get(root, "normalizer"),
                 "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"▁\"},"
                 "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"▁\"}]}"))
        return error_set(l->err, EX_DATAERR,
                         "%s: normalizer is not Prepend \"▁\", Replace \" \" by \"▁\"; " SUPPORTED,
                         l->name);
    if (!is_unset(root, "pre_tokenizer"))
        return error_set(l->err, EX_DATAERR, "%s: has a pre_tokenizer; " SUPPORTED, l->name);
    if (!same_as(json_object_get(root, "decoder"),
                 "{\"type\":\"Sequence\",\"decoders\":["
                 "{\"type\":\"Replace\",\"pattern\":{\"String\":\"▁\"},\"content\":\" \"},"
                 "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},"
                 "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}"))
        return error_set(
            l->err, EX_DATAERR,
            "%s: decoder is not Replace \"▁\" by \" \", ByteFallback, Fuse, Strip of one "
            "leading \" \"; " SUPPORTED,
            l->name);
    return true;
}

/* ---- pieces --------------------------------------------------------------------------- */

/* "<0x" two capital hex digits ">": the byte; -1: no byte piece; -2: looks like one and is not. */
static int byte_of_piece(const char *text, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    if (len < 4 || memcmp(text, "<0x", 3) != 0 || text[len - 1] != '>')
        return -1;
    const char *high = len == 6 ? memchr(digits, text[3], 16) : NULL;
    const char *low = len == 6 ? memchr(digits, text[4], 16) : NULL;
    return high && low ? (int)((high - digits) * 16 + (low - digits)) : -2;
}

static bool check_id(const struct loader *l, const json_t *id, const char *text, int32_t *out)
{
    json_int_t value = json_is_integer(id) ? json_integer_value(id) : -1;
    if (value < 0)
        return error_set(l->err, EX_DATAERR, "%s: piece \"%.60s\": id is not an integer of 0..%u",
                         l->name, text, l->vocab - 1);
    if (value >= l->vocab)
        return error_set(l->err, EX_DATAERR,
                         "%s: piece \"%.60s\": id %lld is beyond the model's %u embeddings",
                         l->name, text, (long long)value, l->vocab);
    if (value >= l->n_max)
        return error_set(
            l->err, EX_DATAERR,
            "%s: piece \"%.60s\": id %lld, but the file has only %u pieces: ids must have "
            "no gaps",
            l->name, text, (long long)value, l->n_max);
    *out = (int32_t)value;
    return true;
}

static bool add_piece(const struct loader *l, int32_t id, const char *text, size_t len)
{
    struct tokenizer *t = l->t;
    struct piece *p = &t->pieces[id];
    int byte = byte_of_piece(text, len);
    if (p->kind != PIECE_NONE)
        return error_set(l->err, EX_DATAERR, "%s: id %d is both \"%.60s\" and \"%.*s\"", l->name,
                         id, text, (int)(p->len < 60 ? p->len : 60), t->text.data + p->at);
    if (len == 0 || len > UINT32_MAX)
        return error_set(l->err, EX_DATAERR, "%s: id %d has an empty or endless piece", l->name,
                         id);
    if (byte == -2)
        return error_set(l->err, EX_DATAERR,
                         "%s: id %d: \"%.60s\" is no byte piece; they are \"<0x00>\" to \"<0xFF>\"",
                         l->name, id, text);
    *p = (struct piece){.at = t->text.len, .len = (uint32_t)len, .kind = PIECE_TEXT};
    if (byte >= 0) {
        p->kind = PIECE_BYTE;
        p->byte = (uint8_t)byte;
        t->byte_ids[byte] = id;
    }
    buf_append(&t->text, text, len);

    size_t slot = tokenizer_hash(t, text, len) & (t->n_slots - 1);
    while (t->slots[slot])
        slot = (slot + 1) & (t->n_slots - 1);
    t->slots[slot] = (uint32_t)id + 1;
    return true;
}

static bool load_vocab(const struct loader *l, json_t *vocab)
{
    const char *text;
    json_t *value;
    json_object_foreach(vocab, text, value)
    {
        int32_t id;
        if (!check_id(l, value, text, &id) || !add_piece(l, id, text, strlen(text)))
            return false;
    }
    return true;
}

static bool load_added(const struct loader *l, const json_t *entry, struct added_token *out)
{
    const json_t *content = json_object_get(entry, "content");
    const char *text = json_string_value(content);
    size_t len = json_string_length(content);
    if (!text || len == 0)
        return error_set(l->err, EX_DATAERR, "%s: an added token has no content", l->name);
    if (!check_id(l, json_object_get(entry, "id"), text, &out->id))
        return false;
    if (json_is_true(json_object_get(entry, "single_word")) ||
        json_is_true(json_object_get(entry, "normalized")))
        return error_set(l->err, EX_DATAERR,
                         "%s: added token \"%.60s\": single_word and normalized are not supported",
                         l->name, text);
    int32_t known = tokenizer_lookup(l->t, text, len);
    if (known >= 0 && (known != out->id || l->t->pieces[known].added))
        return error_set(l->err, EX_DATAERR, "%s: added token \"%.60s\" has ids %d and %d", l->name,
                         text, known, out->id);
    if (known < 0 && !add_piece(l, out->id, text, len))
        return false;
    struct piece *p = &l->t->pieces[out->id];
    if (p->kind == PIECE_BYTE)
        return error_set(l->err, EX_DATAERR, "%s: added token \"%.60s\" is a byte piece", l->name,
                         text);
    p->added = true;
    p->special = json_is_true(json_object_get(entry, "special"));
    out->len = len;
    out->lstrip = json_is_true(json_object_get(entry, "lstrip"));
    out->rstrip = json_is_true(json_object_get(entry, "rstrip"));
    return true;
}

static int compare_added(const void *a, const void *b)
{
    const struct added_token *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static bool load_pieces(struct loader *l, const json_t *root)
{
    struct tokenizer *t = l->t;
    json_t *vocab = json_object_get(json_object_get(root, "model"), "vocab");
    const json_t *added = json_object_get(root, "added_tokens");
    if (!json_is_object(vocab) || json_object_size(vocab) == 0)
        return error_set(l->err, EX_DATAERR, "%s: \"vocab\" is not an object with pieces", l->name);
    size_t n_max = json_object_size(vocab) + json_array_size(added);
    l->n_max = n_max < INT32_MAX ? (uint32_t)n_max : INT32_MAX;
    t->pieces = xcalloc(n_max, sizeof *t->pieces);
    t->n_slots = 64;
    while (t->n_slots < 2 * n_max)
        t->n_slots *= 2;
    t->slots = xcalloc(t->n_slots, sizeof *t->slots);
    t->added = xcalloc(json_array_size(added), sizeof *t->added);

    if (!load_vocab(l, vocab))
        return false;
    for (size_t i = 0; i < json_array_size(added); i++)
        if (!load_added(l, json_array_get(added, i), &t->added[t->n_added++]))
            return false;

    for (uint32_t id = 0; id < l->n_max; id++)
        t->n_pieces = t->pieces[id].kind != PIECE_NONE ? id + 1 : t->n_pieces;
    for (uint32_t id = 0; id < t->n_pieces; id++)
        if (t->pieces[id].kind == PIECE_NONE)
            return error_set(l->err, EX_DATAERR, "%s: id %u has no piece; ids must have no gaps",
                             l->name, id);
    for (int byte = 0; byte < 256; byte++)
        if (t->byte_ids[byte] < 0)
            return error_set(l->err, EX_DATAERR, "%s: byte piece \"<0x%02X>\" is missing", l->name,
                             (unsigned)byte);
    return true;
}

/* ---- what follows from the pieces ----------------------------------------------------- */

static void index_added(struct tokenizer *t)
{
    for (size_t i = 0; i < t->n_added; i++)
        t->added[i].text = t->text.data + t->pieces[t->added[i].id].at;
    qsort(t->added, t->n_added, sizeof *t->added, compare_added);
    for (size_t i = 0; i < t->n_added; i++)
        t->added_first[(unsigned char)t->added[i].text[0] + 1]++;
    for (int byte = 0; byte < 256; byte++)
        t->added_first[byte + 1] += t->added_first[byte];
}

static int compare_singles(const void *a, const void *b)
{
    const struct single *x = a, *y = b;
    return (x->cp > y->cp) - (x->cp < y->cp);
}

/* One-character pieces, and whether "▁" ever follows another character within a piece. Special
 * tokens are no pieces of text: nobody can type one. */
static void index_characters(struct tokenizer *t)
{
    t->singles = xcalloc(t->n_pieces, sizeof *t->singles);
    t->meta_space_leads = true;
    for (uint32_t id = 0; id < t->n_pieces; id++) {
        const struct piece *p = &t->pieces[id];
        const char *text = t->text.data + p->at;
        int32_t cp, before = META_SPACE;
        size_t used = utf8_decode(text, p->len, &cp);
        if (used == p->len && !p->special) {
            if (cp < 128)
                t->ascii[cp] = (int32_t)id;
            else
                t->singles[t->n_singles++] = (struct single){cp, (int32_t)id};
        }
        for (size_t at = 0; at < p->len; before = cp) {
            at += utf8_decode(text + at, p->len - at, &cp);
            if (cp == META_SPACE && before != META_SPACE)
                t->meta_space_leads = false;
        }
    }
    qsort(t->singles, t->n_singles, sizeof *t->singles, compare_singles);
}

/* ---- merges --------------------------------------------------------------------------- */

/* "left right", or the newer ["left", "right"]. */
static bool split_merge(const json_t *entry, const char *part[2], size_t len[2])
{
    if (json_is_array(entry) && json_array_size(entry) == 2) {
        for (int i = 0; i < 2; i++) {
            part[i] = json_string_value(json_array_get(entry, (size_t)i));
            len[i] = json_string_length(json_array_get(entry, (size_t)i));
        }
        return part[0] && part[1];
    }
    const char *text = json_string_value(entry);
    size_t n = json_string_length(entry);
    const char *space = text ? memchr(text, ' ', n) : NULL;
    if (!space)
        return false;
    part[0] = text;
    len[0] = (size_t)(space - text);
    part[1] = space + 1;
    len[1] = n - len[0] - 1;
    return !memchr(part[1], ' ', len[1]);
}

static bool load_merge(const struct loader *l, const json_t *entry, uint32_t rank,
                       struct buf *joint)
{
    const struct tokenizer *t = l->t;
    const char *part[2];
    size_t len[2];
    if (!split_merge(entry, part, len))
        return error_set(l->err, EX_DATAERR, "%s: merge %u is not a pair of pieces", l->name, rank);
    struct merge m = {tokenizer_lookup(t, part[0], len[0]), tokenizer_lookup(t, part[1], len[1]),
                      -1};
    joint->len = 0;
    buf_append(joint, part[0], len[0]);
    buf_append(joint, part[1], len[1]);
    m.result = tokenizer_lookup(t, joint->data, joint->len);
    if (m.left < 0 || m.right < 0 || m.result < 0)
        return error_set(l->err, EX_DATAERR, "%s: merge %u names \"%.60s\", which is no piece",
                         l->name, rank,
                         m.left < 0    ? part[0]
                         : m.right < 0 ? part[1]
                                       : joint->data);
    if (t->pieces[m.left].special || t->pieces[m.right].special || t->pieces[m.result].special)
        return error_set(l->err, EX_DATAERR,
                         "%s: merge %u: \"%.60s\" would make special tokens out of text", l->name,
                         rank, joint->data);
    t->merges[rank] = m;
    return true;
}

static int compare_entries(const void *a, const void *b)
{
    const struct merge_entry *x = a, *y = b;
    return (x->right > y->right) - (x->right < y->right);
}

static bool index_merges(const struct loader *l)
{
    struct tokenizer *t = l->t;
    t->first = xcalloc((size_t)t->n_pieces + 1, sizeof *t->first);
    t->by_left = xcalloc(t->n_merges, sizeof *t->by_left);
    uint32_t *next = xcalloc((size_t)t->n_pieces + 1, sizeof *next);
    for (uint32_t rank = 0; rank < t->n_merges; rank++)
        t->first[t->merges[rank].left + 1]++;
    for (uint32_t id = 0; id < t->n_pieces; id++)
        t->first[id + 1] += t->first[id];
    memcpy(next, t->first, ((size_t)t->n_pieces + 1) * sizeof *next);
    for (uint32_t rank = 0; rank < t->n_merges; rank++) {
        const struct merge *m = &t->merges[rank];
        t->by_left[next[m->left]++] = (struct merge_entry){m->right, rank};
    }
    free(next);
    for (uint32_t id = 0; id < t->n_pieces; id++) {
        struct merge_entry *e = t->by_left + t->first[id];
        size_t n = t->first[id + 1] - t->first[id];
        qsort(e, n, sizeof *e, compare_entries);
        for (size_t i = 1; i < n; i++)
            if (e[i].right == e[i - 1].right)
                return error_set(l->err, EX_DATAERR, "%s: merges %u and %u are the same", l->name,
                                 e[i - 1].rank, e[i].rank);
    }
    return true;
}

static bool load_merges(const struct loader *l, const json_t *root)
{
    struct tokenizer *t = l->t;
    const json_t *merges = json_object_get(json_object_get(root, "model"), "merges");
    struct buf joint = {0};
    if (!json_is_array(merges) || json_array_size(merges) > INT32_MAX)
        return error_set(l->err, EX_DATAERR, "%s: \"merges\" is not an array", l->name);
    t->n_merges = (uint32_t)json_array_size(merges);
    t->merges = xcalloc(t->n_merges, sizeof *t->merges);
    bool ok = true;
    for (uint32_t rank = 0; ok && rank < t->n_merges; rank++)
        ok = load_merge(l, json_array_get(merges, rank), rank, &joint);
    buf_free(&joint);
    return ok && index_merges(l);
}

/* ---- post-processor ------------------------------------------------------------------- */

static bool push_template_ids(const struct loader *l, const json_t *post, const json_t *special)
{
    const char *name = json_string_value(json_object_get(special, "id"));
    const json_t *known = json_object_get(post, "special_tokens");
    const json_t *ids = name ? json_object_get(json_object_get(known, name), "ids") : NULL;
    if (json_array_size(ids) == 0)
        return error_set(l->err, EX_DATAERR, "%s: post_processor names \"%.60s\" without ids",
                         l->name, name ? name : "nothing");
    for (size_t i = 0; i < json_array_size(ids); i++) {
        int32_t id;
        if (!check_id(l, json_array_get(ids, i), name, &id))
            return false;
        ids_push(&l->t->prefix, id);
    }
    return true;
}

/* TemplateProcessing of a single sequence: special tokens, then the sequence. */
static bool load_prefix(const struct loader *l, const json_t *root)
{
    const json_t *post = json_object_get(root, "post_processor");
    const json_t *type = json_object_get(post, "type");
    const json_t *single = json_object_get(post, "single");
    if (!post || json_is_null(post))
        return true;
    size_t n = json_array_size(single);
    if (!json_is_string(type) || strcmp(json_string_value(type), "TemplateProcessing") != 0 ||
        n == 0 || !json_object_get(json_array_get(single, n - 1), "Sequence"))
        return error_set(
            l->err, EX_DATAERR,
            "%s: post_processor is not a TemplateProcessing that ends with the sequence", l->name);
    for (size_t i = 0; i + 1 < n; i++) {
        const json_t *special = json_object_get(json_array_get(single, i), "SpecialToken");
        if (!push_template_ids(l, post, special))
            return false;
    }
    return true;
}

/* ---- whole ---------------------------------------------------------------------------- */

struct tokenizer *tokenizer_new(const char *json, size_t n, const char *name, uint32_t vocab,
                                struct error *err)
{
    if (n > FILE_MAX)
        return error_set_null(err, EX_DATAERR, "%s: %zu bytes, at most %d expected", name, n,
                              FILE_MAX);
    json_t *root = json_parse(json, n, name, err);
    if (!root)
        return NULL;
    struct tokenizer *t = xcalloc(1, sizeof *t);
    struct loader l = {.t = t, .name = name, .vocab = vocab, .err = err};
    memset(t->ascii, 0xFF, sizeof t->ascii);
    memset(t->byte_ids, 0xFF, sizeof t->byte_ids);
    if (getentropy(&t->hash_key, sizeof t->hash_key) != 0)
        t->hash_key = (uintptr_t)t;

    bool ok = check_shape(&l, root) && load_pieces(&l, root);
    if (ok) {
        index_added(t);
        index_characters(t);
        ok = load_merges(&l, root) && load_prefix(&l, root);
    }
    json_decref(root);
    if (ok)
        return t;
    tokenizer_free(t);
    return NULL;
}

void tokenizer_free(struct tokenizer *t)
{
    if (!t)
        return;
    free(t->pieces);
    buf_free(&t->text);
    free(t->slots);
    free(t->singles);
    free(t->merges);
    free(t->first);
    free(t->by_left);
    free(t->added);
    ids_free(&t->prefix);
    free(t);
}
