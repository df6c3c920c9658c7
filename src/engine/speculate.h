/* SPDX-License-Identifier: MIT
 *
 * speculate: how many drafted tokens are worth evaluating together with the next one. A pass over
 * several tokens costs little more than over one if the memory is the limit, and much more if
 * arithmetic is; drafts come true in some texts and not in others. Both are measured as the answer
 * goes on. Whether a draft would have come true is noticed without evaluating it too, so that what
 * was switched off comes back when it pays.
 */
#ifndef QINS_SPECULATE_H
#define QINS_SPECULATE_H

#include <stdbool.h>
#include <stdint.h>

enum speculate_mode {
    SPECULATE_AUTO,
    SPECULATE_ON, /* every draft, at full length */
    SPECULATE_OFF,
};

enum { SPECULATE_CLASSES = 4 }; /* behind another word; short, middling and long matches */

struct speculate {
    enum speculate_mode mode;
    double hit[SPECULATE_CLASSES]; /* chance that one more drafted token comes true */
    double pass_ms;                /* a pass over one token; 0: not known yet */
    double slope;                  /* what each further token costs, in passes over one token */
    bool is_measured;              /* the slope; else it is assumed */
};

bool speculate_mode_from_name(const char *name,
                              enum speculate_mode *mode); /* "auto", "on", "off" */

void speculate_init(struct speculate *s, enum speculate_mode mode);
/* Another text: what was learned about the last one does not count; times do. */
void speculate_begin(struct speculate *s);

/* How many of up to n_max drafted tokens to evaluate, after a match of n_match tokens. */
uint32_t speculate_length(const struct speculate *s, uint32_t n_match, uint32_t n_max);
/* Of the draft, n_accepted tokens came true; is_wrong: then one did not (else the answer or the
 * evaluated part ended first). */
void speculate_learn(struct speculate *s, uint32_t n_match, uint32_t n_accepted, bool is_wrong);
/* A pass over n_tok tokens took so long. */
void speculate_time(struct speculate *s, uint32_t n_tok, double ms);

#endif
