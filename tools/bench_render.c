/* SPDX-License-Identifier: MIT
 *
 * render: what a chat template makes of a conversation.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "chat_template.h"
#include "checkpoint.h"
#include "json.h"
#include "named_file.h"
#include "template_fold.h"

enum { MAX_MESSAGES_BYTES = 64 << 20 };

/* "2026-11-29T09:30" -> *out with the day of the week and of the year. */
static bool parse_clock(const char *text, struct tm *out, struct error *err)
{
    *out = (struct tm){0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M", out);
    if (end && *end == ':')
        end = strptime(end, ":%S", out);
    if (!end || *end)
        return error_set(err, EX_USAGE, "--clock %s: a time like 2026-11-29T09:30 expected", text);
    time_t t = timegm(out); /* fills the days in */
    return gmtime_r(&t, out) != NULL;
}

static bool set_clock(const struct render_options *o, struct tm *out, struct error *err)
{
    time_t now = time(NULL);
    if (o->clock)
        return parse_clock(o->clock, out, err);
    return localtime_r(&now, out) != NULL;
}

static json_t *read_messages(const char *path, struct error *err)
{
    struct buf text = {0};
    json_t *messages = NULL;
    if (!path)
        return error_set_null(err, EX_USAGE, "render: --messages FILE is missing");
    if (read_file(&text, path, MAX_MESSAGES_BYTES, err))
        messages = json_parse(text.data, text.len, path, err);
    buf_free(&text);
    if (messages && !json_is_array(messages)) {
        json_decref(messages);
        return error_set_null(err, EX_DATAERR, "%s: an array of messages expected", path);
    }
    return messages;
}

static bool read_variables(const char *text, json_t **out, struct error *err)
{
    *out = text ? json_parse(text, strlen(text), "--extra", err) : json_object();
    if (!*out || json_is_object(*out))
        return *out != NULL;
    json_decref(*out);
    *out = NULL;
    return error_set(err, EX_USAGE, "--extra: a JSON object expected");
}

/* Messages with a role and a text, as a chat has them. -> NULL: some are not like that. */
static struct template_message *plain_messages(const json_t *messages, json_t *members)
{
    size_t n = json_array_size(messages);
    struct template_message *list = xcalloc(n, sizeof *list);
    for (size_t i = 0; i < n; i++) {
        const json_t *m = json_array_get(messages, i);
        const json_t *role = json_object_get(m, "role"), *text = json_object_get(m, "content");
        if (!json_is_string(role) || !json_is_string(text)) {
            free(list);
            return NULL;
        }
        json_t *rest = json_copy((json_t *)(uintptr_t)m);
        json_object_del(rest, "role");
        json_object_del(rest, "content");
        json_array_append_new(members, rest);
        list[i] = (struct template_message){json_string_value(role), json_string_value(text),
                                            json_string_length(text),
                                            json_object_size(rest) ? rest : NULL};
    }
    return list;
}

static bool render(const struct template *t, struct template_input *in, bool strict,
                   struct template_output *out, enum template_folding *folding, struct error *err)
{
    json_t *members = json_array();
    struct template_message *plain = strict ? NULL : plain_messages(in->messages_json, members);
    if (plain) {
        in->messages = plain;
        in->n_messages = json_array_size(in->messages_json);
        in->messages_json = NULL;
    }
    bool ok = template_render_folding(t, in, out, folding, err);
    free(plain);
    json_decref(members);
    return ok;
}

/* ---- output --------------------------------------------------------------------------------- */

static json_t *spans_json(const struct template_output *out)
{
    json_t *spans = json_array();
    for (size_t i = 0; i < out->n_spans; i++)
        if (out->spans[i].from_template)
            json_array_append_new(spans, json_pack("[I,I]", (json_int_t)out->spans[i].start,
                                                   (json_int_t)out->spans[i].length));
    return spans;
}

static void print_json(json_t *o)
{
    json_dumpf(o, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(o);
}

/* What text and ids are of: a template alone, or a model's. */
struct subject {
    struct chat_template template;
    struct tokenizer *tokenizer; /* NULL: of a template alone */
    struct model_config config;  /* with a tokenizer: the tokens that end an answer */
};

static json_t *ids_json(const struct ids *ids)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ids->n; i++)
        json_array_append_new(list, json_integer(ids->ids[i]));
    return list;
}

static json_t *stop_json(const struct subject *s)
{
    json_t *list = json_array();
    bool known = s->template.end < 0;
    for (uint32_t i = 0; i < s->config.n_stop; i++) {
        json_array_append_new(list, json_integer(s->config.stop[i]));
        known |= s->config.stop[i] == s->template.end;
    }
    if (!known)
        json_array_append_new(list, json_integer(s->template.end));
    return list;
}

/* Of a model's; ids: of the text. */
static void add_model(json_t *o, const struct subject *s, const struct ids *ids)
{
    struct buf missing = {0};
    json_object_set_new(o, "ids", ids_json(ids));
    json_object_set_new(o, "stop", stop_json(s));
    if (s->template.name)
        chat_template_missing(&s->template, s->tokenizer, &missing);
    if (missing.len)
        json_object_set_new(o, "missing_tokens", json_string(missing.data));
    buf_free(&missing);
}

