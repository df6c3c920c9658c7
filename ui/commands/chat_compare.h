/* SPDX-License-Identifier: MIT
 *
 * chat_compare: /compare: the last answer, with all that stood before it, as another model or the
 * same one in another number format sees it: how far their predictions are apart for each token
 * (comparison.h). Computed when it is asked for; s->compared keeps the last one for the face.
 */
#ifndef QINS_CHAT_COMPARE_H
#define QINS_CHAT_COMPARE_H

#include "chat_session.h"
#include "spark.h"

/* "NAME": shown; "NAME FILE.json", "NAME --force FILE.json": written. NAME: a model or a number
 * format (engine_find_other). */
void chat_compare(struct chat_session *s, const char *argument);

/* The sum of s->compared in words, each part a few: "KL 1.24 nats, 0.062 per token". */
enum { COMPARE_PARTS = 3 };
void chat_compare_part(const struct chat_session *s, int part, struct buf *out);
/* A divergence in nats, "0.031", "<0.001". */
void chat_compare_kl(float kl, struct buf *out);
/* A row of signs for the divergence of all tokens, each of the largest of its share. -> its cells,
 * at most `cells` */
int chat_compare_spark(const struct comparison *c, int cells, enum spark_signs signs,
                       struct buf *out);
/* The cell of such a row of `cells` that token i is in. */
int chat_compare_cell(const struct comparison *c, int cells, enum spark_signs signs, size_t i);

#endif
