/* SPDX-License-Identifier: MIT */
#include "folder_format.h"

#include <string.h>

enum { MAX_F32_BYTES = 64 << 20 };

enum format folder_format_auto(const struct checkpoint *c)
{
    bool is_rounded = c->has_gguf && gguf_import_is_rounded(&c->gguf);
    bool is_tiny = config_n_params(&c->config) <= MAX_F32_BYTES / sizeof(float);
    return is_tiny && !is_rounded ? FORMAT_F32 : FORMAT_QINS8;
}

bool folder_format(const char *name, const char *path, enum format *format, struct error *err)
{
    struct checkpoint c;
    *format = FORMAT_QINS8;
    if (strcmp(name, "auto") != 0)
        return format_from_name(name, format) ||
               error_set(err, EX_CONFIG, "format: \"%s\" is not built in", name);
    if (!checkpoint_is_source(path))
        return true;
    if (!checkpoint_open(&c, path, err))
        return false;
    *format = folder_format_auto(&c);
    checkpoint_close(&c);
    return true;
}
