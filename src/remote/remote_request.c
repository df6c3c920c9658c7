/* SPDX-License-Identifier: MIT */
#include "remote_request.h"

#include <stdlib.h>
#include <string.h>

#include "mended.h"

enum { SEED_BITS = 31 }; /* what every engine takes */

static const char *const role_names[] = {"system", "user", "assistant"};

static json_t *messages_json(const struct chat *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->n; i++) {
        const struct chat_message *m = &c->messages[i];
        json_t *o = json_object();
        json_object_set_new(o, "role", json_string(role_names[m->role]));
        json_object_set_new(o, "content",
                            mended_string(m->text.len ? m->text.data : "", m->text.len));
        json_array_append_new(list, o);
    }
    return list;
}

static void set_number(json_t *o, const char *name, double value, double off)
{
    if (value != off)
        json_object_set_new(o, name, json_real(value));
}

/* A temperature of 0 is greedy everywhere. */
static void add_sampling(json_t *o, const struct sampling *s)
{
    json_object_set_new(o, "temperature", json_real((double)s->temperature));
    json_object_set_new(o, "top_p", json_real((double)s->top_p));
    if (s->top_k > 0)
        json_object_set_new(o, "top_k", json_integer(s->top_k));
    set_number(o, "min_p", (double)s->min_p, 0);
    set_number(o, "presence_penalty", (double)s->presence_penalty, 0);
    set_number(o, "frequency_penalty", (double)s->frequency_penalty, 0);
    set_number(o, "repeat_penalty", (double)s->repeat_penalty, 1);     /* llama.cpp, ollama */
    set_number(o, "repetition_penalty", (double)s->repeat_penalty, 1); /* vLLM */
}

static void add_stops(json_t *o, const struct stops *s)
{
    if (!s || s->n == 0)
        return;
    json_t *list = json_array();
    for (uint32_t i = 0; i < s->n; i++)
        json_array_append_new(list, mended_string(s->text[i], s->len[i]));
    json_object_set_new(o, "stop", list);
}

static void add_thinking(json_t *o, enum think_mode mode)
{
    static const char *const efforts[] = {
        [THINK_LOW] = "low", [THINK_MEDIUM] = "medium", [THINK_HIGH] = "high"};
    if (mode >= THINK_LOW)
        json_object_set_new(o, "reasoning_effort", json_string(efforts[mode]));
    else if (mode != THINK_AUTO)
        json_object_set_new(o, "chat_template_kwargs",
                            json_pack("{s:b}", "enable_thinking", mode == THINK_ON));
}

static bool is_any_object(const json_t *schema)
{
    const json_t *type = json_object_get(schema, "type");
    return json_object_size(schema) == 1 && json_is_string(type) &&
           strcmp(json_string_value(type), "object") == 0;
}

static void add_schema(json_t *o, const char *text)
{
    json_t *schema = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    if (!schema)
        return;
    json_object_set_new(o, "response_format",
                        is_any_object(schema) ? json_pack("{s:s}", "type", "json_object")
                                              : json_pack("{s:s, s:{s:s, s:b, s:O}}", "type",
                                                          "json_schema", "json_schema", "name",
                                                          "answer", "strict", 1, "schema", schema));
    json_decref(schema);
}

bool remote_request_continues(const struct chat *c)
{
    return c->n > 0 && c->messages[c->n - 1].role == CHAT_ASSISTANT;
}

bool remote_dialect_continues(enum remote_dialect d)
{
    return d != DIALECT_OPENAI;
}

/* qins-server goes on within a thought. */
static void add_thought(json_t *o, const struct chat *c)
{
    const struct chat_message *last = &c->messages[c->n - 1];
    json_t *message = json_array_get(json_object_get(o, "messages"), c->n - 1);
    if (last->thinking.len)
        json_object_set_new(message, "reasoning_content",
                            mended_string(last->thinking.data, last->thinking.len));
}

/* llama.cpp and qins-server go on with a last message of the assistant by themselves. */
static void add_continuation(json_t *o, const struct remote_request *r)
{
    if (!remote_request_continues(r->chat))
        return;
    if (r->dialect == DIALECT_QINS)
        add_thought(o, r->chat);
    if (r->dialect != DIALECT_VLLM)
        return;
    json_object_set_new(o, "add_generation_prompt", json_false());
    json_object_set_new(o, "continue_final_message", json_true());
}

char *remote_request_json(const struct remote_request *r)
{
    json_t *o = json_object();
    json_object_set_new(o, "model", mended_string(r->model, strlen(r->model)));
    json_object_set_new(o, "messages", messages_json(r->chat));
    json_object_set_new(o, "stream", json_true());
    if (!r->no_usage)
        json_object_set_new(o, "stream_options", json_pack("{s:b}", "include_usage", 1));
    if (r->max_tokens > 0)
        json_object_set_new(o, r->says_completion ? "max_completion_tokens" : "max_tokens",
                            json_integer(r->max_tokens));
    if (r->has_seed)
        json_object_set_new(o, "seed",
                            json_integer((json_int_t)(r->seed & ((1u << SEED_BITS) - 1))));
    add_sampling(o, r->sampling);
    add_stops(o, r->stops);
    add_thinking(o, r->thinking.mode);
    add_schema(o, r->schema);
    add_continuation(o, r);
    char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(o);
    return text;
}
