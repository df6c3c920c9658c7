/* SPDX-License-Identifier: MIT */
#include "url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool has_control(const char *url)
{
    for (; *url; url++)
        if ((unsigned char)*url <= ' ' || *url == 0x7f || *url == '\\')
            return true;
    return false;
}

/* Bytes of the port with its colon at the end of an authority, or 0. */
static size_t port_bytes(const char *authority, size_t n)
{
    size_t digits = 0;
    while (digits < n && isdigit((unsigned char)authority[n - 1 - digits]))
        digits++;
    return digits > 0 && digits < n && authority[n - 1 - digits] == ':' ? digits + 1 : 0;
}

char *url_origin(const char *url)
{
    bool tls = strncasecmp(url, "https://", 8) == 0;
    if ((!tls && strncasecmp(url, "http://", 7) != 0) || has_control(url))
        return NULL;
    const char *authority = url + (tls ? 8 : 7);
    size_t n = strcspn(authority, "/?#"), port = port_bytes(authority, n);
    if (n == port || memchr(authority, '@', n))
        return NULL;
    char *origin = xasprintf("%s://%.*s%.*s", tls ? "https" : "http", (int)(n - port), authority,
                             port ? (int)port : 4,
                             port  ? authority + n - port
                             : tls ? ":443"
                                   : ":80");
    for (char *c = origin; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return origin;
}

char *url_host(const char *url)
{
    char *origin = url_origin(url);
    if (!origin)
        return xstrdup("?");
    char *host = strstr(origin, "://") + 3;
    size_t n = strlen(host);
    if (n > 4 && strncmp(origin, "https", 5) == 0 && strcmp(host + n - 4, ":443") == 0)
        n -= 4;
    char *copy = xstrndup(host, n);
    free(origin);
    return copy;
}

bool url_same_origin(const char *a, const char *b)
{
    char *x = url_origin(a), *y = url_origin(b);
    bool same = x && y && strcmp(x, y) == 0;
    free(x);
    free(y);
    return same;
}

bool url_is_loopback(const char *url)
{
    char *origin = url_origin(url);
    if (!origin)
        return false;
    char *host = strstr(origin, "://") + 3;
    *strrchr(host, ':') = '\0';
    bool is = strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
              (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
    free(origin);
    return is;
}

bool url_check(const char *url, struct error *err)
{
    char *origin = url_origin(url);
    bool ok = origin && (strncmp(origin, "https:", 6) == 0 || url_is_loopback(url));
    free(origin);
    return ok || error_set(err, EX_UNAVAILABLE,
                           "%.200s: only https is spoken (http to this machine alone)", url);
}

char *url_quote(const char *path)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/";
    struct buf out = {0};
    buf_append(&out, "", 0);
    for (; *path; path++)
        if (strchr(plain, *path))
            buf_append(&out, path, 1);
        else
            buf_printf(&out, "%%%02X", (unsigned char)*path);
    return out.data;
}
