/* SPDX-License-Identifier: MIT */
#include "remote.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "json.h"
#include "mended.h"
#include "remote_key.h"
#include "sse.h"
#include "url.h"

enum {
    MAX_TRIES = 5,
    FIRST_WAIT_MS = 500,
    MOST_WAIT_S = 60, /* longer is not waited */
    STEP_MS = 200,
    MAX_LIST_BYTES = 8 << 20,
    MAX_FAILURE_BYTES = 64 << 10,
    MAX_WHOLE_BYTES = 32 << 20, /* of an answer that is no stream */
    MAX_STREAM_BYTES = 256 << 20,
    MAX_MODELS = 4096,
    MAX_NAME_BYTES = 200,
};

struct remote {
    struct remote_address address;
    char *key_command, *key_file;
    double silence_ms;
    struct http *http; /* NULL before the first request */
    char *key;
    bool no_usage, says_completion; /* what it has refused */
};

/* One request and its reply. */
struct call {
    struct remote *r;
    const struct remote_watch *w;
    struct buf body;    /* of a list, or of an answer that is no stream */
    struct buf failure; /* of another status */
    size_t max_body;
    bool is_chat;
    enum { FORM_UNKNOWN, FORM_STREAM, FORM_WHOLE } form;
    struct sse sse;
    struct remote_answer *c;
    void (*news)(void *arg);
    size_t n_bytes;
    bool has_begun; /* bytes of an answer came: nothing is tried again */
    bool is_wrong;  /* *err says why */
    struct error *err;
};

/* ---- the client ----------------------------------------------------------------------- */

bool remote_check(const struct remote_options *o, struct error *err)
{
    struct remote_address a;
    if (!http_library())
        return error_set(err, EX_UNAVAILABLE,
                         "server: engines on other machines are not in this build (no libcurl)");
    if (o->key_command && *o->key_command && o->key_file && *o->key_file)
        return error_set(err, EX_CONFIG, "key_command and key_file: a key comes from one of them");
    bool ok = remote_address_parse(&a, o->url, err);
    if (ok)
        remote_address_free(&a);
    return ok;
}

static char *copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

struct remote *remote_open(const struct remote_options *o, struct error *err)
{
    struct remote_address address;
    if (!remote_check(o, err) || !remote_address_parse(&address, o->url, err))
        return NULL;
    struct remote *r = xcalloc(1, sizeof *r);
    r->address = address;
    r->key_command = copy(o->key_command);
    r->key_file = copy(o->key_file);
    r->silence_ms = o->silence_ms;
    return r;
}

void remote_close(struct remote *r)
{
    if (!r)
        return;
    http_free(r->http);
    remote_key_free(r->key);
    remote_address_free(&r->address);
    free(r->key_command);
    free(r->key_file);
    free(r);
}

const struct remote_address *remote_address(const struct remote *r)
{
    return &r->address;
}

static bool is_stopped(void *watch)
{
    const struct remote_watch *w = watch;
    return !w->tick(w->arg);
}

/* The key is asked for once, when it is needed. */
static bool connect_it(struct remote *r, const struct remote_watch *w, struct error *err)
{
    if (r->http)
        return true;
    if (!remote_key_read(r->key_command, r->key_file, 0, is_stopped, (void *)w, &r->key, err))
        return false;
    r->http = http_new(r->address.base, r->key, r->silence_ms);
    return true;
}

/* ---- what went wrong ------------------------------------------------------------------ */

/* Some engines quote the key that they refuse. */
static void hide_key(const struct remote *r, struct buf *text)
{
    size_t n = r->key ? strlen(r->key) : 0;
    for (char *at = text->data; n > 3 && at && (at = strstr(at, r->key)); at += n)
        memset(at, '*', n);
}

static int code_of(const struct call *x, long status)
{
    const char *said = x->failure.len ? x->failure.data : "";
    if (status / 100 == 4 && remote_answer_is_too_long(said, x->failure.len))
        return EX_DATAERR;
    return status == 401 || status == 403                    ? EX_NOPERM
           : status == 408 || status == 429 || status >= 500 ? EX_TEMPFAIL
                                                             : EX_UNAVAILABLE;
}

