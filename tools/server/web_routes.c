/* SPDX-License-Identifier: MIT
 *
 * web_routes: what the server answers under each path.
 */
#include <string.h>

#include "json.h"
#include "request_fields.h"
#include "web_call.h"

static const struct served_model *model_of(const struct web_call *c)
{
    return web_options_of(c->server)->defaults.model;
}

static struct scheduler *scheduler_of(const struct web_call *c)
{
    return web_options_of(c->server)->scheduler;
}

enum MHD_Result web_health(struct web_call *c)
{
    if (scheduler_is_open(scheduler_of(c)))
        return web_reply_json(c, 200, json_pack("{s:s}", "status", "ok"));
    return web_reply_json(c, 503, json_pack("{s:s}", "status", "stopping"));
}

enum MHD_Result web_metrics(struct web_call *c)
{
    struct scheduler_counts counts;
    struct buf text = {0};
    scheduler_count(scheduler_of(c), &counts);
    metrics_text(&counts, web_metrics_of(c->server), &text);
    return web_reply_text(c, 200, "text/plain; version=0.0.4", &text);
}

static json_t *describe(const struct served_model *m)
{
    return json_pack("{s:o, s:s, s:i, s:s, s:I}", "id", json_clean_text(m->name, strlen(m->name)),
                     "object", "model", "created", 0, "owned_by", "qins", "max_model_len",
                     (json_int_t)m->ctx_len);
}

enum MHD_Result web_models(struct web_call *c)
{
    return web_reply_json(
        c, 200, json_pack("{s:s, s:[o]}", "object", "list", "data", describe(model_of(c))));
}

enum MHD_Result web_model(struct web_call *c)
{
    if (strcmp(c->name, model_of(c)->name) == 0)
        return web_reply_json(c, 200, describe(model_of(c)));
    request_fault_set(&c->fault, "model", "there is no such model; /v1/models says which there is");
    c->fault.status = 404;
    c->fault.code = "model_not_found";
    return web_reply_fault(c, &c->fault);
}

/* ---- bodies --------------------------------------------------------------------------- */

static json_t *parse_body(struct web_call *c)
{
    struct error err;
    json_t *body = json_parse(c->body.len ? c->body.data : "", c->body.len, "the body", &err);
    buf_free(&c->body);
    if (!body)
        request_fault_set(&c->fault, "", "%s", err.text);
    return body;
}

static json_t *ids_json(const struct ids *ids)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ids->n; i++)
        json_array_append_new(list, json_integer(ids->ids[i]));
    return list;
}

/* "content" is llama.cpp's name for the text, "prompt" vLLM's. */
static bool tokenize(struct web_call *c, const json_t *body, struct ids *ids)
{
    const struct served_model *m = model_of(c);
    const char *name =
        !json_object_get(body, "content") && json_object_get(body, "prompt") ? "prompt" : "content";
    const json_t *text = json_object_get(body, name);
    bool adds = false, parses = false;
    if (!json_is_object(body))
        return request_fault_set(&c->fault, "", "the body is %s, not an object", field_type(body));
    if (!json_is_string(text))
        return request_fault_set(&c->fault, name, "%s is %s, not a text", name,
                                 text ? field_type(text) : "not there");
    if (!field_bool(body, "add_special", &adds, &c->fault) ||
        !field_bool(body, "parse_special", &parses, &c->fault))
        return false;
    const struct text_span span = {json_string_value(text), json_string_length(text), parses};
    if (adds)
        tokenizer_push_prefix(m->tokenizer, ids);
    struct error err;
    if (span.len > 0 && !tokenizer_encode(m->tokenizer, &span, 1, ids)) {
        tokenizer_gave_up(&err);
        return request_fault_set(&c->fault, name, "%s: %s", name, err.text);
    }
    if (adds)
        tokenizer_push_suffix(m->tokenizer, ids);
    return true;
}

enum MHD_Result web_tokenize(struct web_call *c)
{
    struct ids ids = {0};
    json_t *body = parse_body(c);
    bool ok = body && tokenize(c, body, &ids);
    json_decref(body);
    enum MHD_Result result =
        ok ? web_reply_json(c, 200,
                            json_pack("{s:o, s:I, s:I}", "tokens", ids_json(&ids), "count",
                                      (json_int_t)ids.n, "max_model_len",
                                      (json_int_t)model_of(c)->ctx_len))
           : web_reply_fault(c, &c->fault);
    ids_free(&ids);
    return result;
}

static bool submit(struct web_call *c, bool is_chat)
{
    struct completion_request r;
    json_t *body = parse_body(c);
    bool ok = body && completion_request_read(&r, is_chat, body,
                                              &web_options_of(c->server)->defaults, &c->fault);
    json_decref(body);
    if (!ok)
        return false;
    answer_id_make(&c->id, is_chat, model_of(c)->name);
    if (web_submit(c, &r))
        return true;
    const bool is_open = scheduler_is_open(scheduler_of(c));
    request_fault_set(&c->fault, "", is_open ? "the queue is full; try again" : "the server stops");
    c->fault.status = 503;
    c->fault.code = is_open ? "overloaded" : NULL;
    return false;
}

static enum MHD_Result answer(struct web_call *c, bool is_chat)
{
    if (!c->x && !submit(c, is_chat))
        return web_reply_fault(c, &c->fault);
    return c->x->request.stream ? web_reply_stream(c) : web_reply_answer(c);
}

enum MHD_Result web_chat(struct web_call *c)
{
    return answer(c, true);
}

enum MHD_Result web_completion(struct web_call *c)
{
    return answer(c, false);
}
