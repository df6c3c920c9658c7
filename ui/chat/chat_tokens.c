/* SPDX-License-Identifier: MIT */
#include "chat_tokens.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chat_compact.h"
#include "chat_context.h"
#include "chat_turn.h"
#include "json.h"
#include "outfile.h"
#include "places.h"
#include "sanitise.h"
#include "utf8.h"

/* ---- in words ------------------------------------------------------------------------- */

static bool is_whole(const struct buf *text)
{
    int32_t cp;
    for (size_t i = 0; i < text->len;) {
        i += utf8_decode(text->data + i, text->len - i, &cp);
        if (cp < 0)
            return false;
    }
    return true;
}

void chat_token_label(const struct chat_session *s, int32_t id, struct buf *out)
{
    struct buf bytes = {0};
    engine_token_text(s->engine, id, &bytes);
    char *clean = sanitise_text(bytes.len ? bytes.data : "", bytes.len, true);
    bool whole = is_whole(&bytes);
    if (whole)
        buf_printf(out, "\"%s\"", clean);
    for (size_t i = 0; i < bytes.len && !whole; i++)
        buf_printf(out, "%s%02X%s", i ? " " : "<", (unsigned char)bytes.data[i],
                   i + 1 < bytes.len ? "" : ">");
    free(clean);
    buf_free(&bytes);
}

/* ---- a page --------------------------------------------------------------------------- */

/* "0.93", "<0.01"; "-" of a token that the model was not asked for. */
static void add_probability(struct buf *out, float p)
{
    if (isnan(p))
        buf_puts(out, "-");
    else if (p < 0.005f)
        buf_puts(out, "<0.01");
    else
        buf_printf(out, "%.2f", (double)p);
}

static void add_row(const struct chat_session *s, size_t number, const struct token_odds *t,
                    struct buf *out)
{
    buf_printf(out, "%zu. ", number);
    chat_token_label(s, t->id, out);
    buf_puts(out, " ");
    add_probability(out, t->p);
    if (!isnan(t->entropy))
        buf_printf(out, ", %.1f bits:", (double)t->entropy);
    for (int k = 0; k < TOKEN_CHOICES && t->top[k] >= 0; k++) {
        buf_printf(out, "  %d ", k + 1);
        chat_token_label(s, t->top[k], out);
        buf_puts(out, " ");
        add_probability(out, t->top_p[k]);
    }
    buf_puts(out, "\n");
}

static void show_page(struct chat_session *s, const struct message *m)
{
    struct buf text = {0};
    buf_puts(&text, "Each token of the last answer, with its probability, how open the choice was, "
                    "and the likeliest tokens there.\n/tokens N K goes on from token N with choice "
                    "K, as a new version; /tokens FILE.json writes all.\n\n");
    for (size_t i = 0; i < m->odds.n; i++)
        add_row(s, i + 1, &m->odds.list[i], &text);
    s->face->page(s->self, "Tokens", text.data);
    buf_free(&text);
}

/* ---- a file --------------------------------------------------------------------------- */

static json_t *bytes_json(const struct buf *bytes)
{
    json_t *list = json_array();
    for (size_t i = 0; i < bytes->len; i++)
        json_array_append_new(list, json_integer((unsigned char)bytes->data[i]));
    return list;
}

static json_t *number_json(float x)
{
    return isfinite(x) ? json_real((double)x) : json_null();
}

/* {"id", "text", "p"}; "bytes" of one that is not whole characters */
static json_t *piece_json(const struct chat_session *s, int32_t id, float p)
{
    struct buf bytes = {0};
    engine_token_text(s->engine, id, &bytes);
    json_t *o =
        json_pack("{s:i, s:o}", "id", (int)id, "text", json_clean_text(bytes.data, bytes.len));
    if (!is_whole(&bytes))
        json_object_set_new(o, "bytes", bytes_json(&bytes));
    json_object_set_new(o, "p", number_json(p));
    buf_free(&bytes);
    return o;
}

static json_t *token_json(const struct chat_session *s, const struct token_odds *t)
{
    json_t *choices = json_array(), *o = piece_json(s, t->id, t->p);
    for (int k = 0; k < TOKEN_CHOICES && t->top[k] >= 0; k++)
        json_array_append_new(choices, piece_json(s, t->top[k], t->top_p[k]));
    json_object_set_new(o, "entropy_bits", number_json(t->entropy));
    json_object_set_new(o, "choices", choices);
    return o;
}

static bool write_text(const char *path, bool replace, const char *text, struct error *err)
{
    struct outfile o;
    if (!outfile_open(&o, path, replace, "qins-tokens", err))
        return false;
    if (outfile_write(&o, 0, text, strlen(text), err))
        return outfile_commit(&o, err);
    outfile_abandon(&o);
    return false;
}

static void write_file(struct chat_session *s, const struct message *m, const char *argument)
{
    struct error err;
    bool force = strncmp(argument, "--force ", 8) == 0;
    char *path = places_typed(force ? argument + 8 + strspn(argument + 8, " ") : argument);
    json_t *tokens = json_array();
    for (size_t i = 0; i < m->odds.n; i++)
        json_array_append_new(tokens, token_json(s, &m->odds.list[i]));
    json_t *o = json_pack("{s:s, s:o}", "model", m->model ? m->model : "", "tokens", tokens);
    char *text = json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(7));
    if (write_text(path, force, text ? text : "", &err))
        chat_notice(s, "%zu tokens are in %s", m->odds.n, path);
    else
        chat_notice(s, "%s", err.text);
    free(text);
    json_decref(o);
    free(path);
}

