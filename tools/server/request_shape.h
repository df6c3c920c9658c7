/* SPDX-License-Identifier: MIT
 *
 * request_shape: the grammar that a request wants its answer to keep to: "response_format" as
 * OpenAI has it, or "grammar", a text in GBNF, as llama.cpp has it.
 */
#ifndef QINS_REQUEST_SHAPE_H
#define QINS_REQUEST_SHAPE_H

#include <jansson.h>

#include "grammar.h"
#include "request_fault.h"

/* *grammar: the caller's, or NULL: any text. */
bool request_shape_read(struct grammar **grammar, const json_t *body, struct request_fault *f);

#endif
