/* SPDX-License-Identifier: MIT
 *
 * gbnf: grammars as llama.cpp writes them: rules (name ::= ...), the first of which is "root";
 * "text", [classes], groups, alternatives, repetitions, comments.
 */
#ifndef QINS_GBNF_H
#define QINS_GBNF_H

#include "grammar.h"

/* `name`: what messages call the text, before line and column. -> the caller's, or NULL */
struct grammar *gbnf_read(const char *text, size_t n, const char *name, struct error *err);

#endif
