/* SPDX-License-Identifier: MIT */
#include "chat.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"

/* ---- conversation --------------------------------------------------------------------- */

struct chat_message *chat_add(struct chat *c, enum chat_role role, const char *text, size_t len)
{
    c->messages = xgrow(c->messages, c->n, &c->cap, sizeof *c->messages);
    struct chat_message *m = &c->messages[c->n++];
    *m = (struct chat_message){.role = role};
    buf_append(&m->text, text, len);
    return m;
}

void chat_cut(struct chat *c, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        buf_free(&c->messages[i].text);
        ids_free(&c->messages[i].ids);
    }
    if (first < end && end < c->n)
        memmove(c->messages + first, c->messages + end, (c->n - end) * sizeof *c->messages);
    c->n -= end - first;
}

void chat_truncate(struct chat *c, size_t n)
{
    if (n < c->n)
        chat_cut(c, n, c->n);
}

void chat_copy(struct chat *to, const struct chat *from)
{
    chat_truncate(to, 0);
    for (size_t i = 0; i < from->n; i++) {
        const struct chat_message *m = &from->messages[i];
        struct chat_message *copy = chat_add(to, m->role, m->text.data, m->text.len);
        for (size_t k = 0; k < m->ids.n; k++)
            ids_push(&copy->ids, m->ids.ids[k]);
    }
}

void chat_free(struct chat *c)
{
    chat_truncate(c, 0);
    free(c->messages);
    *c = (struct chat){0};
}

/* ---- templates ------------------------------------------------------------------------ */

/* As the file has it, with the two characters \n where Jinja reads a line end. */
static const char phi3_template[] =
    "{% for message in messages %}"
    "{% if message['role'] == 'system' and message['content'] %}"
    "{{'<|system|>\\n' + message['content'] + '<|end|>\\n'}}"
    "{% elif message['role'] == 'user' %}"
    "{{'<|user|>\\n' + message['content'] + '<|end|>\\n'}}"
    "{% elif message['role'] == 'assistant' %}"
    "{{'<|assistant|>\\n' + message['content'] + '<|end|>\\n'}}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}";

/* The file holds either \n as Jinja's escape or the line end itself: both render the same. */
static bool is_phi3(const char *text, size_t len)
{
    const char *expected = phi3_template;
    size_t at = 0;
    while (*expected && at < len) {
        if (text[at] == '\n' && expected[0] == '\\' && expected[1] == 'n') {
            expected += 2;
        } else if (text[at] == *expected) {
            expected++;
        } else {
            return false;
        }
        at++;
    }
    return !*expected && at == len;
}

/* A string, or a list of named templates whose "default" counts. */
static const json_t *find_template(const json_t *config)
{
    const json_t *v = json_object_get(config, "chat_template");
    for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++) {
        const json_t *entry = json_array_get(v, i);
        const char *name = json_string_value(json_object_get(entry, "name"));
        if (name && strcmp(name, "default") == 0)
            return json_object_get(entry, "template");
    }
    return v;
}

static bool has_phi3_tokens(const struct tokenizer *t, struct error *err)
{
    static const char *tokens[] = {"<|system|>", "<|user|>", "<|assistant|>", "<|end|>"};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        if (!tokenizer_is_special(t, tokenizer_find(t, tokens[i])))
            return error_set(err, EX_DATAERR,
                             "tokenizer.json: \"%s\" is no special token, but the chat template "
                             "\"phi3\" uses it",
                             tokens[i]);
    return true;
}

bool chat_template_detect(const struct tokenizer *t, const char *tokenizer_config_json,
                          enum chat_template *out, struct error *err)
{
    *out = TEMPLATE_PLAIN;
    if (!tokenizer_config_json)
        return true;
    json_t *config = json_parse(tokenizer_config_json, strlen(tokenizer_config_json),
                                "tokenizer_config.json", err);
    if (!config)
        return false;
    const json_t *v = find_template(config);
    bool ok = true;
    if (v && !json_is_null(v)) {
        ok = json_is_string(v) && is_phi3(json_string_value(v), json_string_length(v));
        if (!ok)
            error_set(err, EX_DATAERR,
                      "tokenizer_config.json: chat_template is not one that is known; known: phi3");
        ok = ok && has_phi3_tokens(t, err);
        if (ok)
            *out = TEMPLATE_PHI3;
    }
    json_decref(config);
    return ok;
}

const char *chat_template_name(enum chat_template t)
{
    return t == TEMPLATE_PHI3 ? "phi3" : "plain";
}

/* ---- rendering ------------------------------------------------------------------------ */

static void push_ids(const struct ids *ids, struct ids *out)
{
    for (size_t i = 0; i < ids->n; i++)
        ids_push(out, ids->ids[i]);
}

static struct text_span markup(const char *text)
{
    return (struct text_span){text, text ? strlen(text) : 0, true};
}

/* open, what the message says, close (or NULL). */
static void render_message(const struct chat_message *m, const char *open, const char *close,
                           const struct tokenizer *t, struct ids *out)
{
    if (m->ids.n) {
        tokenizer_encode(t, (struct text_span[]){markup(open)}, 1, out);
        push_ids(&m->ids, out);
        tokenizer_encode(t, (struct text_span[]){markup(close)}, 1, out);
    } else {
        const struct text_span spans[] = {
            markup(open), {m->text.data, m->text.len, false}, markup(close)};
        tokenizer_encode(t, spans, 3, out);
    }
}

static void render_phi3(const struct chat *c, const struct tokenizer *t, struct ids *out)
{
    static const char *open[] = {[CHAT_SYSTEM] = "<|system|>\n",
                                 [CHAT_USER] = "<|user|>\n",
                                 [CHAT_ASSISTANT] = "<|assistant|>\n"};
    bool answer_open = false;
    for (size_t i = 0; i < c->n; i++) {
        const struct chat_message *m = &c->messages[i];
        answer_open = m->role == CHAT_ASSISTANT && i + 1 == c->n;
        if (m->role != CHAT_SYSTEM || m->text.len)
            render_message(m, open[m->role], answer_open ? NULL : "<|end|>\n", t, out);
    }
    if (!answer_open) {
        const struct text_span prompt = markup(open[CHAT_ASSISTANT]);
        tokenizer_encode(t, &prompt, 1, out);
    }
}

/* A base model knows no roles, and no instructions. */
static void render_plain(const struct chat *c, const struct tokenizer *t, struct ids *out)
{
    tokenizer_push_prefix(t, out);
    for (size_t i = 0; i < c->n; i++)
        if (c->messages[i].role != CHAT_SYSTEM)
            render_message(&c->messages[i], NULL, NULL, t, out);
}

void chat_render(const struct chat *c, enum chat_template template, const struct tokenizer *t,
                 struct ids *out)
{
    if (template == TEMPLATE_PHI3)
        render_phi3(c, t, out);
    else
        render_plain(c, t, out);
}
