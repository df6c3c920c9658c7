/* SPDX-License-Identifier: MIT */
#include "remote_address.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "url.h"

enum { MAX_ADDRESS_BYTES = 1000 };

/* Without a scheme: http to this machine, else https. */
static char *with_scheme(const char *text)
{
    if (strstr(text, "://"))
        return xstrdup(text);
    char *http = xasprintf("http://%s", text);
    if (url_is_loopback(http))
        return http;
    free(http);
    return xasprintf("https://%s", text);
}

static void cut_end(char *url, const char *end)
{
    size_t n = strlen(url), m = strlen(end);
    if (n > m && strcmp(url + n - m, end) == 0)
        url[n - m] = '\0';
}

static void cut_slashes(char *url)
{
    size_t n = strlen(url);
    while (n > 0 && url[n - 1] == '/')
        url[--n] = '\0';
}

/* "https://host" and "https://host/v1/chat/completions" mean "https://host/v1". */
static char *base_of(char *url)
{
    cut_slashes(url);
    cut_end(url, "/chat/completions");
    cut_slashes(url);
    const char *authority = strstr(url, "://") + 3;
    return strchr(authority, '/') ? xstrdup(url) : xasprintf("%s/v1", url);
}

static bool check(const struct remote_address *a, const char *text, struct error *err)
{
    if (a->is_encrypted || a->is_loopback || url_is_private(a->base))
        return true;
    return error_set(err, EX_CONFIG,
                     "server: %.200s: http is not encrypted, and %s is no private host; write "
                     "https://",
                     text, a->host);
}

bool remote_address_parse(struct remote_address *a, const char *text, struct error *err)
{
    *a = (struct remote_address){0};
    char *url = with_scheme(text), *origin = url_origin(url);
    bool ok = origin && !strpbrk(url, "?#") && strlen(text) <= MAX_ADDRESS_BYTES;
    if (ok)
        *a = (struct remote_address){.base = base_of(url),
                                     .host = url_host(url),
                                     .is_encrypted = strncasecmp(url, "https:", 6) == 0,
                                     .is_loopback = url_is_loopback(url)};
    else
        error_set(err, EX_CONFIG,
                  "server: %.200s: not an address such as https://host/v1 or http://localhost:8080 "
                  "(without user name, '?' and '#')",
                  strchr(text, '@') ? "this" : text);
    free(url);
    free(origin);
    if (ok && !check(a, text, err)) {
        remote_address_free(a);
        return false;
    }
    return ok;
}

void remote_address_free(struct remote_address *a)
{
    free(a->base);
    free(a->host);
    *a = (struct remote_address){0};
}
