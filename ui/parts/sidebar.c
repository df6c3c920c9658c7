/* SPDX-License-Identifier: MIT */
#include "sidebar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

static const char *const slider_labels[N_SLIDERS] = {
    "Temperature", "Top-p", "Max tokens", "Top-k", "Min-p", "Repetition", "Think limit",
};
static const char *const slider_short[N_SLIDERS] = {"temp",  "top-p", "max",  "top-k",
                                                    "min-p", "rep",   "think"};

/* ---- numbers -------------------------------------------------------------------------- */

static double fraction(double part, double whole)
{
    double x = whole > 0 ? part / whole : 0;
    return x > 0 ? x < 1 ? x : 1 : 0;
}

static double reading_rate(const struct status *f)
{
    double n = f->done > f->n_read_before ? (double)(f->done - f->n_read_before) : 0;
    return f->reading_ms > 0 ? n * 1000 / f->reading_ms : 0;
}

char *sidebar_state(const struct status *f, char *out, size_t size)
{
    unsigned long long done = f->done, total = f->total;
    switch (f->state) {
    case STATE_LOADING:
        if (f->step[0] && !total)
            snprintf(out, size, "%.20s", f->step);
        else if (total)
            snprintf(out, size, "Loading %.0f %%", 100 * fraction((double)done, (double)total));
        else
            snprintf(out, size, "Loading");
        break;
    case STATE_READING:
        if (f->remote.host[0])
            snprintf(out, size, "Waiting");
        else if (total)
            snprintf(out, size, "Reading prompt %llu/%llu", done, total);
        else
            snprintf(out, size, "Reading prompt");
        break;
    case STATE_ANSWERING: snprintf(out, size, f->thinking ? "Thinking" : "Answering"); break;
    case STATE_MEASURING: snprintf(out, size, "Measuring"); break;
    case STATE_COMPARING:
        if (total)
            snprintf(out, size, "%.14s %.0f %%", f->step[0] ? f->step : "Comparing",
                     100 * fraction((double)done, (double)total));
        else
            snprintf(out, size, "Comparing");
        break;
    case STATE_READY: snprintf(out, size, "Ready"); break;
    }
    return out;
}

enum { TALL = 31 }; /* rows that have room for tracks below the main sliders */

/* ---- lines ---------------------------------------------------------------------------- */

struct lines {
    struct sidebar_line *lines;
    int importance[SIDEBAR_MAX_LINES]; /* the lowest goes first; 9 stays */
    int n;
};

static struct sidebar_line *add(struct lines *l, int importance, enum line_kind kind,
                                const char *label, const char *value)
{
    struct sidebar_line *line = &l->lines[l->n];
    l->importance[l->n++] = importance;
    *line = (struct sidebar_line){.kind = kind, .slider = -1};
    snprintf(line->label, sizeof line->label, "%s", label);
    snprintf(line->value, sizeof line->value, "%.*s", (int)sizeof line->value - 1, value);
    return line;
}

static void add_loading(struct lines *l, const struct status *f)
{
    char text[40], done[16], total[16];
    if (!f->total)
        return;
    add(l, 5, LINE_BAR, "", "")->fraction = fraction((double)f->done, (double)f->total);
    snprintf(text, sizeof text, "%s of %s", format_bytes(f->done, done, sizeof done),
             format_bytes(f->total, total, sizeof total));
    add(l, 6, LINE_PAIR, f->step[0] ? "Got" : "Read", text);
}

static void add_reading(struct lines *l, const struct status *f)
{
    char text[40];
    double rate = reading_rate(f), left = f->total > f->done ? (double)(f->total - f->done) : 0;
    add(l, 5, LINE_BAR, "", "")->fraction = fraction((double)f->done, (double)f->total);
    add(l, 8, LINE_PAIR, "Reading", format_rate(rate, text, sizeof text));
    add(l, 7, LINE_PAIR, "Time left",
        format_ms(rate > 0 ? left * 1000 / rate : 0, text, sizeof text));
    if (f->n_read_before) {
        snprintf(text, sizeof text, "%u tokens", f->n_read_before);
        add(l, 4, LINE_PAIR, "From the cache", text);
    }
}

