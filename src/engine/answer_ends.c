/* SPDX-License-Identifier: MIT */
#include "answer_ends.h"

bool answer_ends_by(const struct model_config *c, const struct chat_template *t, int32_t id)
{
    if (id == c->bos || id == t->end)
        return true;
    for (uint32_t i = 0; i < c->n_stop; i++)
        if (c->stop[i] == id)
            return true;
    return false;
}

void answer_ends_list(const struct model_config *c, const struct chat_template *t,
                      const struct thinking *th, struct ids *out)
{
    out->n = 0;
    ids_push(out, t->end);
    ids_push(out, c->bos);
    ids_append(out, c->stop, c->n_stop);
    if (th->kind && th->kind->channels)
        ids_push(out, th->end);
}

uint32_t answer_ends_said(const struct chat_template *t, const struct ids *prompt)
{
    enum { ANSWER_START = 32 }; /* at most, that a template writes for an answer to begin */
    for (size_t i = 1; i <= ANSWER_START && i <= prompt->n; i++)
        if (prompt->ids[prompt->n - i] == t->end)
            return (uint32_t)(prompt->n - i + 1);
    return 0;
}
