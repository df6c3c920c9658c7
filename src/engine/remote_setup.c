/* SPDX-License-Identifier: MIT */
#include "remote_setup.h"

#include <stdlib.h>
#include <string.h>

#include "sanitise.h"

const struct remote_options *remote_setup(const struct engine_options *o,
                                          struct remote_options *out)
{
    *out = (struct remote_options){.url = o->remote.url,
                                   .key_command = o->remote.key_command,
                                   .key_file = o->remote.key_file,
                                   .silence_ms = o->remote.silence_ms};
    return out;
}

bool remote_setup_check(const struct engine_options *o, struct error *err)
{
    struct remote_options options;
    return remote_check(remote_setup(o, &options), err);
}

char *engine_remote_host(const struct engine_options *o, bool *is_open, bool *is_here)
{
    struct remote_address a;
    struct error ignored;
    if (!o->remote.url || !remote_address_parse(&a, o->remote.url, &ignored))
        return NULL;
    char *host = xstrdup(a.host);
    *is_open = !a.is_encrypted && !a.is_loopback;
    *is_here = a.is_loopback;
    remote_address_free(&a);
    return host;
}

static bool goes_on(void *arg)
{
    (void)arg;
    return true;
}

static void say_nothing(void *arg, const char *why)
{
    (void)arg;
    (void)why;
}

bool engine_remote_models(const struct engine_options *o, struct buf *out, struct error *err)
{
    struct remote_options options;
    struct remote_models models;
    const struct remote_watch watch = {.tick = goes_on, .waits = say_nothing};
    bool is_told;
    struct remote *remote = remote_open(remote_setup(o, &options), err);
    bool ok = remote && remote_models(remote, &watch, &models, &is_told, err);
    for (size_t i = 0; ok && i < models.n; i++) {
        char *shown = sanitise_text(models.items[i].name, strlen(models.items[i].name), true);
        buf_printf(out, "%s\n", shown);
        free(shown);
    }
    if (ok && !models.n)
        ok = error_set(err, EX_NOINPUT, "%s: has no list of models", remote_address(remote)->host);
    if (remote)
        remote_models_free(&models);
    remote_close(remote);
    return ok;
}
