/* SPDX-License-Identifier: MIT
 *
 * tokenizer.json: vocabulary, merges and added tokens.
 */
#include "tokenizer_json.h"

#include <stdlib.h>
#include <string.h>

#include "characters.h"
#include "normalizer.h"
#include "tokenizer.h"
#include "utf8.h"

enum { FILE_MAX = 64 << 20 };

/* ---- the model ------------------------------------------------------------------------- */

/* A member that is absent, null, or an empty string. */
static bool is_unset(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return !v || json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0);
}

/* Files from before "type" was written are BPE if they have merges. */
static bool check_model(struct parts *p, const json_t *model)
{
    const json_t *type = json_object_get(model, "type");
    const json_t *dropout = json_object_get(model, "dropout");
    const char *name = json_is_string(type)                        ? step_type(model)
                       : !type && json_object_get(model, "merges") ? "BPE"
                                                                   : "not given";
    if (!json_is_object(model))
        return error_set(p->err, EX_DATAERR, "%s: \"model\" is missing; BPE is expected", p->name);
    if (strcmp(name, "BPE") != 0)
        return error_set(p->err, EX_DATAERR, "%s: model type is \"%.60s\"; only BPE is supported",
                         p->name, name);
    if (dropout && !json_is_null(dropout) && json_number_value(dropout) != 0)
        return error_set(p->err, EX_DATAERR, "%s: dropout is not supported: ids would be random",
                         p->name);
    if (!is_unset(model, "continuing_subword_prefix") || !is_unset(model, "end_of_word_suffix"))
        return error_set(p->err, EX_DATAERR,
                         "%s: continuing_subword_prefix and end_of_word_suffix are not supported; "
                         "without them is right",
                         p->name);
    p->flags |= has_flag(model, "byte_fallback", false) ? IMAGE_BYTE_FALLBACK : 0;
    p->flags |= has_flag(model, "fuse_unk", false) ? IMAGE_FUSE_UNK : 0;
    p->flags |= has_flag(model, "ignore_merges", false) ? IMAGE_IGNORE_MERGES : 0;
    return true;
}

static int64_t id_of(const json_t *v)
{
    return json_is_integer(v) ? json_integer_value(v) : -1;
}

static bool read_vocab(struct parts *p, json_t *vocab)
{
    const char *text;
    json_t *value;
    json_object_foreach(vocab, text, value)
    {
        if (!parts_add_piece(p, id_of(value), text, strlen(text), PIECE_MODEL))
            return false;
    }
    return true;
}

/* The token of characters that are no piece, where bytes do not fall back. */
static bool read_unk(struct parts *p, const json_t *model)
{
    const json_t *unk = json_object_get(model, "unk_token");
    if (!json_is_string(unk))
        return true;
    p->unk = parts_find(p, json_string_value(unk), json_string_length(unk));
    return p->unk >= 0 || error_set(p->err, EX_DATAERR, "%s: unk_token \"%.60s\" is not a piece",
                                    p->name, json_string_value(unk));
}

/* ---- merges ---------------------------------------------------------------------------- */

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

static bool read_merge(struct parts *p, const json_t *entry, uint32_t rank, struct buf *joint)
{
    const char *part[2];
    size_t len[2];
    if (!split_merge(entry, part, len))
        return error_set(p->err, EX_DATAERR, "%s: merge %u is not a pair of pieces", p->name, rank);
    joint->len = 0;
    buf_append(joint, part[0], len[0]);
    buf_append(joint, part[1], len[1]);
    int32_t left = parts_find(p, part[0], len[0]), right = parts_find(p, part[1], len[1]);
    int32_t result = parts_find(p, joint->data, joint->len);
    if (left < 0 || right < 0 || result < 0)
        return error_set(p->err, EX_DATAERR, "%s: merge %u names \"%.60s\", which is not a piece",
                         p->name, rank,
                         left < 0    ? part[0]
                         : right < 0 ? part[1]
                                     : joint->data);
    return parts_add_merge(p, left, right, result, rank);
}

static bool read_merges(struct parts *p, const json_t *merges)
{
    struct buf joint = {0};
    bool ok = true;
    if (!json_is_array(merges) || json_array_size(merges) > INT32_MAX)
        return error_set(p->err, EX_DATAERR, "%s: \"merges\" is not an array", p->name);
    uint32_t rank = 0;
    for (size_t i = 0; ok && i < json_array_size(merges); i++) {
        const char *text = json_string_value(json_array_get(merges, i));
        if (text && strncmp(text, "#version", 8) == 0)
            continue;
        ok = read_merge(p, json_array_get(merges, i), rank++, &joint);
    }
    buf_free(&joint);
    return ok;
}

/* ---- added tokens ---------------------------------------------------------------------- */

static bool is_white(const char *s, size_t n)
{
    for (size_t at = 0; at < n;) {
        int32_t cp;
        at += utf8_decode(s + at, n - at, &cp);
        if (!char_is_white(cp) && cp != 0x2581) /* "▁" */
            return false;
    }
    return true;
}