/* What is not known yet has no line. */
static void add_answer(struct lines *l, const struct status *f)
{
    char text[40], number[24];
    if (f->state != STATE_READY || f->last.tokens_per_s <= 0)
        add(l, 8, LINE_PAIR, "Speed", format_rate(f->now_tokens_per_s, text, sizeof text));
    if (f->speed.n)
        add(l, 3, LINE_GRAPH, "", "")->spark = &f->speed;
    if (f->last.tokens_per_s > 0)
        add(l, 5, LINE_PAIR, "Last answer", format_rate(f->last.tokens_per_s, text, sizeof text));
    if (status_mean_rate(f) > 0)
        add(l, 3, LINE_PAIR, "All answers", format_rate(status_mean_rate(f), text, sizeof text));
    if (f->last.first_token_ms > 0)
        add(l, 4, LINE_PAIR, "First token", format_ms(f->last.first_token_ms, text, sizeof text));
    if (f->last.miss_rate > 0) {
        snprintf(text, sizeof text, "%.1f %%", 100 * (double)f->last.miss_rate);
        add(l, 6, LINE_PAIR, "Experts read", text);
    }
    if (f->last.n_prompt) {
        snprintf(number, sizeof number, f->last.n_kept ? ", %u from disk" : ", %u cached",
                 f->last.n_reused);
        snprintf(text, sizeof text, "%u%s", f->last.n_prompt, f->last.n_reused ? number : "");
        add(l, 3, LINE_PAIR, "Prompt", text);
        if (status_prompt_rate(&f->last) > 0)
            add(l, 2, LINE_PAIR, "  read at",
                format_rate(status_prompt_rate(&f->last), text, sizeof text));
    }
    if (f->stop != STOP_NONE && f->state == STATE_READY)
        add(l, 3, LINE_PAIR, "Stopped by", status_stop_name(f->stop));
}

static void add_context(struct lines *l, const struct status *f)
{
    char text[40];
    if (f->ctx_len)
        snprintf(text, sizeof text, "%s%u / %u", f->n_ctx_used < status_context_used(f) ? "~" : "",
                 status_context_used(f), f->ctx_len);
    else
        snprintf(text, sizeof text, "-");
    add(l, 6, LINE_PAIR, "Context", text);
    double fill = fraction(status_context_used(f), f->ctx_len);
    snprintf(text, sizeof text, "%.0f %%%s", floor(100 * fill), status_context_warns(f) ? "!" : "");
    struct sidebar_line *bar = add(l, status_context_warns(f) ? 8 : 5, LINE_BAR, "", text);
    bar->fraction = fill;
    bar->warn = status_context_warns(f);
}

static void add_speed(struct lines *l, const struct status *f)
{
    char text[40];
    add(l, 9, LINE_STATE, sidebar_state(f, text, sizeof text), "");
    if (f->state == STATE_LOADING)
        add_loading(l, f);
    else if (f->state == STATE_READING && !f->remote.host[0])
        add_reading(l, f);
    else if (f->state != STATE_READING)
        add_answer(l, f);
    if (!f->remote.host[0])
        add_context(l, f);
}

/* Who computes, if it is not this machine. */
static void add_remote(struct lines *l, const struct status *f)
{
    char text[64];
    add(l, 3, LINE_HEADING, "Computed by", "");
    snprintf(text, sizeof text, "%.38s", f->remote.host);
    add(l, 9, LINE_PAIR, "", text);
    if (f->remote.model[0]) {
        snprintf(text, sizeof text, "%.38s", f->remote.model);
        add(l, 6, LINE_PAIR, "", text);
    }
    add(l, f->remote.is_open ? 8 : 4, LINE_PAIR, "Way there", status_way(f));
}

