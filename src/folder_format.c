/* SPDX-License-Identifier: MIT */
#include "folder_format.h"

#include <string.h>

#include "checkpoint.h"

static uint64_t weight_bytes(const struct checkpoint *c, bool *all_f32)
{
    uint64_t bytes = 0;
    *all_f32 = true;
    for (size_t s = 0; s < c->n_shards; s++) {
        for (size_t t = 0; t < c->shards[s].n_tensors; t++) {
            const struct st_tensor *tensor = &c->shards[s].tensors[t];
            bytes += tensor->end - tensor->begin;
            *all_f32 &= tensor->dtype == ST_F32;
        }
    }
    return bytes;
}

bool folder_format(const struct options *o, const char *path, enum format *format,
                   struct error *err)
{
    const char *asked = options_text(o, OPT_FORMAT);
    const uint64_t f32_limit = UINT64_C(1) << 30;
    struct checkpoint c;
    *format = FORMAT_QINS8;
    if (strcmp(asked, "auto") != 0)
        return format_from_name(asked, format) ||
               refuse(err, EX_CONFIG, "format: \"%s\" is not built in", asked);
    if (!is_folder(path))
        return true;
    if (!checkpoint_open(&c, path, err))
        return false;
    bool all_f32;
    if (weight_bytes(&c, &all_f32) <= f32_limit && all_f32)
        *format = FORMAT_F32;
    checkpoint_close(&c);
    return true;
}
