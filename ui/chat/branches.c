/* SPDX-License-Identifier: MIT */
#include "branches.h"

#include <stdlib.h>

#include "chat_files.h"
#include "number.h"

static char *title_of(const struct message *m)
{
    size_t n;
    const char *typed = chat_files_typed(m, &n);
    return conversation_title_of(typed, n);
}

static struct branch branch_of(const struct conversation *c, int32_t leaf)
{
    const struct message *end = &c->messages[leaf], *last = end;
    struct branch b = {.leaf = leaf};
    for (int32_t k = leaf; k != NO_MESSAGE; k = c->messages[k].parent, b.n_messages++)
        if (last->role != CHAT_USER)
            last = &c->messages[k];
    b.said = title_of(last);
    if (end != last)
        b.answered = title_of(end);
    return b;
}

void branches_list(const struct conversation *c, struct branch_list *out)
{
    *out = (struct branch_list){.branches = xcalloc(c->n + 1, sizeof *out->branches)};
    for (size_t i = c->n; i-- > 0;)
        if (c->messages[i].first_child == NO_MESSAGE)
            out->branches[out->n++] = branch_of(c, (int32_t)i);
}

void branches_free(struct branch_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->branches[i].said);
        free(l->branches[i].answered);
    }
    free(l->branches);
    *l = (struct branch_list){0};
}

int32_t branches_choice(const struct conversation *c)
{
    int which;
    for (size_t i = c->n_path; i-- > 0;)
        if (conversation_versions(c, c->path[i], &which) > 1)
            return c->path[i];
    return NO_MESSAGE;
}

int32_t branches_version(const struct conversation *c, const char *which, struct error *err)
{
    double number;
    int32_t at = branches_choice(c);
    int now, n = at == NO_MESSAGE ? 1 : conversation_versions(c, at, &now);
    if (at == NO_MESSAGE || !number_parse(which, &number) || number < 1 || number > n) {
        error_set(err, EX_USAGE,
                  n == 1 ? "There is %d version; /branch lists all branches"
                         : "There are %d versions; /branch lists all branches",
                  n);
        return NO_MESSAGE;
    }
    while (c->messages[at].previous != NO_MESSAGE)
        at = c->messages[at].previous;
    for (int i = 1; i < (int)number; i++)
        at = c->messages[at].next;
    return at;
}
