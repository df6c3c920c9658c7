/* SPDX-License-Identifier: MIT */
#include "remote_answer.h"

#include <string.h>

#include "mended.h"

enum { MAX_MESSAGE_BYTES = 300 };

/* ---- JSON ----------------------------------------------------------------------------- */

/* -> new reference, or NULL. Bytes that are no UTF-8 are mended only if there are any. */
static json_t *parse(const char *text, size_t n)
{
    json_t *value = json_loadb(text, n, JSON_ALLOW_NUL, NULL);
    struct buf mended = {0};
    if (value)
        return value;
    mended_append(&mended, text, n);
    value = json_loadb(mended.len ? mended.data : "", mended.len, JSON_ALLOW_NUL, NULL);
    buf_free(&mended);
    return value;
}

/* A number of tokens; what is none leaves it. */
static void get_count(const json_t *object, const char *key, uint32_t *out)
{
    const json_t *v = json_object_get(object, key);
    json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;
    if (n >= 0 && n <= UINT32_MAX)
        *out = (uint32_t)n;
}

/* ---- errors --------------------------------------------------------------------------- */

/* {"error": {"message": ...}}, {"error": "..."}, {"message": "..."}, {"detail": ...} */
static const json_t *message_of(const json_t *v)
{
    static const char *const keys[] = {"error", "message", "detail", "msg"};
    for (int depth = 0; depth < 4; depth++) {
        const json_t *inner = NULL;
        if (json_is_array(v))
            v = json_array_get(v, 0);
        for (size_t i = 0; i < sizeof keys / sizeof *keys && !inner; i++)
            inner = json_object_get(v, keys[i]);
        if (!inner)
            break;
        v = inner;
    }
    return json_is_string(v) ? v : NULL;
}

void remote_answer_message(struct buf *out, const char *body, size_t n)
{
    json_t *v = parse(body, n);
    const json_t *message = message_of(v);
    buf_puts(out, "");
    if (message)
        mended_line(out, json_string_value(message), json_string_length(message),
                    MAX_MESSAGE_BYTES);
    else if (!v && n > 0 && body[0] != '<') /* not a page */
        mended_line(out, body, n, MAX_MESSAGE_BYTES);
    json_decref(v);
}

/* OpenAI, ollama and qins-server say it as the code, llama.cpp as the type. */
static bool is_too_long(const json_t *v)
{
    static const char *const keys[] = {"code", "type"};
    const json_t *error = json_object_get(v, "error");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *said = json_object_get(error, keys[i]);
        const char *name = json_is_string(said) ? json_string_value(said) : "";
        if (strcmp(name, "context_length_exceeded") == 0 ||
            strcmp(name, "exceed_context_size_error") == 0)
            return true;
    }
    return false;
}

bool remote_answer_is_too_long(const char *body, size_t n)
{
    json_t *v = parse(body, n);
    bool is = is_too_long(v);
    json_decref(v);
    return is;
}

static bool has_error(const json_t *v)
{
    const json_t *error = json_object_get(v, "error"), *kind = json_object_get(v, "object");
    return (error && !json_is_null(error)) ||
           (json_is_string(kind) && strcmp(json_string_value(kind), "error") == 0);
}

static bool tell_error(const json_t *v, struct error *err)
{
    struct buf line = {0};
    const json_t *message = message_of(v);
    if (message)
        mended_line(&line, json_string_value(message), json_string_length(message),
                    MAX_MESSAGE_BYTES);
    error_set(err, is_too_long(v) ? EX_DATAERR : EX_UNAVAILABLE, "%s",
              line.len ? line.data : "an error without a message");
    buf_free(&line);
    return false;
}

/* ---- thinking within the text --------------------------------------------------------- */

static void put(struct remote_answer *c, bool thinks, const char *text, size_t n)
{
    size_t skip = 0;
    while (c->drops_blanks && skip < n && strchr(" \t\r\n", text[skip]) && text[skip])
        skip++;
    c->drops_blanks &= skip == n;
    buf_append(thinks ? &c->thinking : &c->text, text + skip, n - skip);
}

/* How many bytes at the end of a text may be the beginning of a tag. */
static size_t begun_bytes(const char *text, size_t n, const char *tag)
{
    for (size_t m = strlen(tag) - 1; m > 0; m--)
        if (m <= n && memcmp(text + n - m, tag, m) == 0)
            return m;
    return 0;
}

static void drop_front(struct buf *b, size_t n)
{
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
    b->data[b->len] = '\0';
}

/* Before the first word: white space, then <think> or anything else. -> false: more is needed */
static bool look_for_open(struct remote_answer *c)
{
    static const char open[] = "<think>";
    struct buf *b = &c->tag;
    size_t blanks = 0, n;
    while (blanks < b->len && b->data[blanks] && strchr(" \t\r\n", b->data[blanks]))
        blanks++;
    n = b->len - blanks;
    if (n < strlen(open) && memcmp(b->data + blanks, open, n) == 0)
        return false;
    bool opens = n >= strlen(open) && memcmp(b->data + blanks, open, strlen(open)) == 0;
    c->at = opens ? TAG_INSIDE : TAG_BEHIND;
    c->drops_blanks = opens;
    if (opens)
        drop_front(b, blanks + strlen(open));
    return true;
}

