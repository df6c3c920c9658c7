/* SPDX-License-Identifier: MIT
 *
 * budget_store: what matrices cost in each format, as far as it was measured, in a text file beside
 * the output: a budget that was stopped goes on behind its last whole layer, and needs no second
 * measurement if the calibration after it was stopped. A file of another key is started anew.
 */
#ifndef QINS_BUDGET_STORE_H
#define QINS_BUDGET_STORE_H

#include "base.h"

struct budget_store;

/* `n_costs` of each of n_weights matrices. `key`: what they depend on, any text. */
struct budget_store *budget_store_open(const char *path, size_t n_weights, int n_costs,
                                       const char *key, struct error *err);
void budget_store_close(struct budget_store *s);
/* -> false: not measured. */
bool budget_store_get(const struct budget_store *s, size_t weight, double *costs);
void budget_store_put(struct budget_store *s, size_t weight, const double *costs);
/* What was put is on disk. */
bool budget_store_flush(struct budget_store *s, struct error *err);

#endif
