/* SPDX-License-Identifier: MIT
 *
 * Markers of a template that a tokenizer has no token for.
 */
#include <string.h>

#include "chat_template.h"
#include "template_fold.h"

enum { MAX_MARKER = 64 };

/* "<|im_start|>", "</s>", "<start_of_turn>" at the start of a text of n bytes. -> bytes, or 0 */
static size_t marker_length(const char *text, size_t n)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_|/"
                               "-.\xe2\x96\x81\xef\xbd\x9c";
    size_t i = 1;
    if (*text != '<')
        return 0;
    while (i < n && i < MAX_MARKER && text[i] && strchr(word, text[i]))
        i++;
    return i > 1 && i < n && text[i] == '>' ? i + 1 : 0;
}

static bool is_listed(const struct buf *list, const char *marker)
{
    return list->len && strstr(list->data, marker);
}

static void check(const char *text, size_t n, const struct tokenizer *t, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        size_t length = marker_length(text + i, n - i);
        char marker[MAX_MARKER + 2];
        if (!length)
            continue;
        memcpy(marker, text + i, length);
        marker[length] = '\0';
        if (tokenizer_find(t, marker) < 0 && !is_listed(out, marker))
            buf_printf(out, "%s%s", out->len ? ", " : "", marker);
    }
}

void chat_template_missing(const struct chat_template *c, const struct tokenizer *t,
                           struct buf *out)
{
    static const struct template_message messages[] = {{"system", "Hello", 5, NULL},
                                                       {"user", "Hello", 5, NULL},
                                                       {"assistant", "Hello", 5, NULL},
                                                       {"user", "Hello", 5, NULL}};
    struct template_input in = {.messages = messages,
                                .n_messages = 4,
                                .bos = c->bos,
                                .eos = c->eos,
                                .add_generation_prompt = true,
                                .clock = &(struct tm){.tm_year = 100, .tm_mday = 1}};
    struct template_output text;
    enum template_folding folding;
    struct error ignored;
    if (!c->program || !template_render_folding(c->program, &in, &text, &folding, &ignored))
        return;
    for (size_t i = 0; i < text.n_spans; i++)
        if (text.spans[i].from_template)
            check(text.text + text.spans[i].start, text.spans[i].length, t, out);
    template_output_free(&text);
}
