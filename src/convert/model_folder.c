/* SPDX-License-Identifier: MIT */
#include "model_folder.h"

#include "huge_memory.h"

struct model *model_open_folder(const char *folder, const struct convert_options *o,
                                struct error *err)
{
    struct checkpoint c;
    struct convert_report report;
    size_t size;
    double start = now_ms();
    if (!checkpoint_open(&c, folder, err))
        return NULL;
    void *image = convert_to_memory(&c, o, &size, &report, err);
    checkpoint_close(&c);
    if (!image)
        return NULL;
    struct model *m = model_open_bytes(image, size, folder, err);
    if (!m) {
        huge_memory_free(image, size);
        return NULL;
    }
    m->memory = image;
    m->memory_bytes = size;
    m->open_ms = now_ms() - start;
    return m;
}
