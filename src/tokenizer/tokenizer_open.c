/* SPDX-License-Identifier: MIT */
#include "tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "characters.h"
#include "tokenizer_internal.h"
#include "utf8.h"

enum { STEP_TEXT_MAX = 1 << 16, DECODER_CONTENT_MAX = 256, BYTE_LEVELS_MAX = 2 };

/* ---- opening --------------------------------------------------------------------------- */

static bool is_one_character(const char *s, size_t n)
{
    int32_t cp;
    return n > 0 && utf8_decode(s, n, &cp) == n && cp >= 0;
}

/* Stages in which a kind of step can stand. */
static bool belongs(const struct step *s)
{
    switch (s->kind) {
    case STEP_BYTE_LEVEL:
    case STEP_METASPACE: return s->stage != STAGE_NORMALIZER;
    case STEP_REPLACE:
    case STEP_STRIP: return s->stage != STAGE_PRE_TOKENIZER;
    case STEP_BYTE_FALLBACK:
    case STEP_FUSE: return s->stage == STAGE_DECODER;
    default: return s->stage == (s->kind <= STEP_PREPEND ? STAGE_NORMALIZER : STAGE_PRE_TOKENIZER);
    }
}

/* What follows here makes at most a few times as much text as there was. */
static bool check_step(const struct image *m, const struct step *s)
{
    bool one = is_one_character(m->strings + s->pattern_at, s->pattern_len);
    if (!belongs(s) || s->pattern_len > STEP_TEXT_MAX || s->content_len > STEP_TEXT_MAX)
        return false;
    if (s->kind == STEP_METASPACE || (s->kind == STEP_STRIP && s->stage == STAGE_DECODER))
        return one;
    return s->stage != STAGE_DECODER || s->content_len <= DECODER_CONTENT_MAX;
}

static bool open_steps(struct tokenizer *t, const char *name, struct error *err)
{
    const struct image *m = &t->image;
    uint32_t n = m->header->n_steps, n_byte_levels = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct step *s = &m->steps[i];
        n_byte_levels += s->stage == STAGE_PRE_TOKENIZER && s->kind == STEP_BYTE_LEVEL;
        if (!check_step(m, s) || n_byte_levels > BYTE_LEVELS_MAX)
            return error_set(
                err, EX_DATAERR,
                "%s: step %u of the tokenizer cannot stand there, or its texts are too "
                "long",
                name, i);
        if (!matcher_init(&t->matchers[i], s, m->strings, name, err))
            return false;
        t->prepends = t->prepends || (s->stage == STAGE_NORMALIZER && s->kind == STEP_PREPEND) ||
                      (s->kind == STEP_METASPACE && s->flags & STEP_ALWAYS);
    }
    for (int stage = 0; stage <= N_STAGES; stage++)
        while (t->stage_at[stage] < n && m->steps[t->stage_at[stage]].stage < stage)
            t->stage_at[stage]++;
    uint32_t end = t->stage_at[STAGE_DECODER];
    t->is_byte_level =
        end > t->stage_at[STAGE_PRE_TOKENIZER] && m->steps[end - 1].kind == STEP_BYTE_LEVEL;
    return decoder_check(t, name, err);
}

int32_t tokenizer_model_piece(const struct tokenizer *t, const char *text, size_t n)
{
    int32_t id = image_find(&t->image, text, n);
    return id >= 0 && (t->image.piece_flags[id] & (PIECE_MODEL | PIECE_SPECIAL)) == PIECE_MODEL
               ? id
               : NO_ID;
}

static void index_characters(struct tokenizer *t)
{
    for (int i = 0; i < 256; i++) {
        char c[2], name[8];
        t->level_ids[i] = tokenizer_model_piece(t, c, byte_level_encode((uint8_t)i, c));
        snprintf(name, sizeof name, "<0x%02X>", (unsigned)i);
        t->byte_ids[i] = tokenizer_model_piece(t, name, 6);
        c[0] = (char)i;
        if (i < 128)
            t->ascii[i] = tokenizer_model_piece(t, c, 1);
    }
}

