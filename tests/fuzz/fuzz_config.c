/* SPDX-License-Identifier: MIT
 *
 * config.json and, behind a NUL, generation_config.json: sizes that are accepted make a list of
 * weights that can be added up.
 */
#include "fuzz.h"
#include "weights_file.h"

static void check(const struct model_config *c)
{
    FUZZ_CHECK(c->n_layers > 0 && c->n_layers <= MAX_LAYERS && c->vocab > 0 && c->dim > 0);
    FUZZ_CHECK(c->n_stop <= MAX_STOP && c->max_ctx > 0);
    FUZZ_CHECK(config_n_active_params(c) <= config_n_params(c));
    for (uint32_t i = 0; i < c->n_layers; i++)
        FUZZ_CHECK(c->shapes[i].kv_layer <= i && c->shapes[i].head_dim <= MAX_HEAD_DIM);
    if (config_n_params(c) > (uint64_t)1 << 40) /* of which nobody would make a list */
        return;
    struct weight_list list = weight_list(c, FORMAT_QINS4);
    struct plane p;
    for (size_t i = 0; i < list.n; i++)
        for (int k = 0; k < N_PLANES; k++)
            if (weight_plane(&list.items[i], (enum plane_kind)k, &p))
                FUZZ_CHECK(p.n_dims <= 4 && strlen(p.name) < sizeof p.name);
    free(list.items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct error err = {0};
    if (FUZZ_DIES())
        return 0;
    static struct model_config config;
    struct feed f = fuzz_feed(data, n, NULL, 0);
    const char *zero = f.n ? memchr(f.text, 0, f.n) : NULL;
    size_t n_config = zero ? (size_t)(zero - f.text) : f.n;
    const char *generation = zero ? zero + 1 : NULL;
    if (config_parse(&config, f.text, n_config, "config.json", generation,
                     zero ? f.n - n_config - 1 : 0, "generation_config.json", &err))
        check(&config);
    else
        FUZZ_CHECK(err.code && err.text[0]);
    fuzz_feed_free(&f);
    return 0;
}
