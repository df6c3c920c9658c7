/* SPDX-License-Identifier: MIT
 *
 * about: what QINS is, in a page.
 */
#ifndef QINS_ABOUT_H
#define QINS_ABOUT_H

#include "base.h"

/* Appends the page; with a model (else NULL), what it takes and would take as FP32. */
void about(struct buf *out, const char *model, uint64_t model_bytes, uint64_t f32_bytes);

#endif
