/* SPDX-License-Identifier: MIT
 *
 * converted: a folder or GGUF file that has to be converted before it runs is converted once, into
 * a .qins file of the cache folder (places.h, "models" in it), and found there as long as the
 * source is the same: its files' sizes and times, its tensors, its config, and the number format. A
 * file of the cache may be removed at any time; one whose source is gone or has changed goes with
 * the next conversion.
 */
#ifndef QINS_CONVERTED_H
#define QINS_CONVERTED_H

#include "convert.h"

enum {
    CONVERTED_MIN_BYTES = 64 << 20
}; /* smaller weights are converted as fast as they are read */

/* *file: the .qins file of `path`, which the caller frees; NULL: to be converted in memory, since
 * it is small, or since there is no cache folder that takes it. -> false: cannot be converted. */
bool converted_file(const char *path, const struct convert_options *o, char **file,
                    struct error *err);

#endif
