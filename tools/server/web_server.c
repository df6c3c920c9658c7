/* SPDX-License-Identifier: MIT */
#include "web_server.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "web_call.h"
#include "web_socket.h"

enum {
    MAX_CONNECTIONS = 512,
    HEADER_BYTES = 32 << 10, /* of a connection, for its headers and what is sent */
    IDLE_SECONDS = 60,
};

struct web_server {
    struct web_options o;
    struct MHD_Daemon *daemon;
    char address[300];
    int listen_fd;
    size_t n_body_bytes; /* of all calls; the web server's thread alone */
    struct metrics_web metrics;

    pthread_mutex_t lock;
    struct web_call *calls; /* under lock: those with an exchange */
};

const struct web_options *web_options_of(const struct web_server *w)
{
    return &w->o;
}

struct metrics_web *web_metrics_of(struct web_server *w)
{
    return &w->metrics;
}

/* ---- routes --------------------------------------------------------------------------- */

struct web_route {
    const char *path;
    bool has_name; /* more follows */
    bool is_post;
    bool is_free; /* also without the key */
    enum MHD_Result (*run)(struct web_call *c);
};

static const struct web_route routes[] = {
    {"/health", false, false, true, web_health},
    {"/metrics", false, false, false, web_metrics},
    {"/v1/models", false, false, false, web_models},
    {"/v1/models/", true, false, false, web_model},
    {"/v1/chat/completions", false, true, false, web_chat},
    {"/v1/completions", false, true, false, web_completion},
    {"/tokenize", false, true, false, web_tokenize},
};

static const struct web_route *find_route(const char *url, const char **name)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        const size_t n = strlen(routes[i].path);
        *name = url + n;
        if (strncmp(url, routes[i].path, n) == 0 && (url[n] == 0) != routes[i].has_name)
            return &routes[i];
    }
    return NULL;
}