static void add_memory(struct lines *l, const struct status *f)
{
    char text[40], number[24];
    add(l, 3, LINE_HEADING, "Memory", "");
    add(l, 7, LINE_PAIR, "Resident", format_bytes(f->memory.rss_bytes, text, sizeof text));
    if (f->rss.n) {
        struct sidebar_line *line = add(l, 2, LINE_GRAPH, "", "");
        line->spark = &f->rss;
        line->zoom = true;
    }
    add(l, 4, LINE_PAIR, "  private", format_bytes(f->memory.private_bytes, text, sizeof text));
    add(l, 4, LINE_PAIR, "  mapped", format_bytes(f->memory.mapped_bytes, text, sizeof text));
    add(l, 4, LINE_PAIR, "KV cache", format_bytes(f->kv_bytes, text, sizeof text));
    add(l, 6, LINE_PAIR, "Model file", format_bytes(f->model_bytes, text, sizeof text));
    format_bytes(f->f32_bytes, number, sizeof number);
    if (f->f32_bytes && f->model_bytes)
        snprintf(text, sizeof text, "%s, %.1fx", number,
                 (double)f->f32_bytes / (double)f->model_bytes);
    else
        snprintf(text, sizeof text, "%s", number);
    add(l, 5, LINE_PAIR, "As FP32", text);
    if (f->cpu_level)
        snprintf(text, sizeof text, "%.12s, %u %s", f->cpu_level, f->n_threads,
                 f->n_threads == 1 ? "thread" : "threads");
    else
        snprintf(text, sizeof text, "-");
    add(l, 3, LINE_PAIR, "CPU", text);
    if (f->template && strcmp(f->template, "own") != 0) {
        snprintf(text, sizeof text, "%.20s", f->template);
        add(l, 3, LINE_PAIR, "Template", text);
    }
}

static double track(const struct options *o, enum option_id id)
{
    const struct option_row *row = &option_table[id];
    return fraction(options_number(o, id) - row->slider_min, row->slider_max - row->slider_min);
}

static const char *preset_name(const struct options *o)
{
    for (int i = 0; i < N_SLIDERS; i++)
        if (options_source(o, sliders[i]) == SOURCE_USER)
            return "changed";
    const char *preset = options_text(o, OPT_PRESET), *slash = strrchr(preset, '/');
    return slash ? slash + 1 : *preset ? preset : "default";
}

/* What a slider stands at, or what is being typed for it. */
static void slider_value(const struct status *f, const struct options *o, int i, const char *typed,
                         char *value, size_t size)
{
    const char *star = f->changed & 1u << i ? "*" : "";
    char *number = options_format(o, sliders[i]);
    if (*typed)
        snprintf(value, size, "%.12s_", typed);
    else if (sliders[i] == OPT_THINK_TOKENS && options_number(o, sliders[i]) <= 0)
        snprintf(value, size, "%snone", star);
    else
        snprintf(value, size, "%s%.20s", star, number);
    free(number);
}

/* "on", "high": what the model is asked for; NULL: it does not think. */
static const char *thinking_mode(const struct status *f, const struct options *o)
{
    return f->can_think.kind ? options_text(o, OPT_THINK) : NULL;
}

static void add_sliders(struct lines *l, const struct status *f, const struct options *o,
                        int selected, const char *typed, bool tall)
{
    unsigned limit = 1u << (N_SLIDERS - 1); /* of the thinking, which has begun or is over */
    bool now = f->state == STATE_ANSWERING && f->changed & ~limit && !f->remote.host[0];
    const char *when = now ? "* next token" : "* next answer";
    /* A name is somebody else's text; view sanitises it as it does every label and value. */
    add(l, 4, LINE_HEADING, "Sampling", f->changed ? when : preset_name(o));
    for (int i = 0; i < status_n_sliders(f); i++) {
        char value[24];
        slider_value(f, o, i, i == selected ? typed : "", value, sizeof value);
        if (sliders[i] == OPT_THINK_TOKENS)
            add(l, 0, LINE_PAIR, "Thinking", thinking_mode(f, o));
        bool two_lines = tall && i < 3;
        struct sidebar_line *line =
            add(l,
                i == selected                    ? 9
                : i < 3                          ? 8
                : sliders[i] == OPT_THINK_TOKENS ? 0
                                                 : 2,
                two_lines ? LINE_VALUE : LINE_SLIDER, slider_labels[i], value);
        line->slider = i;
        line->fraction = track(o, sliders[i]);
        if (two_lines) {
            double at = line->fraction;
            line = add(l, 1, LINE_TRACK, "", "");
            line->slider = i;
            line->fraction = at;
        }
    }
}

