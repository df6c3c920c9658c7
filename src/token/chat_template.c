/* SPDX-License-Identifier: MIT */
#include "chat_template.h"

#include <stdlib.h>
#include <string.h>

#include "answer_ids.h"
#include "json.h"
#include "template_fold.h"

static const char *const roles[] = {
    [CHAT_SYSTEM] = "system", [CHAT_USER] = "user", [CHAT_ASSISTANT] = "assistant"};

/* ---- what a configuration says ---------------------------------------------------------- */

/* A text, or a list of named ones of which "default" counts. */
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

/* "bos_token": "<s>", or an object that describes it. -> a copy, or NULL */
static char *token_text(const json_t *config, const char *key)
{
    const json_t *v = json_object_get(config, key);
    const char *text = json_string_value(json_is_object(v) ? json_object_get(v, "content") : v);
    return text ? xstrdup(text) : NULL;
}

static struct template_input input_of(const struct chat_template *c, struct tm *now)
{
    time_t t = time(NULL);
    return (struct template_input){
        .bos = c->bos, .eos = c->eos, .clock = c->clock ? c->clock : localtime_r(&t, now)};
}

/* The first special token in the template's own text from `at` on, or -1. */
static int32_t special_behind(const struct template_output *text, size_t at,
                              const struct tokenizer *t)
{
    struct ids ids = {0};
    int32_t found = -1;
    for (size_t i = 0; i < text->n_spans; i++) {
        const struct template_span *s = &text->spans[i];
        const struct text_span own = {text->text + s->start, s->length, true};
        if (s->from_template && s->start >= at)
            tokenizer_encode(t, &own, 1, &ids);
    }
    for (size_t i = 0; i < ids.n && found < 0; i++)
        if (tokenizer_is_special(t, ids.ids[i]))
            found = ids.ids[i];
    ids_free(&ids);
    return found;
}

/* What ends a turn stands behind an answer: one is rendered to see. */
static int32_t find_end(const struct chat_template *c, const struct tokenizer *t)
{
    static const char answer[] = "Xyzzy";
    const struct template_message messages[] = {{"user", "Hello", 5, NULL},
                                                {"assistant", answer, sizeof answer - 1, NULL}};
    struct template_output text;
    struct error ignored;
    struct tm now;
    int32_t end = -1;
    struct template_input in = input_of(c, &now);
    in.messages = messages;
    in.n_messages = 2;
    if (!template_render(c->program, &in, &text, &ignored))
        return -1;
    const char *at = strstr(text.text, answer);
    if (at)
        end = special_behind(&text, (size_t)(at - text.text), t);
    template_output_free(&text);
    return end;
}

void chat_template_free(struct chat_template *c)
{
    template_free(c->program);
    free(c->name);
    free(c->bos);
    free(c->eos);
    *c = (struct chat_template){.end = -1};
}

const char *chat_template_name(const struct chat_template *c)
{
    return c->name ? c->name : c->program ? "own" : "none";
}

/* ---- encoding ------------------------------------------------------------------------- */

/* Pieces of a text whose ids are not made yet. */
struct pending {
    const struct tokenizer *t;
    struct ids *out;
    size_t n_before; /* ids that were there at first */
    struct text_span *spans;
    size_t n, cap;
    bool gave_up;
};

static void add(struct pending *p, const char *text, size_t n, bool special)
{
    p->spans = xgrow(p->spans, p->n, &p->cap, sizeof *p->spans);
    p->spans[p->n++] = (struct text_span){text, n, special};
}

static void flush(struct pending *p)
{
    bool ok = p->out->n == p->n_before ? tokenizer_encode(p->t, p->spans, p->n, p->out)
                                       : tokenizer_encode_more(p->t, p->spans, p->n, p->out);
    p->gave_up |= !ok;
    p->n = 0;
}

/* The tokenizer's prefix in front of all, unless it is there. */
static void add_prefix(struct pending *p)
{
    struct ids prefix = {0};
    struct ids *out = p->out;
    size_t n = out->n - p->n_before;
    tokenizer_push_prefix(p->t, &prefix);
    bool is_there = n >= prefix.n && (!prefix.n || memcmp(out->ids + p->n_before, prefix.ids,
                                                          prefix.n * sizeof *prefix.ids) == 0);
    for (size_t i = 0; !is_there && i < prefix.n; i++)
        ids_push(out, prefix.ids[i]);
    if (!is_there) {
        int32_t *first = out->ids + p->n_before;
        memmove(first + prefix.n, first, n * sizeof *first);
        memcpy(first, prefix.ids, prefix.n * sizeof *first);
    }
    ids_free(&prefix);
}

