/* SPDX-License-Identifier: MIT */
#include "hub_client.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "url.h"

#define DEFAULT_ENDPOINT "https://huggingface.co"

enum {
    MAX_TRIES = 7,       /* in a row without a byte more */
    MAX_FIRST_TRIES = 3, /* if nothing has ever answered */
    MAX_DELAY_MS = 16000,
    MAX_RETRY_AFTER_S = 600,
    MAX_TOKEN_BYTES = 4096,
    WAIT_STEP_MS = 100,
};

/* ---- who and where -------------------------------------------------------------------- */

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static bool is_yes(const char *name)
{
    static const char *const words[] = {"1", "on", "yes", "true"};
    const char *value = environment(name);
    for (size_t i = 0; value && i < sizeof words / sizeof *words; i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

/* -> the file that `hf auth login` writes; caller frees; or NULL */
static char *token_path(void)
{
    const char *path = environment("HF_TOKEN_PATH"), *hf = environment("HF_HOME"),
               *xdg = environment("XDG_CACHE_HOME"), *home = environment("HOME");
    if (path)
        return xstrdup(path);
    if (hf)
        return path_join(hf, "token");
    if (xdg)
        return path_join(xdg, "huggingface/token");
    return home ? path_join(home, ".cache/huggingface/token") : NULL;
}

/* Without blanks around it; anything else that is no token could end a header: NULL then. */
static char *clean_token(const char *text)
{
    const char *begin = text + strspn(text, " \t\r\n");
    size_t n = strcspn(begin, " \t\r\n");
    for (size_t i = 0; i < n; i++)
        if (begin[i] <= ' ' || begin[i] == 0x7f)
            return NULL;
    return n && n <= MAX_TOKEN_BYTES ? xstrndup(begin, n) : NULL;
}

static char *find_token(void)
{
    struct error ignored;
    struct buf text = {0};
    const char *given = environment("HF_TOKEN");
    if (given)
        return clean_token(given);
    if (is_yes("HF_HUB_DISABLE_IMPLICIT_TOKEN"))
        return NULL;
    char *path = token_path(), *token = NULL;
    if (path && read_file(&text, path, MAX_TOKEN_BYTES, &ignored) && text.len)
        token = clean_token(text.data);
    if (text.data)
        memset(text.data, 0, text.len);
    buf_free(&text);
    free(path);
    return token;
}

bool hub_client_may_ask(struct error *err)
{
    if (!http_library())
        return error_set(err, EX_UNAVAILABLE, "downloads are not in this build (-Dnet=disabled)");
    return !(is_yes("HF_HUB_OFFLINE") || is_yes("TRANSFORMERS_OFFLINE")) ||
           error_set(err, EX_UNAVAILABLE, "HF_HUB_OFFLINE is set: nothing is downloaded");
}

bool hub_client_open(struct hub_client *c, double stall_ms, struct error *err)
{
    const char *endpoint = environment("HF_ENDPOINT");
    *c = (struct hub_client){.retry_ms = 500,
                             .progress = {.file = "", .note = "", .left_s = -1, .converted = -1}};
    if (!hub_client_may_ask(err))
        return false;
    if (!url_check(endpoint ? endpoint : DEFAULT_ENDPOINT, err))
        return error_set(err, EX_CONFIG, "HF_ENDPOINT %.200s: https://HOST expected", endpoint);
    c->endpoint = xstrdup(endpoint ? endpoint : DEFAULT_ENDPOINT);
    for (size_t n = strlen(c->endpoint); n > 0 && c->endpoint[n - 1] == '/'; n--)
        c->endpoint[n - 1] = '\0';
    char *token = find_token();
    c->http = http_new(c->endpoint, token, stall_ms > 0 ? stall_ms : 30000);
    c->has_token = token != NULL;
    if (token)
        memset(token, 0, strlen(token));
    free(token);
    return true;
}

void hub_client_close(struct hub_client *c)
{
    http_free(c->http);
    free(c->endpoint);
    *c = (struct hub_client){0};
}

/* ---- progress ------------------------------------------------------------------------- */

enum { N_RATE = sizeof((struct hub_client *)0)->rate / sizeof((struct hub_client *)0)->rate[0] };

/* From samples at least half a second apart: the oldest kept is some four seconds old. */
static void measure(struct hub_client *c)
{
    struct fetch_progress *p = &c->progress;
    double now = now_ms();
    if (c->n_rate == 0 || p->done < c->rate[(c->n_rate - 1) % N_RATE].done) {
        c->n_rate = 1;
        c->rate[0].at = now;
        c->rate[0].done = p->done;
    } else if (now - c->rate[(c->n_rate - 1) % N_RATE].at >= 500) {
        c->rate[c->n_rate % N_RATE].at = now;
        c->rate[c->n_rate++ % N_RATE].done = p->done;
    }
    unsigned oldest = c->n_rate > N_RATE ? c->n_rate % N_RATE : 0;
    double ms = now - c->rate[oldest].at;
    p->bytes_per_s = ms > 200 ? (double)(p->done - c->rate[oldest].done) * 1000 / ms : 0;
    p->left_s = p->bytes_per_s > 0 && p->total >= p->done
                    ? (double)(p->total - p->done) / p->bytes_per_s
                    : -1;
}

bool hub_client_report(struct hub_client *c, struct error *err)
{
    measure(c);
    return !c->report || c->report(c->arg, &c->progress) ||
           error_set(err, EXIT_INTERRUPTED, "interrupted; the next start goes on from here");
}

bool hub_client_tick(void *client, double idle_ms)
{
    struct hub_client *c = client;
    struct error ignored;
    char note[64] = "";
    if (idle_ms >= 3000)
        snprintf(note, sizeof note, "nothing came for %.0f s", idle_ms / 1000);
    c->progress.note = note;
    bool go_on = hub_client_report(c, &ignored);
    c->progress.note = "";
    return go_on;
}

/* ---- patience ------------------------------------------------------------------------- */

static bool wait_for(struct hub_client *c, double ms, struct error *err)
{
    struct error why = *err;
    const char *step = c->progress.step;
    double end = now_ms() + ms;
    bool go_on = true;
    c->progress.step = "waiting";
    for (double left = ms; go_on && left > 0; left = end - now_ms()) {
        char note[256];
        snprintf(note, sizeof note, "%.180s; trying again in %.0f s", why.text, left / 1000);
        c->progress.note = note;
        go_on = hub_client_report(c, err);
        double part = left < WAIT_STEP_MS ? left : WAIT_STEP_MS;
        nanosleep(&(struct timespec){.tv_nsec = (long)(part * 1e6)}, NULL);
        c->progress.note = "";
    }
    c->progress.step = step;
    return go_on;
}

bool hub_client_waits(struct hub_client *c, unsigned n, double retry_after_s, struct error *err)
{
    double delay = c->retry_ms * (double)(1u << (n < 10 ? n : 10));
    if (err->code != EX_TEMPFAIL || n + 1 >= (c->is_reached ? MAX_TRIES : MAX_FIRST_TRIES))
        return false;
    delay = delay < MAX_DELAY_MS ? delay : MAX_DELAY_MS;
    if (retry_after_s > MAX_RETRY_AFTER_S)
        return false;
    return wait_for(c, retry_after_s * 1000 > delay ? retry_after_s * 1000 : delay, err);
}

/* ---- what an answer means ------------------------------------------------------------- */

static bool has_code(const struct http_reply *r, const char *code)
{
    return r->error_code && strcasecmp(r->error_code, code) == 0;
}

static bool refuse_access(const struct hub_client *c, const struct http_reply *r, const char *what,
                          struct error *err)
{
    if (has_code(r, "GatedRepo") || r->status == 403)
        return error_set(
            err, EX_NOPERM, "%s: gated or forbidden: accept its terms at %s/%s, then %s", what,
            c->endpoint, what,
            c->has_token ? "use a token of that account, which may read it"
                         : "set HF_TOKEN, or HF_TOKEN_PATH, to a token of that account");
    if (c->has_token && !has_code(r, "RepoNotFound"))
        return error_set(err, EX_NOPERM,
                         "%s: the hub does not accept the token of HF_TOKEN (or of the token "
                         "file); make another one, or unset it",
                         what);
    return error_set(err, EX_NOINPUT,
                     "%s: no file or folder here, and no such model on %s; if it is private, set "
                     "HF_TOKEN to a token that may read it",
                     what, c->endpoint);
}

static bool refuse_missing(const struct hub_client *c, const struct http_reply *r, const char *what,
                           struct error *err)
{
    if (has_code(r, "RevisionNotFound"))
        return error_set(err, EX_NOINPUT, "%s: has no such revision on %s", what, c->endpoint);
    if (has_code(r, "EntryNotFound"))
        return error_set(err, EX_NOINPUT, "%s: a file of it is not on %s", what, c->endpoint);
    return error_set(err, EX_NOINPUT,
                     "%s: no file or folder here, and no such model on %s; is the name right?",
                     what, c->endpoint);
}

static bool refuse_busy(const struct http_reply *r, const char *what, struct error *err)
{
    char when[48] = "";
    if (r->retry_after_s > 0)
        snprintf(when, sizeof when, " in %.0f s", r->retry_after_s);
    return error_set(err, EX_TEMPFAIL,
                     "%s: the hub answers 429, too many requests; try again%s, or with HF_TOKEN",
                     what, when);
}

static bool check_status(const struct hub_client *c, const struct http_reply *r, const char *what,
                         struct error *err)
{
    char *host = url_host(r->url);
    bool ok = r->status / 100 == 2 || r->status / 100 == 3;
    if (r->status == 401 || r->status == 403)
        refuse_access(c, r, what, err);
    else if (r->status == 404)
        refuse_missing(c, r, what, err);
    else if (r->status == 429)
        refuse_busy(r, what, err);
    else if (!ok)
        error_set(err, r->status >= 500 ? EX_TEMPFAIL : EX_PROTOCOL, "%s: %s answers %ld%s", what,
                  host, r->status, r->status >= 500 ? ", a fault of its own; try again later" : "");
    free(host);
    return ok;
}

bool hub_client_send(struct hub_client *c, const struct http_request *r, const char *what,
                     struct http_reply *reply, struct error *err)
{
    bool ok = http_send(c->http, r, reply, err);
    c->is_reached |= reply->status != 0;
    return ok && (reply->status == 416 || check_status(c, reply, what, err));
}

struct get {
    struct buf *out;
    size_t max;
    const char *what;
    struct hub_client *client;
    struct error *err;
    bool is_start, is_enough; /* `max` bytes are all that is wanted; they are there */
};

static bool get_body(void *arg, const void *bytes, size_t n)
{
    struct get *g = arg;
    const size_t left = g->max - g->out->len;
    if (g->is_start && n >= left) { /* more, if the hub knows no ranges */
        buf_append(g->out, bytes, left);
        g->is_enough = true;
        return n == left;
    }
    if (n > left)
        return error_set(g->err, EX_PROTOCOL, "%s: the hub's answer has more than %zu bytes",
                         g->what, g->max);
    buf_append(g->out, bytes, n);
    return true;
}

static bool get_tick(void *arg, double idle_ms)
{
    struct get *g = arg;
    return hub_client_tick(g->client, idle_ms);
}

static bool get(struct get *g, const char *url)
{
    struct hub_client *c = g->client;
    const struct http_request r = {
        .url = url, .end = g->is_start ? g->max : 0, .body = get_body, .tick = get_tick, .arg = g};
    for (unsigned n = 0;; n++) {
        struct http_reply reply;
        buf_free(g->out);
        buf_append(g->out, "", 0);
        bool ok = hub_client_send(c, &r, g->what, &reply, g->err) || g->is_enough;
        double retry_after_s = reply.retry_after_s;
        http_reply_free(&reply);
        if (ok || !hub_client_waits(c, n, retry_after_s, g->err))
            return ok;
    }
}

bool hub_client_get(struct hub_client *c, const char *url, const char *what, size_t max,
                    struct buf *out, struct error *err)
{
    struct get g = {out, max, what, c, err, .is_start = false};
    return get(&g, url);
}

bool hub_client_get_start(struct hub_client *c, const char *url, const char *what, size_t n,
                          struct buf *out, struct error *err)
{
    struct get g = {out, n, what, c, err, .is_start = true};
    return get(&g, url);
}