static void drop(struct lines *l, int i)
{
    memmove(l->lines + i, l->lines + i + 1, (size_t)(l->n - i - 1) * sizeof *l->lines);
    memmove(l->importance + i, l->importance + i + 1,
            (size_t)(l->n - i - 1) * sizeof *l->importance);
    l->n--;
}

/* Drops the least important lines, the lowest first, until at most `height` are left. */
static void squeeze(struct lines *l, int height)
{
    for (int importance = 0; importance <= 9 && l->n > height; importance++)
        for (int i = l->n - 1; i >= 0 && l->n > height; i--)
            if (l->importance[i] == importance)
                drop(l, i);
}

/* If the line that tells it has no room, it stands beside the state. */
static void add_thinking(struct lines *l, const struct status *f, const struct options *o)
{
    enum { CELLS = 26 }; /* of the narrowest sidebar */
    const char *mode = thinking_mode(f, o);
    struct sidebar_line *state = l->lines;
    for (int i = 0; i < l->n; i++)
        if (l->lines[i].kind == LINE_PAIR && strcmp(l->lines[i].label, "Thinking") == 0)
            mode = NULL;
    if (mode && l->n && strlen(state->label) + strlen(mode) + 8 <= CELLS)
        snprintf(state->value, sizeof state->value, "think %s", mode);
}

int sidebar_lines(const struct status *f, const struct options *o, int selected, const char *typed,
                  int height, struct sidebar_line *lines)
{
    struct lines l = {.lines = lines};
    add_speed(&l, f);
    add(&l, 0, LINE_BLANK, "", "");
    if (f->remote.host[0])
        add_remote(&l, f);
    else
        add_memory(&l, f);
    add(&l, 0, LINE_BLANK, "", "");
    /* By the height alone: lines that come and go must not change the sliders' form. */
    add_sliders(&l, f, o, selected, typed, height >= TALL);
    squeeze(&l, height > 0 ? height : 0);
    add_thinking(&l, f, o);
    return l.n;
}

void sidebar_status(const struct status *f, const struct options *o, int selected,
                    const char *typed, struct buf *out)
{
    char text[48];
    buf_printf(out, "%s", sidebar_state(f, text, sizeof text));
    double rate = f->state == STATE_READING     ? reading_rate(f)
                  : f->state == STATE_ANSWERING ? (double)f->now_tokens_per_s
                                                : (double)f->last.tokens_per_s;
    if (rate > 0)
        buf_printf(out, "  %s", format_rate(rate, text, sizeof text));
    slider_value(f, o, selected, typed, text, sizeof text);
    buf_printf(out, "  [%s %s]", slider_short[selected], text);
    if (f->ctx_len)
        buf_printf(out, "  ctx %.0f %%%s",
                   floor(100 * fraction(status_context_used(f), f->ctx_len)),
                   status_context_warns(f) ? "!" : "");
    if (f->remote.host[0])
        buf_printf(out, "  %s%s", f->remote.host, f->remote.is_open ? ", not encrypted" : "");
    else if (f->memory.rss_bytes)
        buf_printf(out, "  RSS %s", format_bytes(f->memory.rss_bytes, text, sizeof text));
    if (f->can_think.kind)
        buf_printf(out, "  think %s", thinking_mode(f, o));
}