/* Before the merges are read: these must not make special tokens. */
static bool read_added(struct parts *p, const json_t *entry)
{
    const json_t *content = json_object_get(entry, "content");
    const char *text = json_string_value(content);
    size_t n = json_string_length(content);
    int64_t id = id_of(json_object_get(entry, "id"));
    if (!text || n == 0)
        return error_set(p->err, EX_DATAERR, "%s: an added token has no content", p->name);
    int32_t known = parts_find(p, text, n);
    if (known >= 0 && (known != id || p->pieces[known].flags & PIECE_ADDED))
        return error_set(p->err, EX_DATAERR, "%s: added token \"%.60s\" has ids %d and %lld",
                         p->name, text, known, (long long)id);
    if (known < 0 && !parts_add_piece(p, id, text, n, 0))
        return false;
    bool special = has_flag(entry, "special", false);
    p->pieces[id].flags |= PIECE_ADDED | (special ? PIECE_SPECIAL : 0);
    parts_add_token(p, (int32_t)id, text, n,
                    (has_flag(entry, "lstrip", false) ? ADDED_LSTRIP : 0) |
                        (has_flag(entry, "rstrip", false) ? ADDED_RSTRIP : 0) |
                        (has_flag(entry, "single_word", false) ? ADDED_SINGLE_WORD : 0) |
                        (has_flag(entry, "normalized", false) ? ADDED_NORMALIZED : 0) |
                        (!special && is_white(text, n) ? ADDED_ANYWHERE : 0));
    return true;
}

/* The normal form of a token that is recognised there. */
static bool normalize_token(struct parts *p, struct added_entry *a, struct matcher *matchers)
{
    struct marked text = {0}, spare = {0};
    struct regexp_scratch *scratch = regexp_scratch_new(a->len);
    bool ok = true;
    marked_put(&text, p->strings.data + a->at, a->len, true);
    for (uint32_t i = 0; ok && i < p->n_steps && p->steps[i].stage == STAGE_NORMALIZER; i++)
        ok = normalize_step(&p->steps[i], p->strings.data, &matchers[i], scratch, 1 << 16, &text,
                            &spare);
    if (ok && text.text.len) {
        struct added_entry new = *a;
        new.len = (uint32_t)text.text.len;
        new.at = parts_put(p, text.text.data, text.text.len);
        *a = new;
    }
    marked_free(&text);
    marked_free(&spare);
    regexp_scratch_free(scratch);
    return ok || error_set(p->err, EX_DATAERR, "%s: an added token has no normal form", p->name);
}

static bool normalize_tokens(struct parts *p)
{
    struct matcher matchers[MAX_STEPS] = {0};
    char *strings = xmalloc(p->strings.len + 1); /* matchers point there: p->strings may move */
    memcpy(strings, p->strings.data, p->strings.len + 1);
    bool ok = true;
    for (uint32_t i = 0; ok && i < p->n_steps && p->steps[i].stage == STAGE_NORMALIZER; i++)
        ok = matcher_init(&matchers[i], &p->steps[i], strings, p->name, p->err);
    for (uint32_t i = 0; ok && i < p->n_added; i++)
        if (p->added[i].flags & ADDED_NORMALIZED)
            ok = normalize_token(p, &p->added[i], matchers);
    for (size_t i = 0; i < MAX_STEPS; i++)
        matcher_free(&matchers[i]);
    free(strings);
    return ok;
}

/* ---- whole ----------------------------------------------------------------------------- */

static bool read_all(struct parts *p, const json_t *root)
{
    const json_t *model = json_object_get(root, "model"), *added;
    json_t *vocab = json_object_get(model, "vocab");
    added = json_object_get(root, "added_tokens");
    if (!json_is_object(root))
        return error_set(p->err, EX_DATAERR, "%s: not an object", p->name);
    if (!check_model(p, model))
        return false;
    if (!json_is_object(vocab) || json_object_size(vocab) == 0)
        return error_set(p->err, EX_DATAERR, "%s: \"vocab\" is not an object with pieces", p->name);
    if (!read_vocab(p, vocab))
        return false;
    for (size_t i = 0; i < json_array_size(added); i++)
        if (!read_added(p, json_array_get(added, i)))
            return false;
    return read_unk(p, model) && read_merges(p, json_object_get(model, "merges")) &&
           tokenizer_json_steps(p, root) && normalize_tokens(p) &&
           tokenizer_json_post_processor(p, json_object_get(root, "post_processor"));
}

struct tokenizer *tokenizer_new(const char *json, size_t n, const char *name, uint32_t vocab,
                                struct error *err)
{
    if (n > FILE_MAX)
        return error_set_null(err, EX_DATAERR, "%s: %zu bytes, at most %d expected", name, n,
                              FILE_MAX);
    json_t *root = json_parse(json, n, name, err);
    if (!root)
        return NULL;
    struct parts p;
    size_t n_image,
        n_pieces = json_object_size(json_object_get(json_object_get(root, "model"), "vocab"));
    parts_init(&p, name, vocab, n_pieces + json_array_size(json_object_get(root, "added_tokens")),
               err);
    void *image = read_all(&p, root) ? parts_image(&p, &n_image) : NULL;
    json_decref(root);
    parts_free(&p);
    return image ? tokenizer_adopt(image, n_image, name, vocab, err) : NULL;
}
