/* SPDX-License-Identifier: MIT
 *
 * template_fold: conversations for templates that refuse them: that know no system role, or want
 * user and assistant to take turns.
 */
#ifndef QINS_TEMPLATE_FOLD_H
#define QINS_TEMPLATE_FOLD_H

#include "template.h"

enum template_folding {
    FOLD_NOTHING,
    FOLD_NEIGHBOURS, /* messages of one role in a row are one, an empty line between them */
    FOLD_SYSTEM,     /* and all system texts stand in front of the first message of the user */
};

struct template_folded {
    struct template_message *messages;
    char **texts; /* [n_texts] what was put together for them */
    size_t n, n_texts;
};

/* Roles and members are borrowed from `messages`. Messages with further members are not joined. */
void template_fold(const struct template_message *messages, size_t n, enum template_folding folding,
                   struct template_folded *out);
void template_folded_free(struct template_folded *f);

/* Renders; if the template refuses, again with as little folding as helps, which *folding tells. If
 * nothing helps, the error is the template's own, about the messages as they are. */
bool template_render_folding(const struct template *t, const struct template_input *in,
                             struct template_output *out, enum template_folding *folding,
                             struct error *err);

#endif
