/* SPDX-License-Identifier: MIT */
#include "http_reply.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_FIELD_BYTES = 16 << 10 };

void http_reply_free(struct http_reply *r)
{
    char *texts[] = {r->url,         r->etag,   r->error_code,   r->message,
                     r->linked_etag, r->commit, r->content_type, r->location};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    *r = (struct http_reply){0};
}

void http_reply_begin(struct http_reply *r)
{
    free(r->etag);
    free(r->error_code);
    free(r->message);
    free(r->content_type);
    r->etag = r->error_code = r->message = r->content_type = NULL;
    r->length = r->range_from = r->range_total = -1;
    r->retry_after_s = -1;
}

/* ---- fields --------------------------------------------------------------------------- */

static void set_text(char **to, const char *value)
{
    free(*to);
    *to = xstrdup(value);
}

/* "x" of "x" and of W/"x" */
static void set_etag(char **to, char *value)
{
    if (strncmp(value, "W/", 2) == 0)
        value += 2;
    size_t n = strlen(value);
    if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
        value[n - 1] = '\0';
        value++;
    }
    set_text(to, value);
}

/* -> -1: not a number of bytes. */
static int64_t bytes_of(const char *text)
{
    char *end;
    long long n = *text >= '0' && *text <= '9' ? strtoll(text, &end, 10) : -1;
    return n >= 0 && !*end && n < INT64_MAX ? n : -1;
}

/* "bytes 5-9/10", "bytes * /10" */
static void set_range(struct http_reply *r, const char *value)
{
    const char *slash = strchr(value, '/');
    long long from;
    if (sscanf(value, "bytes %lld-", &from) == 1 && from >= 0)
        r->range_from = from;
    r->range_total = slash ? bytes_of(slash + 1) : -1;
}

static void take_field(struct http_reply *r, const char *name, char *value, char **location)
{
    if (strcasecmp(name, "location") == 0)
        set_text(location, value);
    else if (strcasecmp(name, "etag") == 0)
        set_etag(&r->etag, value);
    else if (strcasecmp(name, "x-linked-etag") == 0)
        set_etag(&r->linked_etag, value);
    else if (strcasecmp(name, "x-linked-size") == 0)
        r->linked_size = bytes_of(value);
    else if (strcasecmp(name, "x-repo-commit") == 0)
        set_text(&r->commit, value);
    else if (strcasecmp(name, "x-error-code") == 0)
        set_text(&r->error_code, value);
    else if (strcasecmp(name, "x-error-message") == 0)
        set_text(&r->message, value);
    else if (strcasecmp(name, "content-type") == 0)
        set_text(&r->content_type, value);
    else if (strcasecmp(name, "content-length") == 0)
        r->length = bytes_of(value);
    else if (strcasecmp(name, "content-range") == 0)
        set_range(r, value);
    else if (strcasecmp(name, "retry-after") == 0)
        r->retry_after_s = (double)bytes_of(value);
}

/* A field's value has no control characters but tabs. */
static bool is_text(const char *value)
{
    for (; *value; value++)
        if ((*value > 0 && *value < ' ' && *value != '\t') || *value == 0x7f)
            return false;
    return true;
}

void http_reply_take_line(struct http_reply *r, const char *bytes, size_t n, char **location)
{
    const char *colon = n ? memchr(bytes, ':', n) : NULL;
    if (n >= 5 && strncmp(bytes, "HTTP/", 5) == 0)
        http_reply_begin(r);
    if (!colon || n > MAX_FIELD_BYTES || memchr(bytes, '\0', n))
        return;
    char *name = xstrndup(bytes, (size_t)(colon - bytes)),
         *value = xstrndup(colon + 1, n - (size_t)(colon - bytes) - 1),
         *begin = value + strspn(value, " \t");
    size_t end = strlen(begin);
    while (end > 0 && strchr(" \t\r\n", begin[end - 1]))
        begin[--end] = '\0';
    if (is_text(begin))
        take_field(r, name, begin, location);
    free(name);
    free(value);
}