static bool finish(struct pending *p, const struct chat_template *c, struct error *err)
{
    flush(p);
    free(p->spans);
    if (c->name)
        add_prefix(p);
    return !p->gave_up || tokenizer_gave_up(err);
}

static void add_ids(struct pending *p, const int32_t *ids, size_t n)
{
    flush(p);
    ids_append(p->out, ids, n);
}

bool chat_template_encode(const struct chat_template *c, const struct template_output *text,
                          const struct tokenizer *t, struct ids *out, struct error *err)
{
    struct pending p = {.t = t, .out = out, .n_before = out->n};
    for (size_t i = 0; i < text->n_spans; i++)
        add(&p, text->text + text->spans[i].start, text->spans[i].length,
            text->spans[i].from_template);
    return finish(&p, c, err);
}

/* The message from *next on whose text this is, whole; *next goes behind it. */
static const struct chat_message *message_of(const struct chat *chat, size_t *next,
                                             const char *text, size_t n)
{
    for (size_t i = *next; i < chat->n; i++) {
        const struct buf *m = &chat->messages[i].text;
        if (m->len == n && n && memcmp(m->data, text, n) == 0) {
            *next = i + 1;
            return &chat->messages[i];
        }
    }
    return NULL;
}

/* Bytes [from, to) of a text. */
static void add_spans(struct pending *p, const struct template_output *text, size_t from, size_t to)
{
    for (size_t i = 0; i < text->n_spans; i++) {
        const struct template_span *s = &text->spans[i];
        size_t start = s->start > from ? s->start : from, end = s->start + s->length;
        end = end < to ? end : to;
        if (start < end)
            add(p, text->text + start, end - start, s->from_template);
    }
}

/* The first n bytes of a text. Answers that the template shows unchanged keep their ids. */
static void add_text(struct pending *p, const struct template_output *text, size_t n,
                     const struct chat *chat, const struct thinking *th)
{
    size_t next = 0, at = 0;
    for (size_t i = 0; i < text->n_spans; i++) {
        const struct template_span *s = &text->spans[i];
        struct answer_ids found;
        const struct chat_message *m =
            s->from_template ? NULL : message_of(chat, &next, text->text + s->start, s->length);
        if (!m || !answer_ids_find(m, th, text->text, at, s->start, s->start + s->length, &found))
            continue;
        add_spans(p, text, at, found.start);
        add_ids(p, m->ids.ids + found.first, m->ids.n - found.first);
        at = found.end;
    }
    add_spans(p, text, at, n);
}

static void add_message(struct pending *p, const struct chat_message *m)
{
    if (m->ids.n)
        add_ids(p, m->ids.ids, m->ids.n);
    else
        add(p, m->text.data, m->text.len, false);
}

/* ---- an answer that goes on ------------------------------------------------------------- */

static void add_marker(struct pending *p, const char *text)
{
    add(p, text, strlen(text), true);
}

/* Whether the ids go on from where the prompt leaves off. *strip: what the prompt ends with has to
 * go, since they begin with a marker of their own. */
static bool ids_go_on(const struct chat_message *m, const struct thinking *th,
                      enum thinking_state prompt, bool *strip)
{
    struct buf text = {0};
    answer_ids_text(m, th, &text);
    size_t n = strlen(th->kind->open_token);
    const char *at = text.data;
    while (at && (*at == '\n' || *at == ' '))
        at++;
    *strip = at && strncmp(at, th->kind->open_token, n) == 0;
    bool inside = m->thinking.len > 0 && !*strip;
    buf_free(&text);
    return m->ids.n > 0 && (*strip || inside == (prompt == THINKING_INSIDE));
}

/* The last message, from its texts. */
static void add_parts(struct pending *p, const struct chat_message *m, const struct thinking *th,
                      enum thinking_state prompt, struct answer_start *start)
{
    const struct thinking_kind *k = th->kind;
    if (m->thinking.len) {
        add_marker(p, k->begin);
        add(p, m->thinking.data, m->thinking.len, false);
    }
    if (m->text.len && (m->thinking.len || prompt == THINKING_INSIDE))
        add_marker(p, k->end);
    else if (m->text.len && prompt == THINKING_BEFORE)
        add_marker(p, k->answer);
    add(p, m->text.data, m->text.len, false);
    start->state = m->text.len ? THINKING_BEHIND : m->thinking.len ? THINKING_INSIDE : prompt;
    start->begun = m->text.len || m->thinking.len;
}

