/* SPDX-License-Identifier: MIT */
#include "advice.h"

#include <stdlib.h>
#include <string.h>

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

static const struct model_entry *first_real(const struct model_list *l, size_t *n)
{
    const struct model_entry *first = NULL;
    *n = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct model_entry *m = &l->items[i];
        if (m->problem || strcmp(m->name, "starter") == 0)
            continue;
        first = first ? first : m;
        ++*n;
    }
    return first;
}

char *advice_models(const struct model_list *l)
{
    size_t n;
    const struct model_entry *one = first_real(l, &n);
    if (!n)
        return xstrdup(
            "/model FILE.gguf or FOLDER opens one you have; qins-convert makes it small.");
    char *name = sanitise_text(one->name, strlen(one->name), true);
    char *text = n == 1 ? xasprintf("One is here already: /model %s", name)
                        : xasprintf("/model lists %zu that are here already, such as %s.", n, name);
    free(name);
    return text;
}

/* ---- downloads ------------------------------------------------------------------------ */

static double minutes(const struct known_model *m)
{
    static const double gb_per_minute = 0.75; /* 100 Mbit/s */
    return m->download_gb / gb_per_minute;
}

char *advice_download(const struct known_model *m)
{
    return xasprintf("%.1f GB to download, %.0f min at 100 Mbit/s; takes %.1f GB of memory or more",
                     m->download_gb, minutes(m), m->memory_gb);
}

static char *offer(const struct known_model *m, uint64_t available)
{
    const bool is_too_large = available && m->memory_gb * 1e9 > (double)available;
    return xasprintf("/model %-12s %4.1f GB, %2.0f min  %.1f GB%s", m->name, m->download_gb,
                     minutes(m), m->memory_gb, is_too_large ? ", too much" : "");
}

static void offer_all(char *lines[N_ADVICE], uint64_t available)
{
    char free_here[24], text[48] = "";
    if (available)
        snprintf(text, sizeof text, " (%s are free)",
                 format_bytes(available, free_here, sizeof free_here));
    lines[0] = xasprintf("Real models to download (once; the time is that at 100 Mbit/s), and the "
                         "memory they take%s; /model lists them too:",
                         text);
    for (size_t i = 0, n = 1; i < n_known_models && n < N_ADVICE; i++)
        if (known_models[i].is_offered)
            lines[n++] = offer(&known_models[i], available);
}

void advice_lines(char *lines[N_ADVICE], const struct model_list *l, bool can_download,
                  uint64_t available)
{
    size_t n_real;
    memset(lines, 0, N_ADVICE * sizeof *lines);
    first_real(l, &n_real);
    if (!n_real && can_download) {
        offer_all(lines, available);
    } else {
        lines[0] = advice_memory(available);
        lines[1] = advice_models(l);
    }
}
