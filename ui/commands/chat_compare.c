/* SPDX-License-Identifier: MIT */
#include "chat_compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answer_again.h"
#include "chat_turn.h"
#include "model_name.h"
#include "token_pieces.h"

enum { PAGE_CELLS = 64 };

/* ---- in words ------------------------------------------------------------------------- */

void chat_compare_kl(float kl, struct buf *out)
{
    buf_printf(out, kl > 0 && kl < 0.0005f ? "<0.001" : "%.3f", (double)kl);
}

static void add_perplexities(const double p[N_COMPARED], struct buf *out)
{
    for (int side = 0; side < N_COMPARED; side++) {
        buf_puts(out, side ? " and " : "perplexity ");
        buf_printf(out, p[side] < 1e5 ? "%.2f" : "%.3g", p[side]);
    }
}

void chat_compare_part(const struct chat_session *s, int part, struct buf *out)
{
    const struct compared *c = &s->compared;
    struct comparison_sum sum = comparison_sum(&c->tokens);
    if (part == 0)
        buf_printf(out, "KL %.3g nats, %.3g per token", sum.kl, sum.kl_mean);
    else if (part == 1)
        buf_printf(out, "same first choice %zu of %zu", sum.n_same, c->tokens.n);
    else
        add_perplexities(sum.perplexity, out);
}

/* ---- all tokens in one row ------------------------------------------------------------ */

static int n_samples(const struct comparison *c, int cells, enum spark_signs signs)
{
    int most = cells * (signs == SPARK_BRAILLE ? 2 : 1);
    most = most < SPARK_SAMPLES ? most : SPARK_SAMPLES;
    return c->n < (size_t)most ? (int)c->n : most;
}

int chat_compare_spark(const struct comparison *c, int cells, enum spark_signs signs,
                       struct buf *out)
{
    struct spark spark = {.n = 0};
    size_t n = (size_t)n_samples(c, cells, signs);
    for (size_t k = 0; k < n; k++) {
        double largest = 0;
        for (size_t i = k * c->n / n; i < (k + 1) * c->n / n; i++)
            largest = fmax(largest, (double)c->list[i].kl);
        spark_add(&spark, largest);
    }
    int used = signs == SPARK_BRAILLE ? ((int)n + 1) / 2 : (int)n;
    spark_row(&spark, used, signs, false, out);
    return used;
}

int chat_compare_cell(const struct comparison *c, int cells, enum spark_signs signs, size_t i)
{
    int n = n_samples(c, cells, signs);
    int sample = (int)(((i + 1) * (size_t)n - 1) / c->n);
    return signs == SPARK_BRAILLE ? (sample + n % 2) / 2 : sample; /* the newest ends the row */
}

/* ---- a page --------------------------------------------------------------------------- */

static void add_choice(const struct chat_session *s, const struct compared_token *t, int side,
                       struct buf *out)
{
    buf_puts(out, side ? ", " : "; first choices ");
    chat_token_choice(s, t->top[side], t->top_p[side], out);
}

static void add_row(const struct chat_session *s, size_t number, const struct compared_token *t,
                    struct buf *out)
{
    buf_printf(out, "%zu. ", number);
    chat_token_label(s, t->id, out);
    buf_puts(out, " KL ");
    chat_compare_kl(t->kl, out);
    for (int side = 0; side < N_COMPARED; side++) {
        buf_puts(out, ", ");
        chat_token_probability(expf(-t->nats[side]), out);
    }
    for (int side = 0; side < N_COMPARED && t->top[0] != t->top[1]; side++)
        add_choice(s, t, side, out);
    buf_puts(out, "\n");
}

static void show_page(struct chat_session *s)
{
    const struct compared *c = &s->compared;
    struct buf text = {0};
    buf_printf(
        &text,
        "Each token of the last answer: how far the predictions of %s and %s are apart there "
        "(KL divergence in nats), the probability that each gave the token, and both first "
        "choices if they differ.\n\n",
        c->names[0], c->names[1]);
    for (size_t i = 0; i < c->tokens.n; i++)
        add_row(s, i + 1, &c->tokens.list[i], &text);
    buf_puts(&text, "\nKL per token: [");
    chat_compare_spark(&c->tokens, PAGE_CELLS, SPARK_ASCII, &text);
    buf_puts(&text, "]\n");
    for (int part = 0; part < COMPARE_PARTS; part++) {
        chat_compare_part(s, part, &text);
        buf_puts(&text, part + 1 < COMPARE_PARTS ? "; " : "\n");
    }
    s->face->page(s->self, "Comparison", text.data);
    buf_free(&text);
}

/* ---- a file --------------------------------------------------------------------------- */

static json_t *side_json(const struct chat_session *s, const struct compared_token *t, int side)
{
    return json_pack("{s:o, s:o}", "p", token_number_json(exp(-(double)t->nats[side])), "choice",
                     token_piece_json(s, t->top[side], t->top_p[side]));
}

static json_t *compared_json(const struct chat_session *s, const struct compared_token *t)
{
    json_t *o = token_json(s, t->id), *sides = json_array();
    for (int side = 0; side < N_COMPARED; side++)
        json_array_append_new(sides, side_json(s, t, side));
    json_object_set_new(o, "kl", token_number_json((double)t->kl));
    json_object_set_new(o, "models", sides);
    return o;
}

