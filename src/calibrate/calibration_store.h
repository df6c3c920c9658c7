/* SPDX-License-Identifier: MIT
 *
 * calibration_store: the matrices that a calibration has finished, in a file beside the output,
 * layer after layer, so that one that was killed goes on behind its last whole layer. A file of
 * another calibration is started anew.
 */
#ifndef QINS_CALIBRATION_STORE_H
#define QINS_CALIBRATION_STORE_H

#include "checkpoint.h"

struct calibration_store;

/* Appends what tells one version of the source from another. */
void calibration_key_add_sources(struct buf *key, const struct checkpoint *c);

/* `key`: what the result depends on, any text. Takes no ownership of the list, which outlives it.
 */
struct calibration_store *calibration_store_open(const char *path, const struct weight_list *list,
                                                 uint32_t n_layers, const char *key,
                                                 struct error *err);
void calibration_store_close(struct calibration_store *s, bool removes);
uint32_t calibration_store_done(const struct calibration_store *s); /* layers */

/* Planes of a matrix of a layer, or of one expert's of a stack, in memory; zero until they are
 * written. */
void *calibration_store_data(const struct calibration_store *s, size_t weight, uint32_t expert);
float *calibration_store_row(const struct calibration_store *s, size_t weight, uint32_t expert);
bool calibration_store_has(const struct calibration_store *s, size_t weight); /* room for it */
/* The next layer's planes are filled. */
bool calibration_store_finish_layer(struct calibration_store *s, struct error *err);

#endif
