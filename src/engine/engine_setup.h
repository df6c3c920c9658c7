/* SPDX-License-Identifier: MIT
 *
 * engine_setup: engine_options in the terms of the modules below: names become levels, formats and
 * ways.
 */
#ifndef QINS_ENGINE_SETUP_H
#define QINS_ENGINE_SETUP_H

#include "engine.h"
#include "kv.h"
#include "matmul.h"
#include "speculate.h"
#include "weights_copy.h"

struct engine_setup {
    unsigned cpu_flags;
    enum format folder_format; /* what a folder is converted to */
    enum speculate_mode speculate;
    bool has_kv; /* else session_default_kv */
    enum kv_type kv;
    enum gemm gemm;
    enum weights_mode weights;
};

/* Opens a model folder's headers if the format is "auto". EX_CONFIG or EX_USAGE: no such name, or
 * none that this machine has. */
bool engine_setup_read(struct engine_setup *s, const struct engine_options *o, struct error *err);

#endif
