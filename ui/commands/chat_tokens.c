/* SPDX-License-Identifier: MIT */
#include "chat_tokens.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answer_again.h"
#include "chat_compact.h"
#include "chat_turn.h"
#include "token_pieces.h"

/* ---- a page --------------------------------------------------------------------------- */

static void add_row(const struct chat_session *s, size_t number, const struct token_odds *t,
                    struct buf *out)
{
    buf_printf(out, "%zu. ", number);
    chat_token_choice(s, t->id, t->p, out);
    if (!isnan(t->entropy))
        buf_printf(out, ", %.1f bits:", (double)t->entropy);
    for (int k = 0; k < TOKEN_CHOICES && t->top[k] >= 0; k++) {
        buf_printf(out, "  %d ", k + 1);
        chat_token_choice(s, t->top[k], t->top_p[k], out);
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

static json_t *odds_json(const struct chat_session *s, const struct token_odds *t)
{
    json_t *choices = json_array(), *o = token_piece_json(s, t->id, t->p);
    for (int k = 0; k < TOKEN_CHOICES && t->top[k] >= 0; k++)
        json_array_append_new(choices, token_piece_json(s, t->top[k], t->top_p[k]));
    json_object_set_new(o, "entropy_bits", token_number_json((double)t->entropy));
    json_object_set_new(o, "choices", choices);
    return o;
}

static void write_file(struct chat_session *s, const struct message *m, const char *argument)
{
    json_t *tokens = json_array();
    for (size_t i = 0; i < m->odds.n; i++)
        json_array_append_new(tokens, odds_json(s, &m->odds.list[i]));
    json_t *o = json_pack("{s:s, s:o}", "model", m->model ? m->model : "", "tokens", tokens);
    token_file_write(s, argument, o, m->odds.n);
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

static void run(struct chat_session *s, int32_t number, const char *argument);

static void on_event(struct chat_session *s, const struct event *e)
{
    if (e->type != EVENT_DONE)
        return;
    struct message *m = &s->conversation.messages[s->scoring.number];
    char *argument = answer_score_end(s);
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
    size_t n = answer_score(s, number, NULL, argument, on_event);
    s->status.state = n ? STATE_MEASURING : s->status.state;
    if (n)
        chat_notice(s, "The model reads its answer again, %zu tokens...", n);
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

static bool is_understood(const char *argument)
{
    unsigned long at, k;
    return !*argument || is_choice(argument, &at, &k) || token_file_is_name(argument);
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
    if (!chat_is_free(s))
        return;
    if (!is_understood(argument)) {
        chat_notice(s, "/tokens, /tokens N K, or /tokens [--force] FILE.json");
        return;
    }
    int32_t number = answer_to_score(s);
    if (number == NO_MESSAGE)
        return;
    if (s->conversation.messages[number].odds.n)
        run(s, number, argument);
    else
        read_again(s, number, argument);
}
