/* SPDX-License-Identifier: MIT */
#ifndef QINS_GGUF_TWINS_H
#define QINS_GGUF_TWINS_H

/* Miniatures of fixtures/hf with a twin in fixtures/gguf, whose architecture has a row. */
static const char *const gguf_twins[] = {
    "gemma2",
    "gemma3",
    "granite",
    "llama-bias-headdim",
    "llama-gqa-tied",
    "llama-yarn",
    "llama3-rope",
    "ministral3",
    "llama-linear-rope",
    "lfm2",
    "lfm2-moe",
    "qwen3.5",
    "qwen3.5-moe",
    "olmo2",
    "olmo3",
    "phi3-mini-4k",
    "phi4-mini",
    "qwen2",
    "qwen3",
    "qwen3-moe",
    "gpt-oss",
    "smollm3",
    "stablelm",
    "starcoder2",
};
enum { N_GGUF_TWINS = sizeof gguf_twins / sizeof *gguf_twins };

#endif
