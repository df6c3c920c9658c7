/* SPDX-License-Identifier: MIT
 *
 * stated_loss: what a .qins file says that it loses against its source (META_LOSS).
 */
#ifndef QINS_STATED_LOSS_H
#define QINS_STATED_LOSS_H

#include "base.h"

/* "KL 0.081, 82.6 % the same choice, perplexity +7.4 %"; nothing if it is not stated. */
void stated_loss_describe(const char *meta, struct buf *out);
/* Appends why it was not measured, if the file says so. */
void stated_loss_describe_absence(const char *meta, struct buf *out);

#endif
