/* SPDX-License-Identifier: MIT */
#include "folder_format.h"

#include <string.h>

#include "checkpoint.h"

bool folder_format(const char *name, const char *path, enum format *format, struct error *err)
{
    const uint64_t max_f32_params = (UINT64_C(1) << 30) / sizeof(float);
    struct checkpoint c;
    *format = FORMAT_QINS8;
    if (strcmp(name, "auto") != 0)
        return format_from_name(name, format) ||
               error_set(err, EX_CONFIG, "format: \"%s\" is not built in", name);
    if (!is_folder(path))
        return true;
    if (!checkpoint_open(&c, path, err))
        return false;
    if (config_n_params(&c.config) <= max_f32_params)
        *format = FORMAT_F32;
    checkpoint_close(&c);
    return true;
}
