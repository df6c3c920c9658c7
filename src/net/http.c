/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "authorities.h"
#include "http_reply.h"
#include "url.h"

enum {
    MAX_REDIRECTS = 10,
    MAX_HEADER_BYTES = 256 << 10,
    CONNECT_S = 20,
    TICK_MS = 200,
};

struct http {
    CURLM *multi;
    CURL *easy;
    char *origin, *token;
    char *authorities; /* a file of their certificates; NULL: where libcurl looks by itself */
    bool no_authorities;
    double stall_ms;
};

/* One request, from the first address to the last. */
struct exchange {
    struct http *http;
    const struct http_request *request;
    struct http_reply *reply;
    struct error *err;
    char *location;
    size_t n_header_bytes;
    double last_byte;
    bool begun, stopped; /* a callback said stop, or an error was set */
};

const char *http_library(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

/* ---- certificates --------------------------------------------------------------------- */

static const char *first_set(const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return value;
    }
    return NULL;
}

/* Whether libcurl's own place is there; an older one does not tell. */
static bool library_has_authorities(void)
{
#if LIBCURL_VERSION_NUM >= 0x074d00
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    if (info->age >= CURLVERSION_EIGHTH)
        return (info->cainfo && is_file(info->cainfo)) || (info->capath && is_folder(info->capath));
#endif
    return true;
}

static void find_authorities(struct http *h)
{
    static const char *const names[] = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"};
    const char *chosen = first_set(names, sizeof names / sizeof *names);
    if (chosen)
        h->authorities = xstrdup(chosen);
    else if (!library_has_authorities())
        h->no_authorities = !(h->authorities = authorities_find(""));
}

/* ---- the connection ------------------------------------------------------------------- */

static void *reallocate(void *p, size_t n)
{
    return xrealloc(p, n, 1);
}

/* Out of memory ends the program here too: it is no other reason why a download fails. */
static void init_library(void)
{
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, xmalloc, free, reallocate, xstrdup, xcalloc) !=
        CURLE_OK)
        die(EX_SOFTWARE, "libcurl does not start");
}

struct http *http_new(const char *origin, const char *token, double stall_ms)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_library);
    struct http *h = xcalloc(1, sizeof *h);
    h->multi = curl_multi_init();
    h->easy = curl_easy_init();
    if (!h->multi || !h->easy)
        die(EX_SOFTWARE, "libcurl does not start");
    h->origin = xstrdup(origin);
    h->token = token ? xstrdup(token) : NULL;
    h->stall_ms = stall_ms;
    find_authorities(h);
    return h;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    curl_easy_cleanup(h->easy);
    curl_multi_cleanup(h->multi);
    if (h->token)
        memset(h->token, 0, strlen(h->token));
    free(h->token);
    free(h->authorities);
    free(h->origin);
    free(h);
}

/* ---- headers -------------------------------------------------------------------------- */

static bool stop(struct exchange *x, int code, const char *what)
{
    char *host = url_host(x->reply->url);
    x->stopped = true;
    error_set(x->err, code, "%s: %s", host, what);
    free(host);
    return false;
}

static size_t on_header(char *bytes, size_t one, size_t n, void *arg)
{
    struct exchange *x = arg;
    n *= one;
    x->last_byte = now_ms();
    x->n_header_bytes += n;
    if (x->n_header_bytes > MAX_HEADER_BYTES)
        return stop(x, EX_PROTOCOL, "sends headers without end");
    http_reply_take_line(x->reply, bytes, n, &x->location);
    return n;
}

/* ---- body, time ----------------------------------------------------------------------- */

static bool begin(struct exchange *x)
{
    curl_easy_getinfo(x->http->easy, CURLINFO_RESPONSE_CODE, &x->reply->status);
    x->begun = true;
    x->stopped = x->request->begin && x->reply->status / 100 == 2 &&
                 !x->request->begin(x->request->arg, x->reply);
    return !x->stopped;
}

