/* SPDX-License-Identifier: MIT */
#include "template.h"

#include <stdlib.h>
#include <string.h>

#include "template_functions.h"
#include "template_json.h"
#include "template_map.h"
#include "template_run.h"
#include "template_statement.h"
#include "template_walk.h"

struct template
{
    struct work work; /* owns the tree */
    struct node *body;
    struct map *symbols;
};

/* ---- reading -------------------------------------------------------------------------------- */

static void parse(struct template *t, const char *text, size_t n)
{
    struct work *w = &t->work;
    uint32_t n_tokens;
    struct parser p = {.w = w, .symbols = map_new(w), .assigned = map_new(w), .asked = map_new(w)};
    if (n > TEMPLATE_MAX_BYTES)
        work_fail(w, "%zu bytes; a template has at most %d", n, TEMPLATE_MAX_BYTES);
    p.at = lexer_tokens(w, lexer_source(w, text, n), &n_tokens);
    t->body = statement_read_all(&p);
    t->symbols = p.symbols;
    w->steps = 0;
}

struct template *template_parse(const char *text, size_t n, struct error *err)
{
    struct template *t = xcalloc(1, sizeof *t);
    t->work.err = err;
    t->work.line = t->work.column = 1;
    if (setjmp(t->work.stop)) {
        template_free(t);
        return NULL;
    }
    parse(t, text, n);
    return t;
}

void template_free(struct template *t)
{
    if (t)
        work_free(&t->work);
    free(t);
}

bool template_reads(const struct template *t, const char *name)
{
    for (uint32_t i = 0; i < t->symbols->n; i++)
        if (string_is(t->symbols->entries[i].key, name))
            return true;
    return false;
}

/* ---- input ---------------------------------------------------------------------------------- */

struct job {
    struct work w;
    const struct template *t;
    const struct template_input *in;
    struct value *globals; /* [symbols] */
    struct text *out;
};

/* The template's symbols are looked up in memory that the job does not own: it only reads. */
static void give(struct job *j, const char *name, size_t n, struct value v)
{
    const struct value *symbol = map_get_name(&j->w, j->t->symbols, name, n);
    if (symbol)
        j->globals[symbol->i] = v;
}

static void give_text(struct job *j, const char *name, const char *text)
{
    if (text)
        give(j, name, strlen(name), string_of(&j->w, text, strlen(text), true));
}

static struct value message_value(struct job *j, const struct template_message *m)
{
    struct map *map = map_new(&j->w);
    map_set(&j->w, map, string_literal(&j->w, "role"), json_word(&j->w, m->role, strlen(m->role)));
    map_set(&j->w, map, string_literal(&j->w, "content"),
            string_of(&j->w, m->text ? m->text : "", m->n, false));
    if (m->members) {
        struct value members = json_value(&j->w, m->members);
        if (members.kind == KIND_MAP)
            map_update(&j->w, map, members);
    }
    return value_map(map);
}

static struct value messages_value(struct job *j)
{
    const struct template_input *in = j->in;
    if (in->messages_json)
        return json_value(&j->w, in->messages_json);
    struct list *l = list_new(&j->w, (uint32_t)in->n_messages);
    for (size_t i = 0; i < in->n_messages; i++)
        list_push(&j->w, l, message_value(j, &in->messages[i]));
    return value_list(l);
}

static void give_variables(struct job *j)
{
    const char *key;
    json_t *member;
    size_t n;
    json_object_keylen_foreach((json_t *)(uintptr_t)j->in->variables, key, n, member)
    {
        if (map_get_name(&j->w, j->t->symbols, key, n))
            give(j, key, n, json_value(&j->w, member));
    }
}

static void give_all(struct job *j)
{
    for (int i = 0; function_name(i); i++)
        give(j, function_name(i), strlen(function_name(i)),
             (struct value){.kind = KIND_FUNCTION, .which = (uint16_t)i});
    give(j, "messages", 8, messages_value(j));
    give(j, "add_generation_prompt", 21, value_bool(j->in->add_generation_prompt));
    give_text(j, "bos_token", j->in->bos);
    give_text(j, "eos_token", j->in->eos);
    if (j->in->variables)
        give_variables(j);
    j->w.steps = 0; /* long conversations are no fault of the template */
}

/* ---- output --------------------------------------------------------------------------------- */

static void take_spans(const struct text *t, struct template_output *out)
{
    size_t start = 0;
    out->spans = xmalloc(t->n_runs * sizeof *out->spans);
    for (uint32_t i = 0; i < t->n_runs && t->len; i++) {
        out->spans[out->n_spans++] =
            (struct template_span){start, t->runs[i].end - start, t->runs[i].from_template};
        start = t->runs[i].end;
    }
}

static void run(struct job *j)
{
    uint32_t n = j->t->symbols->n;
    j->globals = work_take_array(&j->w, n, sizeof *j->globals);
    memset(j->globals, 0, n * sizeof *j->globals); /* KIND_MISSING */
    j->out = text_new_output(&j->w);
    give_all(j);
    run_template(&j->w, j->t->body, j->globals, j->in->clock, j->out);
}

bool template_render(const struct template *t, const struct template_input *in,
                     struct template_output *out, struct error *err)
{
    struct job *j = xcalloc(1, sizeof *j);
    *out = (struct template_output){0};
    j->t = t;
    j->in = in;
    j->w.err = err;
    j->w.line = j->w.column = 1;
    bool ok = setjmp(j->w.stop) == 0;
    if (ok) {
        run(j);
        out->n = j->out->len;
        out->text = xstrndup(j->out->data, out->n);
        take_spans(j->out, out);
    }
    out->refused = j->w.refused;
    work_free(&j->w);
    free(j);
    return ok;
}

void template_output_free(struct template_output *out)
{
    free(out->text);
    free(out->spans);
    *out = (struct template_output){0};
}
