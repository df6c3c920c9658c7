/* SPDX-License-Identifier: MIT */
#include "request_messages.h"

#include <string.h>

#include "request_fields.h"

enum { MAX_MESSAGES = 4096 };

static const struct {
    const char *name;
    enum chat_role role;
} roles[] = {
    {"system", CHAT_SYSTEM},
    {"developer", CHAT_SYSTEM},
    {"user", CHAT_USER},
    {"assistant", CHAT_ASSISTANT},
};

static bool fault_at(struct request_fault *f, size_t i, const char *what, const char *text)
{
    char param[64];
    snprintf(param, sizeof param, "messages[%zu]%s", i, what);
    return request_fault_set(f, param, "%s %s", param, text);
}

static bool read_role(const json_t *message, size_t i, enum chat_role *role,
                      struct request_fault *f)
{
    const char *name = json_string_value(json_object_get(message, "role"));
    if (!name)
        return fault_at(f, i, ".role",
                        "is not a text; it says who speaks: system, user, assistant");
    for (size_t r = 0; r < sizeof roles / sizeof *roles; r++)
        if (strcmp(name, roles[r].name) == 0) {
            *role = roles[r].role;
            return true;
        }
    return fault_at(f, i, ".role", "is not known; known: system, developer, user, assistant");
}

static void append(struct buf *to, const json_t *text)
{
    buf_append(to, json_string_value(text), json_string_length(text));
}

static bool read_parts(const json_t *parts, size_t i, struct buf *to, struct request_fault *f)
{
    size_t at;
    const json_t *part;
    json_array_foreach(parts, at, part)
    {
        const char *type = json_string_value(json_object_get(part, "type"));
        const json_t *text = json_object_get(part, "text");
        char where[48];
        snprintf(where, sizeof where, ".content[%zu]", at);
        if (!type || strcmp(type, "text") != 0)
            return fault_at(f, i, where,
                            "has another type than \"text\", and this model reads "
                            "text alone");
        if (!json_is_string(text))
            return fault_at(f, i, where, "has no \"text\" that is a text");
        append(to, text);
    }
    return true;
}

/* An answer may have no content if it was thinking alone. */
static bool read_content(const json_t *message, size_t i, bool is_answer, struct buf *to,
                         struct request_fault *f)
{
    const json_t *content = json_object_get(message, "content");
    if (json_is_string(content)) {
        append(to, content);
        return true;
    }
    if (json_is_array(content))
        return read_parts(content, i, to, f);
    if (is_answer && (!content || json_is_null(content)))
        return true;
    return fault_at(f, i, ".content", "is neither a text nor a list of parts");
}

static bool read_message(struct chat *chat, const json_t *message, size_t i,
                         struct request_fault *f)
{
    enum chat_role role = CHAT_USER;
    if (!json_is_object(message))
        return fault_at(f, i, "", "is not an object with role and content");
    if (!read_role(message, i, &role, f))
        return false;
    struct chat_message *m = chat_add(chat, role, "", 0);
    if (!read_content(message, i, role == CHAT_ASSISTANT, &m->text, f))
        return false;
    const json_t *thinking = json_object_get(message, "reasoning_content");
    if (json_is_string(thinking) && role == CHAT_ASSISTANT)
        append(&m->thinking, thinking);
    else if (thinking && !json_is_string(thinking) && !json_is_null(thinking))
        return fault_at(f, i, ".reasoning_content", "is not a text");
    const json_t *calls = json_object_get(message, "tool_calls");
    if (json_is_array(calls) && json_array_size(calls) > 0)
        return fault_at(f, i, ".tool_calls", "cannot be used: tools are not offered");
    return true;
}

bool request_messages_read(struct chat *chat, const json_t *body, struct request_fault *f)
{
    const json_t *messages = json_object_get(body, "messages");
    if (!json_is_array(messages))
        return request_fault_set(f, "messages", "messages is %s, not a list",
                                 messages ? field_type(messages) : "not there");
    const size_t n = json_array_size(messages);
    if (n == 0 || n > MAX_MESSAGES)
        return request_fault_set(f, "messages", "messages has %zu members, not 1 to %d", n,
                                 MAX_MESSAGES);
    for (size_t i = 0; i < n; i++)
        if (!read_message(chat, json_array_get(messages, i), i, f))
            return false;
    return true;
}
