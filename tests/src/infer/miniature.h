/* SPDX-License-Identifier: MIT
 *
 * miniature: models of every architecture that are small enough for a test, with logits and greedy
 * ids of their original implementation.
 */
#ifndef QINS_TEST_MINIATURE_H
#define QINS_TEST_MINIATURE_H

#include <math.h>

#include "json.h"
#include "model_folder.h"
#include "session.h"
#include "test.h"

enum { MINI_MAX_IDS = 512, MINI_VOCAB = 512, MINI_MAX_CASES = 16 };

static const char *const all_miniatures[] = {"llama-gqa-tied",
                                             "llama-bias-headdim",
                                             "llama-linear-rope",
                                             "llama-yarn",
                                             "llama3-rope",
                                             "mistral-window",
                                             "ministral3",
                                             "qwen2",
                                             "qwen2-window",
                                             "qwen3",
                                             "qwen3-moe",
                                             "gpt-oss",
                                             "phi3-mini-4k",
                                             "phi4-mini",
                                             "smollm3",
                                             "granite",
                                             "olmo2",
                                             "olmo3",
                                             "gemma2",
                                             "gemma2-scalar",
                                             "gemma3",
                                             "exaone4",
                                             "stablelm",
                                             "starcoder2",
                                             "lfm2",
                                             "lfm2-moe",
                                             "qwen3.5-moe",
                                             "qwen3.5"};
enum { N_MINIATURES = sizeof all_miniatures / sizeof *all_miniatures };

struct mini_case {
    int32_t ids[MINI_MAX_IDS]; /* the prompt, then its greedy continuation */
    uint32_t n_prompt, n;
    double logits[MINI_VOCAB]; /* after the prompt */
    double bound, gap;
};

struct miniature {
    char folder[4096];
    struct mini_case cases[MINI_MAX_CASES];
    uint32_t n_cases;
};

/* The project's own copies, or all of shared/. */
static inline void mini_path(char *out, size_t size, const char *name, bool own)
{
    const char *source = getenv("QINS_SOURCE");
    if (own)
        snprintf(out, size, "%s/tests/data/miniatures/%s", source ? source : ".", name);
    else
        snprintf(out, size, "%s/%s", shared_path("fixtures/hf"), name);
}

static inline void mini_read_case(struct mini_case *c, const json_t *j, const char *prompt)
{
    const char *const lists[] = {prompt, "greedy"};
    double low = INFINITY, high = -INFINITY;
    for (int l = 0; l < 2; l++) {
        const json_t *list = json_object_get(j, lists[l]);
        for (size_t i = 0; i < json_array_size(list); i++)
            c->ids[c->n++] = (int32_t)json_integer_value(json_array_get(list, i));
        c->n_prompt = l == 0 ? c->n : c->n_prompt;
    }
    for (uint32_t i = 0; i < MINI_VOCAB; i++) {
        c->logits[i] = json_number_value(json_array_get(json_object_get(j, "logits"), i));
        low = fmin(low, c->logits[i]);
        high = fmax(high, c->logits[i]);
    }
    c->bound = 1e-3 * fmax(1, (high - low) / 10);
    c->gap = json_number_value(json_object_get(j, "gap"));
}

static inline struct miniature *mini_new(const char *name, bool own)
{
    struct miniature *m = xcalloc(1, sizeof *m);
    struct error err = {0};
    struct buf text = {0};
    mini_path(m->folder, sizeof m->folder, name, own);
    char *path = path_join(m->folder, "expected.json");
    assert_true(read_file(&text, path, 1 << 24, &err));
    json_t *j = json_parse(text.data, text.len, path, &err), *c;
    size_t i;
    assert_non_null(j);
    json_array_foreach(json_object_get(j, "cases"), i, c)
        mini_read_case(&m->cases[m->n_cases++], c, "prompt");
    json_array_foreach(json_object_get(j, "chats"), i, c) if (json_object_get(c, "logits"))
        mini_read_case(&m->cases[m->n_cases++], c, "ids");
    json_decref(j);
    buf_free(&text);
    free(path);
    return m;
}

/* From a folder, in memory. */
static inline struct model *mini_open(const char *folder, enum format format)
{
    struct error err = {0};
    struct convert_options o = {.format = format, .n_threads = 1};
    struct model *m = model_open_folder(folder, &o, &err);
    if (!m)
        fail_msg("%s", err.text);
    return m;
}

/* The same folder with the config of transformers 5, in `temp`. */
static inline void mini_newer_form(const char *folder, const char *temp)
{
    char command[3 * 4096];
    snprintf(command, sizeof command,
             "rm -rf '%s'/* && cp '%s'/model.safetensors '%s'/tokenizer.json '%s'; "
             "cp '%s'/generation_config.json '%s' 2>/dev/null; cp '%s'/config-5.json "
             "'%s'/config.json",
             temp, folder, folder, temp, folder, temp, folder, temp);
    assert_int_equal(system(command), 0);
}

static inline uint32_t mini_best(const float *logits, uint32_t n)
{
    uint32_t b = 0;
    for (uint32_t i = 1; i < n; i++)
        b = logits[i] > logits[b] ? i : b;
    return b;
}

#endif