static bool fits_method(const struct web_route *r, const char *method)
{
    return r->is_post ? strcmp(method, "POST") == 0
                      : strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* A page of another site, in a browser on this machine, is nobody who may ask. */
static bool is_foreign_page(const char *origin)
{
    static const char *const local[] = {"http://localhost", "http://127.0.0.1", "http://[::1]"};
    for (size_t i = 0; origin && i < sizeof local / sizeof *local; i++) {
        const size_t n = strlen(local[i]);
        if (strncmp(origin, local[i], n) == 0 && (origin[n] == 0 || origin[n] == ':'))
            return false;
    }
    return origin != NULL;
}

static const char *header(const struct web_call *c, const char *name)
{
    return MHD_lookup_connection_value(c->connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result count_length(void *n, enum MHD_ValueKind kind, const char *key,
                                    const char *value)
{
    (void)kind, (void)value;
    *(int *)n += strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
    return MHD_YES;
}

/* A proxy in front might take the other length, and see another request in the body's rest. */
static bool has_two_lengths(const struct web_call *c)
{
    int n = header(c, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
    MHD_get_connection_values(c->connection, MHD_HEADER_KIND, count_length, &n);
    return n > 1;
}

const char *web_methods_of(const struct web_route *r)
{
    return r->is_post ? "POST" : "GET, HEAD";
}

static bool fault_with(struct web_call *c, int status, const char *text)
{
    request_fault_set(&c->fault, "", "%s", text);
    c->fault.status = status;
    return false;
}

/* What can be said before the body is read. */
static bool check_head(struct web_call *c, const char *url, const char *method)
{
    const struct access_key *key = &c->server->o.key;
    const char *length = header(c, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (has_two_lengths(c))
        return fault_with(c, 400, "the length of the body is stated twice");
    c->route = find_route(url, &c->name);
    if (!c->route)
        return fault_with(c, 404, "there is nothing under this path");
    if (!fits_method(c->route, method)) {
        fault_with(c, 405, c->route->is_post ? "this path takes POST" : "this path takes GET");
        c->fault.code = "method_not_supported";
        return false;
    }
    if (!c->route->is_free && !access_key_fits(key, header(c, MHD_HTTP_HEADER_AUTHORIZATION))) {
        fault_with(c, 401, "the key is missing or wrong: Authorization: Bearer KEY");
        c->fault.code = "invalid_api_key";
        return false;
    }
    if (!key->on && is_foreign_page(header(c, MHD_HTTP_HEADER_ORIGIN)))
        return fault_with(c, 403, "pages of other sites may not ask a server that has no key");
    if (length && strtoull(length, NULL, 10) > MAX_BODY)
        return fault_with(c, 413, "the body has more than 4 MiB");
    return true;
}

/* ---- calls ---------------------------------------------------------------------------- */

static void wake_connection(void *arg)
{
    const struct web_call *c = arg;
    MHD_resume_connection(c->connection);
}

bool web_submit(struct web_call *c, struct completion_request *r)
{
    struct web_server *w = c->server;
    struct exchange *x = exchange_new(r, wake_connection, c);
    exchange_use(x);
    if (!scheduler_submit(w->o.scheduler, x)) {
        exchange_free(x);
        exchange_free(x);
        return false;
    }
    c->x = x;
    pthread_mutex_lock(&w->lock);
    c->next = w->calls;
    c->at = &w->calls;
    if (c->next)
        c->next->at = &c->next;
    w->calls = c;
    pthread_mutex_unlock(&w->lock);
    return true;
}

static void leave_list(struct web_call *c)
{
    struct web_server *w = c->server;
    pthread_mutex_lock(&w->lock);
    *c->at = c->next;
    if (c->next)
        c->next->at = c->at;
    pthread_mutex_unlock(&w->lock);
}

static void take_body(struct web_call *c, const char *data, size_t n)
{
    struct web_server *w = c->server;
    if (c->body_is_lost)
        return;
    if (c->body.len + n > MAX_BODY) {
        c->body_is_lost = true;
        fault_with(c, 413, "the body has more than 4 MiB");
    } else if (w->n_body_bytes + n > MAX_BODIES) {
        c->body_is_lost = true;
        fault_with(c, 503, "too many large requests at once; try again");
    }
    if (c->body_is_lost) {
        w->n_body_bytes -= c->body.len;
        buf_free(&c->body);
        return;
    }
    w->n_body_bytes += n;
    buf_append(&c->body, data, n);
}

static struct web_call *call_new(struct web_server *w, struct MHD_Connection *connection)
{
    struct web_call *c = xcalloc(1, sizeof *c);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *c = (struct web_call){
        .server = w, .connection = connection, .fd = info ? info->connect_fd : -1};
    return c;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *n, void **state)
{
    struct web_server *w = arg;
    struct web_call *c = *state;
    (void)version;
    if (!c) {
        *state = c = call_new(w, connection);
        return check_head(c, url, method) ? MHD_YES : web_reply_fault(c, &c->fault);
    }
    if (*n > 0) {
        take_body(c, data, *n);
        *n = 0;
        return MHD_YES;
    }
    w->n_body_bytes -= c->body.len; /* it is parsed and gone when run returns */
    if (c->body_is_lost)
        return web_reply_fault(c, &c->fault);
    const enum MHD_Result result = c->route->run(c);
    buf_free(&c->body);
    return result;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct web_server *w = arg;
    struct web_call *c = *state;
    (void)connection;
    (void)code;
    if (!c)
        return;
    *state = NULL;
    w->n_body_bytes -= c->body.len;
    if (c->x) {
        leave_list(c);
        exchange_leave(c->x);
        exchange_free(c->x);
    }
    buf_free(&c->body);
    buf_free(&c->out);
    free(c);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **state,
                          enum MHD_ConnectionNotificationCode code)
{
    struct web_server *w = arg;
    (void)connection;
    (void)state;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        w->metrics.n_connections++;
    else
        w->metrics.n_connections--;
}

void web_server_look(struct web_server *w)
{
    pthread_mutex_lock(&w->lock);
    for (struct web_call *c = w->calls; c; c = c->next) {
        char byte;
        const ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        const bool is_gone =
            n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
        if (is_gone && !atomic_load(&c->x->cancelled))
            exchange_cancel(c->x);
    }
    pthread_mutex_unlock(&w->lock);
}

/* ---- start and end -------------------------------------------------------------------- */

static void be_silent(void *arg, const char *format, va_list args)
{
    (void)arg;
    (void)format;
    (void)args;
}

struct web_server *web_server_start(const struct web_options *o, struct error *err)
{
    struct web_server *w = xcalloc(1, sizeof *w);
    w->o = *o;
    pthread_mutex_init(&w->lock, NULL);
    w->listen_fd = web_socket_listen(o->host, o->port, w->address, sizeof w->address, err);
    if (w->listen_fd < 0) {
        free(w);
        return NULL;
    }
    /* poll, not epoll: with its edges libmicrohttpd 0.9.75 misses that a client goes in the middle
     * of a body */
    w->daemon = MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        on_request, w, MHD_OPTION_EXTERNAL_LOGGER, be_silent, NULL, MHD_OPTION_LISTEN_SOCKET,
        (MHD_socket)w->listen_fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, w,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, w, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_END);
    if (w->daemon)
        return w;
    close(w->listen_fd);
    free(w);
    return error_set_null(err, EX_OSERR, "cannot start the web server: %s", strerror(errno));
}

const char *web_server_address(const struct web_server *w)
{
    return w->address;
}

void web_server_close(struct web_server *w)
{
    const MHD_socket fd = MHD_quiesce_daemon(w->daemon);
    if (fd >= 0)
        close(fd);
}

bool web_server_is_idle(struct web_server *w)
{
    pthread_mutex_lock(&w->lock);
    const bool is = !w->calls;
    pthread_mutex_unlock(&w->lock);
    return is;
}

void web_server_stop(struct web_server *w)
{
    MHD_stop_daemon(w->daemon);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
