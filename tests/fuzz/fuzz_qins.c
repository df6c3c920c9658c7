/* SPDX-License-Identifier: MIT
 *
 * .qins files: everything that opening one checks and binds; one that opens can be used.
 */
#include "chat_template.h"
#include "fuzz.h"
#include "model.h"
#include "use_tokenizer.h"

static void check_matrix(void *arg, struct matrix *w)
{
    const struct model *m = arg;
    FUZZ_CHECK(w->rows > 0 && w->cols > 0);
    (void)m;
}

static void check(struct model *m)
{
    struct error err = {0};
    model_each_matrix(m, check_matrix, m);
    struct model_bits bits = model_bits(m);
    FUZZ_CHECK(bits.all > 0);
    struct tokenizer *t = model_tokenizer(m, &err);
    if (!t)
        return;
    struct chat_template c;
    if (chat_template_init(&c, t, m->tokenizer_config_json, &err))
        chat_template_free(&c);
    use_tokenizer(t, "text", 4);
    tokenizer_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct error err = {0};
    if (FUZZ_DIES())
        return 0;
    uint8_t *bytes = xaligned(n + 1);
    memcpy(bytes, data, n);
    struct model *m = model_open_bytes(bytes, n, "fuzz.qins", &err);
    if (m)
        check(m);
    else
        FUZZ_CHECK(err.code && err.text[0]);
    if (m)
        model_close(m);
    free(bytes);
    return 0;
}
