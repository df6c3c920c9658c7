/* SPDX-License-Identifier: MIT */
#include "chat_compact.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define REQUEST "Summarise our conversation so far."
#define BEFORE "Summarise what was said before this."

enum {
    LEAST_SUMMARY = 64, /* tokens */
    MOST_SUMMARY = 1024,
    FOR_A_MESSAGE = 16, /* tokens that a template writes around one */
    LEAST_PIECE = 32,
    /* of an engine elsewhere neither its context nor its tokenizer is known: */
    LIKELY_CONTEXT = 8192,
    BYTES_PER_TOKEN = 3,
};

/* ---- the request ---------------------------------------------------------------------- */

static uint32_t count(const struct chat_session *s, const char *text, size_t n)
{
    return s->status.remote.host[0] ? (uint32_t)(n / BYTES_PER_TOKEN)
                                    : engine_count_tokens(s->engine, text, n);
}

static uint32_t context(const struct chat_session *s)
{
    return s->status.ctx_len ? s->status.ctx_len : (uint32_t)LIKELY_CONTEXT;
}

static uint32_t summary_tokens(const struct chat_session *s)
{
    uint32_t n = context(s) / 8;
    return n < LEAST_SUMMARY ? LEAST_SUMMARY : n > MOST_SUMMARY ? MOST_SUMMARY : n;
}

static void add_text(struct chat *request, enum chat_role role, const char *text)
{
    chat_add(request, role, text, strlen(text));
}

/* System text and what is summarised already. */
static void add_start(const struct chat_session *s, struct chat *request)
{
    const char *system = options_text(s->options, OPT_SYSTEM);
    if (*system)
        add_text(request, CHAT_SYSTEM, system);
    if (s->compact.summary.len) {
        add_text(request, CHAT_USER, BEFORE);
        add_text(request, CHAT_ASSISTANT, s->compact.summary.data);
    }
}

static char *instruction(const struct chat_session *s)
{
    return xasprintf("Summarise our conversation so far in at most %u words, so that you can go on "
                     "with it later without its text: what it is about, what I asked for and told "
                     "you, names, numbers, decisions, and what is open. Write the summary alone.",
                     summary_tokens(s) / 2);
}

static uint32_t tokens_of(const struct chat_session *s, const struct chat *c)
{
    uint32_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += count(s, c->messages[i].text.data, c->messages[i].text.len) + FOR_A_MESSAGE;
    return n;
}

/* A message, or what of it fits. -> false: nothing more does */
static bool add_message(struct chat_session *s, const struct chat_message *m, uint32_t *room,
                        bool first, struct chat *request)
{
    struct compaction *c = &s->compact;
    const char *text = m->text.len ? m->text.data + c->byte : "";
    size_t n = m->text.len - c->byte, taken = n;
    uint32_t n_tokens = count(s, text, n) + FOR_A_MESSAGE;
    if (n_tokens > *room && !first)
        return false;
    if (n_tokens > *room)
        taken = utf8_complete(text, (size_t)((double)n * 0.9 * *room / n_tokens));
    if (taken == 0 && n > 0) /* a character at least */
        taken = utf8_cluster(text, n);
    struct chat_message *to = chat_add(request, m->role, text, taken);
    if (taken == m->text.len) { /* as it is in the cache */
        buf_append(&to->thinking, m->thinking.data, m->thinking.len);
        ids_append(&to->ids, m->ids.ids, m->ids.n);
    }
    c->message += taken == n;
    c->byte = taken == n ? 0 : c->byte + taken;
    *room -= n_tokens < *room ? n_tokens : *room;
    return taken == n;
}

/* The next messages that are to be summarised, as many as fit; the first one at least in part. */
static void add_piece(struct chat_session *s, uint32_t room, struct chat *request)
{
    struct chat all = {0};
    bool first = true;
    conversation_chat(&s->conversation, &all);
    while (s->compact.message < s->compact.n_old &&
           add_message(s, &all.messages[s->compact.message], &room, first, request))
        first = false;
    chat_free(&all);
}

/* -> false: the context is too small for it */
static bool submit(struct chat_session *s)
{
    struct chat request = {0};
    char *ask = instruction(s);
    add_start(s, &request);
    uint32_t needed =
        tokens_of(s, &request) + count(s, ask, strlen(ask)) + FOR_A_MESSAGE + summary_tokens(s);
    bool fits = needed + LEAST_PIECE <= context(s);
    if (fits)
        add_piece(s, context(s) - needed, &request);
    add_text(&request, CHAT_USER, ask);
    struct turn_request turn = {
        .chat = &request, .max_tokens = summary_tokens(s), .seed = options_seed(s->options)};
    turn.thinking.mode = THINK_OFF;
    s->compact.text.len = 0;
    s->compact.turn = fits ? engine_submit(s->engine, &turn) : 0;
    s->status.state = fits ? STATE_READING : STATE_READY;
    s->status.done = s->status.total = 0;
    chat_free(&request);
    free(ask);
    return fits;
}

