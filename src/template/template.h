/* SPDX-License-Identifier: MIT
 *
 * template: chat templates, the small programs in Jinja that models bring with them and that turn a
 * conversation into a prompt. They are read and run here as transformers does it, without any
 * power: a template sees the values it is given, and nothing else; steps, memory, output and depth
 * are bounded, and what it asks for beyond that ends with one line.
 *
 * The result knows which of its bytes the template itself wrote. Special tokens are to be
 * recognised in those alone: what stands in a message stays text, whatever it spells.
 */
#ifndef QINS_TEMPLATE_H
#define QINS_TEMPLATE_H

#include <jansson.h>
#include <time.h>

#include "base.h"

struct template;

enum { TEMPLATE_MAX_BYTES = 1 << 20 }; /* of a template; published ones have up to 20,000 */

/* Reads a template of n bytes. What is not known (a statement, filter, test, method, function) is
 * refused here, with its line and column. -> NULL: EX_DATAERR. */
struct template *template_parse(const char *text, size_t n, struct error *err);
void template_free(struct template *t);

/* Whether the template reads a variable of this name ("enable_thinking", "tools" ...). */
bool template_reads(const struct template *t, const char *name);

struct template_message {
    const char *role; /* "system", "user", "assistant", "tool" ... */
    const char *text;
    size_t n; /* bytes of text */
    const json_t
        *members; /* further ones ("reasoning_content", "tool_calls"), an object, or NULL */
};

/* All pointers are borrowed for the call; what is NULL is not given. */
struct template_input {
    const struct template_message *messages;
    size_t n_messages;
    const json_t *messages_json; /* an array, in place of messages */
    const json_t *variables;     /* an object: tools, documents, enable_thinking ... */
    const char *bos, *eos;       /* bos_token and eos_token: count as the template's own bytes */
    bool add_generation_prompt;
    const struct tm *clock; /* local time, for strftime_now, with tm_wday and tm_yday */
};

/* Bytes [start, start + length) come from the template, or from a message, a tool, a variable. A
 * role counts as the template's if it is a plain word: templates build markers with it. */
struct template_span {
    size_t start, length;
    bool from_template;
};

struct template_output {
    char *text; /* n bytes, and a NUL behind them */
    size_t n;
    struct template_span *spans; /* without gaps; neighbours differ */
    size_t n_spans;
    bool refused; /* on failure: the template called raise_exception, whose words are the error */
};

/* Thread-safe: t is only read. On failure (EX_DATAERR) *out holds nothing but `refused`. */
bool template_render(const struct template *t, const struct template_input *in,
                     struct template_output *out, struct error *err);
void template_output_free(struct template_output *out);

#endif
