/* SPDX-License-Identifier: MIT */
#include "regexp.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

enum {
    SOURCE_MAX = 1 << 16,  /* bytes of an expression */
    NEST_MAX = 100,        /* parentheses within one another */
    MATCH_STEPS = 5000000, /* of one search */
    MATCH_KIB = 64 << 10,
    JIT_STACK_MAX = 64 << 20,
    DEADLINE_MS = 5000, /* a second per megabyte more: real patterns need less than a tenth */
};

struct regexp {
    pcre2_code *code;
    bool has_jit;
};

struct regexp_scratch {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack; /* once the 32 KiB that a search has by itself were too few */
    double deadline_ms; /* of the thread's CPU time: whoever is stopped meanwhile loses nothing */
    unsigned n_searches;
};

static pcre2_code *compile(const struct buf *text, const char *name, const char *what,
                           struct error *err)
{
    int code;
    PCRE2_SIZE at;
    pcre2_compile_context *context = xgiven(pcre2_compile_context_create(NULL));
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_parens_nest_limit(context, NEST_MAX);
    /* in Oniguruma ^ and $ always see lines */
    pcre2_code *compiled = pcre2_compile(
        (PCRE2_SPTR)text->data, text->len,
        PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &code, &at, context);
    pcre2_compile_context_free(context);
    if (!compiled) {
        PCRE2_UCHAR why[120];
        pcre2_get_error_message(code, why, sizeof why);
        error_set(err, EX_DATAERR, "%s: %s: regular expression \"%.80s\": %s", name, what,
                  text->data, (const char *)why);
    }
    return compiled;
}

struct regexp *regexp_new(const char *source, size_t n, const char *name, const char *what,
                          struct error *err)
{
    struct buf text = {0};
    struct error why;
    if (n > SOURCE_MAX)
        return error_set_null(err, EX_DATAERR,
                              "%s: %s: a regular expression of %zu bytes; at most %d are expected",
                              name, what, n, SOURCE_MAX);
    buf_append(&text, "", 0);
    pcre2_code *code = NULL;
    if (regexp_translate(source, n, &text, &why))
        code = compile(&text, name, what, err);
    else
        error_set(err, EX_DATAERR, "%s: %s: regular expression \"%.*s\": %s", name, what,
                  (int)(n < 80 ? n : 80), source, why.text);
    buf_free(&text);
    if (!code)
        return NULL;
    struct regexp *p = xmalloc(sizeof *p);
    p->code = code;
    p->has_jit = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
    return p;
}

void regexp_free(struct regexp *p)
{
    if (!p)
        return;
    pcre2_code_free(p->code);
    free(p);
}

struct regexp_scratch *regexp_scratch_new(size_t n)
{
    struct regexp_scratch *s = xmalloc(sizeof *s);
    s->n_searches = 0;
    s->deadline_ms = thread_ms() + DEADLINE_MS + (double)n / 1000;
    s->data = xgiven(pcre2_match_data_create(1, NULL));
    s->context = xgiven(pcre2_match_context_create(NULL));
    s->stack = NULL;
    pcre2_set_match_limit(s->context, MATCH_STEPS);
    pcre2_set_depth_limit(s->context, MATCH_STEPS);
    pcre2_set_heap_limit(s->context, MATCH_KIB);
    return s;
}

void regexp_scratch_free(struct regexp_scratch *s)
{
    if (!s)
        return;
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->context);
    pcre2_jit_stack_free(s->stack);
    free(s);
}

static int search(const struct regexp *p, struct regexp_scratch *scratch, PCRE2_SPTR text, size_t n,
                  size_t from)
{
    if (!p->has_jit)
        return pcre2_match(p->code, text, n, from, PCRE2_NO_UTF_CHECK, scratch->data,
                           scratch->context);
    int rc = pcre2_jit_match(p->code, text, n, from, 0, scratch->data, scratch->context);
    if (rc != PCRE2_ERROR_JIT_STACKLIMIT || scratch->stack)
        return rc;
    scratch->stack = xgiven(pcre2_jit_stack_create(64 << 10, JIT_STACK_MAX, NULL));
    pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
    return pcre2_jit_match(p->code, text, n, from, 0, scratch->data, scratch->context);
}

enum found regexp_find(const struct regexp *p, struct regexp_scratch *scratch, const char *s,
                       size_t n, size_t from, size_t *start, size_t *end)
{
    PCRE2_SPTR text = (PCRE2_SPTR)s;
    if (++scratch->n_searches % 16 == 0 && thread_ms() > scratch->deadline_ms)
        return FOUND_GAVE_UP;
    int rc = search(p, scratch, text, n, from);
    if (rc == PCRE2_ERROR_NOMATCH)
        return FOUND_NOTHING;
    if (rc < 0)
        return FOUND_GAVE_UP;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(scratch->data);
    *start = ends[0];
    *end = ends[1];
    return *start >= from && *start <= *end ? FOUND_MATCH : FOUND_GAVE_UP; /* \K can turn them */
}