static const char *hint_of(const struct call *x, long status)
{
    if (status == 401 || status == 403)
        return x->r->key ? "; is the key right?" : "; key_command or key_file gives a key";
    return status == 404 ? "; is the address right, and does it have this model?" : "";
}

static bool tell_redirect(struct call *x, const struct http_reply *reply)
{
    char *to = reply->location ? url_host(reply->location) : NULL;
    error_set(x->err, EX_UNAVAILABLE,
              "%s: %ld: sends elsewhere%s%s; nothing was sent there: if it is right, give that "
              "address",
              x->r->address.host, reply->status, to ? ", to " : "", to ? to : "");
    free(to);
    return false;
}

static bool tell_status(struct call *x, const struct http_reply *reply)
{
    struct buf said = {0};
    if (reply->status / 100 == 3)
        return tell_redirect(x, reply);
    remote_answer_message(&said, x->failure.len ? x->failure.data : "", x->failure.len);
    hide_key(x->r, &said);
    error_set(x->err, code_of(x, reply->status), "%s: %ld%s%s%s", x->r->address.host, reply->status,
              said.len ? ": " : "", said.data, hint_of(x, reply->status));
    buf_free(&said);
    return false;
}

/* An error from within an answer, with the host in front. */
static bool tell(struct call *x, const struct error *inner)
{
    struct buf said = {0};
    buf_puts(&said, inner->text);
    hide_key(x->r, &said);
    x->is_wrong = true;
    error_set(x->err, inner->code, "%s: %s", x->r->address.host, said.data);
    buf_free(&said);
    return false;
}

/* ---- the reply ------------------------------------------------------------------------ */

static bool give_news(struct call *x)
{
    if (x->c->text.len || x->c->thinking.len)
        x->news(x->w->arg);
    return true;
}

static bool take_event(void *arg, const char *data, size_t n)
{
    struct call *x = arg;
    struct error inner;
    if (n == 0)
        return true;
    bool ok = remote_answer_take(x->c, data, n, &inner);
    give_news(x);
    return ok || tell(x, &inner);
}

/* By its first bytes, since its type is not always right. */
static bool find_form(struct call *x, const char *bytes, size_t n)
{
    struct error inner;
    for (size_t i = 0; i < n; i++) {
        if (strchr(" \t\r\n", bytes[i]) && bytes[i])
            continue;
        if (bytes[i] == '<') {
            error_set(&inner, EX_PROTOCOL,
                      "answers with a page, not with an answer; is the address right?");
            return tell(x, &inner);
        }
        x->form = bytes[i] == '{' ? FORM_WHOLE : FORM_STREAM;
        break;
    }
    return true;
}

static bool keep_body(struct call *x, const void *bytes, size_t n)
{
    struct error inner;
    if (x->body.len + n > x->max_body) {
        error_set(&inner, EX_PROTOCOL, "sends more than %zu MiB", x->max_body >> 20);
        return tell(x, &inner);
    }
    buf_append(&x->body, bytes, n);
    return true;
}

static bool push_stream(struct call *x, const char *bytes, size_t n)
{
    struct error inner;
    bool too_long;
    x->n_bytes += n;
    if (sse_push(&x->sse, bytes, n, take_event, x, &too_long) && x->n_bytes <= MAX_STREAM_BYTES)
        return true;
    if (x->is_wrong)
        return false;
    error_set(&inner, EX_PROTOCOL, "sends %s without end", too_long ? "a line" : "a stream");
    return tell(x, &inner);
}

static bool on_body(void *arg, const void *bytes, size_t n)
{
    struct call *x = arg;
    x->has_begun |= n > 0;
    if (!x->is_chat)
        return keep_body(x, bytes, n);
    if (x->form == FORM_UNKNOWN && !find_form(x, bytes, n))
        return false;
    return x->form == FORM_STREAM ? push_stream(x, bytes, n) : keep_body(x, bytes, n);
}

static void on_failure(void *arg, const void *bytes, size_t n)
{
    struct call *x = arg;
    size_t room = MAX_FAILURE_BYTES - x->failure.len;
    buf_append(&x->failure, bytes, n < room ? n : room);
}

