/* SPDX-License-Identifier: MIT
 *
 * tokenizer.json: normalizer, pre_tokenizer, decoder.
 */
#include <string.h>

#include "tokenizer_json.h"

enum { NEST_MAX = 8 };

static const char *const stage_names[] = {"normalizer", "pre_tokenizer", "decoder"};
static const char *const list_names[] = {"normalizers", "pretokenizers", "decoders"};

const char *step_type(const json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    return type ? type : "";
}

bool has_flag(const json_t *object, const char *key, bool otherwise)
{
    const json_t *v = json_object_get(object, key);
    return v && !json_is_null(v) ? json_is_true(v) : otherwise;
}

static bool refuse_step(struct parts *p, enum stage stage, const char *what, const char *right)
{
    return error_set(p->err, EX_DATAERR, "%s: %s: %s; %s", p->name, stage_names[stage], what,
                     right);
}

/* ---- members that several have --------------------------------------------------------------- */

static bool read_string(struct parts *p, const json_t *from, const char *key, struct step *s)
{
    const json_t *v = json_object_get(from, key);
    if (!json_is_string(v))
        return error_set(p->err, EX_DATAERR, "%s: %s: %s has no text \"%s\"", p->name,
                         stage_names[s->stage], step_type(from), key);
    parts_set_pattern(p, s, json_string_value(v), json_string_length(v));
    return true;
}

/* {"String": "..."} or {"Regex": "..."} */
static bool read_pattern(struct parts *p, const json_t *from, struct step *s)
{
    const json_t *pattern = json_object_get(from, "pattern");
    const json_t *regex = json_object_get(pattern, "Regex");
    if (json_is_string(regex)) {
        s->flags |= STEP_IS_REGEX;
        return read_string(p, pattern, "Regex", s);
    }
    if (json_is_string(json_object_get(pattern, "String")))
        return read_string(p, pattern, "String", s);
    return error_set(p->err, EX_DATAERR,
                     "%s: %s: %s has no pattern {\"String\": ...} or {\"Regex\": ...}", p->name,
                     stage_names[s->stage], step_type(from));
}

static bool read_content(struct parts *p, const json_t *from, struct step *s)
{
    const json_t *v = json_object_get(from, "content");
    if (!json_is_string(v))
        return error_set(p->err, EX_DATAERR, "%s: %s: %s has no text \"content\"", p->name,
                         stage_names[s->stage], step_type(from));
    s->content_at = parts_put(p, json_string_value(v), json_string_length(v));
    s->content_len = (uint32_t)json_string_length(v);
    return true;
}

static bool read_behaviour(struct parts *p, const json_t *from, struct step *s)
{
    static const char *const names[N_BEHAVIOURS] = {
        [REMOVED] = "Removed",
        [ISOLATED] = "Isolated",
        [MERGED_WITH_PREVIOUS] = "MergedWithPrevious",
        [MERGED_WITH_NEXT] = "MergedWithNext",
        [CONTIGUOUS] = "Contiguous",
    };
    const char *name = json_string_value(json_object_get(from, "behavior"));
    s->behaviour = ISOLATED;
    if (!name && s->kind == STEP_PUNCTUATION)
        return true;
    for (int i = 0; name && i < N_BEHAVIOURS; i++)
        if (strcmp(names[i], name) == 0) {
            s->behaviour = (uint8_t)i;
            return true;
        }
    return error_set(p->err, EX_DATAERR,
                     "%s: %s: behavior \"%.40s\" is not known; Removed, Isolated, "
                     "MergedWithPrevious, MergedWithNext or Contiguous is expected",
                     p->name, stage_names[s->stage], name ? name : "");
}

/* ---- steps ----------------------------------------------------------------------------------- */

static bool read_byte_level(struct parts *p, const json_t *from, struct step *s)
{
    (void)p;
    s->flags |= has_flag(from, "add_prefix_space", true) ? STEP_PREFIX_SPACE : 0;
    s->flags |= has_flag(from, "use_regex", true) ? STEP_USE_REGEX : 0;
    if (s->stage == STAGE_DECODER)
        s->flags = 0;
    return true;
}

static bool read_metaspace(struct parts *p, const json_t *from, struct step *s)
{
    const char *scheme = json_string_value(json_object_get(from, "prepend_scheme"));
    bool never = !has_flag(from, "add_prefix_space", true);
    if (!read_string(p, from, "replacement", s))
        return false;
    s->split = has_flag(from, "split", true);
    if (!scheme)
        scheme = never ? "never" : "always";
    if (strcmp(scheme, "never") == 0)
        return true;
    if (never || (strcmp(scheme, "first") != 0 && strcmp(scheme, "always") != 0))
        return error_set(p->err, EX_DATAERR,
                         "%s: %s: Metaspace: prepend_scheme \"%.40s\" is not always, "
                         "first or never, or add_prefix_space says otherwise",
                         p->name, stage_names[s->stage], scheme);
    s->flags |= s->stage == STAGE_DECODER || *scheme == 'a' ? STEP_ALWAYS : STEP_FIRST;
    return true;
}

static bool read_strip(struct parts *p, const json_t *from, struct step *s)
{
    if (s->stage == STAGE_NORMALIZER) {
        s->flags |= has_flag(from, "strip_left", true) ? STEP_LEFT : 0;
        s->flags |= has_flag(from, "strip_right", true) ? STEP_RIGHT : 0;
        return true;
    }
    return read_string(p, from, "content", s) &&
           json_get_u32(from, "start", true, &s->start, p->name, p->err) &&
           json_get_u32(from, "stop", true, &s->stop, p->name, p->err);
}

