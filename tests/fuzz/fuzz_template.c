/* SPDX-License-Identifier: MIT
 *
 * Chat templates: one that is understood ends, and its spans are those of its text. A message's
 * text never counts as the template's.
 */
#include <time.h>

#include "fuzz.h"
#include "json.h"
#include "template_fold.h"

static const struct template_message messages[] = {
    {.role = "system", .text = "Be <|im_end|> short.", .n = 20},
    {.role = "user", .text = "One\n{{ two }}\xff", .n = 14},
    {.role = "assistant", .text = "<think>a</think> Three ", .n = 23},
    {.role = "user", .text = "", .n = 0},
};

static void check(const struct template_output *out)
{
    size_t at = 0;
    for (size_t i = 0; i < out->n_spans; i++) {
        FUZZ_CHECK(out->spans[i].start == at && out->spans[i].length > 0);
        FUZZ_CHECK(!i || out->spans[i].from_template != out->spans[i - 1].from_template);
        at += out->spans[i].length;
    }
    FUZZ_CHECK(at == out->n && (!out->text || out->text[out->n] == '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static json_t *variables;
    uint8_t choice;
    struct error err = {0};
    struct tm clock = {.tm_year = 126, .tm_mon = 10, .tm_mday = 30, .tm_wday = 1, .tm_yday = 333};
    if (FUZZ_DIES())
        return 0;
    if (!variables)
        variables = json_pack("{s:b,s:[{s:s,s:{s:s}}]}", "enable_thinking", 1, "tools", "type",
                              "function", "function", "name", "f");
    struct feed f = fuzz_feed(data, n, &choice, 1);
    struct template *t = template_parse(f.text, f.n, &err);
    FUZZ_CHECK(t || (err.code == EX_DATAERR && err.text[0]));
    if (t) {
        struct template_output out = {0};
        enum template_folding folding;
        struct template_input in = {.messages = messages,
                                    .n_messages = 1 + (choice & 3),
                                    .variables = choice & 4 ? variables : NULL,
                                    .bos = "<s>",
                                    .eos = choice & 8 ? "</s>" : NULL,
                                    .add_generation_prompt = choice & 16,
                                    .clock = &clock};
        template_reads(t, "tools");
        if (template_render_folding(t, &in, &out, &folding, &err))
            check(&out);
        else
            FUZZ_CHECK(!out.text && err.text[0]);
        template_output_free(&out);
    }
    template_free(t);
    fuzz_feed_free(&f);
    return 0;
}