/* ---- another choice ------------------------------------------------------------------- */

void chat_tokens_take(struct chat_session *s, int32_t number, size_t at, size_t k)
{
    const struct message *m = &s->conversation.messages[number];
    const struct odds *odds = &m->odds;
    if (at < 1 || at > odds->n || k < 1 || k > TOKEN_CHOICES || odds->list[at - 1].top[k - 1] < 0) {
        chat_notice(s, "/tokens N K: N is a token from 1 to %zu, K one of its choices", odds->n);
        return;
    }
    if (!chat_is_free(s) || chat_compact_refuses(s, number))
        return;
    if (s->grammar) {
        chat_notice(s, "Answers have to keep a shape now: /json off first");
        return;
    }
    struct ids given = {0};
    for (size_t i = 0; i + 1 < at; i++)
        ids_push(&given, odds->list[i].id);
    ids_push(&given, odds->list[at - 1].top[k - 1]);
    conversation_cut(&s->conversation, m->parent);
    s->face->path_changed(s->self, false);
    chat_answer_from(s, &given);
    ids_free(&given);
}

/* ---- reading an answer again ---------------------------------------------------------- */

/* Its tokens as they were drawn, or else as the tokenizer cuts its text. */
static bool answer_ids(const struct chat_session *s, const struct message *m, struct ids *out)
{
    if (m->ids.n)
        ids_append(out, m->ids.ids, m->ids.n);
    else if (!m->thinking.len && m->text.len)
        engine_encode(s->engine, m->text.data, m->text.len, out);
    return out->n > 0;
}

static void run(struct chat_session *s, int32_t number, const char *argument);

static void on_event(struct chat_session *s, const struct event *e)
{
    if (e->type != EVENT_DONE)
        return;
    struct message *m = &s->conversation.messages[s->scoring.number];
    char *argument = s->scoring.argument;
    s->scoring.argument = NULL;
    s->scoring.turn = 0;
    s->status.state = STATE_READY;
    if (e->stop == STOP_CANCELLED || e->stop == STOP_FAILED || e->stats.n_tokens == 0) {
        chat_notice(s, "Stopped: the tokens are not known");
    } else {
        engine_turn_odds(s->engine, e->turn, &m->odds);
        run(s, s->scoring.number, argument);
    }
    free(argument);
}

static void read_again(struct chat_session *s, int32_t number, const char *argument)
{
    const struct message *m = &s->conversation.messages[number];
    struct chat request = {0};
    struct ids given = {0};
    if (!answer_ids(s, m, &given)) {
        chat_notice(s, "The tokens of this answer are not known: %s",
                    m->text.len ? "it was opened with its thinking" : "it has no text");
        return;
    }
    chat_path_request(s, &request);
    chat_truncate(&request, request.n - 1);
    struct turn_request turn = {.chat = &request,
                                .given = &given,
                                .max_tokens = (uint32_t)given.n,
                                .seed = 1,
                                .conversation = s->conversation.id};
    turn.thinking.mode = m->thinking.len ? options_thinking(s->options).mode : THINK_OFF;
    s->scoring.argument = xstrdup(argument);
    s->scoring.number = number;
    s->scoring.event = on_event;
    s->scoring.turn = engine_submit(s->engine, &turn);
    s->status.state = STATE_MEASURING;
    chat_notice(s, "The model reads its answer again, %zu tokens...", given.n);
    ids_free(&given);
    chat_free(&request);
}

/* ---- the command ---------------------------------------------------------------------- */

/* Two numbers. */
static bool is_choice(const char *argument, unsigned long *at, unsigned long *k)
{
    char *end;
    *at = strtoul(argument, &end, 10);
    if (end == argument || (*end != ' ' && *end != '\t'))
        return false;
    const char *second = end;
    *k = strtoul(second, &end, 10);
    return end != second && *end == '\0';
}

/* NAME.json, behind "--force" or not. */
static bool is_json_name(const char *argument)
{
    size_t n = strlen(argument);
    return n > 5 && strcmp(argument + n - 5, ".json") == 0;
}

static bool is_understood(const char *argument)
{
    unsigned long at, k;
    return !*argument || is_choice(argument, &at, &k) || is_json_name(argument);
}

static void run(struct chat_session *s, int32_t number, const char *argument)
{
    const struct message *m = &s->conversation.messages[number];
    unsigned long at, k;
    if (!m->odds.n)
        chat_notice(s, "The tokens of this answer are not known");
    else if (!*argument && s->face->tokens)
        s->face->tokens(s->self, number);
    else if (!*argument)
        show_page(s, m);
    else if (is_choice(argument, &at, &k))
        chat_tokens_take(s, number, at, k);
    else
        write_file(s, m, argument);
}

void chat_tokens(struct chat_session *s, const char *argument)
{
    struct conversation *c = &s->conversation;
    int32_t number = conversation_leaf(c);
    if (!chat_is_free(s))
        return;
    if (!is_understood(argument))
        chat_notice(s, "/tokens, /tokens N K, or /tokens [--force] FILE.json");
    else if (!s->ready)
        chat_notice(s, "The model is still loading");
    else if (s->status.remote.host[0])
        chat_notice(s, "%s does not tell what its tokens were", s->status.remote.host);
    else if (number == NO_MESSAGE || c->messages[number].role != CHAT_ASSISTANT)
        chat_notice(s, "There is no answer yet");
    else if (chat_compact_wrote(c, number))
        chat_notice(s, "The tokens of a summary are not known");
    else if (c->messages[number].odds.n)
        run(s, number, argument);
    else
        read_again(s, number, argument);
}
