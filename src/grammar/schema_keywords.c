/* SPDX-License-Identifier: MIT */
#include "schema_keywords.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *word;
    enum keyword keyword;
} words[] = {
    {"title", KEYWORD_NOTE},
    {"description", KEYWORD_NOTE},
    {"default", KEYWORD_NOTE},
    {"examples", KEYWORD_NOTE},
    {"example", KEYWORD_NOTE},
    {"deprecated", KEYWORD_NOTE},
    {"readOnly", KEYWORD_NOTE},
    {"writeOnly", KEYWORD_NOTE},
    {"$schema", KEYWORD_NOTE},
    {"$id", KEYWORD_NOTE},
    {"id", KEYWORD_NOTE},
    {"$comment", KEYWORD_NOTE},
    {"$anchor", KEYWORD_NOTE},
    {"format", KEYWORD_NOTE},
    {"contentEncoding", KEYWORD_NOTE},
    {"contentMediaType", KEYWORD_NOTE},
    {"discriminator", KEYWORD_NOTE},
    {"$defs", KEYWORD_NOTE},
    {"definitions", KEYWORD_NOTE},
    {"type", KEYWORD_OF_ALL},
    {"enum", KEYWORD_OF_ALL},
    {"const", KEYWORD_OF_ALL},
    {"$ref", KEYWORD_OF_ALL},
    {"anyOf", KEYWORD_OF_ALL},
    {"oneOf", KEYWORD_OF_ALL},
    {"allOf", KEYWORD_OF_ALL},
    {"properties", KEYWORD_OF_OBJECTS},
    {"required", KEYWORD_OF_OBJECTS},
    {"additionalProperties", KEYWORD_OF_OBJECTS},
    {"items", KEYWORD_OF_ARRAYS},
    {"prefixItems", KEYWORD_OF_ARRAYS},
    {"minItems", KEYWORD_OF_ARRAYS},
    {"maxItems", KEYWORD_OF_ARRAYS},
    {"minLength", KEYWORD_OF_STRINGS},
    {"maxLength", KEYWORD_OF_STRINGS},
    {"minimum", KEYWORD_OF_NUMBERS},
    {"maximum", KEYWORD_OF_NUMBERS},
    {"exclusiveMinimum", KEYWORD_OF_NUMBERS},
    {"exclusiveMaximum", KEYWORD_OF_NUMBERS},
};

enum keyword schema_keyword(const char *word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, word) == 0)
            return words[i].keyword;
    return strncmp(word, "x-", 2) == 0 ? KEYWORD_NOTE : KEYWORD_UNKNOWN;
}
