/* SPDX-License-Identifier: MIT
 *
 * template_lexer: the text of a template as tokens, with Jinja's rules for white space around its
 * tags: trim_blocks (the line end behind a block goes), lstrip_blocks (blanks in front of a block
 * that begins its line go), - and + beside a tag, and one line end at the end of the file goes.
 */
#ifndef QINS_TEMPLATE_LEXER_H
#define QINS_TEMPLATE_LEXER_H

#include "template_text.h"

enum token_kind {
    TOKEN_END,
    TOKEN_TEXT,           /* outside of tags */
    TOKEN_VARIABLE_BEGIN, /* {{ */
    TOKEN_VARIABLE_END,
    TOKEN_BLOCK_BEGIN, /* {% */
    TOKEN_BLOCK_END,
    TOKEN_NAME,
    TOKEN_STRING,
    TOKEN_INT,
    TOKEN_FLOAT,
    TOKEN_OPERATOR, /* 'bytes' tells which */
};

struct token {
    enum token_kind kind;
    uint32_t line, column;
    const char *bytes; /* of the source; of an operator: a literal */
    uint32_t len;
    struct value value; /* string, int, float */
};

/* Line ends of all systems as \n; refuses what is not UTF-8 or holds NUL. */
struct value lexer_source(struct work *w, const char *text, size_t n);
/* -> tokens, the last one TOKEN_END. */
struct token *lexer_tokens(struct work *w, struct value source, uint32_t *n_tokens);

#endif