static size_t on_body(char *bytes, size_t one, size_t n, void *arg)
{
    struct exchange *x = arg;
    n *= one;
    x->last_byte = now_ms();
    if (!x->begun && !begin(x))
        return 0;
    if (x->reply->status / 100 != 2 && x->request->failure)
        x->request->failure(x->request->arg, bytes, n);
    if (x->reply->status / 100 != 2 || !x->request->body)
        return n; /* the text of an error */
    x->stopped = !x->request->body(x->request->arg, bytes, n);
    return x->stopped ? 0 : n;
}

static bool tick(struct exchange *x)
{
    double idle = now_ms() - x->last_byte;
    if (x->request->tick && !x->request->tick(x->request->arg, idle)) {
        x->stopped = true;
        return error_set(x->err, EXIT_INTERRUPTED, "interrupted; the next start goes on from here");
    }
    return idle < x->http->stall_ms || stop(x, EX_TEMPFAIL, "sends nothing more");
}

/* ---- one address ---------------------------------------------------------------------- */

static void set_security(CURL *c, const struct http *h, const char *url)
{
    if (h->authorities)
        curl_easy_setopt(c, CURLOPT_CAINFO, h->authorities);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(c, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
    curl_easy_setopt(c, CURLOPT_NETRC, CURL_NETRC_IGNORED);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    if (url_is_loopback(url))
        curl_easy_setopt(c, CURLOPT_PROXY, "");
}

/* -> the header lines; the token's line for its own origin alone. */
static struct curl_slist *header_lines(const struct http *h, const struct http_request *r,
                                       const char *url)
{
    static const char *const of_post[] = {"Content-Type: application/json",
                                          "Accept: text/event-stream, application/json", "Expect:"};
    struct curl_slist *list = NULL;
    for (size_t i = 0; r->post && i < sizeof of_post / sizeof *of_post; i++)
        list = curl_slist_append(list, of_post[i]);
    if (!h->token || !url_same_origin(url, h->origin))
        return list;
    char *line = xasprintf("Authorization: Bearer %s", h->token);
    list = curl_slist_append(list, line);
    memset(line, 0, strlen(line));
    free(line);
    return list;
}

static void set_up(struct exchange *x, const char *url, struct curl_slist *lines)
{
    CURL *c = x->http->easy;
    curl_easy_reset(c);
    set_security(c, x->http, url);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "qins/" QINS_VERSION);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(c, CURLOPT_NOBODY, x->request->head ? 1L : 0L);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, lines);
    if (x->request->post) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->request->n_post);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, x->request->post);
    }
    /* Not CURLOPT_RESUME_FROM: it takes a 416 for the end of the file. */
    if (x->request->from > 0 || x->request->end > 0) {
        char range[48];
        int n = snprintf(range, sizeof range, "%llu-", (unsigned long long)x->request->from);
        if (x->request->end > 0)
            snprintf(range + n, sizeof range - (size_t)n, "%llu",
                     (unsigned long long)x->request->end - 1);
        curl_easy_setopt(c, CURLOPT_RANGE, range);
    }
}

static bool is_unreached(CURLcode code)
{
    return code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_RESOLVE_HOST ||
           code == CURLE_COULDNT_CONNECT;
}

/* Whether trying again may help. */
static bool may_pass(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return true;
    default: return false;
    }
}

static const char *words_of(const struct http *h, CURLcode code)
{
    static const char no_authorities[] =
        "its certificate cannot be verified: no authorities are known here; install the system's "
        "(ca-certificates), or name their file in SSL_CERT_FILE";
    switch (code) {
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return "the connection was cut";
    case CURLE_SSL_CACERT_BADFILE: return no_authorities;
    case CURLE_PEER_FAILED_VERIFICATION:
        if (h->no_authorities)
            return no_authorities;
        return "its certificate cannot be verified; is something between (then REQUESTS_CA_BUNDLE "
               "names its own), or is the clock wrong?";
    default: return curl_easy_strerror(code);
    }
}

