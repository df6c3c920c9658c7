/* SPDX-License-Identifier: MIT
 *
 * about: what QINS is, in a page.
 */
#ifndef QINS_ABOUT_H
#define QINS_ABOUT_H

#include "base.h"
#include "status.h"

/* Appends the page; with a model (else NULL), what it takes, would take as FP32, and
 * which chat template. */
void about(struct buf *out, const char *model, const struct status *f);

#endif