/* The prompt's end and the last message, which is left open. */
static void add_open(struct pending *p, const struct template_output *text, const struct chat *chat,
                     const struct thinking *th, size_t n_markers, struct answer_start *start)
{
    const struct chat_message *m = &chat->messages[chat->n - 1];
    bool strip = false, same = ids_go_on(m, th, start->state, &strip);
    if (!same)
        strip = m->thinking.len > 0;
    add_text(p, text, text->n - (strip ? n_markers : 0), chat, th);
    if (strip)
        start->state = THINKING_BEFORE;
    if (!same) {
        add_parts(p, m, th, start->state, start);
        return;
    }
    add_ids(p, m->ids.ids, m->ids.n);
    start->n_replay = m->ids.n;
}

/* ---- rendering ------------------------------------------------------------------------ */

static enum chat_folding folding_of(enum template_folding folding)
{
    return folding == FOLD_SYSTEM       ? CHAT_SYSTEM_FOLDED
           : folding == FOLD_NEIGHBOURS ? CHAT_JOINED
                                        : CHAT_UNFOLDED;
}

static bool run(const struct chat *chat, size_t n, const struct chat_template *c,
                const json_t *variables, bool with_thinking, struct template_output *text,
                enum chat_folding *folded, struct error *err)
{
    struct template_message *messages = xcalloc(n + 1, sizeof *messages);
    json_t **members = xcalloc(n + 1, sizeof *members);
    enum template_folding folding;
    struct tm now;
    struct template_input in = input_of(c, &now);
    for (size_t i = 0; i < n; i++) {
        const struct chat_message *m = &chat->messages[i];
        members[i] = with_thinking ? thinking_members(&c->thinking, &m->thinking, &m->text) : NULL;
        messages[i] = (struct template_message){roles[m->role], m->text.len ? m->text.data : "",
                                                m->text.len, members[i]};
    }
    in.messages = messages;
    in.n_messages = n;
    in.variables = variables;
    in.add_generation_prompt = true;
    bool ok = template_render_folding(c->program, &in, text, &folding, err);
    *folded = folding_of(folding);
    bool again = !ok && text->refused && with_thinking;
    for (size_t i = 0; i < n; i++)
        json_decref(members[i]);
    free(members);
    free(messages);
    /* What it thought earlier is nothing that a conversation should end for. */
    return ok || (again && run(chat, n, c, variables, false, text, folded, err));
}

/* A base model knows no roles, and no instructions. */
static void render_plain(const struct chat *chat, struct pending *p)
{
    tokenizer_push_prefix(p->t, p->out);
    p->n_before = p->out->n;
    for (size_t i = 0; i < chat->n; i++)
        if (chat->messages[i].role != CHAT_SYSTEM)
            add_message(p, &chat->messages[i]);
}

static void render_text(const struct chat *chat, const struct template_output *text,
                        const struct thinking *th, struct pending *p, struct answer_start *start)
{
    const struct template_span *last = text->n_spans ? &text->spans[text->n_spans - 1] : NULL;
    bool open = chat->n > 0 && chat->messages[chat->n - 1].role == CHAT_ASSISTANT;
    size_t n_markers = 0;
    if (last && last->from_template)
        start->state =
            thinking_state_behind(th, text->text + last->start, last->length, &n_markers);
    else
        start->state = th->kind ? THINKING_BEFORE : THINKING_BEHIND;
    if (open && th->kind) {
        add_open(p, text, chat, th, n_markers, start);
        return;
    }
    add_text(p, text, text->n, chat, th);
    if (open)
        add_message(p, &chat->messages[chat->n - 1]);
}

bool chat_render_turn(const struct chat *chat, const struct chat_template *c,
                      const struct tokenizer *t, const struct thinking_request *request,
                      struct ids *out, struct answer_start *start, struct error *err)
{
    struct pending p = {.t = t, .out = out, .n_before = out->n};
    struct template_output text = {0};
    bool open = chat->n > 0 && chat->messages[chat->n - 1].role == CHAT_ASSISTANT;
    json_t *variables = request ? thinking_variables(request) : NULL;
    *start = (struct answer_start){.state = THINKING_BEHIND, .begun = true};
    bool ok =
        !c->program || run(chat, chat->n - open, c, variables, true, &text, &start->folding, err);
    json_decref(variables);
    if (!c->program)
        render_plain(chat, &p);
    else if (ok)
        render_text(chat, &text, &c->thinking, &p, start);
    ok = finish(&p, c, err) && ok;
    template_output_free(&text);
    return ok;
}

bool chat_render(const struct chat *chat, const struct chat_template *c, const struct tokenizer *t,
                 struct ids *out, enum chat_folding *folding, struct error *err)
{
    struct answer_start start;
    bool ok = chat_render_turn(chat, c, t, NULL, out, &start, err);
    if (folding)
        *folding = start.folding;
    return ok;
}

/* ---- what it knows of thinking -------------------------------------------------------- */