static bool on_tick(void *arg, double idle_ms)
{
    struct call *x = arg;
    (void)idle_ms;
    return x->w->tick(x->w->arg);
}

/* ---- tries ---------------------------------------------------------------------------- */

static bool may_pass(const struct http_reply *reply)
{
    return reply->is_unreached || reply->status == 429 || reply->status == 502 ||
           reply->status == 503 || reply->status == 504;
}

/* -> false: interrupted */
static bool sleep_ms(const struct remote_watch *w, double ms)
{
    struct pollfd p = {.fd = w->wake_fd > 0 ? w->wake_fd : -1, .events = POLLIN};
    for (const double until = now_ms() + ms; now_ms() < until;) {
        double left = until - now_ms();
        if (!w->tick(w->arg))
            return false;
        poll(&p, 1, left < STEP_MS ? (int)left + 1 : STEP_MS);
    }
    return w->tick(w->arg);
}

/* Whether try number `n` (from 0) is followed by another one, after a wait. */
static bool waits(struct call *x, int n, const struct http_reply *reply)
{
    double ms = FIRST_WAIT_MS * (double)(1 << n);
    if (n + 1 >= MAX_TRIES || x->has_begun || !may_pass(reply))
        return false;
    if (reply->retry_after_s > MOST_WAIT_S) {
        size_t len = strlen(x->err->text);
        snprintf(x->err->text + len, sizeof x->err->text - len, "; it asks to wait %.0f s",
                 reply->retry_after_s);
        return false;
    }
    if (reply->retry_after_s * 1e3 > ms)
        ms = reply->retry_after_s * 1e3;
    x->w->waits(x->w->arg, x->err->text);
    if (sleep_ms(x->w, ms))
        return true;
    return error_set(x->err, EXIT_INTERRUPTED, "interrupted");
}

static void reset(struct call *x)
{
    x->body.len = x->failure.len = 0;
    x->form = FORM_UNKNOWN;
    x->is_wrong = false;
    sse_free(&x->sse);
}

/* One request, and again as long as that may help. -> false: *err; *status: 0: no reply */
static bool send_it(struct call *x, const char *path, const char *post, long *status)
{
    char *url = xasprintf("%s%s", x->r->address.base, path);
    const struct http_request request = {.url = url,
                                         .body = on_body,
                                         .failure = on_failure,
                                         .tick = on_tick,
                                         .arg = x,
                                         .post = post,
                                         .n_post = post ? strlen(post) : 0,
                                         .stays = true,
                                         .is_private = true,
                                         .wake_fd = x->w->wake_fd};
    bool ok = connect_it(x->r, x->w, x->err), again = ok;
    for (int n = 0; again; n++) {
        struct http_reply reply;
        reset(x);
        ok = http_send(x->r->http, &request, &reply, x->err);
        *status = reply.status;
        if (ok && reply.status / 100 != 2)
            ok = tell_status(x, &reply);
        again = !ok && x->err->code != EXIT_INTERRUPTED && waits(x, n, &reply);
        http_reply_free(&reply);
    }
    free(url);
    return ok;
}

static void free_call(struct call *x)
{
    buf_free(&x->body);
    buf_free(&x->failure);
    sse_free(&x->sse);
}

/* ---- models --------------------------------------------------------------------------- */

static enum remote_dialect dialect_of(const json_t *model)
{
    const json_t *owner = json_object_get(model, "owned_by");
    const char *name = json_is_string(owner) ? json_string_value(owner) : "";
    return strcmp(name, "llamacpp") == 0 ? DIALECT_LLAMA_CPP
           : strcmp(name, "vllm") == 0   ? DIALECT_VLLM
           : strcmp(name, "qins") == 0   ? DIALECT_QINS
                                         : DIALECT_OPENAI;
}

static void add_model(struct remote_models *out, const json_t *model)
{
    struct buf name = {0};
    const json_t *id = json_object_get(model, "id");
    if (!json_is_string(id) || json_string_length(id) > MAX_NAME_BYTES)
        return;
    mended_line(&name, json_string_value(id), json_string_length(id), MAX_NAME_BYTES);
    if (!name.len)
        return;
    out->items[out->n++] = (struct remote_model){.name = name.data, .dialect = dialect_of(model)};
}