struct tokenizer *tokenizer_open(const void *image, size_t n, const char *name, uint32_t vocab,
                                 struct error *err)
{
    struct tokenizer *t = xcalloc(1, sizeof *t);
    t->n_bytes = n;
    if ((uintptr_t)image % 8 != 0) {
        error_set(err, EX_DATAERR, "%s: compiled tokenizer: not aligned to 8 bytes", name);
    } else if (image_open(&t->image, image, n, name, vocab ? vocab : UINT32_MAX, err) &&
               open_steps(t, name, err)) {
        index_characters(t);
        added_index_init(t);
        return t;
    }
    tokenizer_free(t);
    return NULL;
}

struct tokenizer *tokenizer_adopt(void *image, size_t n, const char *name, uint32_t vocab,
                                  struct error *err)
{
    struct tokenizer *t = tokenizer_open(image, n, name, vocab, err);
    if (t)
        t->owned = image;
    else
        free(image);
    return t;
}

void tokenizer_free(struct tokenizer *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < MAX_STEPS; i++)
        matcher_free(&t->matchers[i]);
    free(t->owned);
    free(t);
}

const void *tokenizer_image(const struct tokenizer *t, size_t *n)
{
    *n = t->n_bytes;
    return t->image.header;
}

/* ---- tokens --------------------------------------------------------------------------- */

static unsigned flags_of(const struct tokenizer *t, int32_t id)
{
    return id >= 0 && (uint32_t)id < t->image.header->n_ids ? t->image.piece_flags[id] : 0;
}

int32_t tokenizer_find(const struct tokenizer *t, const char *text)
{
    return image_find(&t->image, text, strlen(text));
}

uint32_t tokenizer_size(const struct tokenizer *t)
{
    return t->image.header->n_ids;
}

bool tokenizer_is_special(const struct tokenizer *t, int32_t id)
{
    return flags_of(t, id) & PIECE_SPECIAL;
}

void tokenizer_push_prefix(const struct tokenizer *t, struct ids *out)
{
    ids_append(out, t->image.frame, t->image.header->n_prefix);
}

void tokenizer_push_suffix(const struct tokenizer *t, struct ids *out)
{
    ids_append(out, t->image.frame + t->image.header->n_prefix, t->image.header->n_suffix);
}

bool tokenizer_goes_on(const struct tokenizer *t, int32_t id)
{
    struct buf text = {0};
    int32_t cp = -1;
    if (!flags_of(t, id) || flags_of(t, id) & PIECE_ADDED)
        return false;
    tokenizer_token_bytes(t, id, &text);
    bool goes_on = false;
    if (text.len) {
        utf8_decode(text.data, text.len, &cp);
        goes_on = cp < 0 ? (unsigned char)text.data[0] >= 0x80 : utf8_is_word(cp);
    }
    buf_free(&text);
    return goes_on;
}

/* ---- text in common ------------------------------------------------------------------- */

/* Where one sequence is read: a byte of a token. */
struct reader {
    const int32_t *ids; /* [n] */
    size_t n, i, at;
    struct buf bytes; /* of token `loaded` - 1 */
    size_t loaded;
};

/* Is there a token of text? Its bytes are in r->bytes, at least one. */
static bool load_text(const struct tokenizer *t, struct reader *r)
{
    unsigned flags = r->i < r->n ? flags_of(t, r->ids[r->i]) : 0;
    if (!flags || flags & PIECE_ADDED)
        return false;
    if (r->loaded != r->i + 1) {
        r->bytes.len = 0;
        tokenizer_token_bytes(t, r->ids[r->i], &r->bytes);
        r->loaded = r->i + 1;
    }
    return r->bytes.len > 0;
}

static char take_byte(struct reader *r)
{
    char c = r->bytes.data[r->at++];
    if (r->at == r->bytes.len) {
        r->at = 0;
        r->i++;
    }
    return c;
}

/* Behind an added token one space before a text is no part of it, if one is put there. */
static void skip_space(const struct tokenizer *t, struct reader *x, struct reader *y)
{
    bool begins = x->i > 0 && flags_of(t, x->ids[x->i - 1]) & PIECE_ADDED;
    if (!t->prepends || !begins || !load_text(t, x) || !load_text(t, y))
        return;
    bool x_leads = x->bytes.data[0] == ' ', y_leads = y->bytes.data[0] == ' ';
    if (x_leads && !y_leads)
        take_byte(x);
    if (y_leads && !x_leads)
        take_byte(y);
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
        if (!load_text(t, &x) || !load_text(t, &y) || take_byte(&x) != take_byte(&y))
            break;
    }
    buf_free(&x.bytes);
    buf_free(&y.bytes);
    return common;
}
