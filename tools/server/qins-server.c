/* SPDX-License-Identifier: MIT
 *
 * qins-server: the engine for other programs, over HTTP.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sanitise.h"
#include "server_settings.h"
#include "wake.h"
#include "web_server.h"
#include "web_socket.h"

#define PROGRAM "qins-server"

enum {
    LOOK_MS = 200,   /* at whether clients are still there */
    FLUSH_MS = 2000, /* for what is written and not yet sent */
};

static struct wake woken;
static atomic_int n_signals;

static void on_signal(int number)
{
    (void)number;
    atomic_fetch_add(&n_signals, 1);
    wake_signal(&woken);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    wake_open(&woken);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

/* A signal, or some time. */
static void wait_some(struct web_server *web, int ms)
{
    struct pollfd fd = {.fd = woken.read_fd, .events = POLLIN};
    if (poll(&fd, 1, ms) > 0)
        wake_clear(&woken);
    web_server_look(web);
}

/* Running answers may end, in their time; a second signal cuts them. Then what is written gets some
 * time to be sent. */
static void drain(struct scheduler *scheduler, struct web_server *web, double ms)
{
    const int first = n_signals;
    web_server_close(web);
    scheduler_close(scheduler, false);
    for (double end = now_ms() + ms; !scheduler_is_idle(scheduler) && now_ms() < end;) {
        if (n_signals > first)
            break;
        wait_some(web, LOOK_MS / 4);
    }
    scheduler_close(scheduler, true);
    for (double end = now_ms() + FLUSH_MS; now_ms() < end;) {
        if (scheduler_is_idle(scheduler) && web_server_is_idle(web))
            return;
        wait_some(web, LOOK_MS / 10);
    }
    while (!scheduler_is_idle(scheduler)) /* no connection may sleep when the web server ends */
        wait_some(web, LOOK_MS / 4);
}

static void warn_if_open(const struct server_settings *s)
{
    if (!s->key_file && !web_socket_is_local(s->host))
        fprintf(stderr, PROGRAM ": whoever reaches %s may ask: there is no --key-file\n", s->host);
}

static bool serve(const struct server_settings *s, const struct served_model *m,
                  struct web_options *web_options, struct error *err)
{
    const struct scheduler_options o = {
        .model = m, .n_parallel = s->n_parallel, .max_queue = s->max_queue, .piece = s->piece};
    web_options->scheduler = scheduler_start(&o, err);
    if (!web_options->scheduler)
        return false;
    struct web_server *web = web_server_start(web_options, err);
    if (web) {
        if (!s->quiet)
            fprintf(stderr, PROGRAM ": %s at %s\n", m->name, web_server_address(web));
        while (n_signals == 0)
            wait_some(web, LOOK_MS);
        drain(web_options->scheduler, web, s->drain_s * 1e3);
        web_server_stop(web);
    }
    scheduler_stop(web_options->scheduler);
    return web != NULL;
}

static bool run(struct server_settings *s, struct error *err)
{
    struct served_model m;
    struct web_options web = {.host = s->host, .port = s->port};
    if (s->key_file && !access_key_read(&web.key, s->key_file, err))
        return false;
    warn_if_open(s);
    bool ok = served_model_open(&m, &s->options, s->model, &n_signals, err);
    if (ok && s->name) {
        free(m.name);
        m.name = xstrdup(s->name);
    }
    const double max = options_source(&s->options, OPT_MAX_TOKENS) == SOURCE_DEFAULT
                           ? 0
                           : options_number(&s->options, OPT_MAX_TOKENS);
    web.defaults = (struct request_defaults){&m, &s->options, max > 0 ? (uint32_t)max : 0};
    ok = ok && serve(s, &m, &web, err);
    served_model_close(&m);
    return ok;
}

int main(int argc, char **argv)
{
    struct server_settings settings;
    struct error err;
    bool ok = server_settings_read(&settings, argc, argv, &err);
    if (ok) {
        catch_signals();
        ok = run(&settings, &err) || n_signals > 0;
    }
    server_settings_free(&settings);
    return ok || err.code == EX_OK ? EX_OK : error_print(&err, PROGRAM);
}