/* -> false: the thinking goes on */
static bool look_for_close(struct remote_answer *c)
{
    static const char close[] = "</think>";
    struct buf *b = &c->tag;
    const char *end = b->len ? memmem(b->data, b->len, close, strlen(close)) : NULL;
    size_t n = end ? (size_t)(end - b->data) : b->len - begun_bytes(b->data, b->len, close);
    put(c, true, b->data, n);
    drop_front(b, end ? n + strlen(close) : n);
    if (end) {
        c->at = TAG_BEHIND;
        c->drops_blanks = true;
    }
    return end != NULL;
}

static void take_text(struct remote_answer *c, const char *text, size_t n)
{
    if (c->at == TAG_BEHIND) {
        put(c, false, text, n);
        return;
    }
    mended_append(&c->tag, text, n);
    if (!c->tag.len || (c->at == TAG_BEFORE && !look_for_open(c)))
        return;
    if (c->at == TAG_INSIDE && !look_for_close(c))
        return;
    put(c, false, c->tag.data, c->tag.len);
    c->tag.len = 0;
}

void remote_answer_end(struct remote_answer *c)
{
    if (c->tag.len)
        put(c, c->at == TAG_INSIDE, c->tag.data, c->tag.len);
    c->tag.len = 0;
}

/* ---- the message ---------------------------------------------------------------------- */

static void add(struct remote_answer *c, const json_t *string, bool thinks)
{
    struct buf text = {0};
    size_t n = json_is_string(string) ? json_string_length(string) : 0;
    if (n == 0)
        return;
    c->n_bytes += n;
    c->n_pieces++;
    mended_append(&text, json_string_value(string), n); /* NUL alone can be wrong in it */
    c->n_thinking_pieces += thinks || c->at == TAG_INSIDE;
    if (thinks) {
        c->at = TAG_BEHIND; /* whoever parts it writes no tags */
        c->drops_blanks = true;
        buf_append(&c->thinking, text.data, text.len);
    } else {
        take_text(c, text.data, text.len);
    }
    buf_free(&text);
}

/* Parts: {"type": "text", "text": ...}, {"type": "thinking", "thinking": [parts]}. */
static void add_parts(struct remote_answer *c, const json_t *parts, bool thinks)
{
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i), *inner = json_object_get(part, "thinking");
        if (json_is_array(inner) && !thinks)
            add_parts(c, inner, true);
        else
            add(c, inner ? inner : json_object_get(part, "text"), thinks || inner);
    }
}

static void take_message(struct remote_answer *c, const json_t *message)
{
    const json_t *thinking = json_object_get(message, "reasoning_content"),
                 *content = json_object_get(message, "content");
    if (!json_is_string(thinking))
        thinking = json_object_get(message, "reasoning");
    add(c, thinking, true);
    if (json_is_array(content))
        add_parts(c, content, false);
    else
        add(c, content, false);
    add(c, json_object_get(message, "refusal"), false);
}

static void take_usage(struct remote_answer *c, const json_t *usage)
{
    if (!json_is_object(usage))
        return;
    c->has_usage = true;
    get_count(usage, "prompt_tokens", &c->n_prompt);
    get_count(usage, "completion_tokens", &c->n_tokens);
    get_count(json_object_get(usage, "prompt_tokens_details"), "cached_tokens", &c->n_cached);
    get_count(json_object_get(usage, "completion_tokens_details"), "reasoning_tokens",
              &c->n_thinking);
}

static void take_choice(struct remote_answer *c, const json_t *choice)
{
    const json_t *finish = json_object_get(choice, "finish_reason");
    const json_t *delta = json_object_get(choice, "delta");
    take_message(c, delta ? delta : json_object_get(choice, "message"));
    if (!json_is_string(finish))
        return;
    c->has_ended = true;
    snprintf(c->finish, sizeof c->finish, "%s", json_string_value(finish));
}

bool remote_answer_take(struct remote_answer *c, const char *json, size_t n, struct error *err)
{
    if (n == strlen("[DONE]") && memcmp(json, "[DONE]", n) == 0) {
        c->has_ended = true;
        return true;
    }
    json_t *v = parse(json, n);
    bool ok = json_is_object(v);
    if (!ok)
        error_set(err, EX_PROTOCOL, "sends something that is no JSON object in its answer");
    else if (has_error(v))
        ok = tell_error(v, err);
    if (ok) {
        take_choice(c, json_array_get(json_object_get(v, "choices"), 0));
        take_usage(c, json_object_get(v, "usage"));
        ok = c->n_bytes <= REMOTE_ANSWER_MAX_BYTES ||
             error_set(err, EX_PROTOCOL, "sends an answer of more than %d MiB",
                       REMOTE_ANSWER_MAX_BYTES >> 20);
    }
    json_decref(v);
    return ok;
}

void remote_answer_free(struct remote_answer *c)
{
    buf_free(&c->thinking);
    buf_free(&c->text);
    buf_free(&c->tag);
    *c = (struct remote_answer){0};
}
