/* SPDX-License-Identifier: MIT
 *
 * tokens: text to ids as the model's own tokenizer does it, special tokens and prefix included, or
 * ids to text.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "gguf_vocab.h"
#include "json.h"
#include "sanitise.h"

enum { MAX_JSON = 256 << 20 };

static bool read_stdin(struct buf *out, struct error *err)
{
    char chunk[1 << 16];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        buf_append(out, chunk, n);
    buf_append(out, "", 0);
    return !ferror(stdin) || error_set(err, EX_IOERR, "standard input: cannot read");
}

/* A folder's tokenizer needs no weights: they may not even be there. */
static struct tokenizer *tokenizer_of_folder(const char *folder, struct error *err)
{
    struct buf config = {0}, json = {0};
    struct model_config c;
    char *config_path = path_join(folder, "config.json");
    char *json_path = path_join(folder, "tokenizer.json");
    struct tokenizer *t = NULL;
    if (read_file(&config, config_path, MAX_JSON, err) &&
        read_file(&json, json_path, MAX_JSON, err) &&
        config_parse(&c, config.data, config.len, config_path, NULL, 0, NULL, err))
        t = tokenizer_new(json.data, json.len, json_path, c.vocab, err);
    buf_free(&config);
    buf_free(&json);
    free(config_path);
    free(json_path);
    return t;
}

static struct tokenizer *tokenizer_of_json(const char *path, struct error *err)
{
    struct buf json = {0};
    struct tokenizer *t = NULL;
    if (read_file(&json, path, MAX_JSON, err))
        t = tokenizer_new(json.data, json.len, path, 0, err);
    buf_free(&json);
    return t;
}

static struct tokenizer *tokenizer_of_gguf(const char *path, struct error *err)
{
    struct gguf g;
    if (!gguf_open(&g, path, err))
        return NULL;
    struct tokenizer *t = gguf_tokenizer(&g, err);
    gguf_close(&g);
    return t;
}

/* Of a folder, a tokenizer.json, a GGUF file or a .qins file; the last stays open in *m. */
static struct tokenizer *tokenizer_of(const char *path, struct model **m, struct error *err)
{
    size_t n = strlen(path);
    if (is_folder(path))
        return tokenizer_of_folder(path, err);
    if (n > 5 && strcmp(path + n - 5, ".json") == 0)
        return tokenizer_of_json(path, err);
    if (gguf_is_file(path))
        return tokenizer_of_gguf(path, err);
    *m = model_open(path, err);
    return *m ? model_tokenizer(*m, err) : NULL;
}

static bool print_ids(const struct tokenizer *t, const struct buf *text, struct error *err)
{
    struct ids ids = {0};
    struct text_span span = {.text = text->data, .len = text->len, .special = true};
    tokenizer_push_prefix(t, &ids);
    if (!tokenizer_encode(t, &span, 1, &ids))
        return tokenizer_gave_up(err);
    tokenizer_push_suffix(t, &ids);
    for (size_t i = 0; i < ids.n; i++)
        printf("%s%d", i ? " " : "", ids.ids[i]);
    putchar('\n');
    ids_free(&ids);
    return true;
}

/* The exact bytes, or on a terminal what no terminal takes for a command. */
static bool print_text(const struct tokenizer *t, const struct buf *list, struct error *err)
{
    struct ids ids = {0};
    struct buf text = {0};
    bool ok = bench_parse_ids(list->data, list->len, tokenizer_size(t), &ids, err);
    if (ok)
        tokenizer_decode(t, ids.ids, ids.n, true, &text);
    if (ok && isatty(STDOUT_FILENO)) {
        struct sanitiser s = {0};
        struct buf shown = {0};
        sanitise(&s, text.data, text.len, &shown);
        sanitise_end(&s, &shown);
        buf_puts(&shown, "\n");
        fwrite(shown.data, 1, shown.len, stdout);
        buf_free(&shown);
    } else if (ok) {
        fwrite(text.data, 1, text.len, stdout);
    }
    ids_free(&ids);
    buf_free(&text);
    return ok;
}

/* ---- --jsonl ---------------------------------------------------------------------------- */

