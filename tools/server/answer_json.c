/* SPDX-License-Identifier: MIT */
#include "answer_json.h"

#include <string.h>
#include <time.h>

#include "json.h"

void answer_id_make(struct answer_id *a, bool is_chat, const char *model)
{
    static _Atomic unsigned long n; /* with the start's time: no other answer has the same */
    const unsigned long number = atomic_fetch_add(&n, 1);
    *a = (struct answer_id){.created = (long)time(NULL), .model = model, .is_chat = is_chat};
    snprintf(a->id, sizeof a->id, "%s-%lx-%lx", is_chat ? "chatcmpl" : "cmpl",
             (unsigned long)a->created, number);
}

static json_t *text_of(const struct buf *b)
{
    return json_clean_text(b->data, b->len);
}

static const char *reason(enum exchange_end end)
{
    return end == EXCHANGE_LENGTH ? "length" : "stop";
}

static json_t *usage_json(const struct exchange_usage *u)
{
    return json_pack("{s:I, s:I, s:I, s:{s:I}, s:{s:I}}", "prompt_tokens", (json_int_t)u->n_prompt,
                     "completion_tokens", (json_int_t)u->n_tokens, "total_tokens",
                     (json_int_t)u->n_prompt + u->n_tokens, "prompt_tokens_details",
                     "cached_tokens", (json_int_t)u->n_cached, "completion_tokens_details",
                     "reasoning_tokens", (json_int_t)u->n_thinking);
}

/* choices: taken over. */
static json_t *envelope(const struct answer_id *a, bool is_piece, json_t *choices)
{
    const char *object = !a->is_chat ? "text_completion"
                         : is_piece  ? "chat.completion.chunk"
                                     : "chat.completion";
    return json_pack("{s:s, s:s, s:I, s:o, s:o}", "id", a->id, "object", object, "created",
                     (json_int_t)a->created, "model", json_clean_text(a->model, strlen(a->model)),
                     "choices", choices);
}

json_t *answer_json(const struct answer_id *a, const struct exchange_news *news)
{
    json_t *choice =
        json_pack("{s:i, s:n, s:s}", "index", 0, "logprobs", "finish_reason", reason(news->end));
    if (a->is_chat) {
        json_t *message =
            json_pack("{s:s, s:o}", "role", "assistant", "content", text_of(&news->text));
        if (news->thinking.len > 0)
            json_object_set_new(message, "reasoning_content", text_of(&news->thinking));
        json_object_set_new(choice, "message", message);
    } else {
        json_object_set_new(choice, "text", text_of(&news->text));
    }
    json_t *all = envelope(a, false, json_pack("[o]", choice));
    json_object_set_new(all, "usage", usage_json(&news->usage));
    return all;
}

json_t *answer_piece(const struct answer_id *a, const struct buf *text, const struct buf *thinking,
                     bool is_first)
{
    json_t *choice = json_pack("{s:i, s:n, s:n}", "index", 0, "logprobs", "finish_reason");
    if (!a->is_chat) {
        json_object_set_new(choice, "text", text_of(text));
        return envelope(a, true, json_pack("[o]", choice));
    }
    json_t *delta = json_object();
    if (is_first)
        json_object_set_new(delta, "role", json_string("assistant"));
    if (thinking->len > 0)
        json_object_set_new(delta, "reasoning_content", text_of(thinking));
    if (text->len > 0 || is_first)
        json_object_set_new(delta, "content", text_of(text));
    json_object_set_new(choice, "delta", delta);
    return envelope(a, true, json_pack("[o]", choice));
}

json_t *answer_last_piece(const struct answer_id *a, enum exchange_end end)
{
    json_t *choice =
        json_pack("{s:i, s:n, s:s}", "index", 0, "logprobs", "finish_reason", reason(end));
    if (a->is_chat)
        json_object_set_new(choice, "delta", json_object());
    else
        json_object_set_new(choice, "text", json_string(""));
    return envelope(a, true, json_pack("[o]", choice));
}

json_t *answer_usage_piece(const struct answer_id *a, const struct exchange_usage *usage)
{
    json_t *all = envelope(a, true, json_array());
    json_object_set_new(all, "usage", usage_json(usage));
    return all;
}

static const char *type_of(int status)
{
    return status == 401   ? "authentication_error"
           : status == 403 ? "permission_error"
           : status == 429 ? "rate_limit_error"
           : status >= 500 ? "server_error"
                           : "invalid_request_error";
}

json_t *error_json(const struct request_fault *f)
{
    json_t *e = json_pack("{s:o, s:s}", "message", json_clean_text(f->text, strlen(f->text)),
                          "type", type_of(f->status));
    json_object_set_new(e, "param",
                        f->param[0] ? json_clean_text(f->param, strlen(f->param)) : json_null());
    json_object_set_new(e, "code", f->code ? json_string(f->code) : json_null());
    return json_pack("{s:o}", "error", e);
}
