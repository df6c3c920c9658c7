/* SPDX-License-Identifier: MIT
 *
 * plain_read: reads bytes and does nothing else, with the threads that will compute: the limit of
 * whoever has to read them.
 */
#ifndef QINS_PLAIN_READ_H
#define QINS_PLAIN_READ_H

#include "model.h"
#include "pool.h"

enum { READ_PASSES = 3 };

struct reading;

struct reading *reading_new(void);
void reading_free(struct reading *r);
void reading_add(struct reading *r, const void *data, size_t bytes);
/* What one generated token reads of the weights: all but the embedding, of which it needs a row. */
void reading_add_weights(struct reading *r, const struct model *m);
/* Rate of private memory in huge pages, of as many bytes as r has but at most 512 MiB; GB/s. */
double reading_private_rate(const struct reading *r, struct pool *p);
uint64_t reading_bytes(const struct reading *r);
/* Rate of as many experts as a token goes through, at random, other ones each time: the median of
 * some passes in the best of the three ways, in GB/s. */
double reading_experts_rate(const struct model *m, struct pool *p);
/* Best of READ_PASSES passes in each of three ways, in GB/s; 0: too little to be timed. */
double reading_rate(struct reading *r, struct pool *p);

#endif
