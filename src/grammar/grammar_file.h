/* SPDX-License-Identifier: MIT
 *
 * grammar_file: the shape of answers as a user gives it: a file with a grammar or a JSON schema.
 */
#ifndef QINS_GRAMMAR_FILE_H
#define QINS_GRAMMAR_FILE_H

#include "grammar.h"

enum grammar_language { GRAMMAR_GBNF, GRAMMAR_JSON_SCHEMA };

/* Also refuses a grammar whose beginning alone can be read in too many ways. -> the caller's, or
 * NULL */
struct grammar *grammar_read_file(const char *path, enum grammar_language language,
                                  struct error *err);
/* Any JSON object. */
struct grammar *grammar_of_json(void);

#endif
