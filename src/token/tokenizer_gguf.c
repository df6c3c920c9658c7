/* SPDX-License-Identifier: MIT */
#include "tokenizer_gguf.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "characters.h"
#include "tokenizer_parts.h"
#include "utf8.h"

#define META "▁"

enum { MERGED_MAX = 512 }; /* bytes of a piece that merges make; longer ones are added tokens */

static bool is(struct bytes b, const char *text)
{
    return b.n == strlen(text) && memcmp(b.data, text, b.n) == 0;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static int32_t type_of(const struct gguf_vocab *v, uint32_t id)
{
    return v->types ? v->types[id] : GGUF_TOKEN_NORMAL;
}

static bool is_special(int32_t type)
{
    return type == GGUF_TOKEN_CONTROL || type == GGUF_TOKEN_UNKNOWN;
}

static bool is_white(struct bytes b)
{
    for (size_t at = 0; at < b.n;) {
        int32_t cp;
        at += utf8_decode(b.data + at, b.n - at, &cp);
        if (!char_is_white(cp) && cp != 0x2581)
            return false;
    }
    return true;
}

/* Files do not say so, but the special tokens of Phi-3's own vocabulary swallow the white space
 * behind them, except three. */
static bool is_phi3(const struct gguf_vocab *v)
{
    bool named = false, placeholder = false;
    for (size_t i = 0; i + 4 < v->model_name.n; i++) {
        const char *s = v->model_name.data + i;
        named = named || strncasecmp(s, "phi-3", 5) == 0 || strncasecmp(s, "phi3", 4) == 0;
    }
    for (uint32_t id = 0; named && id < v->n_tokens; id++)
        placeholder = placeholder || is(v->tokens[id], "<|placeholder1|>");
    return placeholder;
}

static bool swallows(struct bytes token)
{
    return !is(token, "<unk>") && !is(token, "<s>") && !is(token, "<|endoftext|>");
}

/* Empty tokens fill gaps. */
static bool read_tokens(struct parts *p, const struct gguf_vocab *v)
{
    bool phi3 = is_phi3(v);
    for (uint32_t id = 0; id < v->n_tokens; id++) {
        struct bytes b = v->tokens[id];
        int32_t type = type_of(v, id);
        bool added = is_special(type) || type == GGUF_TOKEN_USER_DEFINED;
        unsigned flags =
            PIECE_MODEL | (is_special(type) ? PIECE_SPECIAL : 0) | (added ? PIECE_ADDED : 0);
        if (b.n == 0)
            continue;
        if (!parts_add_piece(p, id, b.data, b.n, flags))
            return false;
        if (added && parts_find(p, b.data, b.n) == (int32_t)id)
            parts_add_token(p, (int32_t)id, b.data, b.n,
                            (phi3 && swallows(b) ? ADDED_RSTRIP : 0) |
                                (!is_special(type) && is_white(b) ? ADDED_ANYWHERE : 0));
        if (type == GGUF_TOKEN_UNKNOWN && p->unk < 0)
            p->unk = (int32_t)id;
    }
    return p->n_ids > 0 ||
           error_set(p->err, EX_DATAERR, "%s: tokenizer.ggml.tokens is empty", p->name);
}

/* ---- merges ---------------------------------------------------------------------------------- */

static bool is_text(const struct parts *p, int32_t id)
{
    return id >= 0 && !(p->pieces[id].flags & PIECE_SPECIAL);
}

struct scored {
    float score;
    uint32_t id;
};

static int compare_scores(const void *a, const void *b)
{
    const struct scored *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Any two neighbours merge that make a piece together, the one with the best score first. */
static bool merges_of(struct parts *p, uint32_t id, uint32_t rank)
{
    const char *s = p->text.data + p->pieces[id].at;
    size_t n = p->pieces[id].len;
    for (size_t at = 0; n <= MERGED_MAX && at < n;) {
        int32_t cp;
        at += utf8_decode(s + at, n - at, &cp);
        int32_t left = at < n ? parts_find(p, s, at) : NO_ID;
        int32_t right = is_text(p, left) ? parts_find(p, s + at, n - at) : NO_ID;
        if (is_text(p, right) && !parts_add_merge(p, left, right, (int32_t)id, rank))
            return false;
    }
    return true;
}

static bool read_scores(struct parts *p, const struct gguf_vocab *v)
{
    struct scored *list = xcalloc(p->n_ids, sizeof *list);
    uint32_t n = 0, rank = 0;
    bool ok = true;
    for (uint32_t id = 0; id < p->n_ids; id++)
        if (p->pieces[id].flags && is_text(p, (int32_t)id) && type_of(v, id) != GGUF_TOKEN_BYTE) {
            float score = v->scores ? v->scores[id] : 0;
            list[n++] = (struct scored){isnan(score) ? -INFINITY : score, id};
        }
    qsort(list, n, sizeof *list, compare_scores);
    for (uint32_t i = 0; ok && i < n; i++) {
        rank += i > 0 && list[i].score != list[i - 1].score; /* equal ones: the leftmost first */
        ok = merges_of(p, list[i].id, rank);
    }
    free(list);
    return ok;
}

/* Merges whose pieces are not there merge nothing. */
static bool read_merges(struct parts *p, const struct gguf_vocab *v)
{
    struct buf joint = {0};
    bool ok = true;
    for (uint32_t i = 0; ok && i < v->n_merges; i++) {
        struct bytes b = v->merges[i];
        const char *space = b.n > 1 ? memchr(b.data + 1, ' ', b.n - 1) : NULL;
        if (!space) {
            ok = error_set(p->err, EX_DATAERR, "%s: merge %u is not a pair of pieces", p->name, i);
            break;
        }
        size_t n = (size_t)(space - b.data);
        joint.len = 0;
        buf_append(&joint, b.data, n);
        buf_append(&joint, space + 1, b.n - n - 1);
        int32_t left = parts_find(p, b.data, n), right = parts_find(p, space + 1, b.n - n - 1);
        int32_t result = parts_find(p, joint.data, joint.len);
        if (is_text(p, left) && is_text(p, right) && is_text(p, result))
            ok = parts_add_merge(p, left, right, result, i);
    }
    buf_free(&joint);
    return ok;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static bool add(struct parts *p, enum stage stage, enum step_kind kind, const char *pattern,
                const char *content, unsigned flags)
{
    struct step *s = parts_add_step(p, stage, kind);
    if (!s)
        return false;
    parts_set_pattern(p, s, pattern, strlen(pattern));
    s->content_at = parts_put(p, content, strlen(content));
    s->content_len = (uint32_t)strlen(content);
    s->flags = (uint8_t)flags;
    s->behaviour = ISOLATED;
    return true;
}

/* "▁" for spaces, and bytes that are no piece as "<0x00>". */
static bool add_plain_steps(struct parts *p, bool space_prefix)
{
    p->flags |= IMAGE_BYTE_FALLBACK | IMAGE_FUSE_UNK;
    if ((space_prefix && !add(p, STAGE_NORMALIZER, STEP_PREPEND, META, "", 0)) ||
        !add(p, STAGE_NORMALIZER, STEP_REPLACE, " ", META, 0) ||
        !add(p, STAGE_DECODER, STEP_REPLACE, META, " ", 0) ||
        !add(p, STAGE_DECODER, STEP_BYTE_FALLBACK, "", "", 0) ||
        !add(p, STAGE_DECODER, STEP_FUSE, "", "", 0))
        return false;
    if (!space_prefix)
        return true;
    bool ok = add(p, STAGE_DECODER, STEP_STRIP, " ", "", 0);
    if (ok)
        p->steps[p->n_steps - 1].start = 1;
    return ok;
}

static bool add_byte_steps(struct parts *p, const struct gguf_pre *pre)
{
    for (int i = 0; pre->patterns[i]; i++)
        if (!add(p, STAGE_PRE_TOKENIZER, STEP_SPLIT, pre->patterns[i], "", STEP_IS_REGEX))
            return false;
    p->flags |= pre->ignore_merges ? IMAGE_IGNORE_MERGES : 0;
    return add(p, STAGE_PRE_TOKENIZER, STEP_BYTE_LEVEL, "", "", 0) &&
           add(p, STAGE_DECODER, STEP_BYTE_LEVEL, "", "", 0);
}

/* A file that wants a token that it has not gets none. */
static void push_frame(struct parts *p, int32_t id, struct ids *out)
{
    if (id >= 0 && (uint32_t)id < p->n_ids)
        ids_push(out, id);
}

static void read_frame(struct parts *p, const struct gguf_vocab *v, bool add_bos)
{
    if (v->add_bos >= 0 ? v->add_bos : add_bos)
        push_frame(p, v->bos, &p->prefix);
    if (v->add_eos == 1)
        push_frame(p, v->eos, &p->suffix);
}

/* ---- whole ----------------------------------------------------------------------------------- */

static bool read_sentencepiece(struct parts *p, const struct gguf_vocab *v)
{
    read_frame(p, v, true);
    return read_scores(p, v) && add_plain_steps(p, v->add_space_prefix != 0);
}

static bool read_bpe(struct parts *p, const struct gguf_vocab *v)
{
    struct bytes name = v->pre.n ? v->pre : (struct bytes){"default", 7};
    if (is(v->model, "gemma4"))
        name = (struct bytes){"gemma4", 6};
    const struct gguf_pre *pre = gguf_pre_find(name);
    if (!pre)
        return error_set(p->err, EX_DATAERR,
                         "%s: tokenizer.ggml.pre \"%.*s\" is not known: how it splits text is not "
                         "in the file; the model's folder in Hugging Face form says it",
                         p->name, (int)(name.n < 60 ? name.n : 60), name.data);
    if (!read_merges(p, v))
        return false;
    read_frame(p, v, pre->add_bos || !pre->patterns[0]);
    return pre->patterns[0] ? add_byte_steps(p, pre) : add_plain_steps(p, false);
}

static bool read_all(struct parts *p, const struct gguf_vocab *v)
{
    bool is_spm = is(v->model, "llama"), is_bpe = is(v->model, "gpt2") || is(v->model, "gemma4");
    if (!is_spm && !is_bpe)
        return error_set(
            p->err, EX_DATAERR,
            "%s: tokenizer.ggml.model is \"%.*s\"; llama (SentencePiece by scores) and "
            "gpt2 (byte pair encoding) are supported",
            p->name, (int)(v->model.n < 60 ? v->model.n : 60), v->model.data);
    p->unk = v->unk >= 0 && (uint32_t)v->unk < v->n_tokens ? v->unk : NO_ID;
    return read_tokens(p, v) && (is_spm ? read_sentencepiece(p, v) : read_bpe(p, v));
}

struct tokenizer *tokenizer_from_gguf(const struct gguf_vocab *v, const char *name,
                                      struct error *err)
{
    struct parts p;
    size_t n;
    parts_init(&p, name, v->n_tokens, v->n_tokens, err);
    void *image = read_all(&p, v) ? parts_image(&p, &n) : NULL;
    parts_free(&p);
    return image ? tokenizer_adopt(image, n, name, v->n_tokens, err) : NULL;
}