static json_t *both_json(const struct chat_session *s, const struct comparison_sum *sum)
{
    json_t *models = json_array();
    for (int side = 0; side < N_COMPARED; side++)
        json_array_append_new(models,
                              json_pack("{s:s, s:s, s:o}", "model", s->compared.models[side],
                                        "format", s->compared.tokens.format[side], "perplexity",
                                        token_number_json(sum->perplexity[side])));
    return models;
}

static void write_file(struct chat_session *s, const char *argument)
{
    const struct comparison *c = &s->compared.tokens;
    struct comparison_sum sum = comparison_sum(c);
    json_t *tokens = json_array();
    for (size_t i = 0; i < c->n; i++)
        json_array_append_new(tokens, compared_json(s, &c->list[i]));
    json_t *o =
        json_pack("{s:o, s:s, s:o, s:o, s:i, s:o}", "models", both_json(s, &sum), "kv", c->kv,
                  "kl_sum", token_number_json(sum.kl), "kl_mean", token_number_json(sum.kl_mean),
                  "same_choices", (int)sum.n_same, "tokens", tokens);
    token_file_write(s, argument, o, c->n);
}

/* ---- the comparison ------------------------------------------------------------------- */

/* What tells both sides apart: formats of one model, whatever its files are called, or names. */
static void name_sides(struct compared *c)
{
    const struct comparison *t = &c->tokens;
    bool by_format = (t->is_same_model && strcmp(t->format[0], t->format[1]) != 0) ||
                     strcmp(c->models[0], c->models[1]) == 0;
    for (int side = 0; side < N_COMPARED; side++)
        c->names[side] = by_format ? c->tokens.format[side] : c->models[side];
}

static void show(struct chat_session *s, const char *file)
{
    name_sides(&s->compared);
    if (*file) {
        write_file(s, file);
    } else if (s->face->compared) {
        s->face->notice(s->self, ""); /* how to stop it */
        s->face->compared(s->self, s->compared.message);
    } else {
        show_page(s);
    }
}

static void on_event(struct chat_session *s, const struct event *e)
{
    s->status.done = e->done;
    s->status.total = e->total;
    snprintf(s->status.step, sizeof s->status.step, "%.*s", (int)e->n_text, e->text);
    if (e->type == EVENT_DONE) {
        char *file = answer_score_end(s);
        engine_turn_comparison(s->engine, e->turn, &s->compared.tokens);
        if (e->stop == STOP_FAILED)
            chat_tell_failure(s);
        else if (s->compared.tokens.n)
            show(s, file);
        else
            chat_notice(s, "Stopped: nothing is compared");
        free(file);
    }
    s->face->changed(s->self);
}

static void start(struct chat_session *s, int32_t number, const struct engine_other *other,
                  const char *file)
{
    struct compared *c = &s->compared;
    chat_forget_comparison(s);
    size_t n = answer_score(s, number, other, file, on_event);
    if (!n)
        return;
    c->message = number;
    c->models[0] = xstrdup(s->model_name);
    c->models[1] = model_name(other->path);
    s->status.state = STATE_COMPARING;
    s->status.done = s->status.total = 0;
    chat_notice(s, "%s%s%s reads the answer too, %zu tokens; %s stops it", c->models[1],
                other->format ? " in " : "", other->format ? other->format : "", n,
                s->face->stop_key);
}

/* ---- the command ---------------------------------------------------------------------- */

/* Where the file's part of "NAME [--force] FILE.json" begins; its end: there is none. */
static const char *file_part(const char *argument)
{
    const char *end = argument + strlen(argument), *force = strstr(argument, " --force "),
               *at = end;
    if (force)
        return force + 1;
    if (!token_file_is_name(argument))
        return end;
    while (at > argument && at[-1] != ' ')
        at--;
    return at > argument ? at : end;
}

/* "NAME" of the argument; "": none. Caller frees. */
static char *name_part(const char *argument, const char *file)
{
    size_t n = (size_t)(file - argument);
    while (n && strchr(" \t", argument[n - 1]))
        n--;
    return xstrndup(argument, n);
}

/* The last answer was, and its comparison is still there. */
static bool is_compared(const struct chat_session *s)
{
    return s->compared.tokens.n && s->compared.message == conversation_leaf(&s->conversation);
}

void chat_compare(struct chat_session *s, const char *argument)
{
    struct engine_other other;
    struct error err;
    const char *file = file_part(argument);
    char *name = name_part(argument, file);
    if (!chat_is_free(s)) {
        free(name);
        return;
    }
    int32_t number = NO_MESSAGE;
    if (!*argument && is_compared(s))
        show(s, "");
    else if (!*name || *name == '-' || (*file && !token_file_is_name(file)))
        chat_notice(s, "/compare MODEL, /compare FORMAT, or behind it [--force] FILE.json");
    else
        number = answer_to_score(s);
    if (number != NO_MESSAGE && *file && !token_file_is_free(s, file))
        number = NO_MESSAGE;
    if (number != NO_MESSAGE && !engine_find_other(s->engine, name, &other, &err)) {
        chat_notice(s, "%s", err.text);
    } else if (number != NO_MESSAGE) {
        start(s, number, &other, file);
        free(other.path);
    }
    free(name);
}