static void print_result(const struct bench *b, const struct subject *s,
                         const struct template_output *out, enum template_folding folding,
                         const struct ids *ids)
{
    static const char *const names[] = {NULL, "neighbours", "system"};
    if (!b->json) {
        fwrite(out->text, 1, out->n, stdout);
        return;
    }
    json_t *o = json_pack("{s:s%,s:o}", "text", out->text, out->n, "template", spans_json(out));
    if (names[folding])
        json_object_set_new(o, "folded", json_string(names[folding]));
    if (s->tokenizer)
        add_model(o, s, ids);
    print_json(o);
}

/* A template's words are a result, too: with --json they are printed, and the exit code tells. */
static void print_error(const struct bench *b, const struct error *err)
{
    if (!b->json)
        return;
    json_t *text = json_string(err->text);
    if (!text) { /* cut within a character */
        size_t n = strlen(err->text);
        while (n && !(text = json_stringn(err->text, --n)))
            ;
    }
    print_json(json_pack("{s:o}", "error", text ? text : json_string("")));
}

static bool open_template_file(struct subject *s, const char *path, struct error *err)
{
    struct buf text = {0};
    if (read_file(&text, path, TEMPLATE_MAX_BYTES, err))
        s->template.program = template_parse(text.data, text.len, err);
    buf_free(&text);
    return s->template.program != NULL;
}

static bool open_given(struct subject *s, const char *name, const char *tokenizer_config_json,
                       struct error *err)
{
    char *path = named_file("template", name, err);
    const struct chat_template_file file = {.path = path,
                                            .name = name,
                                            .bos = s->config.bos,
                                            .eos = s->config.n_stop ? s->config.stop[0] : -1};
    bool ok = path && chat_template_init_file(&s->template, s->tokenizer, tokenizer_config_json,
                                              &file, err);
    free(path);
    return ok;
}

static bool open_template_of(struct subject *s, const struct bench *b,
                             const char *tokenizer_config_json, struct error *err)
{
    const char *path = b->model_path;
    if (b->render.template)
        return open_given(s, b->render.template, tokenizer_config_json, err);
    return chat_template_init(&s->template, s->tokenizer, tokenizer_config_json, err) &&
           (s->template.program ||
            error_set(err, EX_DATAERR, "%s: the model has no chat template", path));
}

/* A folder or a GGUF file; weights are not needed. */
static bool open_source(struct subject *s, const struct bench *b, struct error *err)
{
    struct checkpoint c;
    if (!checkpoint_open_texts(&c, b->model_path, err))
        return false;
    s->config = c.config;
    s->tokenizer = checkpoint_tokenizer(&c, err);
    bool ok = s->tokenizer && open_template_of(s, b, c.tokenizer_config_json.data, err);
    checkpoint_close(&c);
    return ok;
}

/* A .qins file, which the tokenizer goes on using. */
static bool open_model(struct subject *s, struct bench *b, struct error *err)
{
    b->model = model_open(b->model_path, err);
    if (!b->model)
        return false;
    s->config = b->model->config;
    s->tokenizer = model_tokenizer(b->model, err);
    return s->tokenizer && open_template_of(s, b, b->model->tokenizer_config_json, err);
}

static bool open_subject(struct subject *s, struct bench *b, struct error *err)
{
    size_t n = strlen(b->model_path);
    if (n > 6 && strcmp(b->model_path + n - 6, ".jinja") == 0)
        return open_template_file(s, b->model_path, err);
    return checkpoint_is_source(b->model_path) ? open_source(s, b, err) : open_model(s, b, err);
}

static bool render_subject(const struct bench *b, const struct subject *s,
                           struct template_input *in, struct error *err)
{
    struct template_output out = {0};
    enum template_folding folding;
    struct ids ids = {0};
    in->bos = b->render.bos ? b->render.bos : s->template.bos;
    in->eos = b->render.eos ? b->render.eos : s->template.eos;
    bool ok = render(s->template.program, in, b->render.strict, &out, &folding, err);
    ok = ok && (!s->tokenizer || chat_template_encode(&s->template, &out, s->tokenizer, &ids, err));
    if (ok)
        print_result(b, s, &out, folding, &ids);
    ids_free(&ids);
    template_output_free(&out);
    return ok;
}

static void close_subject(struct subject *s, struct bench *b)
{
    chat_template_free(&s->template);
    tokenizer_free(s->tokenizer);
    if (b->model)
        model_close(b->model);
    b->model = NULL;
}

bool bench_render(struct bench *b, struct error *err)
{
    struct tm clock;
    struct subject s = {.template.end = -1};
    json_t *messages = NULL, *variables = NULL;
    bool ok = set_clock(&b->render, &clock, err) &&
              (messages = read_messages(b->render.messages, err)) &&
              read_variables(b->render.extra, &variables, err);
    struct template_input in = {.messages_json = messages,
                                .variables = variables,
                                .clock = &clock,
                                .add_generation_prompt = !b->render.no_generation_prompt};
    if (ok) {
        ok = open_subject(&s, b, err) && render_subject(b, &s, &in, err);
        if (!ok)
            print_error(b, err);
    }
    close_subject(&s, b);
    json_decref(messages);
    json_decref(variables);
    return ok;
}
