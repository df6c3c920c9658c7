/* SPDX-License-Identifier: MIT */
#include "advice.h"

#include <stdlib.h>
#include <string.h>

#include "known_models.h"
#include "sanitise.h"
#include "units.h"

/* In qins4, with a context of 4,000 tokens: README.md, "Which models work". */
static const struct {
    const char *name;
    uint64_t bytes;
} examples[] = {
    {"Qwen3-4B", 2600000000},
    {"Llama-3.2-3B", 2100000000},
    {"SmolLM2-1.7B", 1400000000},
};
enum { N_EXAMPLE_MODELS = sizeof examples / sizeof *examples };

static void add_verdict(struct buf *out, uint64_t available)
{
    size_t first = 0; /* that fits; the largest stands first */
    char text[24];
    while (first < N_EXAMPLE_MODELS && examples[first].bytes > available)
        first++;
    buf_printf(out, " (%s free here", format_bytes(available, text, sizeof text));
    if (first == N_EXAMPLE_MODELS)
        buf_puts(out, ", too little for them");
    else if (first > 0)
        buf_printf(out, ", enough for %s", examples[first].name);
    buf_puts(out, ")");
}

char *advice_memory(uint64_t available)
{
    struct buf out = {0};
    buf_puts(&out, "A real model takes memory: ");
    for (size_t i = 0; i < N_EXAMPLE_MODELS; i++)
        buf_printf(&out, "%s%s %.1f%s", i ? ", " : "", examples[i].name,
                   (double)examples[i].bytes / 1e9, i ? "" : " GB");
    if (available)
        add_verdict(&out, available);
    buf_puts(&out, ".");
    return out.data;
}

static char *offer_downloads(void)
{
    static const double gb_per_minute = 0.75; /* 100 Mbit/s */
    struct buf out = {0};
    buf_puts(&out, "Download one now: /model ");
    for (size_t i = 0, n = 0; i < n_known_models; i++) {
        const struct known_model *m = &known_models[i];
        if (m->is_offered)
            buf_printf(&out, "%s%s (%.1f GB, %.0f min)", n++ ? ", " : "", m->name, m->download_gb,
                       m->download_gb / gb_per_minute);
    }
    buf_puts(&out, ".");
    return out.data;
}

char *advice_models(const struct model_list *l, bool can_download)
{
    const struct model_entry *one = NULL;
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct model_entry *m = &l->items[i];
        if (m->problem || strcmp(m->name, "starter") == 0)
            continue;
        one = one ? one : m;
        n++;
    }
    if (!n && can_download)
        return offer_downloads();
    if (!n)
        return xstrdup(
            "/model FILE.gguf or FOLDER opens one you have; qins-convert makes it small.");
    char *name = sanitise_text(one->name, strlen(one->name), true);
    char *text = n == 1 ? xasprintf("One is here already: /model %s", name)
                        : xasprintf("/model lists %zu that are here already, such as %s.", n, name);
    free(name);
    return text;
}