static bool encode_line(const struct tokenizer *t, const json_t *line, struct ids *ids,
                        struct error *err)
{
    const json_t *text = json_object_get(line, "text");
    struct text_span span = {json_string_value(text), json_string_length(text),
                             json_is_true(json_object_get(line, "special"))};
    ids->n = 0;
    if (span.special)
        tokenizer_push_prefix(t, ids);
    if (!tokenizer_encode(t, &span, 1, ids))
        return tokenizer_gave_up(err);
    if (span.special)
        tokenizer_push_suffix(t, ids);
    return true;
}

static void print_line(const struct tokenizer *t, const struct ids *ids)
{
    struct buf text = {0};
    buf_append(&text, "", 0);
    tokenizer_decode(t, ids->ids, ids->n, false, &text);
    json_t *decoded = json_stringn(text.data, text.len);
    char *quoted = json_dumps(decoded, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    fputs("{\"ids\":[", stdout);
    for (size_t i = 0; i < ids->n; i++)
        printf("%s%d", i ? "," : "", ids->ids[i]);
    printf("],\"decoded\":%s}\n", quoted);
    free(quoted);
    json_decref(decoded);
    buf_free(&text);
}

/* {"text": ..., "special": ...} per line -> {"ids": [...], "decoded": ...} per line */
static bool run_lines(const struct tokenizer *t, const struct buf *in, struct error *err)
{
    struct ids ids = {0};
    bool ok = true;
    size_t n_line = 1;
    for (size_t at = 0; ok && at < in->len; n_line++) {
        const char *newline = memchr(in->data + at, '\n', in->len - at);
        size_t n = newline ? (size_t)(newline - in->data) - at : in->len - at;
        char name[60];
        snprintf(name, sizeof name, "standard input:%zu", n_line);
        json_t *line = json_parse(in->data + at, n, name, err);
        ok = line && (json_is_string(json_object_get(line, "text")) ||
                      error_set(err, EX_DATAERR, "%s: \"text\" is missing", name));
        ok = ok && encode_line(t, line, &ids, err);
        if (ok)
            print_line(t, &ids);
        json_decref(line);
        at += n + 1;
    }
    ids_free(&ids);
    return ok;
}

/* ---- --speed ---------------------------------------------------------------------------- */

#define SPEED_MS 1000

/* How long an image takes to open, and the rate at which the text encodes on one core. */
static bool print_speed(const struct tokenizer *t, const struct buf *text, struct error *err)
{
    struct text_span span = {.text = text->data, .len = text->len};
    struct ids ids = {0};
    size_t n_image, n_rounds = 0;
    const void *image = tokenizer_image(t, &n_image);
    double start = thread_ms(), open_ms;
    struct tokenizer *copy = tokenizer_open(image, n_image, "image", 0, err);
    if (!copy)
        return false;
    open_ms = thread_ms() - start;
    bool ok = true;
    for (start = thread_ms(); ok && (n_rounds < 2 || thread_ms() - start < SPEED_MS); n_rounds++) {
        ids.n = 0;
        ok = tokenizer_encode(copy, &span, 1, &ids);
    }
    double ms = (thread_ms() - start) / (double)n_rounds;
    if (ok)
        printf("{\"bytes\":%zu,\"tokens\":%zu,\"encode_mb_per_s\":%.1f,\"image_bytes\":%zu,"
               "\"image_open_ms\":%.2f}\n",
               text->len, ids.n, (double)text->len / ms / 1e3, n_image, open_ms);
    tokenizer_free(copy);
    ids_free(&ids);
    return ok || tokenizer_gave_up(err);
}

bool bench_tokens(struct bench *b, struct error *err)
{
    struct buf text = {0};
    struct model *m = NULL;
    struct tokenizer *t = NULL;
    bool ok = true;
    if (b->text && strcmp(b->text, "-") != 0)
        buf_puts(&text, b->text);
    else
        ok = read_stdin(&text, err);
    if (ok)
        t = tokenizer_of(b->model_path, &m, err);
    ok = t != NULL;
    if (ok && b->jsonl)
        ok = run_lines(t, &text, err);
    else if (ok && b->speed)
        ok = print_speed(t, &text, err);
    else if (ok && b->decode)
        ok = print_text(t, &text, err);
    else if (ok)
        ok = print_ids(t, &text, err);
    tokenizer_free(t);
    if (m)
        model_close(m);
    buf_free(&text);
    return ok;
}
