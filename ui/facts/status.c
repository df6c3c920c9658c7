/* SPDX-License-Identifier: MIT */
#include "status.h"

#include <stdarg.h>

#include "units.h"

const enum option_id sliders[N_SLIDERS] = {
    OPT_TEMPERATURE, OPT_TOP_P,          OPT_MAX_TOKENS,   OPT_TOP_K,
    OPT_MIN_P,       OPT_REPEAT_PENALTY, OPT_THINK_TOKENS,
};

double status_prompt_rate(const struct turn_stats *s)
{
    double n = s->n_tokens && s->n_prompt > s->n_reused ? s->n_prompt - s->n_reused : 0;
    return s->prompt_ms > 0 ? n * 1000 / (double)s->prompt_ms : 0;
}

double status_mean_rate(const struct status *f)
{
    return f->all.ms > 0 ? (double)f->all.n_tokens * 1000 / f->all.ms : 0;
}

uint32_t status_context_used(const struct status *f)
{
    return f->n_ctx_used ? f->n_ctx_used : f->n_ctx_before;
}

bool status_context_warns(const struct status *f)
{
    return f->ctx_len &&
           (uint64_t)status_context_used(f) * 100 >= (uint64_t)f->ctx_len * CONTEXT_WARN_PERCENT;
}

const char *status_way(const struct status *f)
{
    return f->remote.is_open ? "not encrypted" : f->remote.is_here ? "this machine" : "encrypted";
}

/* An engine elsewhere takes no limit for its thinking. */
int status_n_sliders(const struct status *f)
{
    return f->can_think.kind && !f->remote.host[0] ? N_SLIDERS : N_SLIDERS - 1;
}

const char *status_stop_name(enum stop_reason stop)
{
    switch (stop) {
    case STOP_END: return "end of answer";
    case STOP_LENGTH: return "max tokens";
    case STOP_CONTEXT: return "context full";
    case STOP_TEXT: return "stop text";
    case STOP_CANCELLED: return "you";
    case STOP_CUT: return "a cut connection";
    case STOP_FAILED: return "an error";
    case STOP_NONE: break;
    }
    return "-";
}

/* ---- the report ----------------------------------------------------------------------- */

void status_row(struct buf *out, bool columns, const char *left, const char *format, ...)
{
    char value[96];
    va_list args;
    va_start(args, format);
    vsnprintf(value, sizeof value, format, args);
    va_end(args);
    buf_printf(out, columns ? "  %-14s %s\n" : "%s: %s\n", left, value);
}

static void report_remote_turn(const struct status *f, bool columns, struct buf *out)
{
    char a[32], b[32];
    const struct turn_stats *s = &f->last;
    const char *about = s->is_estimate ? "about " : "";
    if (!s->n_tokens) {
        buf_puts(out, "No answer yet\n");
        return;
    }
    buf_puts(out, "The last answer, as it came here\n");
    if (s->n_prompt)
        status_row(out, columns, "prompt", "%u tokens, %u of them already evaluated", s->n_prompt,
                   s->n_reused);
    status_row(out, columns, "first token", "%s", format_ms(s->first_token_ms, a, sizeof a));
    status_row(out, columns, "answer", "%s%u tokens, %s, %s", about, s->n_tokens,
               format_ms(s->generate_ms, a, sizeof a), format_rate(s->tokens_per_s, b, sizeof b));
    if (s->n_thinking > 0)
        status_row(out, columns, "of it thinking", "%s%u tokens, %s", about, s->n_thinking,
                   format_ms(s->thinking_ms, a, sizeof a));
    status_row(out, columns, "stopped by", "%s", status_stop_name(f->stop));
}

static void report_remote(const struct status *f, bool columns, struct buf *out)
{
    char a[32];
    report_remote_turn(f, columns, out);
    buf_puts(out, "\nThe engine\n");
    status_row(out, columns, "computed by", "%s", f->remote.host);
    status_row(out, columns, "model", "%s", f->remote.model);
    status_row(out, columns, "way there", "%s", status_way(f));
    status_row(out, columns, "resident here", "%s", format_bytes(f->memory.rss_bytes, a, sizeof a));
}

static void report_turn(const struct status *f, bool columns, struct buf *out)
{
    char a[32], b[32];
    const struct turn_stats *s = &f->last;
    if (!s->n_prompt) {
        buf_puts(out, "No answer yet\n");
        return;
    }
    buf_puts(out, "The last answer\n");
    status_row(out, columns, "prompt", "%u tokens, %u of them already evaluated", s->n_prompt,
               s->n_reused);
    status_row(out, columns, "reading", "%s, %s", format_ms(s->prompt_ms, a, sizeof a),
               format_rate(status_prompt_rate(s), b, sizeof b));
    status_row(out, columns, "first token", "%s", format_ms(s->first_token_ms, a, sizeof a));
    status_row(out, columns, "answer", "%u tokens, %s, %s", s->n_tokens,
               format_ms(s->generate_ms, a, sizeof a), format_rate(s->tokens_per_s, b, sizeof b));
    if (s->n_thinking > 0)
        status_row(out, columns, "of it thinking", "%u tokens, %s", s->n_thinking,
                   format_ms(s->thinking_ms, a, sizeof a));
    status_row(out, columns, "all answers", "%llu tokens, %s", (unsigned long long)f->all.n_tokens,
               format_rate(status_mean_rate(f), a, sizeof a));
    if (s->n_drafted > 0)
        status_row(out, columns, "drafted", "%u tokens, %u accepted; %u passes", s->n_drafted,
                   s->n_accepted, s->n_passes);
    if (s->miss_rate > 0)
        status_row(out, columns, "experts", "%.1f %% read from the disk",
                   100 * (double)s->miss_rate);
    status_row(out, columns, "stopped by", "%s", status_stop_name(f->stop));
    status_row(out, columns, "context", "%u of %u tokens", f->n_ctx_used, f->ctx_len);
}

static void report_model(const struct status *f, bool columns, struct buf *out)
{
    char a[32], b[32], c[32];
    buf_puts(out, "\nThe model\n");
    status_row(out, columns, "file", "%s", format_bytes(f->model_bytes, a, sizeof a));
    status_row(out, columns, "KV cache", "%s", format_bytes(f->kv_bytes, a, sizeof a));
    status_row(out, columns, "as FP32", "%s", format_bytes(f->f32_bytes, a, sizeof a));
    status_row(out, columns, "template", "%s", f->template ? f->template : "-");
    status_row(out, columns, "resident", "%s: private %s, mapped %s",
               format_bytes(f->memory.rss_bytes, a, sizeof a),
               format_bytes(f->memory.private_bytes, b, sizeof b),
               format_bytes(f->memory.mapped_bytes, c, sizeof c));
    status_row(out, columns, "device", "CPU, %s, %u %s", f->cpu_level ? f->cpu_level : "-",
               f->n_threads, f->n_threads == 1 ? "thread" : "threads");
}

void status_report(const struct status *f, bool columns, struct buf *out)
{
    if (f->remote.host[0]) {
        report_remote(f, columns, out);
        return;
    }
    report_turn(f, columns, out);
    report_model(f, columns, out);
}
