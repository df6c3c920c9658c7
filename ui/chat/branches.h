/* SPDX-License-Identifier: MIT
 *
 * branches: the ends of a conversation's tree as a list to choose from, and the versions of a
 * message.
 */
#ifndef QINS_BRANCHES_H
#define QINS_BRANCHES_H

#include "conversation.h"

struct branch {
    int32_t leaf; /* number of its last message */
    int n_messages;
    char *said;     /* what the user said last, as a title */
    char *answered; /* the answer to it, likewise; NULL: none */
};

struct branch_list {
    struct branch *branches; /* [n], the newest first */
    size_t n;
};

void branches_list(const struct conversation *c, struct branch_list *out);
void branches_free(struct branch_list *l);

/* The last message on the path that has other versions, or NO_MESSAGE. */
int32_t branches_choice(const struct conversation *c);
/* The version of that message that `which` names by its number, "1" for the first. -> NO_MESSAGE,
 * and *err says what there is */
int32_t branches_version(const struct conversation *c, const char *which, struct error *err);

#endif
