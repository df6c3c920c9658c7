/* SPDX-License-Identifier: MIT */
#include "stated_loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "sanitise.h"

struct stated_loss {
    double kl;   /* mean KL(source || file) per token, nats */
    double top1; /* share of tokens whose likeliest successor is the same */
    double perplexity, reference_perplexity;
};

static double number_of(const json_t *object, const char *key)
{
    const json_t *x = json_object_get(object, key);
    return json_is_number(x) ? json_number_value(x) : NAN;
}

/* -> false: not stated, or not understood. */
static bool stated_loss_read(struct stated_loss *l, const char *meta)
{
    struct error ignored;
    json_t *root = meta ? json_parse(meta, strlen(meta), "loss", &ignored) : NULL;
    *l = (struct stated_loss){number_of(root, "kl"), number_of(root, "top1"),
                              number_of(root, "perplexity"),
                              number_of(root, "reference_perplexity")};
    json_decref(root);
    return l->kl >= 0 && l->kl < 1e6 && l->top1 >= 0 && l->top1 <= 1 && l->perplexity > 0 &&
           l->reference_perplexity > 0;
}

void stated_loss_describe(const char *meta, struct buf *out)
{
    struct stated_loss l;
    if (stated_loss_read(&l, meta))
        buf_printf(out, "KL %.*f, %.1f %% the same choice, perplexity %+.1f %%",
                   l.kl < 0.01 ? 4 : 3, l.kl, 100 * l.top1,
                   100 * (l.perplexity / l.reference_perplexity - 1));
}

void stated_loss_describe_absence(const char *meta, struct buf *out)
{
    struct error ignored;
    json_t *root = meta ? json_parse(meta, strlen(meta), "loss", &ignored) : NULL;
    const char *why = json_string_value(json_object_get(root, "not_measured"));
    char *clean = why ? sanitise_text(why, strlen(why), true) : NULL;
    if (clean)
        buf_puts(out, clean);
    free(clean);
    json_decref(root);
}