static bool read_models(struct call *x, struct remote_models *out)
{
    json_t *v = json_loadb(x->body.len ? x->body.data : "", x->body.len, JSON_ALLOW_NUL, NULL);
    const json_t *list = json_object_get(v, "data");
    size_t n = json_array_size(list) < MAX_MODELS ? json_array_size(list) : MAX_MODELS;
    bool ok = json_is_array(list);
    out->items = xcalloc(n + 1, sizeof *out->items);
    for (size_t i = 0; i < n; i++)
        add_model(out, json_array_get(list, i));
    json_decref(v);
    return ok ||
           error_set(x->err, EX_PROTOCOL, "%s: sends no list of models; is the address right?",
                     x->r->address.host);
}

bool remote_models(struct remote *r, const struct remote_watch *w, struct remote_models *out,
                   bool *is_told, struct error *err)
{
    struct call x = {.r = r, .w = w, .max_body = MAX_LIST_BYTES, .err = err};
    long status = 0;
    *out = (struct remote_models){0};
    bool ok = send_it(&x, "/models", NULL, &status);
    *is_told = ok;
    if (!ok && (status == 404 || status == 405 || status == 501))
        ok = true;
    else if (ok)
        ok = read_models(&x, out);
    free_call(&x);
    return ok;
}

void remote_models_free(struct remote_models *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->items[i].name);
    free(m->items);
    *m = (struct remote_models){0};
}

/* ---- an answer ------------------------------------------------------------------------ */

/* What came is whole, if the engine said why it ended. */
static bool conclude(struct call *x)
{
    struct error inner;
    bool ok = x->form == FORM_STREAM ? sse_end(&x->sse, take_event, x)
                                     : take_event(x, x->body.len ? x->body.data : "", x->body.len);
    remote_answer_end(x->c);
    give_news(x);
    x->c->has_ended |= x->form == FORM_WHOLE && x->c->n_pieces > 0;
    if (!ok || x->c->has_ended)
        return ok;
    if (x->c->n_pieces > 0)
        error_set(&inner, EX_TEMPFAIL, "the answer was cut: the connection ended before it did");
    else
        error_set(&inner, EX_PROTOCOL, "sends no answer; is the address right?");
    return tell(x, &inner);
}

/* What an engine refuses of a request that another one wants. -> something is left out now */
static bool adapt(struct call *x, long status)
{
    const char *said = x->failure.len ? x->failure.data : "";
    if (status != 400 && status != 422)
        return false;
    if (!x->r->says_completion && strstr(said, "max_completion_tokens"))
        return x->r->says_completion = true;
    if (!x->r->no_usage && strstr(said, "stream_options"))
        return x->r->no_usage = true;
    return false;
}

static bool ask(struct call *x, const struct remote_request *request)
{
    long status;
    for (;;) {
        struct remote_request adapted = *request;
        adapted.no_usage = x->r->no_usage;
        adapted.says_completion = x->r->says_completion;
        char *post = remote_request_json(&adapted);
        status = 0;
        bool ok = send_it(x, "/chat/completions", post, &status);
        free(post);
        if (ok || !adapt(x, status))
            return ok;
    }
}

bool remote_chat(struct remote *r, const struct remote_request *request,
                 const struct remote_watch *w, struct remote_answer *c, void (*news)(void *arg),
                 struct error *err)
{
    struct call x = {.r = r,
                     .w = w,
                     .c = c,
                     .news = news,
                     .is_chat = true,
                     .max_body = MAX_WHOLE_BYTES,
                     .err = err};
    *c = (struct remote_answer){0};
    bool ok = ask(&x, request);
    if (ok) {
        ok = conclude(&x);
    } else if (x.has_begun) { /* cut, but perhaps behind its last word */
        remote_answer_end(c);
        give_news(&x);
        ok = c->has_ended && !x.is_wrong && err->code != EXIT_INTERRUPTED;
    }
    free_call(&x);
    return ok;
}