/* Whether a question is asked otherwise in another mode. */
static bool tells_apart(const struct chat_template *c, enum think_mode a, enum think_mode b)
{
    static const struct tm new_year = {.tm_year = 100, .tm_mday = 1, .tm_wday = 6};
    struct chat_template at_once = *c;
    struct chat chat = {0};
    struct template_output text[2] = {0};
    struct error ignored;
    enum chat_folding folded;
    const enum think_mode modes[2] = {a, b};
    bool ok = true;
    chat_add(&chat, CHAT_USER, "Hello", 5);
    at_once.clock = &new_year;
    for (int i = 0; i < 2; i++) {
        json_t *variables = thinking_variables(&(struct thinking_request){.mode = modes[i]});
        ok = run(&chat, chat.n, &at_once, variables, false, &text[i], &folded, &ignored) && ok;
        json_decref(variables);
    }
    bool differ = ok && (text[0].n != text[1].n || memcmp(text[0].text, text[1].text, text[0].n));
    template_output_free(&text[0]);
    template_output_free(&text[1]);
    chat_free(&chat);
    return differ;
}

static void find_thinking(struct chat_template *c, const char *source, size_t n,
                          const struct tokenizer *t)
{
    thinking_init(&c->thinking, source, n, t);
    if (!c->thinking.kind)
        return;
    c->can_switch = tells_apart(c, THINK_ON, THINK_OFF);
    c->has_effort = tells_apart(c, THINK_LOW, THINK_HIGH);
}

/* ---- reading -------------------------------------------------------------------------- */

static void read_tokens(struct chat_template *c, const json_t *config)
{
    c->bos = token_text(config, "bos_token");
    c->eos = token_text(config, "eos_token");
}

static bool read_template(struct chat_template *c, const json_t *config, const struct tokenizer *t,
                          struct error *err)
{
    const json_t *v = find_template(config);
    read_tokens(c, config);
    if (!v || json_is_null(v))
        return true;
    if (!json_is_string(v))
        return error_set(err, EX_DATAERR,
                         "tokenizer_config.json: chat_template is neither a text nor a list with a "
                         "template called \"default\"");
    struct error why;
    c->program = template_parse(json_string_value(v), json_string_length(v), &why);
    if (c->program)
        find_thinking(c, json_string_value(v), json_string_length(v), t);
    return c->program || error_set(err, why.code, "chat_template: %s", why.text);
}

bool chat_template_init(struct chat_template *c, const struct tokenizer *t,
                        const char *tokenizer_config_json, struct error *err)
{
    *c = (struct chat_template){.end = -1, .thinking.tokenizer = t};
    if (!tokenizer_config_json)
        return true;
    json_t *config = json_parse(tokenizer_config_json, strlen(tokenizer_config_json),
                                "tokenizer_config.json", err);
    bool ok = config && read_template(c, config, t, err);
    json_decref(config);
    if (!ok)
        chat_template_free(c);
    else if (c->program)
        c->end = find_end(c, t);
    return ok;
}

/* The text of a token that the configuration does not name; takes the one that it does over. */
static char *or_token(char *text, const struct tokenizer *t, int32_t id)
{
    struct buf bytes = {0};
    if (text || id < 0 || (uint32_t)id >= tokenizer_size(t))
        return text;
    buf_append(&bytes, "", 0);
    tokenizer_token_bytes(t, id, &bytes);
    return bytes.data;
}

static bool read_program(struct chat_template *c, const struct chat_template_file *file,
                         const struct tokenizer *t, struct error *err)
{
    struct buf text = {0};
    struct error why;
    if (!read_file(&text, file->path, TEMPLATE_MAX_BYTES, err))
        return false;
    c->program = template_parse(text.data ? text.data : "", text.len, &why);
    if (c->program)
        find_thinking(c, text.data ? text.data : "", text.len, t);
    buf_free(&text);
    return c->program || error_set(err, why.code, "%s: %s", file->path, why.text);
}

bool chat_template_init_file(struct chat_template *c, const struct tokenizer *t,
                             const char *tokenizer_config_json,
                             const struct chat_template_file *file, struct error *err)
{
    *c = (struct chat_template){.end = -1, .thinking.tokenizer = t, .name = xstrdup(file->name)};
    const char *json = tokenizer_config_json ? tokenizer_config_json : "{}";
    json_t *config = json_parse(json, strlen(json), "tokenizer_config.json", err);
    bool ok = config && read_program(c, file, t, err);
    read_tokens(c, config);
    c->bos = or_token(c->bos, t, file->bos);
    c->eos = or_token(c->eos, t, file->eos);
    json_decref(config);
    if (!ok)
        chat_template_free(c);
    else
        c->end = find_end(c, t);
    return ok;
}
