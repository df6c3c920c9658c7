/* SPDX-License-Identifier: MIT */
#include "documents.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "quality.h"

enum { MAX_FILE = 1 << 30 };

static const char separator[] = "<|endoftext|>";

/* What was appended since the last document is one, unless it is nothing. */
static void end_document(struct documents *d)
{
    size_t begin = d->n ? d->ends[d->n - 1] : 0;
    if (d->ids.n == begin)
        return;
    d->ends = xgrow(d->ends, d->n, &d->cap, sizeof *d->ends);
    d->ends[d->n++] = d->ids.n;
}

static void push_scored(struct documents *d, bool scored)
{
    while (d->scored.len < d->ids.n)
        buf_append(&d->scored, scored ? "\1" : "\0", 1);
}

/* ---- text ----------------------------------------------------------------------------- */

static bool add_text(struct documents *d, const struct tokenizer *t, const char *text, size_t n,
                     struct error *err)
{
    if (n == 0)
        return true;
    tokenizer_push_prefix(t, &d->ids);
    push_scored(d, false);
    if (!quality_encode(t, text, n, &d->ids, err))
        return false;
    push_scored(d, true);
    end_document(d);
    return true;
}

/* The line end before a separator belongs to the separator. */
static bool add_texts(struct documents *d, const struct tokenizer *t, const char *text, size_t n,
                      struct error *err)
{
    const char *end = text + n, *begin = text;
    bool ok = true;
    for (const char *line = text; ok && line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        const char *next = stop ? stop + 1 : end;
        size_t len = (size_t)((stop ? stop : end) - line);
        len -= len > 0 && line[len - 1] == '\r';
        if (len == sizeof separator - 1 && memcmp(line, separator, len) == 0) {
            size_t n_text = (size_t)(line - begin);
            n_text -= n_text > 0;
            n_text -= n_text > 0 && begin[n_text] == '\n' && begin[n_text - 1] == '\r';
            ok = add_text(d, t, begin, n_text, err);
            begin = next;
        }
        line = next;
    }
    return ok && add_text(d, t, begin, (size_t)(end - begin), err);
}

/* ---- token files ---------------------------------------------------------------------- */

static bool add_ids(struct documents *d, const json_t *ids, uint32_t vocab, const char *name,
                    struct error *err)
{
    if (!json_is_array(ids))
        return error_set(err, EX_DATAERR, "%s: \"ids\": a list of token ids expected", name);
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const json_t *id = json_array_get(ids, i);
        json_int_t x = json_is_integer(id) ? json_integer_value(id) : -1;
        if (x < 0 || x >= (json_int_t)vocab)
            return error_set(err, EX_DATAERR, "%s: \"ids\": item %zu is no token id from 0 to %u",
                             name, i, vocab - 1);
        ids_push(&d->ids, (int32_t)x);
    }
    return true;
}

/* [[a, b], ...], ascending, within the n tokens from `begin` on. */
static bool mark_scored(struct documents *d, const json_t *ranges, size_t begin, const char *name,
                        struct error *err)
{
    json_int_t n = (json_int_t)(d->ids.n - begin), last = 0;
    if (!json_is_array(ranges))
        return error_set(err, EX_DATAERR, "%s: \"scored\": a list of pairs expected", name);
    for (size_t i = 0; i < json_array_size(ranges); i++) {
        const json_t *pair = json_array_get(ranges, i), *from = json_array_get(pair, 0),
                     *to = json_array_get(pair, 1);
        json_int_t a = json_integer_value(from), b = json_integer_value(to);
        if (json_array_size(pair) != 2 || !json_is_integer(from) || !json_is_integer(to) ||
            a < last || b < a || b > n)
            return error_set(
                err, EX_DATAERR,
                "%s: \"scored\": pair %zu: two ascending numbers from %lld to %lld expected", name,
                i, (long long)last, (long long)n);
        memset(d->scored.data + begin + a, 1, (size_t)(b - a));
        last = b;
    }
    return true;
}

static bool add_line(struct documents *d, const char *line, size_t n, uint32_t vocab,
                     const char *name, struct error *err)
{
    json_t *root = json_parse(line, n, name, err);
    size_t begin = d->ids.n;
    bool ok = root != NULL;
    if (ok && !json_is_object(root))
        ok = error_set(err, EX_DATAERR, "%s: an object with \"ids\" expected", name);
    const json_t *ranges = json_object_get(root, "scored");
    ok = ok && add_ids(d, json_object_get(root, "ids"), vocab, name, err);
    push_scored(d, !ranges);
    ok = ok && (!ranges || mark_scored(d, ranges, begin, name, err));
    end_document(d);
    json_decref(root);
    return ok;
}

static bool add_lines(struct documents *d, const struct buf *text, uint32_t vocab, const char *path,
                      struct error *err)
{
    const char *line = text->data, *end = text->data + text->len;
    bool ok = true;
    for (size_t number = 1; ok && line < end; number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t n = (size_t)((stop ? stop : end) - line);
        char *name = xasprintf("%s:%zu", path, number);
        if (n > 0)
            ok = add_line(d, line, n, vocab, name, err);
        free(name);
        line += n + 1;
    }
    return ok;
}

/* ------------------------------------------------------------------------------------------ */

bool documents_read(struct documents *d, const char *path, const struct tokenizer *t,
                    uint32_t vocab, struct error *err)
{
    static const char suffix[] = ".jsonl";
    size_t n = strlen(path), n_suffix = sizeof suffix - 1;
    struct buf text = {0};
    bool ok = read_file(&text, path, MAX_FILE, err);
    if (ok && n > n_suffix && strcmp(path + n - n_suffix, suffix) == 0)
        ok = add_lines(d, &text, vocab, path, err);
    else if (ok)
        ok = add_texts(d, t, text.data, text.len, err);
    buf_free(&text);
    return ok;
}

void documents_free(struct documents *d)
{
    ids_free(&d->ids);
    buf_free(&d->scored);
    free(d->ends);
    *d = (struct documents){0};
}
