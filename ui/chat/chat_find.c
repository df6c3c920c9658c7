/* SPDX-License-Identifier: MIT */
#include "chat_find.h"

#include <stdlib.h>
#include <string.h>

#include "sanitise.h"
#include "search.h"

/* A line for a message that holds the pattern. -> how many hits */
static size_t add_hits(const struct chat_session *s, const struct pattern *pattern, size_t number,
                       struct buf *out)
{
    const struct message *m = &s->conversation.messages[s->conversation.path[number]];
    char *text = sanitise_text(m->text.data, m->text.len, false);
    size_t n = strlen(text), end, hits = 0, first = pattern_find(pattern, text, n, 0, &end);
    for (size_t at = first; at < n; at = pattern_find(pattern, text, n, end, &end))
        hits++;
    if (hits) {
        char *line = conversation_excerpt(text, n, first);
        buf_printf(out, "%zu. %s: %s\n", number + 1, m->role == CHAT_USER ? "You" : "Assistant",
                   line);
        free(line);
    }
    free(text);
    return hits;
}

static void list(struct chat_session *s, const struct pattern *pattern)
{
    struct buf text = {0};
    size_t hits = 0, messages = 0;
    for (size_t i = 0; i < s->conversation.n_path; i++) {
        size_t more = add_hits(s, pattern, i, &text);
        hits += more;
        messages += more > 0;
    }
    buf_printf(&text, "%zu found, in %zu of %zu messages.\n", hits, messages,
               s->conversation.n_path);
    if (hits)
        s->face->page(s->self, "Found", text.data);
    else
        chat_notice(s, "Not found");
    buf_free(&text);
}

void chat_find(struct chat_session *s, const char *text)
{
    struct pattern pattern = {0};
    if (!*text) {
        chat_notice(s, "/find TEXT lists the messages that contain it");
        return;
    }
    pattern_set(&pattern, text, strlen(text));
    list(s, &pattern);
    pattern_free(&pattern);
}
