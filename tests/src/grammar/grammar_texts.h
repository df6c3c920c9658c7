/* SPDX-License-Identifier: MIT
 *
 * grammar_texts: whether a text is one of a grammar; a tokenizer of a few tokens.
 */
#ifndef QINS_GRAMMAR_TEXTS_H
#define QINS_GRAMMAR_TEXTS_H

#include <stdlib.h>
#include <string.h>

#include "recogniser.h"
#include "tokenizer.h"

static inline bool accepts(const struct grammar *g, const char *text)
{
    struct recogniser r;
    recogniser_init(&r, g);
    uint32_t state = recogniser_start(&r);
    for (const char *c = text; *c; c++)
        state = recogniser_step(&r, state, (uint8_t)*c);
    bool ok = state != STATE_DEAD && r.states[state].may_end && !r.overflow;
    recogniser_free(&r);
    return ok;
}

/* The 256 bytes, then these words, then "</s>", which is special. */
static inline struct tokenizer *tokenizer_of(const char *const *words, size_t n)
{
    struct buf json = {0};
    struct error err;
    buf_puts(&json, "{\"added_tokens\":[{\"id\":");
    buf_printf(&json, "%zu,\"content\":\"</s>\",\"special\":true}],", 256 + n);
    buf_puts(&json,
             "\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},"
             "\"content\":\"\xE2\x96\x81\"},\"decoder\":{\"type\":\"Sequence\",\"decoders\":["
             "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xE2\x96\x81\"},"
             "\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},"
             "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]},"
             "\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,\"merges\":[],\"vocab\":{");
    for (unsigned b = 0; b < 256; b++)
        buf_printf(&json, "\"<0x%02X>\":%u,", b, b);
    for (size_t i = 0; i < n; i++) {
        buf_puts(&json, "\"");
        for (const char *c = words[i]; *c; c++) {
            if (*c == '"' || *c == '\\')
                buf_puts(&json, "\\");
            buf_puts(&json, *c == ' ' ? "\xE2\x96\x81" : *c == '\n' ? "\\n" : (char[]){*c, 0});
        }
        buf_printf(&json, "\":%zu,", 256 + i);
    }
    buf_printf(&json, "\"</s>\":%zu}}}", 256 + n);
    struct tokenizer *t = tokenizer_new(json.data, json.len, "test", 0, &err);
    if (!t)
        die(EX_SOFTWARE, "%s", err.text);
    buf_free(&json);
    return t;
}

#endif