/* ---- the command ---------------------------------------------------------------------- */

/* Messages of the path before the newest exchanges; 0: there are no more than these. */
static size_t messages_before(const struct conversation *c, unsigned long n_kept)
{
    size_t i = c->n_path;
    while (n_kept > 0 && i > 0)
        n_kept -= c->messages[c->path[--i]].role == CHAT_USER;
    return i;
}

static bool read_number(const char *argument, unsigned long *n)
{
    char *end;
    *n = *argument ? strtoul(argument, &end, 10) : COMPACT_KEEPS;
    return !*argument || (*end == '\0' && *argument != '-');
}

static void begin(struct chat_session *s, size_t n_old)
{
    char note[80];
    s->compact = (struct compaction){.n_old = n_old, .before = NO_MESSAGE, .after = NO_MESSAGE};
    if (!submit(s)) {
        chat_notice(s, "The context of %u tokens is too small for a summary", s->status.ctx_len);
        return;
    }
    snprintf(note, sizeof note, "[a summary of the %zu oldest messages]", n_old);
    s->face->note(s->self, note);
    s->face->answers(s->self, NO_MESSAGE);
    s->face->changed(s->self);
}

void chat_compact(struct chat_session *s, const char *argument)
{
    unsigned long n_kept;
    if (!chat_is_free(s))
        return;
    if (!read_number(argument, &n_kept)) {
        chat_notice(s, "/compact [N]: a summary takes the place of all but the last N exchanges");
        return;
    }
    size_t n_old = messages_before(&s->conversation, n_kept);
    if (!s->ready)
        chat_notice(s, "The model is still loading");
    else if (s->status.template && strcmp(s->status.template, "none") == 0)
        chat_notice(s, "This model has no chat template: it cannot be asked for a summary");
    else if (!n_old)
        chat_notice(s, "Nothing to summarise: there are no more than %lu exchanges", n_kept);
    else
        begin(s, n_old);
}

/* ---- the end -------------------------------------------------------------------------- */

static void free_texts(struct compaction *c)
{
    buf_free(&c->text);
    buf_free(&c->summary);
}

/* What streamed goes from the screen; the conversation is as it was. */
static void give_up(struct chat_session *s, const char *mark, const char *why)
{
    s->face->answered(s->self, mark);
    free_texts(&s->compact);
    s->face->path_changed(s->self, true);
    chat_notice(s, "%s", why);
}

static void note_context(struct chat_session *s)
{
    struct chat all = {0};
    conversation_chat(&s->conversation, &all);
    s->context.n_left_out = 0;
    s->context.no_summary = false;
    s->context.warned = false;
    s->status.n_ctx_used = 0;
    s->status.n_ctx_before = tokens_of(s, &all);
    chat_free(&all);
}

static void add_summary(struct chat_session *s, const struct event *done)
{
    struct conversation *c = &s->conversation;
    conversation_add(c, CHAT_USER, REQUEST, strlen(REQUEST));
    int32_t number =
        conversation_add(c, CHAT_ASSISTANT, s->compact.summary.data, s->compact.summary.len);
    c->messages[number].model = s->model_name ? xstrdup(s->model_name) : NULL;
    c->messages[number].stop = done->stop;
    c->messages[number].stats = done->stats;
}

static void finish(struct chat_session *s, const struct event *done)
{
    struct conversation *c = &s->conversation;
    struct compaction *k = &s->compact;
    size_t n_kept = c->n_path - k->n_old;
    int32_t *kept = xcalloc(n_kept + 1, sizeof *kept);
    memcpy(kept, c->path + k->n_old, n_kept * sizeof *kept);
    s->face->answered(s->self, NULL);
    k->before = conversation_leaf(c);
    conversation_cut(c, NO_MESSAGE);
    add_summary(s, done);
    for (size_t i = 0; i < n_kept; i++)
        conversation_add_copy(c, kept[i]);
    k->after = conversation_leaf(c);
    free(kept);
    free_texts(k);
    note_context(s);
    s->face->path_changed(s->self, true);
    chat_save(s);
    chat_notice(s, "A summary stands for the %zu oldest messages now; /undo brings them back",
                k->n_old);
}

/* Without blanks around it. */
static void take_summary(struct compaction *c)
{
    size_t from = 0, to = c->text.len;
    while (from < to && strchr(" \t\r\n", c->text.data[from]))
        from++;
    while (to > from && strchr(" \t\r\n", c->text.data[to - 1]))
        to--;
    c->summary.len = 0;
    buf_append(&c->summary, to > from ? c->text.data + from : "", to - from);
}

