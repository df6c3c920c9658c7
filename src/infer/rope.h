/* SPDX-License-Identifier: MIT
 *
 * rope: rotary position angles. Frequencies and angles are float32, as the models were trained
 * with.
 */
#ifndef QINS_ROPE_H
#define QINS_ROPE_H

#include "config.h"

struct rope {
    uint32_t half;                   /* rot_dim / 2 */
    float inv_freq[2][MAX_ROT_HALF]; /* [short, long][half]; the same if there is one set */
    float scale;                     /* on cos and sin alike; 1 unless longrope or yarn */
};

/* `which`: ROPE_OF_FULL or ROPE_OF_SLIDING. */
void rope_init(struct rope *r, const struct model_config *c, int which);
/* Does a sequence of this total length use the long factors, for every position in it? */
bool rope_is_long(const struct model_config *c, uint32_t length);
/* cos and sin of one position, scaled. */
void rope_angles(const struct rope *r, bool use_long, uint32_t pos, float *cos_out /* [half] */,
                 float *sin_out /* [half] */);

#endif
