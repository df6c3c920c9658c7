/* SPDX-License-Identifier: MIT */
#include "url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
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

/* "10.0.0.1" in one of the blocks that are not routed in public. */
static bool is_private_v4(const char *host)
{
    static const struct {
        uint32_t address;
        int bits;
    } blocks[] = {{0x0a000000, 8},  {0x7f000000, 8},  {0xac100000, 12},
                  {0xc0a80000, 16}, {0xa9fe0000, 16}, {0x64400000, 10}};
    struct in_addr in;
    if (inet_pton(AF_INET, host, &in) != 1)
        return false;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if ((ntohl(in.s_addr) ^ blocks[i].address) >> (32 - blocks[i].bits) == 0)
            return true;
    return false;
}

/* fc00::/7, fe80::/10, ::1 */
static bool is_private_v6(const char *host)
{
    struct in6_addr in;
    if (inet_pton(AF_INET6, host, &in) != 1)
        return false;
    const uint8_t *b = in.s6_addr;
    return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||
           IN6_IS_ADDR_LOOPBACK(&in);
}

static bool is_private_name(const char *host)
{
    static const char *const ends[] = {".local", ".lan", ".internal", ".home.arpa", ".localhost"};
    size_t n = strlen(host);
    if (!strchr(host, '.'))
        return isalpha((unsigned char)*host) && host[strspn(host, "abcdefghijklmnopqrstuvwxyz"
                                                                  "0123456789-_")] == '\0';
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (n > end && strcmp(host + n - end, ends[i]) == 0)
            return true;
    }
    return false;
}

bool url_is_private(const char *url)
{
    char *origin = url_origin(url);
    if (!origin)
        return false;
    char *host = strstr(origin, "://") + 3;
    *strrchr(host, ':') = '\0';
    size_t n = strlen(host);
    bool is_v6 = n > 2 && host[0] == '[' && host[n - 1] == ']';
    if (is_v6) {
        host[n - 1] = '\0';
        host++;
    }
    bool is = is_v6 ? is_private_v6(host) : is_private_v4(host) || is_private_name(host);
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
