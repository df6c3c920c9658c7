/* SPDX-License-Identifier: MIT
 *
 * Presets, and so YAML: all of a file is taken, or nothing; what was taken can be given again.
 */
#include "fuzz.h"
#include "preset.h"

static struct buf values_of(const struct options *o)
{
    struct buf out = {0};
    for (int i = 0; i < N_OPTIONS; i++) {
        char *text = options_format(o, (enum option_id)i);
        buf_printf(&out, "%s: %s\n", option_table[i].name, text);
        free(text);
    }
    return out;
}

static void check_again(const struct options *o)
{
    struct options again;
    struct error err;
    options_init(&again);
    for (int i = 0; i < N_OPTIONS; i++) {
        char *text = options_format(o, (enum option_id)i);
        if (options_source(o, (enum option_id)i) == SOURCE_PRESET)
            FUZZ_CHECK(options_set(&again, (enum option_id)i, text, SOURCE_PRESET, &err));
        free(text);
    }
    struct buf a = values_of(o), b = values_of(&again);
    FUZZ_CHECK(strcmp(a.data, b.data) == 0);
    buf_free(&a);
    buf_free(&b);
    options_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct options o;
    struct error err = {0};
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, NULL, 0);
    options_init(&o);
    if (preset_read(&o, f.text, f.n, "fuzz.yaml", SOURCE_PRESET, &err)) {
        check_again(&o);
    } else {
        FUZZ_CHECK(err.code && err.text[0] && !strchr(err.text, '\n'));
        for (int i = 0; i < N_OPTIONS; i++)
            FUZZ_CHECK(options_source(&o, (enum option_id)i) == SOURCE_DEFAULT);
    }
    options_free(&o);
    fuzz_feed_free(&f);
    return 0;
}
