/* SPDX-License-Identifier: MIT
 *
 * schema_keywords: the words of JSON Schema that are known here.
 */
#ifndef QINS_SCHEMA_KEYWORDS_H
#define QINS_SCHEMA_KEYWORDS_H

enum keyword {
    KEYWORD_UNKNOWN,
    KEYWORD_NOTE, /* tells people something, and restricts nothing */
    KEYWORD_OF_ALL,
    KEYWORD_OF_OBJECTS,
    KEYWORD_OF_ARRAYS,
    KEYWORD_OF_STRINGS,
    KEYWORD_OF_NUMBERS,
};

enum keyword schema_keyword(const char *word);

#endif
