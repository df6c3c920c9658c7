/* SPDX-License-Identifier: MIT
 *
 * measure: what /bench does on the screen and in lines: a turn of a few tokens on the conversation
 * as it is, so that what the engine has read stays of use. Its text is for nobody.
 */
#ifndef QINS_MEASURE_H
#define QINS_MEASURE_H

#include "conversation.h"
#include "engine.h"

enum { MEASURE_TOKENS = 32 };

/* -> the turn, of which EVENT_DONE tells the numbers */
uint32_t measure_start(struct engine *e, const struct conversation *c);
/* The numbers as a line; caller frees. */
char *measure_report(const struct event *done);

#endif