static void next_piece(struct chat_session *s)
{
    s->face->answered(s->self, NULL);
    if (submit(s))
        s->face->answers(s->self, NO_MESSAGE);
    else
        give_up(s, NULL, "The context is too small for a summary; nothing changed");
}

/* It has no end: what is missing would be lost. */
static void refuse_cut(struct chat_session *s, enum stop_reason stop)
{
    struct error err = {0};
    if (stop == STOP_CUT)
        engine_turn_error(s->engine, &err);
    char *why = stop == STOP_LENGTH
                    ? xasprintf("The summary did not end within %u tokens; nothing changed",
                                summary_tokens(s))
                    : xasprintf("The summary was cut off; nothing changed%s%s",
                                err.text[0] ? ": " : "", err.text);
    give_up(s, "[cut off]", why);
    free(why);
}

static void on_done(struct chat_session *s, const struct event *e)
{
    struct compaction *c = &s->compact;
    struct error err;
    c->turn = 0;
    s->status.state = STATE_READY;
    s->status.now_tokens_per_s = 0;
    take_summary(c);
    if (e->stop == STOP_FAILED) {
        engine_turn_error(s->engine, &err);
        give_up(s, "[no summary]", err.text);
    } else if (e->stop == STOP_CANCELLED) {
        give_up(s, "[stopped]", "No summary was made; nothing changed");
    } else if (e->stop != STOP_END) {
        refuse_cut(s, e->stop);
    } else if (!c->summary.len) {
        give_up(s, "[no summary]", "The model wrote no summary; nothing changed");
    } else if (c->message < c->n_old) {
        next_piece(s);
    } else {
        finish(s, e);
    }
}

/* ---- events --------------------------------------------------------------------------- */

void chat_compact_event(struct chat_session *s, const struct event *e)
{
    switch (e->type) {
    case EVENT_PROMPT:
        s->status.state = STATE_READING;
        s->status.done = e->done;
        s->status.total = e->total;
        s->status.n_read_before = e->stats.n_reused;
        break;
    case EVENT_TEXT:
        buf_append(&s->compact.text, e->text, e->n_text);
        s->face->text(s->self, e->text, e->n_text);
        break;
    case EVENT_STATS:
        s->status.state = STATE_ANSWERING;
        s->status.now_tokens_per_s = e->stats.tokens_per_s;
        s->status.n_ctx_used = e->stats.n_ctx_used;
        s->status.kv_bytes = e->stats.kv_bytes;
        break;
    case EVENT_DONE: on_done(s, e); break;
    default: break;
    }
    s->face->changed(s->self);
}

void chat_compact_drop(struct chat_session *s)
{
    if (s->compact.turn) {
        engine_cancel(s->engine, s->compact.turn);
        s->face->answered(s->self, "[stopped]");
    }
    free_texts(&s->compact);
    s->compact = (struct compaction){.before = NO_MESSAGE, .after = NO_MESSAGE};
}

/* ---- a summary that is there ---------------------------------------------------------- */

bool chat_compact_wrote(const struct conversation *c, int32_t number)
{
    if (number == NO_MESSAGE)
        return false;
    int32_t parent = c->messages[number].parent;
    const struct message *root = &c->messages[parent == NO_MESSAGE ? number : parent];
    return root->parent == NO_MESSAGE && root->previous != NO_MESSAGE && root->role == CHAT_USER &&
           root->text.len == strlen(REQUEST) &&
           memcmp(root->text.data, REQUEST, root->text.len) == 0;
}

bool chat_compact_refuses(struct chat_session *s, int32_t number)
{
    bool refuses = chat_compact_wrote(&s->conversation, number);
    if (refuses)
        chat_notice(s, "This is a summary: /undo, then /compact, writes another one");
    return refuses;
}

/* The path before the summary that is the last thing on this one. -> false: it is not */
static bool restore(struct chat_session *s)
{
    struct conversation *c = &s->conversation;
    struct compaction *k = &s->compact;
    int32_t leaf = conversation_leaf(c);
    if (k->after != NO_MESSAGE && k->before != k->after && leaf == k->after)
        conversation_cut(c, k->before);
    else if (chat_compact_wrote(c, leaf)) /* it was opened so, or nothing is left behind it */
        conversation_choose(c, c->messages[c->path[0]].previous);
    else
        return false;
    k->before = k->after = NO_MESSAGE;
    return true;
}

bool chat_compact_undo(struct chat_session *s)
{
    if (!restore(s))
        return false;
    note_context(s);
    s->face->path_changed(s->self, true);
    chat_save(s);
    chat_notice(s, "The summary is undone; /branch shows it again");
    return true;
}
