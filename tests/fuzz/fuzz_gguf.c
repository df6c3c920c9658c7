/* SPDX-License-Identifier: MIT
 *
 * GGUF: header, keys, tensors, the configs that are made of them, and the tokenizer.
 */
#include "config.h"
#include "fuzz.h"
#include "gguf_config.h"
#include "gguf_split.h"
#include "gguf_tokenizer_config.h"
#include "gguf_vocab.h"
#include "json.h"

static void read_value(const struct gguf *g, const struct gguf_value *v)
{
    struct gguf_array a = v->data;
    FUZZ_CHECK(a.kind < GGUF_N_KINDS && a.kind != GGUF_ARRAY);
    for (uint64_t i = 0; i < v->data.n && i < 64; i++) {
        if (a.kind == GGUF_STRING) {
            struct gguf_string s = gguf_take_string(&a);
            FUZZ_CHECK((const uint8_t *)s.data + s.n <= g->header + g->data_at);
        } else if (a.kind == GGUF_F32 || a.kind == GGUF_F64) {
            gguf_number_at(&a, i);
        } else {
            gguf_integer_at(&a, i);
        }
    }
}

static void check_tensors(const struct gguf *g, size_t n)
{
    for (size_t i = 0; i < g->n_tensors; i++) {
        const struct gguf_tensor *t = &g->tensors[i];
        FUZZ_CHECK(t->at + t->bytes <= n && t->n_dims <= GGUF_MAX_DIMS && t->type);
        FUZZ_CHECK(gguf_tensor(g, t->name) == t);
    }
}

static void make_configs(struct gguf *g)
{
    struct error err = {0};
    struct gguf_split s = {.parts = g, .n_parts = 1};
    json_decref(gguf_tokenizer_config(g, &err));
    const struct gguf_arch *arch = gguf_arch_of(&s, &err);
    if (!arch)
        return;
    json_t *config = gguf_config(&s, arch, &err), *generation = gguf_generation_config(&s, &err);
    struct model_config *c = xcalloc(1, sizeof *c);
    if (config)
        config_read(c, config, "config", generation, "generation", &err);
    free(c);
    json_decref(config);
    json_decref(generation);
}

static void use_tokenizer(const struct gguf *g)
{
    struct error err = {0};
    struct ids ids = {0};
    struct buf text = {0};
    const struct text_span span = {"Hi there,  1234\n\xc3\xa4\xf0\x9f\x98\x80", 22, false};
    struct tokenizer *t = gguf_tokenizer(g, &err);
    if (!t)
        return;
    tokenizer_encode(t, &span, 1, &ids);
    for (size_t i = 0; i < ids.n; i++)
        FUZZ_CHECK(ids.ids[i] >= 0 && (uint32_t)ids.ids[i] < tokenizer_size(t));
    tokenizer_decode(t, ids.ids, ids.n, true, &text);
    ids_free(&ids);
    buf_free(&text);
    tokenizer_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct gguf g = {0};
    struct error err = {0};
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, NULL, 0);
    if (gguf_parse(&g, f.text, f.n, "fuzz.gguf", &err)) {
        for (size_t i = 0; i < g.n_values; i++)
            read_value(&g, &g.values[i]);
        check_tensors(&g, f.n);
        make_configs(&g);
        use_tokenizer(&g);
        gguf_close(&g);
    } else {
        FUZZ_CHECK(err.code && err.text[0]);
    }
    fuzz_feed_free(&f);
    return 0;
}
