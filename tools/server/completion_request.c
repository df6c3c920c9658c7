/* SPDX-License-Identifier: MIT */
#include "completion_request.h"

#include <string.h>

#include "answer_ends.h"
#include "request_fields.h"
#include "request_messages.h"
#include "request_shape.h"

enum {
    BYTES_PER_TOKEN = 64, /* longer texts cannot fit the context: they are not even tokenized */
    BYTES_MORE = 4096,
};

void completion_request_free(struct completion_request *r)
{
    ids_free(&r->ids);
    buf_free(&r->begun);
    grammar_free(r->grammar);
    *r = (struct completion_request){0};
}

/* ---- sampling --------------------------------------------------------------------------- */

static bool read_sampling(struct completion_request *r, const json_t *body,
                          const struct request_defaults *d, struct request_fault *f)
{
    struct sampling *s = &r->sampling;
    int64_t top_k = -1, seed = (int64_t)(options_seed(d->options) & INT64_MAX);
    *s = options_sampling(d->options);
    if (!field_number(body, "temperature", 0, 2, &s->temperature, f) ||
        !field_number(body, "top_p", 0, 1, &s->top_p, f) ||
        !field_number(body, "min_p", 0, 1, &s->min_p, f) ||
        !field_number(body, "presence_penalty", -2, 2, &s->presence_penalty, f) ||
        !field_number(body, "frequency_penalty", -2, 2, &s->frequency_penalty, f) ||
        !field_number(body, "repeat_penalty", 0.1, 10, &s->repeat_penalty, f) ||
        !field_integer(body, "top_k", -1, INT32_MAX, &top_k, f) ||
        !field_integer(body, "seed", INT64_MIN, INT64_MAX, &seed, f))
        return false;
    if (json_is_integer(json_object_get(body, "top_k")))
        s->top_k = top_k < 0 ? 0 : (int32_t)top_k;
    r->seed = (uint64_t)seed;
    return true;
}

static bool add_stop(struct completion_request *r, const json_t *stop, const char *param,
                     struct request_fault *f)
{
    if (!json_is_string(stop))
        return request_fault_set(f, param, "%s is %s, not a text", param, field_type(stop));
    if (!stops_add(&r->stops, json_string_value(stop), json_string_length(stop)))
        return request_fault_set(f, param, "%s: at most %d texts of 1 to %d bytes each", param,
                                 MAX_STOPS, MAX_STOP_BYTES);
    return true;
}

static bool read_stops(struct completion_request *r, const json_t *body,
                       const struct request_defaults *d, struct request_fault *f)
{
    const json_t *stop = json_object_get(body, "stop"), *each;
    size_t i;
    r->stops = options_stops(d->options);
    if (!stop || json_is_null(stop))
        return true;
    if (!json_is_array(stop))
        return add_stop(r, stop, "stop", f);
    json_array_foreach(stop, i, each)
    {
        char param[32];
        snprintf(param, sizeof param, "stop[%zu]", i);
        if (!add_stop(r, each, param, f))
            return false;
    }
    return true;
}

/* ---- what else ------------------------------------------------------------------------ */

static bool read_stream(struct completion_request *r, const json_t *body, struct request_fault *f)
{
    const json_t *o = json_object_get(body, "stream_options");
    if (!field_bool(body, "stream", &r->stream, f))
        return false;
    if (!o || json_is_null(o))
        return true;
    if (!json_is_object(o))
        return request_fault_set(f, "stream_options", "stream_options is %s, not an object",
                                 field_type(o));
    if (!field_bool(o, "include_usage", &r->include_usage, f)) {
        snprintf(f->param, sizeof f->param, "stream_options.include_usage");
        return false;
    }
    return true;
}

static bool refuse_others(const json_t *body, struct request_fault *f)
{
    const char *const model = "this is not offered";
    return field_refuse(body, "n", 1, "one answer per request is given", f) &&
           field_refuse(body, "best_of", 1, "one answer per request is given", f) &&
           field_refuse(body, "tools", -1, model, f) &&
           field_refuse(body, "functions", -1, model, f) &&
           field_refuse(body, "logprobs", -1, model, f) &&
           field_refuse(body, "logit_bias", -1, model, f) &&
           field_refuse(body, "echo", -1, model, f) && field_refuse(body, "suffix", -1, model, f) &&
           field_refuse(body, "audio", -1, model, f);
}

static bool read_model(const json_t *body, struct request_fault *f)
{
    const json_t *name = json_object_get(body, "model");
    return !name || json_is_null(name) || json_is_string(name) ||
           request_fault_set(f, "model", "model is %s, not a text", field_type(name));
}

/* vLLM's and llama.cpp's switch, and OpenAI's. */
static bool read_thinking(struct thinking_request *t, const json_t *body,
                          const struct request_defaults *d, struct request_fault *f)
{
    const json_t *kwargs = json_object_get(body, "chat_template_kwargs");
    const json_t *effort = json_object_get(body, "reasoning_effort");
    const json_t *on = json_object_get(kwargs, "enable_thinking");
    *t = options_thinking(d->options);
    if (json_is_boolean(on))
        t->mode = json_is_true(on) ? THINK_ON : THINK_OFF;
    if (!effort || json_is_null(effort))
        return true;
    const char *name = json_string_value(effort);
    if (!name)
        return request_fault_set(f, "reasoning_effort", "reasoning_effort is %s, not a text",
                                 field_type(effort));
    if (strcmp(name, "none") == 0)
        t->mode = THINK_OFF;
    else if (strcmp(name, "minimal") == 0)
        t->mode = THINK_LOW;
    else if (!think_mode_from_name(name, &t->mode))
        return request_fault_set(f, "reasoning_effort",
                                 "reasoning_effort is none of none, minimal, low, medium, high");
    return true;
}

