/* SPDX-License-Identifier: MIT */
#include "template_fold.h"

#include <stdlib.h>
#include <string.h>

static bool is_system(const struct template_message *m)
{
    return strcmp(m->role, "system") == 0 || strcmp(m->role, "developer") == 0;
}

/* The texts of a and b, an empty line between them if both say something. */
static void join(struct template_folded *f, struct template_message *a,
                 const struct template_message *b)
{
    struct buf text = {0};
    buf_append(&text, a->text, a->n);
    if (a->n && b->n)
        buf_puts(&text, "\n\n");
    buf_append(&text, b->text, b->n);
    f->texts = xrealloc(f->texts, f->n_texts + 1, sizeof *f->texts);
    f->texts[f->n_texts++] = text.data;
    a->text = text.data;
    a->n = text.len;
}

static void add(struct template_folded *f, const struct template_message *m)
{
    struct template_message *last = f->n ? &f->messages[f->n - 1] : NULL;
    if (last && strcmp(last->role, m->role) == 0 && !last->members && !m->members)
        join(f, last, m);
    else
        f->messages[f->n++] = *m;
}

/* All system texts as one message of the user, which its own first one is joined to. */
static void add_system(struct template_folded *f, const struct template_message *messages, size_t n)
{
    struct template_message all = {.role = "user", .text = ""};
    for (size_t i = 0; i < n; i++)
        if (is_system(&messages[i]))
            join(f, &all, &messages[i]);
    if (all.n)
        add(f, &all);
}

void template_fold(const struct template_message *messages, size_t n, enum template_folding folding,
                   struct template_folded *out)
{
    *out = (struct template_folded){.messages = xcalloc(n + 1, sizeof *out->messages)};
    if (folding == FOLD_SYSTEM)
        add_system(out, messages, n);
    for (size_t i = 0; i < n; i++)
        if (folding == FOLD_NOTHING)
            out->messages[out->n++] = messages[i];
        else if (folding != FOLD_SYSTEM || !is_system(&messages[i]))
            add(out, &messages[i]);
}

void template_folded_free(struct template_folded *f)
{
    for (size_t i = 0; i < f->n_texts; i++)
        free(f->texts[i]);
    free(f->texts);
    free(f->messages);
    *f = (struct template_folded){0};
}

bool template_render_folding(const struct template *t, const struct template_input *in,
                             struct template_output *out, enum template_folding *folding,
                             struct error *err)
{
    *folding = FOLD_NOTHING;
    if (template_render(t, in, out, err))
        return true;
    for (int f = FOLD_NEIGHBOURS; f <= FOLD_SYSTEM && out->refused && !in->messages_json; f++) {
        struct template_input again = *in;
        struct template_folded folded;
        struct template_output second;
        struct error other;
        template_fold(in->messages, in->n_messages, f, &folded);
        again.messages = folded.messages;
        again.n_messages = folded.n;
        bool ok = template_render(t, &again, &second, &other);
        template_folded_free(&folded);
        if (!ok)
            continue;
        *out = second;
        *folding = f;
        return true;
    }
    return false;
}
