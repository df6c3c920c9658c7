/* SPDX-License-Identifier: MIT */
#include "conversation.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "utf8.h"

enum {
    TITLE_CELLS = 60,
    EXCERPT_BEFORE = 24, /* bytes before the place */
    EXCERPT_AFTER = 160, /* bytes in all */
};

int64_t now_ms_1970(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *const stop_names[] = {
    [STOP_NONE] = "interrupted", [STOP_END] = "end",           [STOP_LENGTH] = "length",
    [STOP_CONTEXT] = "context",  [STOP_CANCELLED] = "stopped", [STOP_TEXT] = "text",
    [STOP_CUT] = "cut",
};
enum { N_STOPS = sizeof stop_names / sizeof *stop_names };

const char *stop_reason_name(enum stop_reason stop)
{
    return (size_t)stop < N_STOPS ? stop_names[stop] : stop_names[STOP_NONE];
}

enum stop_reason stop_reason_find(const char *name)
{
    for (int i = 0; name && i < N_STOPS; i++)
        if (strcmp(stop_names[i], name) == 0)
            return (enum stop_reason)i;
    return STOP_NONE;
}

static void message_free(struct message *m)
{
    buf_free(&m->text);
    buf_free(&m->thinking);
    ids_free(&m->ids);
    odds_free(&m->odds);
    free(m->model);
}

void conversation_free(struct conversation *c)
{
    for (size_t i = 0; i < c->n; i++)
        message_free(&c->messages[i]);
    free(c->messages);
    free(c->path);
    free(c->title);
    free(c->system);
    free(c->model);
    free(c->preset);
    *c = (struct conversation){0};
}

/* ---- the tree ------------------------------------------------------------------------- */

static void push_path(struct conversation *c, int32_t number)
{
    c->path = xgrow(c->path, c->n_path, &c->cap_path, sizeof *c->path);
    c->path[c->n_path++] = number;
}

/* The first root is the first message there is. */
static int32_t last_root(const struct conversation *c)
{
    int32_t root = c->n ? 0 : NO_MESSAGE;
    while (root >= 0 && c->messages[root].next >= 0)
        root = c->messages[root].next;
    return root;
}

int32_t conversation_leaf(const struct conversation *c)
{
    return c->n_path ? c->path[c->n_path - 1] : NO_MESSAGE;
}

int32_t conversation_add(struct conversation *c, enum chat_role role, const char *text, size_t n)
{
    c->messages = xgrow(c->messages, c->n, &c->cap, sizeof *c->messages);
    int32_t number = (int32_t)c->n, parent = conversation_leaf(c);
    int32_t previous = parent < 0 ? last_root(c) : c->messages[parent].last_child;
    struct message *m = &c->messages[c->n++];
    *m = (struct message){.role = role,
                          .stop = STOP_END,
                          .time = now_ms_1970(),
                          .parent = parent,
                          .first_child = NO_MESSAGE,
                          .last_child = NO_MESSAGE,
                          .previous = previous,
                          .next = NO_MESSAGE,
                          .changed = true};
    buf_append(&m->text, text, n);
    if (previous >= 0)
        c->messages[previous].next = number;
    if (parent >= 0) {
        struct message *p = &c->messages[parent];
        p->last_child = number;
        if (p->first_child < 0)
            p->first_child = number;
    }
    push_path(c, number);
    return number;
}

int32_t conversation_add_copy(struct conversation *c, int32_t number)
{
    struct buf text = c->messages[number].text; /* stays where it is */
    int32_t copy = conversation_add(c, c->messages[number].role, text.data, text.len);
    struct message *to = &c->messages[copy];
    const struct message *from = &c->messages[number];
    buf_append(&to->thinking, from->thinking.data, from->thinking.len);
    ids_append(&to->ids, from->ids.ids, from->ids.n);
    odds_append(&to->odds, &from->odds);
    to->n_thinking = from->n_thinking;
    to->thinking_ms = from->thinking_ms;
    to->n_file_tokens = from->n_file_tokens;
    to->model = from->model ? xstrdup(from->model) : NULL;
    to->stop = from->stop;
    to->stats = from->stats;
    to->time = from->time;
    return copy;
}

void conversation_cut(struct conversation *c, int32_t leaf)
{
    size_t n = 0;
    c->moved = true;
    for (int32_t i = leaf; i >= 0; i = c->messages[i].parent)
        n++;
    c->n_path = 0;
    for (size_t i = 0; i < n; i++)
        push_path(c, 0);
    for (int32_t i = leaf; i >= 0; i = c->messages[i].parent)
        c->path[--n] = i;
}

void conversation_choose(struct conversation *c, int32_t number)
{
    conversation_cut(c, number);
    /* Its newest descendant: children come after their parents, and the newest child was last. */
    for (int32_t i = number; i >= 0 && (i = c->messages[i].last_child) >= 0;)
        push_path(c, i);
}

int32_t conversation_last(const struct conversation *c, enum chat_role role)
{
    for (size_t i = c->n_path; i-- > 0;)
        if (c->messages[c->path[i]].role == role)
            return c->path[i];
    return NO_MESSAGE;
}

int conversation_versions(const struct conversation *c, int32_t number, int *which)
{
    int n = 1;
    for (int32_t i = number; (i = c->messages[i].previous) >= 0;)
        n++;
    *which = n;
    for (int32_t i = number; (i = c->messages[i].next) >= 0;)
        n++;
    return n;
}

void conversation_drop_leaf(struct conversation *c)
{
    struct message *m = &c->messages[c->n - 1];
    if (m->previous >= 0)
        c->messages[m->previous].next = NO_MESSAGE;
    if (m->parent >= 0) {
        struct message *p = &c->messages[m->parent];
        p->last_child = m->previous;
        if (m->previous < 0)
            p->first_child = NO_MESSAGE;
    }
    message_free(m);
    c->n--;
    c->n_path--;
}

/* ---- for others ----------------------------------------------------------------------- */

void conversation_chat(const struct conversation *c, struct chat *out)
{
    for (size_t i = 0; i < c->n_path; i++) {
        const struct message *from = &c->messages[c->path[i]];
        struct chat_message *to = chat_add(out, from->role, from->text.data, from->text.len);
        buf_append(&to->thinking, from->thinking.data, from->thinking.len);
        ids_append(&to->ids, from->ids.ids, from->ids.n);
    }
}

/* White space of any kind becomes one blank; whole words where the last one is not very long. */
char *conversation_title_of(const char *text, size_t n)
{
    struct buf title = {0};
    int cells = 0;
    size_t last_blank = 0;
    bool cut = false;
    buf_puts(&title, "");
    for (size_t i = 0, used; i < n && !cut; i += used) {
        int32_t cp;
        utf8_decode(text + i, n - i, &cp);
        used = utf8_cluster(text + i, n - i);
        int width = utf8_cluster_width(text + i, used);
        bool blank = cp >= 0 && (cp < 0x20 || utf8_is_space(cp));
        cut = !blank && cells + width > TITLE_CELLS;
        if (cut || (blank && (!title.len || title.data[title.len - 1] == ' ')))
            continue;
        if (blank)
            last_blank = title.len;
        buf_append(&title, blank ? " " : text + i, blank ? 1 : used);
        cells += blank ? 1 : width;
    }
    if (cut && last_blank > title.len / 2)
        title.len = last_blank;
    while (title.len && title.data[title.len - 1] == ' ')
        title.len--;
    title.data[title.len] = '\0';
    if (cut)
        buf_puts(&title, "...");
    return title.data;
}

char *conversation_excerpt(const char *text, size_t n, size_t at)
{
    size_t from = at > EXCERPT_BEFORE ? at - EXCERPT_BEFORE : 0;
    while (from > 0 && ((unsigned char)text[from] & 0xc0) == 0x80)
        from--;
    size_t most = n - from > EXCERPT_AFTER ? EXCERPT_AFTER : n - from;
    char *line =
        xasprintf("%s%.*s", from ? "..." : "", (int)utf8_complete(text + from, most), text + from);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    return line;
}

void conversation_detach(struct conversation *c)
{
    c->id = 0;
    c->title_changed = true;
    for (size_t i = 0; i < c->n; i++) {
        c->messages[i].in_store = false;
        c->messages[i].changed = true;
    }
}

bool conversation_unsaved(const struct conversation *c)
{
    for (size_t i = c->n; i-- > 0;)
        if (c->messages[i].changed)
            return true;
    return (c->title_changed || c->moved) && c->n;
}
