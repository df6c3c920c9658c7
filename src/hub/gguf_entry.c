/* SPDX-License-Identifier: MIT */
#include "gguf_entry.h"

#include <string.h>

#include "gguf_arch.h"

/* general.file_type (llama.h, LLAMA_FTYPE_*). */
static const char *const formats[] = {
    [0] = "F32",      [1] = "F16",      [2] = "Q4_0",    [3] = "Q4_1",    [7] = "Q8_0",
    [8] = "Q5_0",     [9] = "Q5_1",     [10] = "Q2_K",   [11] = "Q3_K_S", [12] = "Q3_K_M",
    [13] = "Q3_K_L",  [14] = "Q4_K_S",  [15] = "Q4_K_M", [16] = "Q5_K_S", [17] = "Q5_K_M",
    [18] = "Q6_K",    [19] = "IQ2_XXS", [20] = "IQ2_XS", [21] = "Q2_K_S", [22] = "IQ3_XS",
    [23] = "IQ3_XXS", [24] = "IQ1_S",   [25] = "IQ4_NL", [26] = "IQ3_S",  [27] = "IQ3_M",
    [28] = "IQ2_S",   [29] = "IQ2_M",   [30] = "IQ4_XS", [31] = "IQ1_M",  [32] = "BF16",
    [36] = "TQ1_0",   [37] = "TQ2_0",   [38] = "MXFP4",
};

static const char *format_of(const struct gguf *g)
{
    struct error err;
    uint32_t type = UINT32_MAX;
    gguf_get_u32(g, "general.file_type", true, &type, &err);
    return type < sizeof formats / sizeof *formats && formats[type] ? formats[type] : "GGUF";
}

static bool is_companion(const struct gguf *g)
{
    struct gguf_string arch = {0}, type = {0};
    struct error err;
    gguf_get_string(g, "general.architecture", true, &arch, &err);
    gguf_get_string(g, "general.type", true, &type, &err);
    return gguf_string_is(arch, "clip") || (type.n > 0 && !gguf_string_is(type, "model"));
}

static const char *template_of(const struct gguf *g)
{
    if (gguf_value(g, "tokenizer.chat_template"))
        return "own";
    return g->is_partial ? NULL : "none";
}

bool gguf_entry_read(struct gguf_entry *e, const char *path, struct error *err)
{
    struct gguf g;
    *e = (struct gguf_entry){.is_model = true};
    if (!gguf_glance(&g, path, err))
        return false;
    struct gguf_split s = {.parts = &g, .n_parts = 1};
    e->is_model = !is_companion(&g);
    e->format = format_of(&g);
    e->template = template_of(&g);
    const struct gguf_arch *arch = gguf_arch_of(&s, err);
    bool ok = arch && gguf_arch_u32(&s, arch, "context_length", false, &e->ctx_len, err);
    gguf_close(&g);
    return ok;
}
