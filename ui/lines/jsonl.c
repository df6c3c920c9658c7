/* SPDX-License-Identifier: MIT */
#include "jsonl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "sanitise.h"

static json_t *event_json(const char *name)
{
    json_t *line = json_object();
    json_object_set_new(line, "event", json_string(name));
    return line;
}

/* JSON takes UTF-8 alone; any other text as a screen would show it. */
static void add_text(json_t *line, const char *key, const char *text, size_t n)
{
    json_t *value = json_stringn(text, n);
    if (!value) {
        char *shown = sanitise_text(text, n, false);
        value = json_string(shown);
        free(shown);
    }
    json_object_set_new(line, key, value);
}

static void add_integer(json_t *line, const char *key, uint64_t x)
{
    json_object_set_new(line, key, json_integer((json_int_t)x));
}

static void add_number(json_t *line, const char *key, double x)
{
    json_object_set_new(line, key, isfinite(x) ? json_real(x) : json_null());
}

static void put(struct output *out, json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
    char *whole = xasprintf("%s\n", text);
    output_text(out, whole, strlen(whole));
    free(whole);
    free(text);
    json_decref(line);
}

static void start_remote(struct output *out, const struct engine_remote_info *r)
{
    json_t *line = event_json("start");
    add_text(line, "model", r->model, strlen(r->model));
    add_text(line, "server", r->host, strlen(r->host));
    json_object_set_new(line, "encrypted", json_boolean(!r->is_open && !r->is_here));
    put(out, line);
}

void jsonl_start(struct output *out, const struct engine_info *info, const char *model)
{
    if (info->remote.host) {
        start_remote(out, &info->remote);
        return;
    }
    json_t *line = event_json("start");
    add_text(line, "model", model, strlen(model));
    add_text(line, "format", info->format, strlen(info->format));
    add_text(line, "template", info->template, strlen(info->template));
    const char *kind = info->thinking.kind ? info->thinking.kind : "none";
    add_text(line, "thinking", kind, strlen(kind));
    add_integer(line, "model_bytes", info->file_bytes);
    add_integer(line, "context", info->ctx_len);
    add_integer(line, "threads", info->n_threads);
    add_text(line, "cpu", info->cpu_level, strlen(info->cpu_level));
    add_number(line, "load_ms", info->load_ms);
    put(out, line);
}

static const char *stop_name(enum stop_reason stop)
{
    switch (stop) {
    case STOP_LENGTH: return "max_tokens";
    case STOP_CONTEXT: return "context";
    case STOP_CANCELLED: return "cancelled";
    case STOP_TEXT: return "stop";
    case STOP_CUT: return "cut";
    case STOP_FAILED: return "error";
    default: return "end";
    }
}

static void add_evaluation(json_t *line, const struct turn_stats *s)
{
    add_integer(line, "context_used", s->n_ctx_used);
    add_integer(line, "passes", s->n_passes);
    add_integer(line, "guessed_tokens", s->n_drafted);
    add_integer(line, "right_tokens", s->n_accepted);
    add_number(line, "prompt_ms", (double)s->prompt_ms);
}

/* text: the whole answer. */
static void put_done(struct output *out, const struct event *e, const struct buf *text)
{
    const struct turn_stats *s = &e->stats;
    json_t *line = event_json("done");
    const char *stop = stop_name(e->stop);
    add_integer(line, "turn", e->turn);
    add_text(line, "stop", stop, strlen(stop));
    json_object_set_new(line, "incomplete",
                        json_boolean(e->stop != STOP_END && e->stop != STOP_TEXT));
    add_text(line, "text", text->len ? text->data : "", text->len);
    add_integer(line, "prompt_tokens", s->n_prompt);
    add_integer(line, "reused_tokens", s->n_reused);
    if (!s->is_remote)
        add_integer(line, "kept_tokens", s->n_kept);
    add_integer(line, "tokens", s->n_tokens);
    if (s->is_estimate)
        json_object_set_new(line, "estimated", json_true());
    add_integer(line, "thinking_tokens", s->n_thinking);
    json_object_set_new(line, "in_thinking", json_boolean(s->in_thinking));
    if (!s->is_remote)
        add_evaluation(line, s);
    add_number(line, "first_token_ms", (double)s->first_token_ms);
    add_number(line, "thinking_ms", (double)s->thinking_ms);
    add_number(line, "generate_ms", (double)s->generate_ms);
    add_number(line, "tokens_per_s", (double)s->tokens_per_s);
    put(out, line);
}

void jsonl_event(struct output *out, const struct event *e, const struct buf *answer)
{
    json_t *line;
    switch (e->type) {
    case EVENT_LOADING:
    case EVENT_PROMPT:
        line = event_json(e->type == EVENT_LOADING ? "loading" : "prompt");
        if (e->turn)
            add_integer(line, "turn", e->turn);
        add_integer(line, "done", e->done);
        add_integer(line, "total", e->total);
        if (e->n_text)
            add_text(line, "step", e->text, e->n_text);
        put(out, line);
        break;
    case EVENT_THINKING:
    case EVENT_TEXT:
        line = event_json(e->type == EVENT_TEXT ? "text" : "thinking");
        add_integer(line, "turn", e->turn);
        add_text(line, "text", e->text, e->n_text);
        put(out, line);
        break;
    case EVENT_DONE: put_done(out, e, answer); break;
    default: break;
    }
}

void jsonl_error(struct output *out, const struct error *err)
{
    json_t *line = event_json("error");
    add_integer(line, "code", (uint64_t)err->code);
    add_text(line, "message", err->text, strlen(err->text));
    put(out, line);
}

void jsonl_notice(struct output *out, const char *text, size_t n)
{
    json_t *line = event_json("notice");
    add_text(line, "text", text, n);
    put(out, line);
}
