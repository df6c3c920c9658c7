/* SPDX-License-Identifier: MIT */
#include "distribution.h"

#include <math.h>
#include <string.h>

uint32_t logits_best(const float *logits, uint32_t n)
{
    uint32_t best = 0;
    float largest = -INFINITY;
    for (uint32_t i = 0; i < n; i++)
        if (logits[i] > largest) {
            largest = logits[i];
            best = i;
        }
    return best;
}

struct distribution distribution_of(const float *logits, uint32_t n)
{
    struct distribution d = {.logits = logits, .n = n, .top = logits_best(logits, n)};
    float max = logits[d.top];
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += (double)expf(logits[i] - max);
    d.log_sum = (double)max + log(sum);
    return d;
}

double distribution_log_p(const struct distribution *d, uint32_t id)
{
    return (double)d->logits[id] - d->log_sum;
}

double distribution_kl(const struct distribution *p, const struct distribution *q)
{
    double sum = 0;
    for (uint32_t i = 0; i < p->n; i++) {
        double ln_p = distribution_log_p(p, i);
        if (ln_p > -30) /* the rest is below 1e-13 of the whole */
            sum += (double)expf((float)ln_p) * (ln_p - distribution_log_p(q, i));
    }
    return sum > 0 ? sum : 0; /* rounding alone makes it less */
}

bool logits_are_numbers(const float *logits, uint32_t n)
{
    uint32_t worst = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, logits + i, sizeof bits);
        bits &= 0x7fffffff;
        worst = bits > worst ? bits : worst;
    }
    return worst < 0x7f800000;
}
