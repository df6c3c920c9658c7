/* SPDX-License-Identifier: MIT */
#include "thinking.h"

#include <jansson.h>
#include <string.h>

/* ---- modes ---------------------------------------------------------------------------- */

static const char *const modes[] = {
    [THINK_AUTO] = "auto", [THINK_ON] = "on",         [THINK_OFF] = "off",
    [THINK_LOW] = "low",   [THINK_MEDIUM] = "medium", [THINK_HIGH] = "high",
};

bool think_mode_from_name(const char *name, enum think_mode *mode)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(name, modes[i]) == 0) {
            *mode = (enum think_mode)i;
            return true;
        }
    return false;
}

/* ---- kinds ---------------------------------------------------------------------------- */

#define TAGS(tag_name, open_tag, close_tag)                                                        \
    {                                                                                              \
        .name = tag_name, .open_token = open_tag, .close_token = close_tag, .open = open_tag,      \
        .close = close_tag, .begin = open_tag "\n", .end = "\n" close_tag "\n\n", .answer = ""     \
    }

/* The first of which the template names a marker, or else the tokenizer has both. */
static const struct thinking_kind kinds[] = {
    {
        .name = "channel", /* gpt-oss */
        .open_token = "<|channel|>",
        .close_token = "<|message|>",
        .open = "<|channel|>analysis<|message|>",
        .close = "<|channel|>final<|message|>",
        .begin = "<|channel|>analysis<|message|>",
        .end = "<|end|><|start|>assistant<|channel|>final<|message|>",
        .answer = "<|channel|>final<|message|>",
        .channels = true,
    },
    {
        .name = "thought", /* Gemma 4 */
        .open_token = "<|channel>",
        .close_token = "<channel|>",
        .open = "<|channel>thought",
        .close = "<channel|>",
        .begin = "<|channel>thought\n",
        .end = "\n<channel|>",
        .answer = "",
        .anywhere = true,
    },
    {
        .name = "THINK", /* Ministral, Magistral */
        .open_token = "[THINK]",
        .close_token = "[/THINK]",
        .open = "[THINK]",
        .close = "[/THINK]",
        .begin = "[THINK]",
        .end = "[/THINK]",
        .answer = "",
        .anywhere = true,
        .in_blocks = true,
    },
    TAGS("seed:think", "<seed:think>", "</seed:think>"),              /* Seed-OSS */
    TAGS("mm:think", "<mm:think>", "</mm:think>"),                    /* MiniMax */
    TAGS("START_THINKING", "<|START_THINKING|>", "<|END_THINKING|>"), /* Command */
    TAGS("think", "<think>", "</think>"), /* Qwen3, SmolLM3, DeepSeek-R1, GLM ... */
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static bool holds(const char *text, size_t n, const char *part)
{
    return memmem(text, n, part, strlen(part)) != NULL;
}

void thinking_init(struct thinking *th, const char *template, size_t n, const struct tokenizer *t)
{
    *th = (struct thinking){.tokenizer = t};
    for (size_t i = 0; !th->kind && i < N_KINDS; i++)
        if (holds(template, n, kinds[i].open_token) || holds(template, n, kinds[i].close_token))
            th->kind = &kinds[i];
    for (size_t i = 0; !th->kind && i < N_KINDS; i++)
        if (!kinds[i].channels && tokenizer_find(t, kinds[i].open_token) >= 0 &&
            tokenizer_find(t, kinds[i].close_token) >= 0)
            th->kind = &kinds[i];
    if (!th->kind)
        return;
    th->open = tokenizer_find(t, th->kind->open_token);
    th->close = tokenizer_find(t, th->kind->close_token);
    if (th->open < 0 || th->close < 0)
        th->open = th->close = -1;
    th->start = tokenizer_find(t, "<|start|>");
    th->channel = th->open;
    th->message = th->close;
    th->end = tokenizer_find(t, "<|end|>");
    if (th->kind->channels && (th->channel < 0 || th->start < 0 || th->end < 0))
        *th = (struct thinking){.tokenizer = t}; /* headers are told by tokens alone */
}

/* ---- where a prompt ends -------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static size_t without_space(const char *text, size_t n)
{
    while (n && is_space(text[n - 1]))
        n--;
    return n;
}

static bool ends_in(const char *text, size_t n, const char *end)
{
    size_t len = strlen(end);
    return n >= len && memcmp(text + n - len, end, len) == 0;
}

enum thinking_state thinking_state_behind(const struct thinking *th, const char *text, size_t n,
                                          size_t *n_markers)
{
    const struct thinking_kind *k = th->kind;
    *n_markers = 0;
    if (!k)
        return THINKING_BEHIND;
    size_t at = without_space(text, n);
    if (ends_in(text, at, k->open)) {
        *n_markers = n - (at - strlen(k->open));
        return THINKING_INSIDE;
    }
    if (!ends_in(text, at, k->close))
        return THINKING_BEFORE;
    at -= strlen(k->close);
    size_t before = without_space(text, at);
    if (ends_in(text, before, k->open))
        at = before - strlen(k->open);
    *n_markers = n - at;
    return THINKING_BEHIND;
}

/* ---- what templates are given --------------------------------------------------------- */

json_t *thinking_members(const struct thinking *th, const struct buf *thinking,
                         const struct buf *text)
{
    if (!th->kind || !thinking->len)
        return NULL;
    json_t *thought = json_stringn(thinking->data, thinking->len);
    json_t *said = json_stringn(text->len ? text->data : "", text->len);
    json_t *members = NULL;
    if (thought && said && th->kind->in_blocks)
        members = json_pack("{s:[{s:s, s:O}, {s:s, s:O}]}", "content", "type", "thinking",
                            "thinking", thought, "type", "text", "text", said);
    else if (thought && said)
        members = json_pack("{s:O, s:O}", "reasoning_content", thought, "thinking", thought);
    json_decref(thought);
    json_decref(said);
    return members;
}

json_t *thinking_variables(const struct thinking_request *r)
{
    static const char *const efforts[] = {
        [THINK_LOW] = "low", [THINK_MEDIUM] = "medium", [THINK_HIGH] = "high"};
    bool on = r->mode != THINK_OFF;
    json_t *v = json_object();
    if (r->mode != THINK_AUTO)
        json_object_update_new(v, json_pack("{s:b, s:b, s:b, s:s}", "enable_thinking", on,
                                            "thinking", on, "reasoning", on, "thinking_mode",
                                            on ? "enabled" : "disabled"));
    if (r->mode >= THINK_LOW)
        json_object_set_new(v, "reasoning_effort", json_string(efforts[r->mode]));
    if (r->budget || !on)
        json_object_set_new(v, "thinking_budget", json_integer(on ? (json_int_t)r->budget : 0));
    return v;
}