/* ---- the prompt ----------------------------------------------------------------------- */

static bool too_long(struct request_fault *f, const char *param, const char *has, uint32_t ctx_len)
{
    request_fault_set(f, param, "%s: the context of %u tokens has no room for it%s and an answer",
                      param, ctx_len, has);
    f->code = "context_length_exceeded";
    return false;
}

static bool may_fit(size_t bytes, const char *param, const struct served_model *m,
                    struct request_fault *f)
{
    return bytes <= (size_t)m->ctx_len * BYTES_PER_TOKEN + BYTES_MORE ||
           too_long(f, param, "", m->ctx_len);
}

static size_t chat_bytes(const struct chat *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += c->messages[i].text.len + c->messages[i].thinking.len;
    return n;
}

static bool render_chat(struct completion_request *r, const struct chat *c, const json_t *body,
                        const struct request_defaults *d, struct request_fault *f)
{
    const struct served_model *m = d->model;
    const struct chat_message *last = &c->messages[c->n - 1];
    struct thinking_request thinking;
    struct error err;
    if (!read_thinking(&thinking, body, d, f) || !may_fit(chat_bytes(c), "messages", m, f))
        return false;
    if (!m->template.program)
        return request_fault_set(f, "messages",
                                 "messages: this is a base model, which has no chat template; "
                                 "/v1/completions continues texts");
    if (!chat_render_turn(c, &m->template, m->tokenizer, &thinking, &r->ids, &r->start, &err))
        return request_fault_set(f, "messages", "messages: %s", err.text);
    r->continues = last->role == CHAT_ASSISTANT && last->text.len + last->thinking.len > 0;
    if (r->continues)
        buf_append(&r->begun, last->text.data, last->text.len);
    if (!m->template.thinking.kind && !r->continues)
        r->start.state = THINKING_BEFORE;
    r->thinking = m->template.thinking.kind ? &m->template.thinking : &m->by_answers;
    r->n_said = answer_ends_said(&m->template, &r->ids);
    return true;
}

static bool read_chat(struct completion_request *r, const json_t *body,
                      const struct request_defaults *d, struct request_fault *f)
{
    struct chat chat = {0};
    bool ok = request_messages_read(&chat, body, f) && render_chat(r, &chat, body, d, f);
    chat_free(&chat);
    return ok;
}

/* A text to be continued, as the model's own tokenizer takes it: special tokens and prefix
 * included. */
static bool read_prompt(struct completion_request *r, const json_t *body,
                        const struct request_defaults *d, struct request_fault *f)
{
    const struct served_model *m = d->model;
    const json_t *prompt = json_object_get(body, "prompt");
    struct error err;
    if (json_is_array(prompt) && json_array_size(prompt) == 1)
        prompt = json_array_get(prompt, 0);
    if (!json_is_string(prompt))
        return request_fault_set(f, "prompt", "prompt is %s, not a text",
                                 prompt ? field_type(prompt) : "not there");
    const struct text_span span = {json_string_value(prompt), json_string_length(prompt), true};
    if (!may_fit(span.len, "prompt", m, f))
        return false;
    tokenizer_push_prefix(m->tokenizer, &r->ids);
    if (span.len > 0 && !tokenizer_encode(m->tokenizer, &span, 1, &r->ids)) {
        tokenizer_gave_up(&err);
        return request_fault_set(f, "prompt", "prompt: %s", err.text);
    }
    r->continues = span.len > 0;
    r->thinking = &m->no_thinking;
    return true;
}

static bool read_length(struct completion_request *r, const json_t *body,
                        const struct request_defaults *d, struct request_fault *f)
{
    const struct served_model *m = d->model;
    const char *param = r->is_chat ? "messages" : "prompt";
    int64_t max = d->max_tokens ? d->max_tokens : m->ctx_len;
    char has[40];
    const json_t *completion = json_object_get(body, "max_completion_tokens");
    const char *const name =
        completion && !json_is_null(completion) ? "max_completion_tokens" : "max_tokens";
    if (!field_integer(body, "max_tokens", -1, UINT32_MAX, &max, f) ||
        !field_integer(body, "max_completion_tokens", -1, UINT32_MAX, &max, f))
        return false;
    if (max == 0)
        return request_fault_set(f, name, "%s is 0: an answer has a token at least", name);
    if (max < 0) /* as other servers take it: no limit */
        max = m->ctx_len;
    if (r->ids.n == 0 && m->model->config.bos >= 0) /* nothing at all was said: the model begins */
        ids_push(&r->ids, m->model->config.bos);
    if (r->ids.n == 0)
        return request_fault_set(f, param, "%s: there is no text to answer", param);
    snprintf(has, sizeof has, ", %zu tokens,", r->ids.n);
    if (r->ids.n >= m->ctx_len)
        return too_long(f, param, has, m->ctx_len);
    if (d->max_tokens && max > d->max_tokens)
        max = d->max_tokens;
    r->max_tokens = max < m->ctx_len ? (uint32_t)max : m->ctx_len;
    return true;
}

bool completion_request_read(struct completion_request *r, bool is_chat, const json_t *body,
                             const struct request_defaults *d, struct request_fault *f)
{
    *r = (struct completion_request){.is_chat = is_chat};
    if (!json_is_object(body))
        return request_fault_set(f, "", "the body is %s, not an object", field_type(body));
    bool ok = read_model(body, f) && read_sampling(r, body, d, f) && read_stops(r, body, d, f) &&
              read_stream(r, body, f) && refuse_others(body, f) &&
              request_shape_read(&r->grammar, body, f) &&
              (is_chat ? read_chat : read_prompt)(r, body, d, f) && read_length(r, body, d, f);
    if (!ok)
        completion_request_free(r);
    return ok;
}