static bool outcome(struct exchange *x, CURLcode code)
{
    if (x->stopped)
        return false;
    if (code == CURLE_OK)
        return x->begun || begin(x);
    char *host = url_host(x->reply->url);
    x->reply->is_unreached = is_unreached(code);
    error_set(x->err, may_pass(code) ? EX_TEMPFAIL : EX_UNAVAILABLE, "%s: %s", host,
              words_of(x->http, code));
    free(host);
    return false;
}

static CURLcode result_of(CURLM *multi)
{
    int n;
    CURLMsg *message = curl_multi_info_read(multi, &n);
    return message && message->msg == CURLMSG_DONE ? message->data.result : CURLE_RECV_ERROR;
}

static bool perform(struct exchange *x)
{
    int running = 1;
    bool go_on = true;
    double ticked = 0;
    CURLM *multi = x->http->multi;
    x->last_byte = now_ms();
    curl_multi_add_handle(multi, x->http->easy);
    while (go_on) {
        if (curl_multi_perform(multi, &running) != CURLM_OK || !running)
            break;
        struct curl_waitfd wake = {.fd = x->request->wake_fd, .events = CURL_WAIT_POLLIN};
        curl_multi_poll(multi, &wake, x->request->wake_fd > 0, TICK_MS, NULL);
        if (wake.revents || now_ms() - ticked >= TICK_MS) {
            go_on = tick(x);
            ticked = now_ms();
        }
    }
    bool ok = outcome(x, running ? CURLE_ABORTED_BY_CALLBACK : result_of(multi));
    curl_multi_remove_handle(multi, x->http->easy);
    return ok;
}

static bool send_one(struct exchange *x)
{
    struct curl_slist *lines = header_lines(x->http, x->request, x->reply->url);
    free(x->location);
    x->location = NULL;
    x->begun = x->stopped = false;
    x->n_header_bytes = 0;
    http_reply_begin(x->reply);
    set_up(x, x->reply->url, lines);
    bool ok = perform(x);
    for (struct curl_slist *l = lines; l; l = l->next)
        memset(l->data, 0, strlen(l->data));
    curl_slist_free_all(lines);
    return ok;
}

/* ---- redirects ------------------------------------------------------------------------ */

/* -> the address that a Location means, or NULL. */
static char *resolve(const char *base, const char *location)
{
    CURLU *u = curl_url();
    char *url = NULL, *copy = NULL;
    if (u && curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_URL, location, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_URL, &url, 0) == CURLUE_OK)
        copy = xstrdup(url);
    curl_free(url);
    curl_url_cleanup(u);
    return copy;
}

static bool follows(const struct exchange *x, const char *next)
{
    return !x->request->head || url_same_origin(next, x->reply->url);
}

/* -> false with no error set: this answer is the last one. */
static bool redirect(struct exchange *x, bool *ok)
{
    if (x->reply->status / 100 != 3 || !x->location)
        return false;
    if (x->request->stays) {
        x->reply->location = resolve(x->reply->url, x->location);
        return false;
    }
    char *next = resolve(x->reply->url, x->location);
    if (!next) {
        *ok = stop(x, EX_PROTOCOL, "redirects to something that is no address");
        return false;
    }
    if (!follows(x, next)) {
        free(next);
        return false;
    }
    *ok = url_check(next, x->err);
    x->reply->moved |= url_same_origin(next, x->reply->url);
    free(x->reply->url);
    x->reply->url = next;
    return *ok;
}

bool http_send(struct http *h, const struct http_request *r, struct http_reply *reply,
               struct error *err)
{
    struct exchange x = {.http = h, .request = r, .reply = reply, .err = err};
    *reply = (struct http_reply){.url = xstrdup(r->url), .length = -1, .linked_size = -1};
    bool ok = (r->is_private && url_is_private(r->url)) || url_check(r->url, err), again = ok;
    for (int i = 0; again; i++) {
        if (i > MAX_REDIRECTS) {
            ok = stop(&x, EX_PROTOCOL, "redirects without end");
            break;
        }
        ok = send_one(&x);
        again = ok && redirect(&x, &ok);
    }
    free(x.location);
    return ok;
}
