/* SPDX-License-Identifier: MIT */
#include "known_models.h"

#include <string.h>

/* Sizes of the qins4 files and of the memory (file, KV cache of 4,096 tokens, scratch) as in
 * README.md, "Which models work"; downloads: two bytes per parameter. */
const struct known_model known_models[] = {
    {"smollm2-135m", "HuggingFaceTB/SmolLM2-135M-Instruct", 0.135, 0.27, 0.09, 0.15, "Apache-2.0",
     false},
    {"qwen2.5-0.5b", "Qwen/Qwen2.5-0.5B-Instruct", 0.49, 1.0, 0.34, 0.4, "Apache-2.0", true},
    {"qwen3-0.6b", "Qwen/Qwen3-0.6B", 0.6, 1.5, 0.40, 0.7, "Apache-2.0", false},
    {"lfm2-1.2b", "LiquidAI/LFM2-1.2B", 1.2, 2.3, 0.69, 0.8, "LFM Open License 1.0", false},
    {"olmo-2-1b", "allenai/OLMo-2-0425-1B-Instruct", 1.5, 3.0, 1.0, 1.4, "Apache-2.0", false},
    {"qwen2.5-1.5b", "Qwen/Qwen2.5-1.5B-Instruct", 1.5, 3.1, 0.94, 1.1, "Apache-2.0", false},
    {"smollm2", "HuggingFaceTB/SmolLM2-1.7B-Instruct", 1.7, 3.4, 0.96, 1.4, "Apache-2.0", true},
    {"qwen3-1.7b", "Qwen/Qwen3-1.7B", 1.7, 4.1, 1.1, 1.4, "Apache-2.0", false},
    {"smollm3", "HuggingFaceTB/SmolLM3-3B", 3.1, 6.2, 1.8, 2.0, "Apache-2.0", false},
    {"phi-3.5", "microsoft/Phi-3.5-mini-instruct", 3.8, 7.6, 2.13, 3.0, "MIT", false},
    {"phi-4-mini", "microsoft/Phi-4-mini-instruct", 3.8, 7.7, 2.3, 2.7, "MIT", false},
    {"qwen3-4b", "Qwen/Qwen3-4B", 4.0, 8.0, 2.3, 2.7, "Apache-2.0", true},
    {"qwen2.5-7b", "Qwen/Qwen2.5-7B-Instruct", 7.6, 15.2, 4.6, 4.8, "Apache-2.0", false},
    {"mistral-7b", "mistralai/Mistral-7B-Instruct-v0.3", 7.2, 14.5, 4.0, 4.4, "Apache-2.0", false},
    {"qwen3-8b", "Qwen/Qwen3-8B", 8.2, 16.4, 5.0, 5.4, "Apache-2.0", false},
    {"gpt-oss-20b", "openai/gpt-oss-20b", 20.9, 13.8, 11.9, 12.1, "Apache-2.0", false},
    {"qwen3-30b-a3b", "Qwen/Qwen3-30B-A3B", 30.5, 61.1, 16.7, 16.9, "Apache-2.0", false},
};
const size_t n_known_models = sizeof known_models / sizeof *known_models;

const struct known_model *known_model_find(const char *name)
{
    for (size_t i = 0; i < n_known_models; i++)
        if (strcasecmp(known_models[i].name, name) == 0)
            return &known_models[i];
    return NULL;
}

void known_models_table(struct buf *out)
{
    for (size_t i = 0; i < n_known_models; i++) {
        const struct known_model *m = &known_models[i];
        buf_printf(out, "%-14s  %-36s  %5.1f GB download  %5.2f GB in qins4  %4.1f GB memory  %s\n",
                   m->name, m->id, m->download_gb, m->qins4_gb, m->memory_gb, m->licence);
    }
}
