/* SPDX-License-Identifier: MIT */
#include "paste_filter.h"

#include <string.h>

#include "utf8.h"

static const char replacement[] = "\xef\xbf\xbd";

/* -> bytes taken: less than n only at the start of a character that the end of s cuts off. */
static size_t take(struct paste_filter *c, const char *s, size_t n, struct buf *out)
{
    size_t i = 0;
    while (i < n) {
        unsigned char byte = (unsigned char)s[i];
        bool lf_of_crlf = byte == '\n' && c->cr;
        c->cr = byte == '\r';
        if (byte >= 0x20 && byte < 0x7f) {
            size_t run = 1;
            while (i + run < n && s[i + run] >= 0x20 && s[i + run] < 0x7f)
                run++;
            buf_append(out, s + i, run);
            i += run;
            continue;
        }
        if (byte < 0x80) {
            if (byte == '\r' || (byte == '\n' && !lf_of_crlf) || byte == '\t')
                buf_append(out, byte == '\t' ? "\t" : "\n", 1);
            i++;
            continue;
        }
        int32_t cp;
        if (utf8_complete(s + i, n - i < 4 ? n - i : 4) == 0)
            break;
        size_t used = utf8_decode(s + i, n - i, &cp);
        if (cp < 0)
            buf_puts(out, replacement);
        else if (cp >= 0xa0)
            buf_append(out, s + i, used);
        i += used;
    }
    return i;
}

void paste_filter_add(struct paste_filter *c, const char *bytes, size_t n, struct buf *out)
{
    size_t used = 0;
    if (!n) /* bytes may be NULL */
        return;
    while (c->n_held && used < n) { /* at most 3 rounds complete the held character or give it up */
        char start[sizeof c->held];
        size_t n_start = c->n_held;
        memcpy(start, c->held, n_start);
        start[n_start++] = bytes[used++];
        size_t taken = take(c, start, n_start, out);
        c->n_held = n_start - taken;
        memcpy(c->held, start + taken, c->n_held);
    }
    size_t taken = take(c, bytes + used, n - used, out);
    if (used + taken < n) {
        c->n_held = n - used - taken;
        memcpy(c->held, bytes + used + taken, c->n_held);
    }
}

void paste_filter_end(struct paste_filter *c, struct buf *out)
{
    for (size_t i = 0; i < c->n_held; i++)
        buf_puts(out, replacement);
    *c = (struct paste_filter){0};
}

void paste_filter_text(const char *bytes, size_t n, struct buf *out)
{
    struct paste_filter c = {0};
    paste_filter_add(&c, bytes, n, out);
    paste_filter_end(&c, out);
}
