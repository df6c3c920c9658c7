/* SPDX-License-Identifier: MIT */
#include "metrics_text.h"

#include <inttypes.h>

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP qins_%s %s\n# TYPE qins_%s %s\n", name, help, name, type);
}

static void counter(struct buf *out, const char *name, const char *help, uint64_t n)
{
    head(out, name, "counter", help);
    buf_printf(out, "qins_%s %" PRIu64 "\n", name, n);
}

static void seconds(struct buf *out, const char *name, const char *help, double ms)
{
    head(out, name, "counter", help);
    buf_printf(out, "qins_%s %.6f\n", name, ms / 1e3);
}

static void gauge(struct buf *out, const char *name, const char *help, uint64_t n)
{
    head(out, name, "gauge", help);
    buf_printf(out, "qins_%s %" PRIu64 "\n", name, n);
}

void metrics_text(const struct scheduler_counts *c, const struct metrics_web *w, struct buf *out)
{
    counter(out, "prompt_tokens_total", "Tokens of prompts of ended answers.", c->n_prompt);
    counter(out, "prompt_tokens_cached_total", "Those that did not have to be evaluated.",
            c->n_cached);
    counter(out, "generated_tokens_total", "Tokens of answers.", c->n_generated);
    counter(out, "answers_total", "Answers that have ended, however.", c->n_answers);
    counter(out, "answers_cut_total", "Answers cut: the client has gone, or the server stops.",
            c->n_cut);
    counter(out, "answers_failed_total", "Answers that failed.", c->n_failed);
    counter(out, "requests_refused_total", "Requests refused since the queue was full.",
            c->n_refused);
    counter(out, "steps_total", "Passes over the weights for answers.", c->n_steps);
    counter(out, "step_tokens_total", "Tokens in these passes.", c->n_rows);
    seconds(out, "step_seconds_total", "Time of these passes, sampling included.", c->step_ms);
    seconds(out, "prompt_seconds_total", "Time of passes over prompts.", c->prompt_ms);
    gauge(out, "answers_running", "Requests that are being answered.", c->n_running);
    gauge(out, "requests_waiting", "Requests in the queue.", c->n_waiting);
    gauge(out, "kv_cache_tokens", "Tokens in the caches of all places.", c->kv_tokens);
    gauge(out, "kv_cache_bytes", "Memory that they take.", c->kv_bytes);
    gauge(out, "connections", "Open connections.", w->n_connections);
    head(out, "http_replies_total", "counter", "Replies by status.");
    for (int i = 0; i < METRICS_MAX_STATUS; i++)
        if (w->n_replies[i] > 0)
            buf_printf(out, "qins_http_replies_total{status=\"%d\"} %" PRIu64 "\n", i,
                       w->n_replies[i]);
}
