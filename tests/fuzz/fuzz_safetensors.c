/* SPDX-License-Identifier: MIT
 *
 * safetensors: what is accepted lies within the file, without holes or overlap.
 */
#include "fuzz.h"
#include "safetensors.h"

static void check_tensors(const struct safetensors *st, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < st->n_tensors; i++) {
        const struct st_tensor *t = &st->tensors[i];
        FUZZ_CHECK(t->begin <= t->end && st->data_at + t->end <= n && t->n_dims <= ST_MAX_DIMS);
        FUZZ_CHECK(i == 0 || strcmp(st->tensors[i - 1].name, t->name) < 0);
        FUZZ_CHECK(safetensors_find(st, t->name) == t);
        uint64_t elements = 1;
        for (uint32_t d = 0; d < t->n_dims; d++)
            elements *= t->shape[d];
        if (st_dtype_bytes(t->dtype))
            FUZZ_CHECK(t->end - t->begin == elements * st_dtype_bytes(t->dtype));
        sum += t->end - t->begin;
    }
    FUZZ_CHECK(st->data_at + sum == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct safetensors st = {0};
    struct error err = {0};
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, NULL, 0);
    if (safetensors_parse(&st, f.text, f.n, "fuzz.safetensors", &err)) {
        check_tensors(&st, f.n);
        safetensors_meta(&st, "format");
        safetensors_close(&st);
    } else {
        FUZZ_CHECK(err.code && err.text[0]);
    }
    fuzz_feed_free(&f);
    return 0;
}
