/* SPDX-License-Identifier: MIT
 *
 * step: one step of a tokenizer's pipeline, as it stands in its compiled image. A tokenizer runs
 * its normalizers, then its pre-tokenizers, in order; decoding runs its decoders.
 *
 * Steps and their meaning: https://huggingface.co/docs/tokenizers/components
 */
#ifndef QINS_STEP_H
#define QINS_STEP_H

#include <stdint.h>

enum stage { STAGE_NORMALIZER, STAGE_PRE_TOKENIZER, STAGE_DECODER, N_STAGES };

/* Numbers stand in files: only append. */
enum step_kind {
    STEP_NFC,
    STEP_NFD,
    STEP_NFKC,
    STEP_NFKD,
    STEP_LOWERCASE,
    STEP_STRIP,   /* normalizer: white space; decoder: `pattern` start times, stop times */
    STEP_PREPEND, /* `pattern` */
    STEP_REPLACE, /* `pattern` by `content`; normalizer and decoder */
    STEP_BYTE_LEVEL,
    STEP_SPLIT,     /* at `pattern` */
    STEP_DIGITS,    /* Split at numbers */
    STEP_METASPACE, /* `pattern`: the character; pre-tokenizer and decoder */
    STEP_WHITESPACE,
    STEP_WHITESPACE_SPLIT,
    STEP_PUNCTUATION,
    STEP_BYTE_FALLBACK,
    STEP_FUSE,
    N_STEP_KINDS
};

/* What becomes of the matches of a Split. */
enum behaviour {
    REMOVED,
    ISOLATED,
    MERGED_WITH_PREVIOUS,
    MERGED_WITH_NEXT,
    CONTIGUOUS,
    N_BEHAVIOURS
};

enum step_flag {
    STEP_IS_REGEX = 1,     /* pattern is one, else a string */
    STEP_INVERT = 2,       /* Split: matches are what lies between */
    STEP_PREFIX_SPACE = 4, /* ByteLevel: a space before the first word */
    STEP_USE_REGEX = 8,    /* ByteLevel: split as GPT-2 does */
    STEP_LEFT = 16,        /* Strip */
    STEP_RIGHT = 32,       /* Strip */
    STEP_ALWAYS = 64,      /* Metaspace: prepended to each piece; decoder: dropped from the first */
    STEP_FIRST = 128,      /* Metaspace: prepended at the beginning of the text */
};

enum { MAX_STEPS = 64 };

struct step {
    uint8_t stage, kind, behaviour;
    uint8_t flags;                    /* of enum step_flag */
    uint32_t pattern_at, pattern_len; /* in the image's strings */
    uint32_t content_at, content_len;
    uint32_t start, stop; /* decoder's Strip */
    uint32_t split;       /* Metaspace: split before each of its characters */
};

#endif