static bool read_replace(struct parts *p, const json_t *from, struct step *s)
{
    return read_pattern(p, from, s) && read_content(p, from, s);
}

static bool read_prepend(struct parts *p, const json_t *from, struct step *s)
{
    return read_string(p, from, "prepend", s);
}

static bool read_split(struct parts *p, const json_t *from, struct step *s)
{
    s->flags |= has_flag(from, "invert", false) ? STEP_INVERT : 0;
    return read_pattern(p, from, s) && read_behaviour(p, from, s);
}

static bool read_delimiter(struct parts *p, const json_t *from, struct step *s)
{
    s->behaviour = REMOVED;
    return read_string(p, from, "delimiter", s);
}

static bool read_digits(struct parts *p, const json_t *from, struct step *s)
{
    (void)p;
    s->behaviour = has_flag(from, "individual_digits", false) ? ISOLATED : CONTIGUOUS;
    return true;
}

static bool read_nothing(struct parts *p, const json_t *from, struct step *s)
{
    (void)p;
    (void)from;
    s->behaviour = REMOVED;
    return true;
}

static const struct known_step {
    enum stage stage;
    const char *type;
    enum step_kind kind;
    bool (*read)(struct parts *p, const json_t *from, struct step *s);
} known_steps[] = {
    {STAGE_NORMALIZER, "NFC", STEP_NFC, read_nothing},
    {STAGE_NORMALIZER, "NFD", STEP_NFD, read_nothing},
    {STAGE_NORMALIZER, "NFKC", STEP_NFKC, read_nothing},
    {STAGE_NORMALIZER, "NFKD", STEP_NFKD, read_nothing},
    {STAGE_NORMALIZER, "Lowercase", STEP_LOWERCASE, read_nothing},
    {STAGE_NORMALIZER, "Strip", STEP_STRIP, read_strip},
    {STAGE_NORMALIZER, "Prepend", STEP_PREPEND, read_prepend},
    {STAGE_NORMALIZER, "Replace", STEP_REPLACE, read_replace},
    {STAGE_PRE_TOKENIZER, "ByteLevel", STEP_BYTE_LEVEL, read_byte_level},
    {STAGE_PRE_TOKENIZER, "Split", STEP_SPLIT, read_split},
    {STAGE_PRE_TOKENIZER, "CharDelimiterSplit", STEP_SPLIT, read_delimiter},
    {STAGE_PRE_TOKENIZER, "Digits", STEP_DIGITS, read_digits},
    {STAGE_PRE_TOKENIZER, "Metaspace", STEP_METASPACE, read_metaspace},
    {STAGE_PRE_TOKENIZER, "Whitespace", STEP_WHITESPACE, read_nothing},
    {STAGE_PRE_TOKENIZER, "WhitespaceSplit", STEP_WHITESPACE_SPLIT, read_nothing},
    {STAGE_PRE_TOKENIZER, "Punctuation", STEP_PUNCTUATION, read_behaviour},
    {STAGE_DECODER, "ByteLevel", STEP_BYTE_LEVEL, read_byte_level},
    {STAGE_DECODER, "ByteFallback", STEP_BYTE_FALLBACK, read_nothing},
    {STAGE_DECODER, "Fuse", STEP_FUSE, read_nothing},
    {STAGE_DECODER, "Metaspace", STEP_METASPACE, read_metaspace},
    {STAGE_DECODER, "Replace", STEP_REPLACE, read_replace},
    {STAGE_DECODER, "Strip", STEP_STRIP, read_strip},
};

static bool read_step(struct parts *p, enum stage stage, const json_t *from, int depth)
{
    char what[100];
    const char *type = step_type(from);
    if (!from || json_is_null(from))
        return true;
    if (strcmp(type, "Sequence") == 0) {
        const json_t *list = json_object_get(from, list_names[stage]);
        if (!json_is_array(list) || depth == NEST_MAX)
            return refuse_step(p, stage, "Sequence without its list, or too deep",
                               "a list of steps is expected");
        for (size_t i = 0; i < json_array_size(list); i++)
            if (!read_step(p, stage, json_array_get(list, i), depth + 1))
                return false;
        return true;
    }
    for (size_t i = 0; i < sizeof known_steps / sizeof *known_steps; i++) {
        const struct known_step *k = &known_steps[i];
        if (k->stage != stage || strcmp(k->type, type) != 0)
            continue;
        struct step *s = parts_add_step(p, stage, k->kind);
        return s && k->read(p, from, s);
    }
    snprintf(what, sizeof what, "type \"%.60s\" is not known", type);
    return refuse_step(
        p, stage, what,
        stage == STAGE_NORMALIZER
            ? "NFC, NFD, NFKC, NFKD, Lowercase, Strip, Prepend, Replace and Sequence are"
        : stage == STAGE_PRE_TOKENIZER
            ? "ByteLevel, Split, Digits, Metaspace, Whitespace, WhitespaceSplit, "
              "Punctuation and Sequence are"
            : "ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip and Sequence "
              "are");
}

bool tokenizer_json_steps(struct parts *p, const json_t *root)
{
    for (enum stage stage = 0; stage < N_STAGES; stage++)
        if (!read_step(p, stage, json_object_get(root, stage_names[stage]), 0))
            return false;
    return true;
}
