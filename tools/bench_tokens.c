/* SPDX-License-Identifier: MIT
 *
 * tokens: text to ids as the model's own tokenizer does it, special tokens and prefix included, or
 * ids to text.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
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

static void print_ids(const struct tokenizer *t, const struct buf *text)
{
    struct ids ids = {0};
    struct text_span span = {.text = text->data, .len = text->len, .special = true};
    tokenizer_push_prefix(t, &ids);
    tokenizer_encode(t, &span, 1, &ids);
    for (size_t i = 0; i < ids.n; i++)
        printf("%s%d", i ? " " : "", ids.ids[i]);
    putchar('\n');
    ids_free(&ids);
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
    if (ok && is_folder(b->model_path))
        t = tokenizer_of_folder(b->model_path, err);
    else if (ok && (m = model_open(b->model_path, err)))
        t = tokenizer_new(m->tokenizer_json, m->tokenizer_bytes, b->model_path, m->config.vocab,
                          err);
    ok = t != NULL;
    if (ok && b->decode)
        ok = print_text(t, &text, err);
    else if (ok)
        print_ids(t, &text);
    if (t)
        tokenizer_free(t);
    if (m)
        model_close(m);
    buf_free(&text);
    return ok;
}
